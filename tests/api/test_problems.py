"""Every error is a problem, whatever its cause, and nothing of a request gets out through it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api import problems
from app.api.guard import HEADERS
from app.documents.examples import A_HOME, A_REFERRAL
from app.errors import DatabaseUnavailable, PlacementError
from app.main import create_app
from app.observing.logs import event_of
from app.store import load
from tests.api.service import TODAY, send, settings_for
from tests.support.access import client_of

CANARY = "Zzyzx-Quetzal"
LOWER = "zzyzx"


def _leaves(kind: type[PlacementError]) -> Iterator[type[PlacementError]]:
    for leaf in kind.__subclasses__():
        yield leaf
        yield from _leaves(leaf)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/homes/", 404, "not_found"),
        ("POST", "/homes", 405, "method_not_allowed"),
        ("PATCH", "/homes/H", 405, "method_not_allowed"),
        ("TRACE", "/homes", 405, "method_not_allowed"),
        ("PUT", "/homes/H", 415, "not_json"),
        ("GET", "/homes/NONE", 404, "home_not_found"),
        ("GET", "/homes/-", 422, "invalid"),
        ("GET", "/homes/a%2Fb", 404, "not_found"),
        ("GET", "/homes/%00", 422, "invalid"),
        ("GET", "/homes/%FF", 422, "invalid"),
        ("GET", f"/homes/{'x' * 65}", 422, "invalid"),
        ("GET", "/homes?made_up=1", 422, "invalid"),
        ("GET", "/docs/../settings.py", 404, "not_found"),
        ("GET", "/docs/%2e%2e%2fcore.py", 404, "not_found"),
    ],
)
def test_every_refusal_is_a_problem(lite: TestClient, method: str, path: str, status: int, code: str) -> None:
    """The media type, the code and the number to ask about are there, and the usual headers."""
    answer = lite.request(method, path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, problems.MEDIA_TYPE)
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["correlation_id"] == answer.headers["X-Correlation-Id"]
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    problems.Problem.model_validate(problem)


def test_405_names_what_is_allowed(lite: TestClient) -> None:
    """The Allow header says which methods the address takes."""
    assert lite.patch("/homes/H").headers["Allow"] == "DELETE, GET, PUT"
    assert lite.patch("/homes/import").headers["Allow"] == "POST"
    assert lite.options("/homes").headers["Allow"] == "GET"


def test_every_error_has_words_and_a_code_of_its_own() -> None:
    """No two kinds of error share a code, and each says what to do in its docstring."""
    leaves = list(_leaves(PlacementError))
    assert len({leaf.code for leaf in leaves}) == len(leaves)
    for leaf in leaves:
        assert leaf.message() != PlacementError.message(), leaf
        assert 400 <= leaf.status < 600, leaf


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_only_json_is_read(lite: TestClient, headers: dict[str, str]) -> None:
    """What is not announced as plain UTF-8 JSON is a 415; a web page cannot send a form here."""
    answer = lite.post("/match", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "not_json")


def test_a_body_that_is_too_large_is_stopped(tmp_path: Path) -> None:
    """Declared or not, a body beyond the limit is a 413; an inventory may be larger than the rest."""
    limited = settings_for(f"sqlite:///{tmp_path / 'p.db'}", body_limit_bytes=1_000, inventory_limit_bytes=5_000)
    with client_of(create_app(limited, lambda: TODAY)) as client:
        json_type = {"Content-Type": "application/json"}
        big = b'{"ref": "' + b"x" * 2_000 + b'"}'
        assert client.put("/homes/H", content=big, headers=json_type).json()["code"] == "body_too_large"
        chunks = (big[start : start + 100] for start in range(0, len(big), 100))
        assert client.put("/homes/H", content=chunks, headers=json_type).json()["code"] == "body_too_large"
        assert client.post("/match", content=big, headers=json_type).json()["code"] == "invalid"
        assert client.post("/match", content=big * 3, headers=json_type).json()["code"] == "body_too_large"
        (error,) = client.put("/homes/H", content=big, headers=json_type).json()["errors"]
        assert (error["field"], "at most 1000 bytes" in error["problem"]) == ("body", True)
        assert "at most 5000 bytes" in client.post("/match", content=big * 3, headers=json_type).text
        for length in ("-1", "x", "9" * 40, "1e3"):
            headers = json_type | {"Content-Length": length}
            assert client.put("/homes/H", content=b"{}", headers=headers).status_code == 413


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "", "127.0.0.1.evil.example", "127.0.0.1@x"])
def test_only_our_own_names_are_answered(lite: TestClient, host: str) -> None:
    """A request to another name, as a hostile page makes by rebinding, is refused before it is read."""
    answer = lite.get("/homes", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (400, "host_not_allowed")


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST:8000", "[::1]:80", "[::1]"])
def test_our_own_names_are_answered(lite: TestClient, host: str) -> None:
    """With or without a port, in capitals or not."""
    assert lite.get("/health/ready", headers={"Host": host}).status_code == 200


def test_whether_it_lives_is_told_under_any_name(lite: TestClient) -> None:
    """A container asks itself at its own address, whatever names it answers to. Nothing else is told so."""
    asked = ("/health/live", "/health/ready", "/health/live/", "/metrics", "/docs", "/health/live/../ready")
    status = {path: lite.get(path, headers={"Host": "10.0.0.7:8000"}).status_code for path in asked}
    assert status == dict.fromkeys(asked, 400) | {"/health/live": 200}


def test_what_nobody_expected_tells_nothing(
    lite: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A mistake of ours is a 500 with a number; what was being worked on is in neither answer nor log."""

    def broken(*_arguments: Any) -> Any:
        raise ValueError(f"could not handle {CANARY}")

    monkeypatch.setattr(load, "home_document", broken)
    with caplog.at_level(logging.DEBUG):
        answer = lite.get(f"/homes/{CANARY}")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    (told,) = [str(event_of(record)) for record in caplog.records if record.levelname == "ERROR"]
    assert "ValueError" in told
    assert "broken" in told
    assert CANARY not in answer.text + told


def test_a_database_that_is_away_is_a_503(lite: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database does not answer, callers are told when to come back."""

    def away(*_arguments: Any) -> Any:
        raise DatabaseUnavailable

    monkeypatch.setattr(load, "home_document", away)
    answer = lite.get("/homes/H")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.headers["Content-Type"] == problems.MEDIA_TYPE


def test_a_database_that_really_goes_away(postgres: Any) -> None:
    """Readiness turns to 503 when the database is gone, liveness stays."""
    name = postgres.create()
    app = create_app(settings_for(postgres.url(name)), lambda: TODAY)
    with client_of(app) as client:
        assert client.get("/health/ready").status_code == 200
        postgres.drop(name)
        assert client.get("/health/ready").status_code == 503
        assert client.get("/homes").status_code == 503
        assert send(client, "PUT", f"/homes/{A_HOME['ref']}", A_HOME).status_code == 503
        assert client.get("/health/live").json() == {"status": "live"}


def test_canaries_stay_inside(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """A name put wherever it may legally stand is in no log and in no error of any kind that follows."""
    home = A_HOME | {"ref": CANARY, "name": CANARY, "lot": CANARY}
    referral = A_REFERRAL | {"ref": CANARY}
    with caplog.at_level(logging.DEBUG):
        assert send(client, "PUT", f"/homes/{CANARY}", home).status_code == 201
        assert send(client, "PUT", f"/referrals/{CANARY}", referral).status_code == 201
        refused = [
            send(client, "PUT", f"/homes/{CANARY}", home),
            send(client, "PUT", f"/homes/{CANARY}", home, If_Match=f'"{CANARY}"'),
            send(client, "PUT", f"/homes/{CANARY}", home, If_Match=CANARY),
            send(client, "PUT", f"/homes/{CANARY}-2", home),
            send(client, "PUT", f"/homes/{CANARY}", home | {"places": -1}, Idempotency_Key=CANARY),
            send(client, "PUT", f"/referrals/{CANARY}-2", referral | {"ref": f"{CANARY}-2"}),
            send(
                client, "POST", "/homes/import", {"homes": [home, home, home | {"ref": f"{CANARY}-3", "kind": CANARY}]}
            ),
            send(client, "POST", "/match", {"referral_ref": f"{CANARY}-9"}),
            client.get(f"/referrals/{CANARY}/why-not/{CANARY}-9"),
            client.get(f"/homes?cursor={CANARY}"),
            client.get(f"/homes?{CANARY}={CANARY}"),
            client.get(f"/homes?{LOWER}={LOWER}&limit=1"),
            client.get(f"/homes?{LOWER}=1&{LOWER}=2"),
            send(client, "PUT", f"/homes/{CANARY}", home | {LOWER: LOWER, CANARY: 1}),
            send(client, "PUT", f"/referrals/{CANARY}", referral | {LOWER: 1}),
            send(client, "POST", "/match", {LOWER: 1, "referral": referral | {"children": [{LOWER: 1}]}}),
            client.get(f"/{CANARY}"),
            client.get("/homes", headers={"Host": CANARY}),
        ]
    in_conflict = refused.pop(5)
    for answer in refused:
        assert 400 <= answer.status_code < 500
        assert LOWER not in f"{answer.text} {answer.headers}".lower(), answer.text
    logged = "".join(record.getMessage() for record in caplog.records if record.name != "httpx")
    assert CANARY not in logged
    # Who stores referrals reads them too, and is told in which one the child waits: nothing of what was sent.
    assert in_conflict.json()["errors"][0]["problem"] == f"This child waits already in the referral {CANARY}."
    assert in_conflict.text.count(CANARY) == 1
    assert CANARY not in str(in_conflict.headers)


@pytest.mark.parametrize(("address", "name"), [("/homes/import", "homes"), ("/caseload/import", "children")])
def test_a_bare_list_is_told_where_to_go(lite: TestClient, address: str, name: str) -> None:
    """An address that takes a list in an object says so, and under which name."""
    (error,) = lite.post(address, json=[{"canary": 1}]).json()["errors"]
    assert error["field"] == "body"
    assert error["cure"] == f'Send {{"{name}": [...]}}.'
    (error,) = lite.post(address, json="canary").json()["errors"]
    assert error["cure"] == "Put it in { }."


def test_a_bare_list_where_none_belongs_is_no_object(lite: TestClient) -> None:
    """An address that takes one document does not suggest a list."""
    (error,) = lite.post("/match", json=[]).json()["errors"]
    assert (error["field"], error["cure"]) == ("body", "Put it in { }.")


def test_the_names_that_a_query_may_have_are_told(lite: TestClient) -> None:
    """Of an address with a part of its own too: that part is none of the query's."""
    (told,) = lite.get("/referrals/R-1/shortlist?kk=3").json()["errors"]
    assert told["field"] == "query"
    assert told["cure"] == "This address reads: as_of, children, k, policy. Take out what is none of them."
