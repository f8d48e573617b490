"""Whoever stores a referral is told what its search begins for children with a placement, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.documents.examples import A_HOME, A_REFERRAL
from tests.api.desk import (
    CASE_SYSTEM,
    CHILD,
    H1,
    OTHER_HOME,
    R1,
    REASON,
    SEARCHED_BEFORE,
    TOLD_NEXT_DAY,
    hold_first,
    shortlist_of,
    store_anew,
    take_step,
)
from tests.api.service import send

TODAY, H2 = "2026-03-02", OTHER_HOME["ref"]
SISTER = {**A_REFERRAL["children"][0], "ref": "EXAMPLE-C7"}


def _stored(client: TestClient, referral: dict[str, Any]) -> str:
    """Stored anew: what is told of its search."""
    answer = send(client, "PUT", f"/referrals/{R1}", referral, If_Match="*", **CASE_SYSTEM)
    assert answer.status_code == 200, answer.text
    told = [note["note"] for note in answer.json()["notes"] if note["field"] == "waiting_since"]
    assert not any(child["ref"] in note for note in told for child in referral["children"])
    return " ".join(told)


def _placed(client: TestClient, referral: dict[str, Any], **told: str) -> dict[str, Any]:
    _stored(client, referral)
    held = hold_first(client, H1)
    accepted = take_step(client, held.json(), "accept", {})
    answer = take_step(client, accepted.json(), "place", told or {"moved_in_on": TODAY})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _ended(client: TestClient, placed: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"ended_on": TODAY, "planned": False, "reason": {"code": "CREQB"}} | more
    answer = take_step(client, placed, "end", {name: told for name, told in body.items() if told is not None})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _waiting(client: TestClient) -> list[str]:
    (listed,) = client.get("/referrals").json()["referrals"]
    found: list[str] = listed["waiting"]
    return found


def _beside_the_list(client: TestClient) -> str:
    return " ".join(note["note"] for note in shortlist_of(client)["notes"])


def test_the_search_that_was_answered(served: TestClient) -> None:
    """Sent once more after the placement broke down it is told that it begins none, and which one would."""
    placed = _ended(served, _placed(served, SEARCHED_BEFORE, **TOLD_NEXT_DAY))
    told = _stored(served, {**SEARCHED_BEFORE, "needed_by": TODAY})
    assert (placed["id"] in told, "begins no search" in told, "2026-03-01 or later" in told) == (True, True, True)
    assert _waiting(served) == []
    beside = _beside_the_list(served)
    assert "`waiting_since` of 2026-03-01 or later, once that day has come. A person may hold one" in beside
    assert "not sent" not in beside
    assert _stored(served, {**SEARCHED_BEFORE, "waiting_since": "2026-03-01"}) == ""
    assert _waiting(served) == [CHILD]


def test_who_left_is_asked_for_by_name_while_a_sister_waits(served: TestClient) -> None:
    """As the note says that stands beside her list."""
    _ended(served, _placed(served, SEARCHED_BEFORE, **TOLD_NEXT_DAY))
    _stored(served, {**SEARCHED_BEFORE, "children": [*SEARCHED_BEFORE["children"], SISTER], "needed_by": TODAY})
    assert _waiting(served) == [SISTER["ref"]]
    assert "name them in `children`" in _beside_the_list(served)
    for asked in ("shortlist?", f"why-not/{H2}?"):
        answer = served.get(f"/referrals/{R1}/{asked}children={CHILD}")
        assert (answer.status_code, CHILD in answer.text) == (200, True)
    body = {"referral_ref": R1, "children": [CHILD]}
    assert served.post("/match", json=body).json()["children"] == [CHILD]


def test_one_who_left_care(served: TestClient) -> None:
    """Nothing is held for them before another search is sent; that is told at each of the three."""
    placed = _placed(served, SEARCHED_BEFORE, **TOLD_NEXT_DAY)
    _ended(served, placed, reason=None, left_care={"code": "E4B"})
    told = _stored(served, {**SEARCHED_BEFORE, "waiting_since": "2026-03-01"})
    assert (placed["id"] in told, "No home can be held" in told, f"{TODAY} or later" in told) == (True, True, True)
    assert "not sent" not in _beside_the_list(served)
    refused = hold_first(served, H2, reason=REASON)
    (error,) = refused.json()["errors"]
    assert (refused.json()["code"], f"{TODAY} or later" in error["cure"]) == ("referral_answered", True)
    assert "nobody sent" not in error["problem"]
    assert _stored(served, {**SEARCHED_BEFORE, "waiting_since": TODAY}) == ""
    assert hold_first(served, H2, reason=REASON).status_code == 201


def test_a_move_of_who_is_settled(served: TestClient) -> None:
    """The search for one begins a move of the other as well: with the placement and home, and what can be done."""
    store_anew(served, "homes", {**A_HOME, "places": 5})
    both = {**SEARCHED_BEFORE, "children": [A_REFERRAL["children"][0], SISTER]}
    placed = _placed(served, both, **TOLD_NEXT_DAY)
    left = _ended(served, placed, children=[CHILD])
    told = _stored(served, {**both, "waiting_since": TODAY})
    assert (left["id"] in told, H1 in told, "begins a move" in told, "`children`" in told) == (True, True, True, True)
    assert _waiting(served) == [CHILD, SISTER["ref"]]
    assert _stored(served, {**both, "children": both["children"][:1], "waiting_since": TODAY}) == ""
    assert _waiting(served) == [CHILD]


@pytest.mark.parametrize("first", ["2026-02-20", TODAY])
def test_who_cannot_stay_where_they_moved_in_today(served: TestClient, first: str) -> None:
    """A search of today is another, where the first was not of today; else it is said what can be done today."""
    placed = _placed(served, {**A_REFERRAL, "waiting_since": first})
    told = _stored(served, A_REFERRAL)
    assert (_waiting(served) == [CHILD], "begins a move" in told) == (first != TODAY,) * 2
    held = hold_first(served, H2, reason=REASON)
    if first != TODAY:
        assert held.status_code == 201, held.text
        return
    (error,) = held.json()["errors"]
    for said in (error["cure"], _beside_the_list(served)):
        assert ("2026-03-03 or later, once that day has come" in said, "tell the end" in said) == (True, True)
    _ended(served, placed)
    assert hold_first(served, H2, reason=REASON).status_code == 201
