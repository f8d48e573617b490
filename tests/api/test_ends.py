"""How a placement is lived and ends: the true day of the move, and why it ended, in the codes of the return."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from app.api.referrals import ReferralsOut
from app.documents.examples import A_REFERRAL
from app.store.reasons import END_WORDS, CareEnd, EndReason, PlaceChange
from tests.api.desk import CHILD, R1, SEARCHED_BEFORE, TOLD_NEXT_DAY, hold_first, placement_of, store_anew, take_step
from tests.api.service import send

DAY = "2026-03-02"
BY_NIGHT = "The duty team moved the child in late on Sunday evening."


def _accepted(client: TestClient) -> dict[str, Any]:
    held = hold_first(client).json()
    accepted = take_step(client, held, "accept", {})
    assert accepted.status_code == 200, accepted.text
    found: dict[str, Any] = accepted.json()
    return found


def _placed(client: TestClient) -> dict[str, Any]:
    placed = take_step(client, _accepted(client), "place", {"moved_in_on": DAY})
    assert placed.status_code == 200, placed.text
    found: dict[str, Any] = placed.json()
    return found


def _moved_by_night(client: TestClient) -> dict[str, Any]:
    """The search began before the move, and the move was the day before today: a search of today is another."""
    store_anew(client, "referrals", SEARCHED_BEFORE)
    placed = take_step(client, _accepted(client), "place", TOLD_NEXT_DAY)
    assert placed.status_code == 200, placed.text
    found: dict[str, Any] = placed.json()
    return found


def test_two_lists_and_no_code_in_both() -> None:
    """A code tells by itself which list it is of; every code has its words."""
    of_change, of_care = {str(code) for code in PlaceChange}, {str(code) for code in CareEnd}
    assert not of_change & of_care
    assert {str(code) for code in EndReason} == of_change | of_care
    assert set(END_WORDS) == set(EndReason)
    assert "X1" not in of_care  # a new episode on the same day is no end of care


@pytest.mark.parametrize(("code", "planned"), [("E4A", True), ("E4B", False), ("E11", True), ("E15", True)])
def test_a_child_who_leaves_care(served: TestClient, code: str, planned: bool) -> None:
    """The end is told with the code of leaving care, and kept with the placement and its decision."""
    placed = _placed(served)
    body = {"ended_on": DAY, "planned": planned, "left_care": {"code": code}}
    ended = take_step(served, placed, "end", body)
    assert (ended.status_code, ended.json()["state"]) == (200, "ended"), ended.text
    assert placement_of(served, placed)["end_reason"] == code
    decisions = served.get(f"/placements/{placed['id']}/history").json()["decisions"]
    assert decisions[-1]["reason_code"] == code


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"planned": True, "left_care": {"code": "CARPL"}}, "left_care.code"),
        ({"planned": True, "reason": {"code": "E4A"}}, "reason.code"),
        ({"planned": True, "left_care": {"code": "X1"}}, "left_care.code"),
        ({"planned": True}, "reason"),
        ({"planned": True, "left_care": {"code": "E4A"}, "reason": {"code": "CARPL"}}, "reason"),
        ({"planned": False, "left_care": {"code": "E4A"}}, "planned"),
        ({"planned": True, "left_care": {"code": "E4B"}}, "planned"),
    ],
)
def test_the_lists_are_not_mixed(here: TestClient, body: dict[str, Any], field: str) -> None:
    """Each code in its own field, one of the two, and `planned` as the code has it: else 422 that names the field."""
    placed = _placed(here)
    refused = take_step(here, placed, "end", {"ended_on": DAY, **body})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), refused.text
    assert placement_of(here, placed)["state"] == "placed"


def test_a_child_who_came_by_night(served: TestClient) -> None:
    """Who moved in before the acceptance is recorded with the true day, and with why; at most five days before."""
    accepted = _accepted(served)
    for body, field in (
        ({"moved_in_on": "2026-03-01"}, "why_before"),
        ({"moved_in_on": "2026-03-01", "why_before": "By night."}, "why_before"),
        ({"moved_in_on": "2026-02-24", "why_before": BY_NIGHT}, "moved_in_on"),
        ({"moved_in_on": DAY, "why_before": BY_NIGHT}, "why_before"),
    ):
        refused = take_step(served, accepted, "place", body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), refused.text
    placed = take_step(served, accepted, "place", {"moved_in_on": "2026-02-25", "why_before": BY_NIGHT})
    assert placed.status_code == 200, placed.text
    assert placement_of(served, accepted)["moved_in_on"] == "2026-02-25"
    decisions = served.get(f"/placements/{accepted['id']}/history").json()["decisions"]
    assert (decisions[-1]["reason_code"], decisions[-1]["text"]) == ("out_of_hours", BY_NIGHT)


def _waiting(client: TestClient) -> list[list[str]]:
    found = client.get("/referrals").json()
    TypeAdapter(ReferralsOut).validate_python(found)
    return [one["waiting"] for one in found["referrals"]]


def test_a_list_says_who_still_waits(served: TestClient) -> None:
    """Somebody at first, nobody from the hold on, and again once the case system sends the referral anew."""
    assert _waiting(served) == [[CHILD]]
    placed = _moved_by_night(served)
    assert _waiting(served) == [[]]
    store_anew(served, "referrals", SEARCHED_BEFORE)
    assert _waiting(served) == [[]], "the same search, however often it is sent"
    sent = send(served, "PUT", f"/referrals/{R1}", A_REFERRAL, If_Match="*")
    assert (sent.status_code, _waiting(served)) == (200, [[CHILD]])
    take_step(served, placed, "end", {"ended_on": DAY, "planned": True, "reason": {"code": "CARPL"}})
    assert _waiting(served) == [[CHILD]]


def test_who_left_care_waits_no_more(served: TestClient) -> None:
    """Also where the referral was sent anew before that, and is sent once more: it says from when on it does."""
    placed = _moved_by_night(served)
    assert send(served, "PUT", f"/referrals/{R1}", A_REFERRAL, If_Match="*").status_code == 200
    assert _waiting(served) == [[CHILD]]
    take_step(served, placed, "end", {"ended_on": DAY, "planned": True, "left_care": {"code": "E4A"}})
    assert _waiting(served) == [[]]
    answer = send(served, "PUT", f"/referrals/{R1}", A_REFERRAL, If_Match="*")
    assert _waiting(served) == [[]]
    (note,) = answer.json()["notes"]
    assert (note["field"], "2026-03-03 or later" in note["note"]) == ("waiting_since", True)


def test_a_referral_that_a_place_waits_for(served: TestClient) -> None:
    """It is not deleted, and the answer names the placement and what to do; then it is."""
    accepted = _accepted(served)
    refused = served.delete(f"/referrals/{R1}", headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (409, "referral_still_pursued")
    assert accepted["id"] in refused.json()["errors"][0]["problem"]
    assert CHILD not in refused.text
    gone = {**A_REFERRAL, "children": [{**A_REFERRAL["children"][0], "ref": "EXAMPLE-C9"}]}
    changed = send(served, "PUT", f"/referrals/{R1}", gone, If_Match="*")
    assert (changed.status_code, changed.json()["code"]) == (409, "referral_still_pursued")
    assert take_step(served, accepted, "place", {"moved_in_on": DAY}).status_code == 200
    assert served.delete(f"/referrals/{R1}", headers={"If-Match": "*"}).status_code == 204
