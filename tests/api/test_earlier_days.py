"""Over HTTP: children moved in on a day of which not all can be told: that is said, seen, and the day recorded."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from app.documents.examples import A_HOME, A_REFERRAL, A_RESIDENT
from tests.api.desk import CASE_SYSTEM, CHILD, H1, REASON, placement_of, posted, store_anew, take_step
from tests.api.service import send

BY_NIGHT = "Moved in by night, with the duty team."


def _accepted(client: TestClient, ref: str, child: str) -> dict[str, Any]:
    one = {**A_REFERRAL["children"][0], "ref": child, "live_apart_from": [], "placed_siblings": []}
    store_anew(client, "referrals", {**A_REFERRAL, "ref": ref, "children": [one], "waiting_since": "2026-02-20"})
    seen = client.get(f"/referrals/{ref}/shortlist").json()["seen"]
    held = posted(client, "/holds", {"referral": ref, "home": H1, "seen": seen, "reason": REASON})
    found: dict[str, Any] = take_step(client, held.json(), "accept", {}).json()
    return found


def test_a_past_day_of_which_not_all_is_known(served: TestClient) -> None:
    """A child who left is forgotten, and of one who is there nobody knows since when.

    A look tells of both, and so does the refusal; with the look the true day is recorded.
    """
    resident = {**A_RESIDENT, "ref": "EXAMPLE-Z1"}
    store_anew(served, "homes", {**A_HOME, "residents": [resident], "places": 2})
    first = _accepted(served, "EXAMPLE-R8", CHILD + "-8")
    placed = take_step(served, first, "place", {"moved_in_on": "2026-02-25", "why_before": BY_NIGHT})
    told = {"ended_on": "2026-03-01", "planned": True, "reason": {"code": "CARPL"}}
    assert take_step(served, placed.json(), "end", told).status_code == 200
    comes = _accepted(served, "EXAMPLE-R9", CHILD + "-9")
    before = placement_of(served, comes)
    assert send(served, "DELETE", "/referrals/EXAMPLE-R8", None, If_Match="*", **CASE_SYSTEM).status_code == 204
    looked = placement_of(served, comes)
    assert ([one["field"] for one in before["changed"]], "place" in before["steps"]) == (["moved_in_on"], True)
    assert [one["field"] for one in looked["changed"]] == ["moved_in_on", "moved_in_on"]
    body = {"moved_in_on": "2026-02-26", "why_before": BY_NIGHT}
    for more, count in (({}, 2), ({"seen": before["seen"]}, 1)):
        refused = take_step(served, comes, "place", body | more)
        assert (refused.status_code, refused.json()["code"]) == (409, "facts_changed"), refused.text
        assert [one["field"] for one in refused.json()["errors"]] == ["moved_in_on"] * count
        assert CHILD not in refused.text
        assert resident["ref"] not in refused.text
    placed = take_step(served, comes, "place", body | {"seen": looked["seen"]})
    assert (placed.status_code, placement_of(served, comes)["moved_in_on"]) == (200, "2026-02-26"), placed.text
