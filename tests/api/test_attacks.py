"""What a caller tried who wanted to break the service, and what came of it: each of these once went wrong."""

from __future__ import annotations

import difflib
import inspect
import json
import math
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api import health
from app.documents import home_documents
from app.documents.examples import A_CHILD, A_HOME, A_REFERRAL
from tests.api.service import send

HOME = f"/homes/{A_HOME['ref']}"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; a*=x; a*0=y", 201),
        ("application/json; a*" + "1" * 5_000 + "=x", 201),
        ("application/json; charset*0=utf; charset*1=-8", 415),
        ("application/json; charset*=utf-8''utf-8", 415),
        ("application/json; charset=utf-8; charset=latin-1", 415),
        ('Application/JSON; Charset="UTF-8"', 201),
        ("application/json;", 201),
        ("application/json; charset=utf-16", 415),
        ("application/json;" + '"' * 3_000 + ";" * 3_000, 201),
        ("application/jsonx", 415),
        ("application/json\xe9", 415),
        (";application/json", 415),
        ("", 415),
    ],
)
def test_media_types_however_written(lite: TestClient, content_type: str, status: int) -> None:
    """Parameters that are continued, numbered or repeated have no meaning here and break nothing."""
    headers = {b"Content-Type": content_type.encode("latin-1")}
    answer = lite.put(HOME, content=json.dumps(A_HOME), headers=headers)
    assert answer.status_code == status, answer.text


def test_two_media_types_are_none(lite: TestClient) -> None:
    """Where the header comes twice nobody can say which one counts."""
    headers = [("Content-Type", "application/json"), ("Content-Type", "text/plain")]
    assert lite.put(HOME, content=json.dumps(A_HOME), headers=headers).status_code == 415


@pytest.mark.parametrize(
    "query", ["dry_run=true", "made_up=canary", "Canary=canary", "limit=1&limit=2", "dry_run", "=1"]
)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", HOME, A_HOME),
        ("DELETE", HOME, None),
        ("POST", "/homes/import", {"homes": [A_HOME]}),
        ("POST", "/match", {"referral": A_REFERRAL}),
        ("GET", HOME, None),
        ("GET", "/homes", None),
        ("GET", "/policies", None),
    ],
)
def test_a_query_that_means_nothing_is_refused(lite: TestClient, method: str, path: str, body: Any, query: str) -> None:
    """Whoever sends `dry_run=true` must not find the home deleted; nor is one of two values chosen for him."""
    answer = send(lite, method, f"{path}?{query}", body, If_Match="*")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    name = query.partition("=")[0]
    named = {"query", f"query.{name}"} if (method, path) == ("GET", "/homes") else {"query"}
    assert answer.json()["errors"][0]["field"] in named
    assert "canary" not in answer.text.lower()
    assert "limit=1&limit=2" in query or lite.get("/homes").json()["homes"] == []


def test_a_name_of_the_query_comes_once(lite: TestClient) -> None:
    """Names that an address does take are taken once."""
    assert lite.get("/homes?limit=1").status_code == 200
    assert lite.get("/homes?limit=1&limit=1").status_code == 422


def test_guesses_are_few(lite: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest known name is dear to find: it is looked for a few times, however many names are unknown."""
    asked: list[str] = []
    find = difflib.get_close_matches

    def counted(word: str, *others: Any, **named: Any) -> list[str]:
        asked.append(word)
        return find(word, *others, **named)

    monkeypatch.setattr(difflib, "get_close_matches", counted)
    children = [{"ref": "C", f"sdqq{n}": 1} | {f"made_up{n}_{m}": 1 for m in range(100)} for n in range(12)]
    answer = send(lite, "PUT", f"/referrals/{A_REFERRAL['ref']}", A_REFERRAL | {"children": children})
    assert answer.status_code == 422
    assert "Did you mean sdq?" in answer.text
    assert 0 < len(asked) <= 20
    names = "&".join(f"made_up{n}=1" for n in range(1_000))
    assert lite.get(f"/homes?{names}").status_code == 422
    assert len(asked) <= 40


def test_an_object_of_endless_members_is_refused(lite: TestClient) -> None:
    """Nothing that is documented has hundreds of members, and each unknown one would be an error of its own."""
    for body in (
        {f"made_up{n}": 1 for n in range(5_000)},
        A_HOME | {"capability": {f"made_up{n}": 9 for n in range(5_000)}},
    ):
        answer = send(lite, "PUT", HOME, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "json_refused")


@pytest.mark.parametrize("field", ["live_apart_from", "wishes", "languages", "sen", "communication"])
def test_a_list_without_end_is_one_error(lite: TestClient, field: str) -> None:
    """A list that is too long is not looked at entry by entry."""
    child = A_CHILD | {field: [{}] * 5_000}
    problem = send(lite, "PUT", f"/referrals/{A_REFERRAL['ref']}", A_REFERRAL | {"children": [child]}).json()
    assert [error["field"] for error in problem["errors"]] == [f"children[0].{field}"]
    assert problem["more_errors"] == 0


def test_an_inventory_of_wrong_rows_is_soon_told(lite: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every wrong row is counted; what is wrong is put into words only as long as somebody will read it."""
    worded = 0
    words = home_documents.problems_of

    def counted(*arguments: Any) -> Any:
        nonlocal worded
        worded += 1
        return words(*arguments)

    monkeypatch.setattr(home_documents, "problems_of", counted)
    rows = [{"ref": f"H{n}"} for n in range(3_000)]
    assert send(lite, "POST", "/homes/import", {"homes": rows}).status_code == 422
    assert 0 < worded <= home_documents.MOST_PROBLEMS
    answer = send(lite, "POST", "/homes/import", {"homes": [*rows, A_HOME], "on_problem": "skip_row"})
    assert (answer.json()["refused"], answer.json()["created"]) == (3_000, 1)


def test_a_healthy_process_says_so_while_all_threads_wait() -> None:
    """Liveness needs no thread, so it answers while every one of them waits for the database."""
    assert inspect.iscoroutinefunction(health.live)


def _strips(count: int) -> list[Any]:
    """Polygons that lie across each other like the threads of a cloth."""

    def box(west: float, south: float, east: float, north: float) -> Any:
        return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]

    step = 2 / count
    across = [box(-2, 51 + n * step, 1, 51 + (n + 0.5) * step) for n in range(count)]
    upright = [box(-1.9 + n * step, 50.9, -1.9 + (n + 0.5) * step, 53.1) for n in range(count)]
    return across + upright


def test_a_cloth_of_areas_is_refused(lite: TestClient) -> None:
    """A thousand strips across a thousand others have a million holes: refused before they are worked out."""
    for count, status in ((5, 201), (300, 422)):
        zone = {"polygon": {"type": "MultiPolygon", "coordinates": _strips(count)}}
        referral = A_REFERRAL | {"children": [A_CHILD | {"zones_to_avoid": [zone]}]}
        answer = send(lite, "PUT", f"/referrals/{A_REFERRAL['ref']}", referral)
        assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["field"] == "children[0].zones_to_avoid[0]"


def test_all_zones_of_a_referral_have_a_limit_together(lite: TestClient) -> None:
    """Twelve children with twenty detailed zones each would keep a processor busy for minutes."""
    turn = [2 * math.pi * n / 4_000 for n in range(4_000)]
    ring = [[round(-1.2 + 0.1 * math.cos(way), 6), round(52.9 + 0.1 * math.sin(way), 6)] for way in turn]
    zone = {"polygon": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}}
    for zones, status in ((2, 200), (20, 422)):
        children = [A_CHILD | {"ref": f"C{n}", "zones_to_avoid": [zone] * zones} for n in range(2)]
        answer = send(lite, "POST", "/match", {"referral": A_REFERRAL | {"children": children}})
        assert answer.status_code == status, answer.text
    assert "corners" in answer.json()["errors"][0]["cure"]
