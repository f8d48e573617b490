"""Imports beside the requests: the same as the synchronous form, once, in order, and nothing kept of the body."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.testclient import TestClient

from app.documents.examples import A_HOME
from app.documents.placed_models import A_PLACED_CHILD
from app.main import create_app
from app.settings import Settings
from app.store.import_tables import imports as rows
from tests.api.service import TODAY, send, settings_for
from tests.support.access import bearer, client_of

LATER = {"Prefer": "respond-async"}
WRONG: tuple[dict[str, Any], ...] = (
    {"places": -1},
    {"location": "NG1 9ZZ"},
    {"kind": "a tent"},
    {"weekly_fee_pence": 1.5},
    {"unheard_of": True},
)


def _home(ref: str, **changes: Any) -> dict[str, Any]:
    return A_HOME | {"ref": ref, "residents": []} | changes


def _child(ref: str, **changes: Any) -> dict[str, Any]:
    return A_PLACED_CHILD | {"ref": ref} | changes


def over(client: TestClient, path: str, limit_s: float = 20) -> dict[str, Any]:
    """The import as it stands when it is over."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        found: dict[str, Any] = client.get(path).json()
        if found["status"] in {"done", "failed"}:
            return found
        time.sleep(0.02)
    raise AssertionError("The import is not over.")


def _later(client: TestClient, path: str, body: Any, **headers: str) -> dict[str, Any]:
    answer = send(client, "POST", path, body, **(LATER | headers))
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "respond-async"), answer.text
    assert answer.json()["status"] == "queued"
    assert answer.headers["Location"] == f"/imports/{answer.json()['id']}"
    return over(client, answer.headers["Location"])


@pytest.fixture
def two(settings: Settings, sqlite_url: str) -> Iterator[tuple[TestClient, TestClient]]:
    """A service under test, and one beside it on a database of its own that is sent the same without the header."""
    with (
        client_of(create_app(settings, lambda: TODAY)) as later,
        client_of(create_app(settings_for(f"{sqlite_url}-now"), lambda: TODAY)) as now,
    ):
        yield later, now


def _same(two: tuple[TestClient, TestClient], path: str, body: Any, listed: str) -> None:
    later, now = two
    at_once, found = send(now, "POST", path, body), _later(later, path, body)
    if at_once.status_code == 200:
        assert (found["status"], found["result"], found["problem"]) == ("done", at_once.json(), None)
    else:
        told = {name: at_once.json()[name] for name in ("code", "errors", "more_errors")}
        assert (found["status"], found["result"], found["problem"]) == ("failed", None, told)
    assert later.get(listed).json() == now.get(listed).json()


ROW = st.tuples(st.sampled_from("ABC"), st.sampled_from(({}, {"places": 9}, *WRONG)))


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(inventory=st.lists(ROW, max_size=5), on_problem=st.sampled_from(["refuse_all", "skip_row"]))
def test_homes_come_to_the_same(
    two: tuple[TestClient, TestClient], inventory: list[tuple[str, dict[str, Any]]], on_problem: str
) -> None:
    """Whatever is wrong with which rows: counts, errors and what is stored are those of the synchronous form."""
    body = {"homes": [_home(ref, **changes) for ref, changes in inventory], "on_problem": on_problem}
    _same(two, "/homes/import", body, "/homes")


CHILD = st.tuples(st.sampled_from("ABC"), st.sampled_from(({}, {"weekly_fee_pence": 9}, {"weekly_fee_pence": -1})))


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(children=st.lists(CHILD, max_size=4), replace=st.booleans())
def test_a_caseload_comes_to_the_same(
    two: tuple[TestClient, TestClient], children: list[tuple[str, dict[str, Any]]], replace: bool
) -> None:
    """The same for the caseload, those who are taken out too."""
    body = {"children": [_child(ref, **changes) for ref, changes in children], "replace": replace}
    _same(two, "/caseload/import", body, "/caseload")


def test_sent_again_it_is_one_import(client: TestClient) -> None:
    """With its key it is answered as the first time, with its address, header or not; another body is refused."""
    body = {"homes": [_home("A")]}
    first = send(client, "POST", "/homes/import", body, Idempotency_Key="k", **LATER)
    again = send(client, "POST", "/homes/import", body, Idempotency_Key="k", **LATER)
    plainly = send(client, "POST", "/homes/import", body, Idempotency_Key="k")
    for answer in (again, plainly):
        assert (answer.status_code, answer.json()) == (202, first.json())
        assert answer.headers["Location"] == first.headers["Location"]
        assert answer.headers["Idempotency-Replayed"] == "true"
    other = send(client, "POST", "/homes/import", {"homes": []}, Idempotency_Key="k", **LATER)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert over(client, first.headers["Location"])["result"]["created"] == 1
    assert _count(client) == 1
    assert client.get("/homes").json()["homes"][0]["version"] == 1


def _count(client: TestClient) -> int:
    with client.app.state.service.database.reading() as reading:  # type: ignore[attr-defined]
        return len(reading.execute(select(rows.c.id)).all())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"homes": [}', 400),
        (b'{"homes": [], "homes": []}', 400),
        (b'{"homes": [NaN]}', 400),
        (b'{"homes": 5}', 422),
        (b'{"homes": [], "on_problem": "guess"}', 422),
        (b"{}", 422),
    ],
)
def test_what_cannot_be_read_is_refused_at_once(client: TestClient, body: bytes, status: int) -> None:
    """Nothing of it is stored, and there is no import to ask for."""
    answer = client.post("/homes/import", content=body, headers=LATER | {"Content-Type": "application/json"})
    assert answer.status_code == status
    assert "Location" not in answer.headers
    assert _count(client) == 0


@pytest.mark.parametrize("prefer", ["wait=5, Respond-Async; x=1", "handling=lenient,respond-async"])
def test_the_preference_among_others(lite: TestClient, prefer: str) -> None:
    """It is found in a list, however it is written."""
    assert send(lite, "POST", "/homes/import", {"homes": []}, Prefer=prefer).status_code == 202


@pytest.mark.parametrize("prefer", ["", "return=minimal", "respond-asynchronously", "wait=10"])
def test_without_the_preference_nothing_changes(lite: TestClient, prefer: str) -> None:
    """What else is preferred is not heeded."""
    answer = send(lite, "POST", "/homes/import", {"homes": []}, Prefer=prefer)
    assert (answer.status_code, _count(lite)) == (200, 0)
    assert "Preference-Applied" not in answer.headers


def test_in_the_order_in_which_they_were_asked_for(client: TestClient) -> None:
    """What was sent later counts."""
    asked = [
        send(client, "POST", "/homes/import", {"homes": [_home("A", places=places)]}, **LATER) for places in (3, 7, 5)
    ]
    assert [over(client, each.headers["Location"])["status"] for each in asked] == ["done"] * 3
    stored = client.get("/homes").json()["homes"][0]
    assert (stored["home"]["places"], stored["version"]) == (5, 3)


def test_nothing_is_kept_of_the_body(client: TestClient) -> None:
    """Whether it was done or failed, the body is gone with its end; what is told names no value."""
    for body in ({"homes": [_home("A")]}, {"homes": [_home("CANARY", places=-4242)]}):
        found = _later(client, "/homes/import", body)
        assert "CANARY" not in str(found)
        assert "4242" not in str(found)
    with client.app.state.service.database.reading() as reading:  # type: ignore[attr-defined]
        assert reading.execute(select(rows.c.packed)).scalars().all() == [None, None]


def test_another_authority_s_import_is_not_there(settings: Settings) -> None:
    """Its id is answered as one that nobody has."""
    theirs = create_app(settings.model_copy(update={"authority": "E06000015"}), lambda: TODAY)
    with client_of(theirs, bearer(authority="E06000015")) as client:
        asked = send(client, "POST", "/homes/import", {"homes": []}, **LATER)
        over(client, asked.headers["Location"])
    with client_of(create_app(settings, lambda: TODAY)) as client:
        answer = client.get(asked.headers["Location"])
        assert (answer.status_code, answer.json()["code"]) == (404, "import_not_found")


def test_the_trail_says_who_brought_whom(client: TestClient) -> None:
    """Who asked, and in the name of the same caller what was stored, about the children."""
    _later(client, "/caseload/import", {"children": [_child("P-1")]})
    entries = client.get("/audit?limit=50").json()["entries"]
    found = {entry["action"]: entry for entry in entries}
    assert {"caseload.import.request", "caseload.import"} <= found.keys()
    assert found["caseload.import"]["actor"] == found["caseload.import.request"]["actor"]
