"""What a look at a placement offers is not refused to whoever then does it: a law, or somebody's word, is missing."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from app.documents.examples import A_CHILD, A_HOME, A_REFERRAL, A_RESIDENT, NO_KNOWN_RISKS
from app.matching.codes import Vulnerability
from tests.api.desk import (
    CASE_SYSTEM,
    DIRECTOR,
    FAR_HOME,
    H1,
    OTHER_HOME,
    R1,
    REASON,
    SEARCHED_BEFORE,
    hold_first,
    placement_of,
    posted,
    store_anew,
    take_step,
)
from tests.api.service import send

TODAY = "2026-03-02"
DANGEROUS = {**A_RESIDENT, "risks": dict.fromkeys(NO_KNOWN_RISKS, "Risk Present")}


def _put(client: TestClient, home: dict[str, Any]) -> None:
    known = client.get(f"/homes/{home['ref']}").status_code == 200
    changed = {"If_Match": "*"} if known else {}
    assert send(client, "PUT", f"/homes/{home['ref']}", home, **changed, **CASE_SYSTEM).is_success


def test_accepting_is_offered_once_it_is_approved(here: TestClient) -> None:
    """Before that it would be refused; holding on, sending and giving up are not."""
    _put(here, FAR_HOME)
    held = hold_first(here, FAR_HOME["ref"], reason=REASON).json()
    assert set(placement_of(here, held)["steps"]) == {"send", "decline", "withdraw"}
    looked = placement_of(here, held, DIRECTOR)
    body = {"level": looked["approval_needed"], "seen": looked["seen"]}
    approved = take_step(here, held, "approve", body, DIRECTOR)
    assert approved.status_code == 200, approved.text
    assert "accept" in placement_of(here, approved.json())["steps"]


def test_nothing_is_offered_that_a_law_forbids(here: TestClient) -> None:
    """A registration that is cancelled while the child waits: neither to accept, nor, once accepted, to move in."""
    held = hold_first(here, H1, reason=REASON).json()
    assert "accept" in placement_of(here, held)["steps"]
    _put(here, {**A_HOME, "registration": "Cancelled"})
    found = placement_of(here, held)
    assert (bool(found["rules"]), "accept" in found["steps"]) == (True, False)
    refused = take_step(here, held, "accept", {"seen": found["seen"]}).json()
    assert refused["code"] == "rules_not_met"
    _put(here, A_HOME)
    accepted = take_step(here, held, "accept", {"seen": placement_of(here, held)["seen"]}).json()
    assert "place" in placement_of(here, accepted)["steps"]
    _put(here, {**A_HOME, "registration": "Cancelled"})
    assert "place" not in placement_of(here, accepted)["steps"]


def test_a_rule_of_the_council_is_not_called_law(here: TestClient) -> None:
    """Whoever is refused for one reads that it can be overridden, and nothing that denies it."""
    child = {**A_CHILD, "vulnerabilities": sorted(map(str, Vulnerability))}
    assert send(here, "PUT", f"/referrals/{R1}", {**A_REFERRAL, "children": [child]}, If_Match="*").is_success
    _put(here, {**OTHER_HOME, "places": 4, "residents": [DANGEROUS]})
    seen = here.get(f"/referrals/{R1}/why-not/{OTHER_HOME['ref']}").json()["seen"]
    refused = posted(here, "/holds", {"referral": R1, "home": OTHER_HOME["ref"], "seen": seen, "reason": REASON})
    assert (refused.status_code, refused.json()["code"]) == (409, "rules_not_met")
    assert ("overridden with a reason" in refused.text, " law" in refused.text) == (True, False)


def test_moving_in_is_offered_on_a_day_on_which_it_is_lawful(served: TestClient) -> None:
    """Of a home that is registered from the day before the planned one: whoever comes today is told which rule."""
    later = {**A_REFERRAL, "needed_by": "2026-03-09"}
    assert send(served, "PUT", f"/referrals/{R1}", later, If_Match="*").is_success
    _put(served, {**OTHER_HOME, "registered_from": "2026-03-08"})
    accepted = take_step(served, hold_first(served, OTHER_HOME["ref"], reason=REASON).json(), "accept", {}).json()
    looked = placement_of(served, accepted)
    assert (accepted["state"], looked["rules"], "place" in looked["steps"]) == ("accepted", ["registered"], False)
    assert f"for a move on {TODAY}" in looked["changed"][0]["problem"]
    refused = take_step(served, accepted, "place", {"moved_in_on": TODAY, "seen": looked["seen"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "rules_not_met")
    assert refused.json()["errors"] == looked["changed"]


def test_nothing_is_offered_for_who_left_care(served: TestClient) -> None:
    """But to give up a move that was held before that: neither to send it nor to accept it, as either is refused."""
    store_anew(served, "referrals", SEARCHED_BEFORE)
    placed = take_step(served, hold_first(served, H1, reason=REASON).json(), "accept", {}).json()
    by_night = {"moved_in_on": "2026-03-01", "why_before": "The duty team moved the child in by night."}
    placed = take_step(served, placed, "place", by_night).json()
    assert send(served, "PUT", f"/referrals/{R1}", {**A_REFERRAL, "waiting_since": TODAY}, If_Match="*").is_success
    moving = hold_first(served, OTHER_HOME["ref"], reason=REASON).json()
    over = {"ended_on": TODAY, "planned": True, "left_care": {"code": "E4A"}}
    assert take_step(served, placed, "end", over).status_code == 200
    looked = placement_of(served, moving)
    assert (looked["steps"], looked["seen"]) == (["decline", "withdraw"], None)
    for step in ("send", "accept"):
        refused = take_step(served, moving, step, {})
        assert (refused.status_code, refused.json()["code"]) == (409, "referral_answered")
        assert refused.json()["errors"] == looked["changed"]
    assert placed["id"] in refused.text
