"""Whom a child must live apart from is found where the case system says that they live, whatever the home lists."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from app.access.principal import Role
from app.documents.examples import A_CHILD, A_REFERRAL, A_RESIDENT
from app.store.erasure import MARK
from tests.api.desk import (
    CASE_SYSTEM,
    H1,
    OTHER_HOME,
    R1,
    REASON,
    placement_of,
    posted,
    run_to_its_end,
    shortlist_of,
    store_anew,
)
from tests.api.service import send
from tests.support.access import bearer

ADMIN = bearer([Role.ADMIN], subject="admin-1")
FEARED = "ZQ-FEARED"
H2 = OTHER_HOME["ref"]
AFRAID = {**A_CHILD, "live_apart_from": [FEARED]}


def _why_not(client: TestClient, home: str) -> bool:
    """Whether the rule is in the way, with no word of who that is."""
    answer = client.get(f"/referrals/{R1}/why-not/{home}")
    assert FEARED not in answer.text
    (found,) = [rule for rule in answer.json()["rules"] if rule["code"] == "live_apart"]
    return bool(found["blocks"])


def _offered(found: dict[str, Any]) -> set[str]:
    return {option["home"] for option in found["options"]}


def test_the_caseload_says_where_they_live(served: TestClient) -> None:
    """In the list, in a why-not, for a referral that is stored or sent along, and for a hold on an older list."""
    afraid = {**A_REFERRAL, "children": [AFRAID]}
    store_anew(served, "referrals", afraid)
    before = shortlist_of(served)
    assert H2 in _offered(before)
    lives = {"ref": FEARED, "home": H2, "kind": "foster"}
    assert send(served, "PUT", f"/caseload/{FEARED}", lives, **CASE_SYSTEM).status_code == 201
    assert (_why_not(served, H1), _why_not(served, H2)) == (False, True)
    assert H2 not in _offered(shortlist_of(served))
    for body in ({"referral_ref": R1}, {"referral": {**afraid, "ref": "R-ALONG"}}):
        assert H2 not in _offered(posted(served, "/match", body).json())
    body = {"referral": R1, "home": H2, "seen": before["seen"], "reason": REASON}
    refused = posted(served, "/holds", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "facts_changed"), refused.text
    assert [problem["field"] for problem in refused.json()["errors"]] == ["rules.live_apart"]
    assert send(served, "PUT", f"/caseload/{FEARED}", lives | {"home": None}, If_Match="*", **CASE_SYSTEM).is_success
    assert not _why_not(served, H2)


def test_the_referral_itself_says_where_they_live(served: TestClient) -> None:
    """A brother who is placed: in a home that the referral names, and in no other."""
    placed = {"child": FEARED, "home": H2}
    store_anew(served, "referrals", {**A_REFERRAL, "children": [{**AFRAID, "placed_siblings": [placed]}]})
    assert (_why_not(served, H1), _why_not(served, H2)) == (False, True)


def test_it_holds_when_they_are_erased(served: TestClient) -> None:
    """Whether the caseload says where they live or the referral; and where they live next, once they are sent again."""
    lives = {"ref": FEARED, "home": H2, "kind": "foster"}
    assert send(served, "PUT", f"/caseload/{FEARED}", lives, **CASE_SYSTEM).status_code == 201
    placed = [{"child": FEARED, "home": H1, "location": "NG1 5DT"}]
    store_anew(served, "referrals", {**A_REFERRAL, "children": [{**AFRAID, "placed_siblings": placed}]})
    assert (_why_not(served, H1), _why_not(served, H2)) == (True, True)
    assert served.delete(f"/children/{FEARED}/personal-data", headers=ADMIN).status_code == 200
    assert (_why_not(served, H1), _why_not(served, H2)) == (True, True)
    (left,) = served.get("/caseload", headers=CASE_SYSTEM).json()["children"]
    word = left["child"].pop("ref")
    assert word.startswith(MARK)
    assert {name for name, value in left["child"].items() if value is not None} == {"home"}
    for siblings, kept_from in ((placed, (True, True)), ([], (False, True))):
        store_anew(served, "referrals", {**A_REFERRAL, "children": [{**AFRAID, "placed_siblings": siblings}]})
        assert (_why_not(served, H1), _why_not(served, H2)) == kept_from
    moved = send(served, "PUT", f"/caseload/{FEARED}", lives | {"home": H1}, **CASE_SYSTEM)
    assert moved.status_code == 201
    assert (_why_not(served, H1), _why_not(served, H2)) == (True, False)


def _noted(client: TestClient, *named: str, **headers: str) -> list[tuple[str, bool]]:
    """Where a referral that names these is told that nobody is on record, and whether other letters would fit."""
    body = {**A_REFERRAL, "children": [{**A_CHILD, "live_apart_from": list(named)}]}
    answer = send(client, "PUT", f"/referrals/{R1}", body, If_Match="*", **CASE_SYSTEM)
    assert answer.status_code == 200, answer.text
    assert not any(ref in answer.text for ref in (FEARED, FEARED.lower()))
    return [(note["field"], "capital letters" in note["note"]) for note in answer.json()["notes"]]


def test_a_reference_that_fits_nobody_is_told_of(served: TestClient) -> None:
    """By a resident, a child of the caseload or of a referral, and whoever has a place; small letters fit nobody."""
    at = "children[0].live_apart_from"
    assert _noted(served, FEARED, A_RESIDENT["ref"]) == [(f"{at}[0]", False)]
    assert _noted(served, A_RESIDENT["ref"].lower(), FEARED) == [(f"{at}[0]", True), (f"{at}[1]", False)]
    placed = {"ref": FEARED, "home": None, "kind": "foster", "location": "NG1 5DT"}
    assert send(served, "PUT", f"/caseload/{FEARED}", placed, **CASE_SYSTEM).status_code == 201
    assert _noted(served, FEARED) == []
    assert _noted(served, FEARED.lower()) == [(f"{at}[0]", True)]
    other = {**A_REFERRAL, "ref": "R-OTHER", "children": [{**A_CHILD, "ref": "WAITS"}]}
    assert _noted(served, "WAITS") == [(f"{at}[0]", False)]
    assert send(served, "PUT", "/referrals/R-OTHER", other, **CASE_SYSTEM).status_code == 201
    assert _noted(served, "WAITS") == []
    assert _noted(served, "SIBLING") == [(f"{at}[0]", False)]
    named = {**other["children"][0], "placed_siblings": [{"child": "SIBLING", "home": H1}]}
    store_anew(served, "referrals", {**other, "children": [named]})
    assert _noted(served, "SIBLING", "sibling") == [(f"{at}[1]", True)]
    assert _noted(served) == []


def test_the_rank_of_a_proposal_counts_no_home_that_is_closed_to_the_child(served: TestClient) -> None:
    """By the caseload alone somebody lives in the better home from whom it must live apart: the other is the first."""
    first, second = (option["home"] for option in shortlist_of(served)["options"])
    store_anew(served, "referrals", {**A_REFERRAL, "children": [AFRAID]})
    lives = {"ref": FEARED, "home": first, "kind": "foster"}
    assert send(served, "PUT", f"/caseload/{FEARED}", lives, **CASE_SYSTEM).status_code == 201
    run_to_its_end(served)
    (proposal,) = served.get("/proposals").json()["proposals"]
    assert proposal["home"] == second
    seen = served.get(f"/proposals/{proposal['id']}").json()["seen"]
    accepted = posted(served, f"/proposals/{proposal['id']}/accept", {"seen": seen})
    assert accepted.status_code == 201, accepted.text
    assert placement_of(served, accepted.json())["rank"] == 1
