"""Who has a place, or left care, is not looked for: the list says so, and a hold says why and what can be done."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from app.api.shortlist_models import WhyNotOut
from app.documents.examples import A_HOME, A_REFERRAL
from app.errors import ChildBeingPlaced
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
    placement_of,
    posted,
    shortlist_of,
    store_anew,
    take_step,
)
from tests.api.service import send

DAY = "2026-03-02"
H2 = OTHER_HOME["ref"]


def _accepted(client: TestClient, home: str) -> dict[str, Any]:
    held = hold_first(client, home, reason=REASON)
    assert held.status_code == 201, held.text
    answer = take_step(client, held.json(), "accept", {})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _placed(client: TestClient, home: str = H1) -> dict[str, Any]:
    store_anew(client, "referrals", SEARCHED_BEFORE)
    answer = take_step(client, _accepted(client, home), "place", TOLD_NEXT_DAY)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _sent_again(client: TestClient) -> None:
    assert send(client, "PUT", f"/referrals/{R1}", A_REFERRAL, If_Match="*", **CASE_SYSTEM).status_code == 200


def _notes(client: TestClient) -> str:
    """What the list and a why-not say beside their homes: the same."""
    notes = shortlist_of(client)["notes"]
    found = client.get(f"/referrals/{R1}/why-not/{H2}").json()
    TypeAdapter(WhyNotOut).validate_python(found)
    assert found["notes"] == notes
    assert CHILD not in str(notes)
    return " ".join(note["note"] for note in notes)


def _refused(answer: Any, code: str) -> tuple[str, str, str]:
    assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
    (error,) = answer.json()["errors"]
    assert CHILD not in answer.text
    return error["field"], error["problem"], error["cure"]


def test_a_child_who_lives_somewhere(served: TestClient) -> None:
    """Nothing can be held, and it is said by which placement, and that a move begins with a search of its own."""
    assert _notes(served) == ""
    placed = _placed(served)
    said = _notes(served)
    assert (placed["id"] in said, "placed" in said, "send the referral again" in said) == (True, True, True)
    field, problem, cure = _refused(hold_first(served, H2, reason=REASON), "child_being_placed")
    assert (field, placed["id"] in problem, "placed" in problem) == ("referral.children[0]", True, True)
    assert "have the referral sent again" in cure
    store_anew(served, "referrals", SEARCHED_BEFORE)
    assert "waiting_since" in _notes(served), "the search that the move ended, however often it is sent"
    assert _refused(hold_first(served, H2, reason=REASON), "child_being_placed")
    _sent_again(served)
    said = _notes(served)
    assert (placed["id"] in said, "asks for another home for them" in said) == (True, True)
    assert hold_first(served, H2, reason=REASON).status_code == 201
    assert "asks for another home" not in _notes(served)


def test_a_child_whose_place_waits(served: TestClient) -> None:
    """Held or accepted: go on with it, or withdraw it."""
    held = hold_first(served, H1).json()
    said = _notes(served)
    assert (held["id"] in said, "withdraw it first" in said) == (True, True)
    _, problem, cure = _refused(hold_first(served, H2, reason=REASON), "child_being_placed")
    assert (held["id"] in problem, "held" in problem, "withdraw" in cure) == (True, True, True)


def test_a_move_before_the_old_home_was_left(served: TestClient) -> None:
    """The placement that must end first is named; once it has, the move is told."""
    placed = _placed(served)
    _sent_again(served)
    moving = _accepted(served, H2)
    field, problem, cure = _refused(take_step(served, moving, "place", {"moved_in_on": DAY}), "child_being_placed")
    assert (field, placed["id"] in problem, cure.startswith("End that placement")) == ("children[0]", True, True)
    over = {"ended_on": DAY, "planned": True, "reason": {"code": "CARPL"}}
    assert take_step(served, placed, "end", over).status_code == 200
    body = {"moved_in_on": DAY, "seen": placement_of(served, moving)["seen"]}
    assert take_step(served, moving, "place", body).status_code == 200


def test_who_was_faster_is_not_forgotten() -> None:
    """Also where the database alone noticed, when nobody could look any more, it is said what to do."""
    (error,) = ChildBeingPlaced().problems
    assert (error.field, "Look again" in error.cure) == ("children", True)


@pytest.mark.parametrize("began_to_move", [False, True])
def test_a_child_who_left_care(served: TestClient, began_to_move: bool) -> None:
    """The list says so, and a hold needs a referral that was sent after that, whatever was begun before."""
    placed = _placed(served)
    if began_to_move:
        _sent_again(served)
    over = {"ended_on": DAY, "planned": True, "left_care": {"code": "E4A"}}
    assert take_step(served, placed, "end", over).status_code == 200
    said = _notes(served)
    assert (placed["id"] in said, "left care" in said, "E4A" in said) == (True, True, True)
    field, problem, cure = _refused(hold_first(served, H2, reason=REASON), "referral_answered")
    assert (field, placed["id"] in problem, DAY in problem) == ("referral.children[0]", True, True)
    assert "send the referral again" in cure
    _sent_again(served)
    if began_to_move:
        assert "2026-03-03 or later" in _notes(served), "the move that was known is sent once more, as every night"
        assert "2026-03-03" in _refused(hold_first(served, H2, reason=REASON), "referral_answered")[2]
        return
    assert _notes(served) == ""
    assert hold_first(served, H2, reason=REASON).status_code == 201


def test_a_placement_that_ended_in_care(served: TestClient) -> None:
    """The child may need a home tonight: it can be held, and the list says what runs do meanwhile."""
    placed = _placed(served)
    over = {"ended_on": DAY, "planned": False, "reason": {"code": "CREQB"}}
    assert take_step(served, placed, "end", over).status_code == 200
    said = _notes(served)
    assert (placed["id"] in said, "No run looks for a home" in said) == (True, True)
    assert hold_first(served, H2, reason=REASON).status_code == 201


def test_brothers_and_sisters_with_a_place(served: TestClient) -> None:
    """Where they have it, and that whoever is left goes there or is overridden; once it is over, nothing."""
    for home in (A_HOME, OTHER_HOME):
        wide = {**home, "places": 5}
        assert send(served, "PUT", f"/homes/{home['ref']}", wide, If_Match="*", **CASE_SYSTEM).status_code == 200
    held = hold_first(served, H1).json()
    brother = {**A_REFERRAL["children"][0], "ref": "EXAMPLE-C7"}
    both = {**A_REFERRAL, "children": [A_REFERRAL["children"][0], brother], "keep_together": "required"}
    answer = send(served, "PUT", f"/referrals/{R1}", both, If_Match="*", **CASE_SYSTEM)
    assert answer.status_code == 200, answer.text
    shown = shortlist_of(served)
    assert shown["children"] == ["EXAMPLE-C7"]
    assert {option["home"] for option in shown["options"]} <= {H1}
    said = _notes(served)
    assert (H1 in said, held["id"] in said, "siblings_together" in said) == (True, True, True)
    body = {"referral": R1, "home": H2, "seen": served.get(f"/referrals/{R1}/why-not/{H2}").json()["seen"]}
    refused = posted(served, "/holds", {**body, "reason": REASON})
    assert [error["field"] for error in refused.json()["errors"]] == ["rules.siblings_together"]
    apart = posted(served, "/holds", {**body, "reason": REASON, "override": ["siblings_together"]})
    assert apart.status_code == 201, apart.text
    assert take_step(served, apart.json(), "accept", {}).json()["code"] == "second_missing"
