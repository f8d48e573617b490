"""A list says what was declined before and what is under way: whoever looks again sees their own choice as such."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from starlette.testclient import TestClient

from app.api.shortlist_models import WhyNotOut
from app.documents.examples import A_HOME, A_REFERRAL
from tests.api.desk import CASE_SYSTEM, CHILD, H1, R1, hold_first, shortlist_of, take_step
from tests.api.service import send

WISH = {"code": "CHILD", "text": "The child has been there and does not want to live there."}


def test_a_list_says_what_was_declined(served: TestClient) -> None:
    """On the shortlist, with a home that a rule keeps out, in a why-not: when, whose answer, and the code of why."""
    shown = shortlist_of(served)
    assert all(option["declined_before"] == [] for option in shown["options"])
    declined = take_step(served, hold_first(served).json(), "decline", {"by": "officer", "reason": WISH}).json()
    assert declined["state"] == "declined"
    by_home = {option["home"]: option["declined_before"] for option in shortlist_of(served)["options"]}
    (one,) = by_home.pop(H1)
    assert (one["by"], one["reason"], one["children"]) == ("officer", "CHILD", [CHILD])
    assert all(before == [] for before in by_home.values())
    assert why_not_of(served, H1)["declined_before"] == [one]
    full = {**A_HOME, "places": 1}
    assert send(served, "PUT", f"/homes/{H1}", full, If_Match="*", **CASE_SYSTEM).status_code == 200
    (miss,) = [miss for miss in shortlist_of(served)["near_misses"] if miss["home"] == H1]
    assert miss["declined_before"] == [one]
    assert send(served, "POST", "/match", {"referral": A_REFERRAL}).json()["options"][0]["declined_before"] == []


def test_who_looks_again_sees_her_own_choice(served: TestClient) -> None:
    """A place that waits is told as such, with its state; nobody says that the child lives there."""
    assert (shortlist_of(served)["under_way"], why_not_of(served, H1)["under_way"]) == ([], [])
    held = hold_first(served).json()
    (under_way,) = shortlist_of(served)["under_way"]
    assert under_way == {"placement": held["id"], "home": H1, "children": [CHILD], "state": "held"}
    (finding,) = [one for one in why_not_of(served, H1)["rules"] if one["code"] == "new_home"]
    assert (finding["outcome"], finding["facts"]) == ("not_met", {"under_way": "held"})
    assert finding["sentence"] == "A placement of the child there is under way (held)"
    misses = [one for miss in shortlist_of(served)["near_misses"] for one in miss["findings"]]
    assert "lives there now" not in str(misses)
    accepted = take_step(served, held, "accept", {}).json()
    assert [one["state"] for one in shortlist_of(served)["under_way"]] == ["accepted"]
    assert take_step(served, accepted, "place", {"moved_in_on": "2026-03-02"}).status_code == 200
    assert shortlist_of(served)["under_way"] == []
    (finding,) = [one for one in why_not_of(served, H1)["rules"] if one["code"] == "new_home"]
    assert "lives there now" in finding["sentence"]


def why_not_of(client: TestClient, home: str) -> dict[str, Any]:
    """Why a home is or is not offered, of the documented form."""
    found: dict[str, Any] = client.get(f"/referrals/{R1}/why-not/{home}").json()
    TypeAdapter(WhyNotOut).validate_python(found)
    return found
