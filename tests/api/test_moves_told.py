"""That a proposal is for children who live somewhere by a placement: whoever decides on it knows that it is a move."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from starlette.testclient import TestClient

from app.api.proposal_models import SeenProposalOut, StandingOut
from app.documents.examples import A_CHILD, A_REFERRAL, A_RESIDENT
from tests.api.desk import (
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
    run_to_its_end,
    store_anew,
    take_step,
)

H2 = OTHER_HOME["ref"]


def _placed(client: TestClient) -> dict[str, Any]:
    """The child lives in the first home, and a new search asks for another."""
    store_anew(client, "referrals", SEARCHED_BEFORE)
    held = hold_first(client, H1, reason=REASON)
    accepted = take_step(client, held.json(), "accept", {})
    placed = take_step(client, accepted.json(), "place", TOLD_NEXT_DAY)
    assert placed.status_code == 200, placed.text
    store_anew(client, "referrals", A_REFERRAL)
    found: dict[str, Any] = placed.json()
    return found


def _listed(client: TestClient) -> dict[str, Any]:
    standing = client.get("/proposals").json()
    TypeAdapter(StandingOut).validate_python(standing)
    (found,) = standing["proposals"]
    return dict(found)


def _told(answer: dict[str, Any], placement: str) -> tuple[bool, ...]:
    (note,) = answer["notes"]
    assert CHILD not in note["note"]
    assert note["field"] == "children"
    return tuple(word in note["note"] for word in (H1, placement, "moves them"))


def test_a_proposal_for_a_child_who_lives_somewhere(served: TestClient) -> None:
    """In the list and in the look before a decision, and beside the place that is held; in none once it is over."""
    run_to_its_end(served)
    assert _listed(served)["notes"] == [], "a first home is no move"
    placed = _placed(served)
    run_to_its_end(served, pinned=[{"children": [CHILD], "home": H2}])
    listed = _listed(served)
    assert _told(listed, placed["id"]) == (True, True, True)
    shown = served.get(f"/proposals/{listed['id']}").json()
    TypeAdapter(SeenProposalOut).validate_python(shown)
    assert shown["notes"] == listed["notes"]
    held = posted(served, "/holds", {"referral": R1, "home": H2, "seen": shown["seen"], "reason": REASON})
    assert held.status_code == 201, held.text
    assert _told(placement_of(served, held.json()), placed["id"]) == (True, True, True)
    assert _listed(served)["notes"] == [], "somebody decided on it"
    over = {"ended_on": "2026-03-02", "planned": True, "reason": {"code": "CARPL"}}
    assert take_step(served, placed, "end", over).status_code == 200
    assert placement_of(served, held.json())["notes"] == []
    assert placement_of(served, placed)["notes"] == []


def test_a_brother_or_sister_who_leaves_that_home(served: TestClient) -> None:
    """The child would come to a sister for whom another home is looked for: it is said until she stays."""
    store_anew(served, "homes", {**OTHER_HOME, "places": 4, "residents": [{**A_RESIDENT, "ref": "EXAMPLE-S1"}]})
    sister = {"child": "EXAMPLE-S1", "home": None, "location": None}
    store_anew(served, "referrals", {**A_REFERRAL, "children": [{**A_CHILD, "placed_siblings": [sister]}]})
    run_to_its_end(served, pinned=[{"children": [CHILD], "home": H2}])
    assert _listed(served)["notes"] == []
    hers = {**A_REFERRAL, "ref": "EXAMPLE-RS", "children": [{**A_CHILD, "ref": "EXAMPLE-S1", "current_home": H2}]}
    store_anew(served, "referrals", hers)
    (note,) = _listed(served)["notes"]
    assert ("wait for another home themselves" in note["note"], "EXAMPLE-S1" in note["note"]) == (True, False)
    assert served.get(f"/proposals/{_listed(served)['id']}").json()["notes"] == [note]
    store_anew(served, "homes", OTHER_HOME)
    assert _listed(served)["notes"] == [note], "her own referral says that she lives there"
    hers["children"][0]["current_home"] = None
    store_anew(served, "referrals", hers)
    assert _listed(served)["notes"] == [], "she does not live there any more"


def test_a_list_for_whoever_would_come_to_them(served: TestClient) -> None:
    """It says the same, and so do a why-not and a match; not where she has a place, nor where nobody waits."""
    sister = {"child": "EXAMPLE-S1", "home": H2, "location": None}
    store_anew(served, "homes", {**OTHER_HOME, "places": 4, "residents": [{**A_RESIDENT, "ref": "EXAMPLE-S1"}]})
    store_anew(served, "referrals", {**A_REFERRAL, "children": [{**A_CHILD, "placed_siblings": [sister]}]})

    def told(words: str = "wait for another home themselves") -> list[int]:
        answers = (
            served.get(f"/referrals/{R1}/shortlist"),
            served.get(f"/referrals/{R1}/why-not/{H2}"),
            posted(served, "/match", {"referral_ref": R1}),
        )
        return [sum(words in one["note"] for one in a.json()["notes"]) for a in answers]

    assert told() == [0, 0, 0]
    hers = {**A_REFERRAL, "ref": "EXAMPLE-RS", "children": [{**A_CHILD, "ref": "EXAMPLE-S1", "current_home": H2}]}
    store_anew(served, "referrals", hers)
    assert told() == [1, 1, 1]
    seen = served.get(f"/referrals/EXAMPLE-RS/why-not/{H1}").json()["seen"]
    held = posted(served, "/holds", {"referral": "EXAMPLE-RS", "home": H1, "seen": seen, "reason": REASON})
    assert held.status_code == 201, held.text
    assert told() == [0, 0, 0], "a home is looked for no more"
    assert told("count as living there already") == [1, 1, 1], "and where she is to live is said instead"
