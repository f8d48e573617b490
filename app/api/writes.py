"""What all writes have in common: which version they change, and that sent twice they count once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api.callers import caller_of
from app.api.service import service_of
from app.documents.fields import Ref
from app.errors import FieldProblem, Invalid
from app.store.idempotency import Answer, Keyed, key_of, sealed, write_once
from app.store.session import Writing
from app.store.versions import Precondition

JSON = "application/json"

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_OURS = re.compile(r"v([1-9][0-9]{0,8})")
_LIST = re.compile(rf"\s*{_TAG.pattern}\s*(,\s*{_TAG.pattern}\s*)*")

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=1_000, description='ETag of what is changed, as `"v3"`; `*` for any'),
]
IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", max_length=1_000, description="`*`: only if it does not exist yet"),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Sent again with the same key, a request is answered as the first time and changes nothing",
    ),
]


KeyNeeded = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="A new one for each decision; sent again with the same key it is answered as the first time",
    ),
]


class NoteOut(BaseModel):
    """Something to know about a field, though it was taken."""

    field: str
    note: str


class Saved(BaseModel):
    """What was stored, and at which version it now stands."""

    ref: Ref
    version: Annotated[int, Field(ge=1)]
    notes: list[NoteOut] = []


def etag(version: int) -> str:
    """The ETag of a version."""
    return f'"v{version}"'


def precondition(if_match: str | None, if_none_match: str | None = None) -> Precondition:
    """What the headers ask for. Raises `Invalid` where they are not written as HTTP wants them."""
    if if_none_match is not None and if_none_match.strip() != "*":
        raise _wrong("If-None-Match", "Only * may stand here for a change.", "Send *, or leave it out.")
    if if_match is None:
        return Precondition(absent=if_none_match is not None)
    if if_match.strip() == "*":
        return Precondition(exists=True, absent=if_none_match is not None)
    if not _LIST.fullmatch(if_match):
        raise _wrong("If-Match", "This is not an ETag.", 'Send it as it was given, quoted: "v3".')
    strong = [tag for weak, tag in _TAG.findall(if_match) if not weak]
    versions = frozenset(int(ours[1]) for tag in strong if (ours := _OURS.fullmatch(tag)))
    return Precondition(versions=versions, absent=if_none_match is not None)


def is_current(if_none_match: str | None, version: int) -> bool:
    """Whether a reader already has this version."""
    if if_none_match is None:
        return False
    tags = {tag for _, tag in _TAG.findall(if_none_match)}
    return if_none_match.strip() == "*" or f"v{version}" in tags


def write(request: Request, key: str | None, work: Callable[[Writing], Answer]) -> Response:
    """Do the work in one transaction, once for its key, and answer."""
    service, keyed = service_of(request), None
    if key is not None:
        if len(request.headers.getlist("Idempotency-Key")) > 1:
            cure = "Send one: it is not clear which of them counts."
            raise _wrong("Idempotency-Key", "This header stands in the request twice.", cure)
        own = key_of(caller_of(request).subject, key)
        plain = _fingerprint(request)
        keyed = Keyed(service.authority, own, sealed(key, plain), plain)
    done = write_once(service.database, keyed, work)
    answer = done.answer
    headers = {"ETag": etag(answer.version)} if answer.version else {}
    if done.is_replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(answer.body, answer.status, headers, JSON if answer.body else None)


def answer(model: BaseModel, status: int = 200, version: int | None = None) -> Answer:
    """An answer that a key can be settled with."""
    return Answer(status, version, model.model_dump_json().encode())


def _fingerprint(request: Request) -> bytes:
    headers = [request.headers.get(name, "") for name in ("if-match", "if-none-match")]
    who = caller_of(request).subject
    about = "\n".join([request.method, request.url.path, who, *headers, ""]).encode()
    return hashlib.sha256(about + request.scope["state"].get("body", b"")).digest()


def _wrong(header: str, problem: str, cure: str) -> Invalid:
    return Invalid([FieldProblem(f"header.{header}", problem, cure)])
