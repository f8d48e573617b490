"""Requests full of canaries: a life of a placement as it should be, and every address asked in every wrong way."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.testclient import TestClient

from app.access.permissions import PERMISSIONS
from app.documents.examples import A_CHILD, A_HOME, A_REFERRAL

NAME = "zzyzx"
"""Stands in names, texts and addresses: it may be in nothing that comes out but answers to those who may see it."""

REF = "qwopq"
"""Stands in references, which callers put into addresses themselves: in no log, error, metric or trace."""

FULL_NAME = "Zzyzx O'Quetzal"
WORDS = f"{FULL_NAME} lives at 12 Zzyzx Road and can walk to school from there."
HOME, OTHER, REFERRAL, CHILD = "QWOPQ-H1", "QWOPQ-H2", "QWOPQ-R1", "QWOPQ-C1"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Sent:
    """What was asked, in words of our own; the answer; and what the service sent elsewhere because of it."""

    what: str
    answer: httpx.Response
    outgoing: str = ""


def whole_life(client: TestClient) -> Iterator[Sent]:
    """Homes and a child with canaries are stored, matched, held, sent, declined; a run is asked for."""
    number = next(_numbers)
    home, referral, child = f"{HOME}-{number}", f"{REFERRAL}-{number}", f"{CHILD}-{number}"
    for ref in (home, f"{OTHER}-{number}"):
        yield _sent(client, "PUT", f"/homes/{ref}", A_HOME | {"ref": ref, "name": FULL_NAME})
    document = A_REFERRAL | {"ref": referral, "children": [A_CHILD | {"ref": child}]}
    yield _sent(client, "PUT", f"/referrals/{referral}", document)
    found = client.get(f"/referrals/{referral}/shortlist")
    yield Sent("GET shortlist", found)
    shown = found.json() if found.status_code == 200 else {}
    because = {"code": "school", "text": WORDS}
    body = {"referral": referral, "home": home, "seen": shown.get("seen"), "reason": because}
    held = _sent(client, "POST", "/holds", body, Idempotency_Key=f"{REF}-{number}")
    yield held
    placement = held.answer.json().get("id", "none") if held.answer.status_code < 300 else "none"
    tag = held.answer.headers.get("ETag", "*")
    refused = {"by": "provider", "reason": {"code": "OTHER", "text": WORDS}}
    for step, about in (("send", {}), ("decline", refused)):
        key = f"{REF}-{number}-{step}"
        sent = _sent(client, "POST", f"/placements/{placement}/{step}", about, If_Match=tag, Idempotency_Key=key)
        tag = sent.answer.headers.get("ETag", tag)
        yield sent
    yield _sent(client, "GET", f"/placements/{placement}/history", None)
    yield _sent(client, "POST", "/runs", {})
    yield _sent(client, "GET", f"/children/{child}/personal-data", None)


def everything(client: TestClient) -> Iterator[Sent]:
    """Every address, with canaries in path, query, headers and body, from those who may ask and those who may not."""
    for method, path in PERMISSIONS:
        named = path
        for part in ("ref", "home", "id", "version", "name"):
            named = named.replace(f"{{{part}}}", f"{REF.upper()}-1")
        for what, changes in _ways(method):
            headers = {"If-Match": "*", "Idempotency-Key": f"{REF}-{next(_numbers)}"} | changes.get("headers", {})
            query = changes.get("query", "")
            answer = client.request(method, named + query, content=changes.get("content"), headers=headers)
            yield Sent(f"{method} {path} {what}", answer)
    for method, path in (("GET", f"/{NAME}/{REF}"), ("POST", f"/homes/{REF}"), (NAME.upper(), "/homes")):
        yield Sent(f"{method} nowhere", client.request(method, path, content=WORDS))


def _ways(method: str) -> Iterator[tuple[str, dict[str, Any]]]:
    json_headers = {"Content-Type": "application/json"}
    yield "plainly", {}
    yield "with a query", {"query": f"?{NAME}={NAME}&after={REF}&limit={NAME}"}
    yield "without a token", {"headers": {"Authorization": ""}}
    yield "with a token that is none", {"headers": {"Authorization": f"Bearer {NAME}.{REF}.{NAME}"}}
    yield (
        "with names in headers",
        {
            "headers": {
                "X-Correlation-Id": NAME,
                "User-Agent": FULL_NAME,
                "Referer": f"http://x/{NAME}",
                "Cookie": f"session={NAME}",
                "If-None-Match": f'"{NAME}"',
                "X-CSRF-Token": NAME,
                "baggage": f"child={NAME}",
                "tracestate": f"a={REF}",
            }
        },
    )
    yield "for another host", {"headers": {"Host": f"{NAME}.example"}}
    if method in {"POST", "PUT", "DELETE"}:
        for what, value in (
            ("unknown fields", {NAME: NAME, FULL_NAME: FULL_NAME, "text": WORDS, "ref": REF}),
            ("a home", A_HOME | {"ref": f"{REF.upper()}-1", "name": FULL_NAME, "urn": FULL_NAME, "places": NAME}),
            ("a referral", A_REFERRAL | {"ref": f"{REF.upper()}-1", "children": [A_CHILD | {"ref": FULL_NAME}]}),
            ("a decision", {"referral": REF, "home": REF, "seen": NAME, "reason": {"code": NAME, "text": WORDS}}),
            ("a webhook", {"url": f"https://{NAME}.example/{NAME}", "topics": [NAME], "secret": NAME}),
            ("a match", {"referral_ref": REF.upper(), "policy": NAME}),
            ("rows", {"homes": [{"ref": REF, "name": FULL_NAME}], "on_problem": "skip_row"}),
        ):
            yield what, {"content": json.dumps(value), "headers": json_headers}
        yield "a body that is no JSON", {"content": f'{{"{NAME}": {NAME}', "headers": json_headers}
        yield "a form", {"content": f"name={NAME}", "headers": {"Content-Type": f"text/{NAME}"}}


def _sent(client: TestClient, method: str, path: str, body: Any, **headers: str) -> Sent:
    named = {name.replace("_", "-"): value for name, value in headers.items()} | {"Content-Type": "application/json"}
    content = None if body is None else json.dumps(body)
    return Sent(f"{method} of a life", client.request(method, path, content=content, headers=named))
