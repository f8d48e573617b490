"""What was agreed to and is not so any more, what stands before a move, parting, and proposals, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from starlette.testclient import TestClient

from app.api import placements
from app.documents.examples import A_HOME, A_REFERRAL, A_RESIDENT
from app.store.tables import referrals
from tests.api.desk import (
    APPROVER,
    CASE_SYSTEM,
    CHILD,
    COLLEAGUE,
    DIRECTOR,
    FAR_HOME,
    H1,
    OTHER_HOME,
    R1,
    REASON,
    hold_first,
    placement_of,
    posted,
    run_to_its_end,
    shortlist_of,
    take_step,
)
from tests.api.service import send

# ---------------------------------------------------------------------------------- what was agreed to, and is not so


def _put_home(client: TestClient, home: dict[str, Any]) -> None:
    answer = send(client, "PUT", f"/homes/{home['ref']}", home, If_Match="*", **CASE_SYSTEM)
    assert answer.status_code == 200, answer.text


def _fields(found: dict[str, Any]) -> list[str]:
    return [one["field"] for one in found["changed"]]


def _far(client: TestClient) -> dict[str, Any]:
    """A home at a distance is held, and the director approves it."""
    assert send(client, "PUT", "/homes/EXAMPLE-H3", FAR_HOME, **CASE_SYSTEM).status_code == 201
    held = hold_first(client, "EXAMPLE-H3", reason=REASON).json()
    body = {"level": "director_of_childrens_services", "seen": placement_of(client, held, DIRECTOR)["seen"]}
    approved = take_step(client, held, "approve", body, DIRECTOR)
    assert approved.status_code == 200, approved.text
    found: dict[str, Any] = approved.json()
    return found


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"location": "NR1 3QU"}, {"approve.home", "approve.distance"}),
        ({"weekly_fee_pence": {"Core": 1_990_000}}, {"approve.weekly_fee"}),
        ({"name": "Renamed", "confirmed_on": "2026-03-01"}, set()),
    ],
)
def test_an_approval_is_for_this_home_at_this_fee(served: TestClient, change: dict[str, Any], fields: set[str]) -> None:
    """Moved or dearer since, it must be approved anew, and is told so; confirmed or renamed, it need not."""
    approved = _far(served)
    _put_home(served, {**FAR_HOME, **change})
    found = placement_of(served, approved)
    assert {field for field in _fields(found) if field.startswith("approve.")} == fields
    accepted = take_step(served, found, "accept", {"seen": found["seen"]})
    if not fields:
        assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted"), accepted.text
        return
    assert (accepted.status_code, accepted.json()["code"]) == (409, "approval_missing")
    assert {one["field"] for one in accepted.json()["errors"]} == fields
    body = {"level": "director_of_childrens_services", "seen": placement_of(served, found, DIRECTOR)["seen"]}
    again = take_step(served, found, "approve", body, DIRECTOR).json()
    assert take_step(served, again, "accept", {"seen": found["seen"]}).json()["state"] == "accepted"


def test_a_second_agreement_is_for_what_was_found(served: TestClient) -> None:
    """The overridden rule finds something else than what the second person saw: they are asked anew."""
    late = {**OTHER_HOME, "available_from": "2026-05-01"}
    _put_home(served, late)
    held = hold_first(served, "EXAMPLE-H2", override=["available_by"], reason=REASON).json()
    seconded = take_step(
        served, held, "second", {"seen": placement_of(served, held, APPROVER)["seen"]}, APPROVER
    ).json()
    _put_home(served, {**late, "available_from": "2026-12-01"})
    found = placement_of(served, seconded)
    assert "second.rules" in _fields(found)
    accepted = take_step(served, found, "accept", {"seen": found["seen"]})
    assert (accepted.status_code, accepted.json()["code"]) == (409, "second_missing")
    assert [one["field"] for one in accepted.json()["errors"]] == ["second.rules"]
    again = take_step(served, found, "second", {"seen": placement_of(served, found, APPROVER)["seen"]}, APPROVER).json()
    assert take_step(served, again, "accept", {"seen": found["seen"]}).status_code == 200


def test_who_agrees_has_looked(here: TestClient) -> None:
    """Neither without a look, nor on what somebody else saw, nor on what is not so any more."""
    assert send(here, "PUT", "/homes/EXAMPLE-H3", FAR_HOME, **CASE_SYSTEM).status_code == 201
    held = hold_first(here, "EXAMPLE-H3", reason=REASON).json()
    level = {"level": "director_of_childrens_services"}
    assert take_step(here, held, "approve", level, DIRECTOR).status_code == 422
    for seen in ("0" * 32, placement_of(here, held)["seen"], shortlist_of(here, DIRECTOR)["seen"]):
        assert take_step(here, held, "approve", level | {"seen": seen}, DIRECTOR).json()["code"] == "not_seen"
    mine = placement_of(here, held, DIRECTOR)["seen"]
    _put_home(here, FAR_HOME)
    refused = take_step(here, held, "approve", level | {"seen": mine}, DIRECTOR)
    assert (refused.json()["code"], [one["field"] for one in refused.json()["errors"]]) == ("facts_changed", ["home"])


# ------------------------------------------------------------------------------------------- before the move


def _accepted(client: TestClient, home: str = H1) -> dict[str, Any]:
    held = hold_first(client, home, reason=REASON).json()
    accepted = take_step(client, held, "accept", {})
    assert accepted.status_code == 200, accepted.text
    found: dict[str, Any] = accepted.json()
    return found


TODAY_IN = {"moved_in_on": "2026-03-02"}


def test_a_home_that_was_filled_after_the_acceptance(served: TestClient) -> None:
    """A provider's truth is taken; the placement tells of it, and nobody moves in until it is mended."""
    accepted = _accepted(served)
    assert _fields(placement_of(served, accepted)) == []
    others = [{**A_RESIDENT, "ref": f"EXAMPLE-X{n}"} for n in range(2)]
    _put_home(served, {**A_HOME, "places": 2, "residents": others})
    found = placement_of(served, accepted)
    told = ["rules.usable_places", "home.residents"]
    assert (_fields(found), found["rules"]) == (told, ["usable_places"])
    refused = take_step(served, accepted, "place", TODAY_IN)
    assert (refused.status_code, refused.json()["code"]) == (409, "rules_not_met")
    assert take_step(served, accepted, "place", TODAY_IN | {"seen": found["seen"]}).json()["code"] == "rules_not_met"
    _put_home(served, {**A_HOME, "places": 3, "residents": others})
    assert take_step(served, accepted, "place", TODAY_IN).json()["code"] == "facts_changed"
    seen = placement_of(served, accepted)["seen"]
    assert take_step(served, accepted, "place", TODAY_IN | {"seen": seen}).json()["state"] == "placed"


def test_what_changed_after_the_acceptance_is_agreed_anew(served: TestClient) -> None:
    """A fee that was raised after the acceptance: told, refused, and taken once somebody says that they saw it."""
    accepted = _accepted(served)
    old = placement_of(served, accepted)["seen"]
    _put_home(served, {**A_HOME, "weekly_fee_pence": {"Core": 777_000}})
    found = placement_of(served, accepted)
    assert _fields(found) == ["accept.weekly_fee", "home.fees"]
    for body in (TODAY_IN, TODAY_IN | {"seen": old}):
        refused = take_step(served, accepted, "place", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "facts_changed"), refused.text
    assert take_step(served, accepted, "place", TODAY_IN | {"seen": found["seen"]}).json()["state"] == "placed"


def test_the_referral_may_be_gone_when_they_move_in(served: TestClient) -> None:
    """It was withdrawn while that was still possible: the law is judged by what is left, the home must be the same."""
    accepted = _accepted(served)
    database = served.app.state.service.database  # type: ignore[attr-defined]
    database.transact(lambda writing: writing.execute(delete(referrals).where(referrals.c.ref == R1)))
    _put_home(served, {**A_HOME, "places": 1})
    refused = take_step(served, accepted, "place", TODAY_IN)
    assert [one["field"] for one in refused.json()["errors"]] == ["rules.usable_places"]
    _put_home(served, {**A_HOME, "location": "NR1 3QU"})
    refused = take_step(served, accepted, "place", TODAY_IN)
    assert [one["field"] for one in refused.json()["errors"]] == ["accept.home", "home.location"]
    assert all("send the referral again" in one["cure"] for one in refused.json()["errors"])
    _put_home(served, A_HOME)
    assert take_step(served, accepted, "place", TODAY_IN).json()["state"] == "placed"


AFTER: dict[str, dict[str, Any]] = {
    "home.residents": {"residents": [A_RESIDENT, {**A_RESIDENT, "ref": "EXAMPLE-X1"}], "places": 4},
    "home.judgement": {"judgement": "Requires improvement to be good"},
    "home.capability": {"capability": {}},
}


def test_whatever_changed_after_the_acceptance_is_told(here: TestClient) -> None:
    """Who lives there, how it was judged, what it can meet, what the child needs: each named, each looked at first."""
    accepted = _accepted(here)
    for field, change in AFTER.items():
        _put_home(here, {**A_HOME, **change})
        assert field in _fields(placement_of(here, accepted))
        refused = take_step(here, accepted, "place", TODAY_IN)
        assert (refused.json()["code"], field in refused.text) == ("facts_changed", True)
    _put_home(here, {**A_HOME, "confirmed_on": "2026-03-01"})
    assert _fields(placement_of(here, accepted)) == [], "a vacancy that was confirmed again is nothing to look at"
    child = {**A_REFERRAL["children"][0], "sdq": 31}
    assert send(here, "PUT", f"/referrals/{R1}", {**A_REFERRAL, "children": [child]}, If_Match="*").status_code == 200
    found = placement_of(here, accepted)
    assert _fields(found) == ["children.needs"]
    assert take_step(here, accepted, "place", TODAY_IN).json()["code"] == "facts_changed"
    assert take_step(here, accepted, "place", TODAY_IN | {"seen": found["seen"]}).json()["state"] == "placed"


def test_a_home_with_placements_stays(served: TestClient) -> None:
    """As long as somebody has a place there, or lives there by a placement."""
    accepted = _accepted(served)
    gone = served.delete(f"/homes/{H1}", headers={"If-Match": "*"} | CASE_SYSTEM)
    assert (gone.status_code, gone.json()["code"]) == (409, "home_still_claimed")
    take_step(served, accepted, "withdraw", {"reason": {"code": "PLANS"}})
    assert served.delete(f"/homes/{H1}", headers={"If-Match": "*"} | CASE_SYSTEM).status_code == 204


def test_nobody_moved_in_before_it_was_accepted(here: TestClient) -> None:
    """Not long ago at all, and not the day before without a word of why."""
    accepted = _accepted(here)
    for day, field in (("1900-01-01", "moved_in_on"), ("2026-03-01", "why_before")):
        refused = take_step(here, accepted, "place", {"moved_in_on": day})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert take_step(here, accepted, "place", TODAY_IN).status_code == 200


# ------------------------------------------------------------------------------------------- parting, and runs


def test_parting_needs_a_reason_where_they_could_go_together(served: TestClient) -> None:
    """A part of the best way to part them ranks behind every home that takes them all."""
    two = [{**A_REFERRAL["children"][0], "ref": f"EXAMPLE-S{n}"} for n in (1, 2)]
    siblings = {**A_REFERRAL, "ref": "EXAMPLE-S", "children": two, "keep_together": "preferred"}
    assert send(served, "PUT", "/referrals/EXAMPLE-S", siblings).status_code == 201
    for n in (4, 5):
        home = {**OTHER_HOME, "ref": f"EXAMPLE-H{n}", "places": 3}
        assert send(served, "PUT", f"/homes/EXAMPLE-H{n}", home, **CASE_SYSTEM).status_code == 201
    shown = served.get("/referrals/EXAMPLE-S/shortlist").json()
    assert shown["options"]
    part = shown["splits"][0]["parts"][0]
    body = {"referral": "EXAMPLE-S", "home": part["home"], "children": part["children"], "seen": shown["seen"]}
    refused = posted(served, "/holds", body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "reason")
    held = posted(served, "/holds", {**body, "reason": REASON})
    assert held.status_code == 201, held.text
    assert placement_of(served, held.json())["rank"] == shown["allowed"] + 1


def test_who_has_a_place_is_on_no_list(served: TestClient) -> None:
    """Of two children one has a home: lists, by whichever way, are of the other."""
    two = [{**A_REFERRAL["children"][0], "ref": f"EXAMPLE-S{n}"} for n in (1, 2)]
    siblings = {**A_REFERRAL, "ref": "EXAMPLE-S", "children": two, "keep_together": "preferred"}
    assert send(served, "PUT", "/referrals/EXAMPLE-S", siblings).status_code == 201
    for n in (4, 5):
        home = {**OTHER_HOME, "ref": f"EXAMPLE-H{n}", "places": 3}
        assert send(served, "PUT", f"/homes/EXAMPLE-H{n}", home, **CASE_SYSTEM).status_code == 201
    address, asked = "/referrals/EXAMPLE-S", {"referral_ref": "EXAMPLE-S"}
    shown = served.get(f"{address}/shortlist").json()
    assert len(shown["children"]) == 2
    one, other = shown["splits"][0]["parts"]
    body = {"referral": "EXAMPLE-S", "home": one["home"], "children": one["children"], "reason": REASON}
    held = posted(served, "/holds", {**body, "seen": shown["seen"]})
    assert held.status_code == 201, held.text
    now = served.get(f"{address}/shortlist").json()
    lists = [
        send(served, "POST", "/match", asked).json(),
        send(served, "POST", "/match", {**asked, "homes": [OTHER_HOME]}).json(),
    ]
    assert [found["children"] for found in (now, *lists)] == [other["children"]] * 3
    found = served.get(f"{address}/why-not/{H1}").json()
    assert {rule["child"] for rule in found["rules"]} - {None} == set(other["children"])
    next_to_it = {"referral": "EXAMPLE-S", "home": now["options"][0]["home"], "seen": now["seen"]}
    assert posted(served, "/holds", next_to_it).status_code == 201


def test_a_declined_proposal_is_not_held(served: TestClient) -> None:
    """What was seen of it before counts for nothing once it is declined."""
    run_to_its_end(served)
    (proposal,) = served.get("/proposals").json()["proposals"]
    seen = served.get(f"/proposals/{proposal['id']}").json()["seen"]
    body = {"referral": R1, "home": proposal["home"], "seen": seen}
    declined = posted(served, f"/proposals/{proposal['id']}/decline", {"seen": seen, "reason": {"code": "BETTR"}})
    assert declined.status_code == 201, declined.text
    assert posted(served, "/holds", body).json()["code"] == "proposal_not_standing"


def test_a_proposal_has_its_own_rank(served: TestClient) -> None:
    """Not the first on the child's own list: the true rank is kept, with the code that says that a run proposed it."""
    first, second = (option["home"] for option in shortlist_of(served)["options"])
    pinned = [{"children": [CHILD], "home": second}]
    run_to_its_end(served, pinned=pinned)
    (proposal,) = served.get("/proposals").json()["proposals"]
    assert (proposal["home"], first != second) == (second, True)
    seen = served.get(f"/proposals/{proposal['id']}").json()["seen"]
    accepted = posted(served, f"/proposals/{proposal['id']}/accept", {"seen": seen})
    assert accepted.status_code == 201, accepted.text
    found = placement_of(served, accepted.json())
    assert (found["rank"], found["reason_code"]) == (2, "proposed_by_run")
    body = {"referral": R1, "home": first, "seen": shortlist_of(served, COLLEAGUE)["seen"]}
    words = {"code": "proposed_by_run", "text": "The night said so."}
    assert posted(served, "/holds", {**body, "reason": words}, COLLEAGUE).status_code in {409, 422}


def test_a_hold_that_is_over_is_told_as_such(here: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anybody has ended it: no step is open, nothing was seen, and it is not among those that are held."""
    held = hold_first(here).json()
    assert [one["id"] for one in here.get("/placements?state=held").json()["placements"]] == [held["id"]]
    later = datetime.now(UTC) + timedelta(days=30)
    monkeypatch.setattr(placements, "database_now", lambda _reading: later)
    found = placement_of(here, held)
    assert (found["state"], found["held_until"], found["steps"], found["seen"]) == ("expired", None, [], None)
    assert here.get("/placements?state=held").json()["placements"] == []
    (listed,) = here.get("/placements").json()["placements"]
    assert (listed["state"], listed["steps"]) == ("expired", [])
