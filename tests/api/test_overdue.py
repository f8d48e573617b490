"""A hold whose time is over keeps its place and its child from nobody, whether a worker looks after it or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from app.documents.examples import A_REFERRAL
from app.settings import Settings
from app.store.clock import database_now
from app.store.placement_tables import placements
from app.store.session import Writing
from tests.api.desk import CASE_SYSTEM, COLLEAGUE, H1, R1, REASON, hold_first, opened, placement_of, posted, take_step
from tests.api.service import send

R2 = {**A_REFERRAL, "ref": "EXAMPLE-R2", "children": [{**A_REFERRAL["children"][0], "ref": "EXAMPLE-C2"}]}


@pytest.fixture
def alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A service beside which nobody ends what is over."""
    monkeypatch.setattr("app.jobs.duties.expire_overdue", lambda *_, **__: 0)
    with opened(settings) as client:
        yield client


def _over(client: TestClient, held: dict[str, Any], minutes: int = 1) -> None:
    """Let the time of a hold be over by so many minutes."""

    def work(writing: Writing) -> None:
        until = database_now(writing) - timedelta(minutes=minutes)
        writing.execute(update(placements).where(placements.c.id == held["id"]).values(held_until=until))

    client.app.state.service.database.transact(work)  # type: ignore[attr-defined]


def _shown(client: TestClient, ref: str, who: dict[str, str]) -> str:
    seen: str = client.get(f"/referrals/{ref}/shortlist", headers=who).json()["seen"]
    return seen


def test_the_child_is_held_anew(alone: TestClient) -> None:
    """Nobody has to withdraw what is over: it ends with the next decision, by the clock, and is told as expired."""
    first = hold_first(alone).json()
    again = {"referral": R1, "home": "EXAMPLE-H2", "seen": _shown(alone, R1, {}), "reason": REASON}
    assert posted(alone, "/holds", again).json()["code"] == "child_being_placed"
    _over(alone, first)
    held = posted(alone, "/holds", again)
    assert held.status_code == 201, held.text
    found = placement_of(alone, first)
    assert (found["state"], found["steps"]) == ("expired", [])
    steps = alone.get(f"/placements/{first['id']}/history").json()["decisions"]
    assert [(one["step"], one["actor"]) for one in steps] == [("hold", "officer-1"), ("expire", "clock")]


def test_the_place_is_somebody_elses(alone: TestClient) -> None:
    """The place of a hold that is over is taken by the next who was shown it."""
    assert send(alone, "PUT", "/referrals/EXAMPLE-R2", R2).status_code == 201
    seen = _shown(alone, "EXAMPLE-R2", COLLEAGUE)
    first = hold_first(alone, H1, reason=REASON).json()
    theirs = {"referral": "EXAMPLE-R2", "home": H1, "seen": seen, "reason": REASON}
    assert posted(alone, "/holds", theirs, COLLEAGUE).status_code == 409
    _over(alone, first)
    held = posted(alone, "/holds", theirs, COLLEAGUE)
    assert held.status_code == 201, held.text


def test_what_is_decided_on_says_itself_that_it_is_over(alone: TestClient) -> None:
    """An acceptance too late is told as that, not as somebody else's change."""
    first = hold_first(alone).json()
    _over(alone, first)
    late = take_step(alone, first, "accept", {})
    assert (late.status_code, late.json()["code"]) == (409, "hold_expired")


def test_nobody_looks_after_holds(alone: TestClient) -> None:
    """Over for minutes and not ended: readiness says so, until somebody decides something."""
    first = hold_first(alone).json()
    assert alone.get("/health/ready").json()["notes"] == []
    _over(alone, first, minutes=1)
    assert alone.get("/health/ready").json()["notes"] == []
    _over(alone, first, minutes=10)
    assert alone.get("/health/ready").json()["notes"] == ["holds_not_looked_after"]
    assert hold_first(alone, "EXAMPLE-H2", reason=REASON).status_code == 201
    assert alone.get("/health/ready").json()["notes"] == []


def test_a_provider_who_was_not_asked_has_not_answered(alone: TestClient) -> None:
    """A system tells a provider's answer to what was sent; an officer may have asked by telephone."""
    held = hold_first(alone).json()
    no = {"by": "provider", "reason": {"code": "MATCH"}}
    refused = take_step(alone, held, "decline", no, CASE_SYSTEM)
    assert (refused.status_code, refused.json()["code"]) == (409, "step_not_open")
    assert "not sent" in refused.json()["errors"][0]["problem"]
    assert take_step(alone, held, "decline", no).json()["state"] == "declined"


@pytest.mark.parametrize("told", ["by a look", "by a decision"])
def test_whoever_is_told_that_it_is_over_finds_the_place_free(alone: TestClient, told: str) -> None:
    """In the list of everybody, at once: nobody is told that a place is given back which the next list calls taken."""
    first = hold_first(alone).json()
    _over(alone, first)
    if told == "by a look":
        assert placement_of(alone, first)["state"] == "expired"
    else:
        assert take_step(alone, first, "accept", {}).json()["code"] == "hold_expired"
    found = alone.get(f"/referrals/{R1}/shortlist", headers=COLLEAGUE).json()
    assert (found["under_way"], first["home"] in [one["home"] for one in found["options"]]) == ([], True)


def test_lists_tell_it_as_over(alone: TestClient) -> None:
    """Also before anybody has ended it: nowhere does it stand as held, nor with a step that is open."""
    first = hold_first(alone).json()
    _over(alone, first)
    (told,) = alone.get("/placements").json()["placements"]
    assert (told["id"], told["state"], told["held_until"], told["steps"]) == (first["id"], "expired", None, [])
    assert alone.get("/placements?state=held").json()["placements"] == []
