"""A key over HTTP: one effect however often and by how many it is sent, and one request that it stands for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select, update
from starlette.requests import Request
from starlette.testclient import TestClient

from app.access.principal import Kind, Principal
from app.api.writes import _fingerprint
from app.documents.examples import A_HOME
from app.store.idempotency import sealed
from app.store.tables import idempotency_keys
from tests.api.desk import OFFICER, hold_first, placement_of
from tests.api.service import send
from tests.support.access import AUTHORITY
from tests.support.at_once import at_once, until_let_in

JSON = {"Content-Type": "application/json"}
CLIENTS = 8
REUSED = (422, "idempotency_key_reused")


def _accept(client: TestClient, held: dict[str, Any], key: str, **more: str) -> Any:
    named = {"If-Match": '"v1"', "Idempotency-Key": key} | {n.replace("_", "-"): v for n, v in more.items()}
    return client.post(f"/placements/{held['id']}/accept", content=b"{}", headers={**JSON, **OFFICER, **named})


def test_many_send_the_same(served: TestClient) -> None:
    """T-06 over HTTP: one is told that it did it, all the others the same words as a replay, and it was done once."""
    held = hold_first(served).json()
    answers = at_once([lambda: until_let_in(lambda: _accept(served, held, "k"))] * CLIENTS)
    assert [answer.status_code for answer in answers] == [200] * CLIENTS, [answer.text for answer in answers]
    assert len({answer.content for answer in answers}) == len({answer.headers["ETag"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert placement_of(served, held)["version"] == 2


def test_two_keys_are_none(lite: TestClient) -> None:
    """Nobody can say which one counts; nothing is done, and it is said which header it is."""
    headers = [*JSON.items(), *lite.headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    path = f"/homes/{A_HOME['ref']}"
    refused = lite.put(path, content=json.dumps(A_HOME), headers=headers)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "header.Idempotency-Key")
    assert lite.get(path).status_code == 404


def test_key_change_and_answer_are_one_transaction(served: TestClient) -> None:
    """Between two commits stands all of it, so that it counts wholly or not at all, and the same key does it once."""
    held, engine = hold_first(served).json(), served.app.state.service.database.engine  # type: ignore[attr-defined]
    wrote: list[set[str]] = [set()]

    def statement(_connection: Any, _cursor: Any, said: str, *_rest: Any) -> None:
        words = said.split()
        if words[0] in {"INSERT", "UPDATE", "DELETE"}:
            wrote[-1].add(words[2] if words[0] in {"INSERT", "DELETE"} else words[1])

    def commit(_connection: Any) -> None:
        wrote.append(set())

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    try:
        assert _accept(served, held, "k").status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "commit", commit)
    (together,) = [tables for tables in wrote if tables & {"idempotency_keys", "placements", "decisions"}]
    assert {"idempotency_keys", "placements", "decisions", "messages"} <= together


def test_a_key_is_of_one_address(here: TestClient) -> None:
    """An acceptance of one placement is no answer to that of another, nor to another step of the same."""
    first = hold_first(here).json()
    accepted = _accept(here, first, "k")
    assert accepted.status_code == 200
    for path in (f"/placements/{'0d' * 16}/accept", f"/placements/{first['id']}/withdraw"):
        body = b"{}" if path.endswith("accept") else b'{"reason": {"code": "NONEED"}}'
        headers = {**JSON, **OFFICER, "If-Match": '"v1"', "Idempotency-Key": "k"}
        answer = here.post(path, content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == REUSED, path


def test_a_body_is_not_found_by_trying(lite: TestClient) -> None:
    """What is stored for a request is nothing that the body leads to; what a release before stored still counts."""
    path, named = f"/homes/{A_HOME['ref']}", {"Idempotency_Key": "k", "If_None_Match": "*"}
    database = lite.app.state.service.database  # type: ignore[attr-defined]
    first = send(lite, "PUT", path, A_HOME, **named)
    assert first.status_code == 201, first.text
    parts = {"method": "PUT", "path": path, "subject": "local-officer", "if-match": "", "if-none-match": "*"}
    plain = _of(parts | {"body": first.request.content})
    with database.reading() as reading:
        stored = reading.execute(select(idempotency_keys.c.fingerprint)).scalar_one()
    assert stored == sealed("k", plain) != plain
    with database.writing() as writing:
        writing.execute(update(idempotency_keys).values(fingerprint=plain))
    assert "Idempotency-Replayed" in send(lite, "PUT", path, A_HOME, **named).headers


def test_a_key_is_of_one_method(lite: TestClient) -> None:
    """What was stored is not an answer to taking it away."""
    path, named = f"/homes/{A_HOME['ref']}", {"Idempotency_Key": "k", "If_Match": '"v1"'}
    assert send(lite, "PUT", path, A_HOME).status_code == 201
    assert send(lite, "PUT", path, A_HOME, **named).status_code == 200
    taken = send(lite, "DELETE", path, A_HOME, **named)
    assert (taken.status_code, taken.json()["code"]) == REUSED
    assert lite.get(path).status_code == 200


@pytest.mark.parametrize("other", [{"If_Match": '"v2"'}, {"If_Match": "*"}])
def test_a_key_is_of_one_version(here: TestClient, other: dict[str, str]) -> None:
    """The same decision on another version than the first time is another request."""
    held = hold_first(here).json()
    assert _accept(here, held, "k").status_code == 200
    answer = _accept(here, held, "k", **other)
    assert (answer.status_code, answer.json()["code"]) == REUSED


# ------------------------------------------------------------------------------------- what stands for a request

WORD = st.text('abcv1/-*"', min_size=0, max_size=3)
PARTS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["POST", "PUT", "DELETE"]),
        "path": WORD.map(lambda word: f"/{word}"),
        "subject": WORD,
        "if-match": WORD,
        "if-none-match": WORD,
        "body": WORD.map(str.encode),
    }
)
NAMES = ("method", "path", "subject", "if-match", "if-none-match", "body")


def _of(parts: dict[str, Any]) -> bytes:
    scope = {
        "type": "http",
        "method": parts["method"],
        "path": parts["path"],
        "query_string": b"",
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "headers": [(n.encode(), parts[n].encode()) for n in ("if-match", "if-none-match") if parts[n]],
        "state": {"body": parts["body"], "principal": Principal(parts["subject"], Kind.PERSON, AUTHORITY, frozenset())},
    }
    return _fingerprint(Request(scope))


@given(PARTS, PARTS, st.sampled_from(NAMES))
def test_what_stands_for_a_request(one: dict[str, Any], other: dict[str, Any], name: str) -> None:
    """Any two requests have one fingerprint if they are one request; so each part of it counts, by itself as well."""
    changed = one | {name: other[name]}
    assert (_of(one) == _of(changed)) is (one == changed)
    assert (_of(one) == _of(other)) is (one == other)
