"""Imports: done while the sender waits, or beside the requests where the sender prefers that (RFC 7240)."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import Header
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.api.callers import caller_of
from app.api.documented import errors
from app.api.import_models import ImportStateOut, state_of
from app.api.recording import changed
from app.api.service import service_of
from app.api.writes import answer, write
from app.imports.bringing import Store
from app.store import audit, imports
from app.store.idempotency import Answer
from app.store.import_records import ImportKind, WantedImport
from app.store.session import Writing

ASYNC = "respond-async"

Prefer = Annotated[
    str | None,
    Header(
        alias="Prefer",
        description="`respond-async`: the answer comes at once, and the import is done beside the requests (RFC 7240)",
        examples=[ASYNC],
    ),
]

TAKEN: dict[int | str, dict[str, Any]] = {
    202: {
        "model": ImportStateOut,
        "description": "Taken with `Prefer: respond-async`; GET the address in `Location` until it is over",
        "headers": {
            "Location": {"description": "Address of the import", "schema": {"type": "string"}},
            "Preference-Applied": {"description": "`respond-async`", "schema": {"type": "string"}},
        },
    },
    **errors(413),
}
"""What the documentation says of imports beside what they answer when they are done."""


def wants_later(request: Request) -> bool:
    """Whether the sender prefers not to wait. What else is preferred is not heeded, as RFC 7240 allows."""
    lists = request.headers.getlist("prefer")
    named = [part.partition(";")[0].strip().lower() for each in lists for part in each.split(",")]
    return ASYNC in named


def do_later(request: Request, kind: ImportKind, key: str | None) -> Response:
    """Store the body as it was sent, for the import to be done beside the requests; once for its key."""
    service, caller = service_of(request), caller_of(request)
    who = caller.subject, str(caller.kind)
    wanted = WantedImport.of(kind, who, service.today(), request.scope["state"]["body"])

    def work(writing: Writing) -> Answer:
        asked = imports.request(writing, service.authority, wanted)
        changed(request, writing, f"{kind}.import.request", "import", asked.id)
        return answer(state_of(asked), 202)

    response = _located(write(request, key, work))
    service.jobs.wake()
    return response


def do_now(request: Request, store: Store, model: type[BaseModel], key: str | None) -> Response:
    """Store what was read, in one transaction, once for its key."""
    service, caller = service_of(request), caller_of(request)

    def work(writing: Writing) -> Answer:
        brought = store(writing, service.authority)
        audit.record(writing, service.authority, brought.entry(caller.subject, str(caller.kind)))
        return answer(model.model_validate(brought.told))

    return _located(write(request, key, work))


def _located(response: Response) -> Response:
    """With the address of the import where it is done later: the answer to a key is the one that was given first."""
    if response.status_code == 202 and (import_id := orjson.loads(response.body).get("id")):
        response.headers["Location"] = f"/imports/{import_id}"
        response.headers["Preference-Applied"] = ASYNC
    return response
