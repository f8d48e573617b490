"""Over HTTP: one of two who live together leaves, and whoever looks is told of each by itself."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from app.documents.examples import A_HOME, A_REFERRAL
from tests.api.desk import (
    CASE_SYSTEM,
    CHILD,
    H1,
    OFFICER,
    OTHER_HOME,
    R1,
    REASON,
    hold_first,
    placement_of,
    posted,
    take_step,
)
from tests.api.service import send

DAY = "2026-03-02"
BROTHER = "EXAMPLE-C7"


def _lived(client: TestClient) -> dict[str, Any]:
    """A placement by which two live in one home."""
    wide = {**A_HOME, "places": 5}
    assert send(client, "PUT", f"/homes/{H1}", wide, If_Match="*", **CASE_SYSTEM).status_code == 200
    children = [A_REFERRAL["children"][0], {**A_REFERRAL["children"][0], "ref": BROTHER}]
    both = {**A_REFERRAL, "children": children, "keep_together": "not_required"}
    assert send(client, "PUT", f"/referrals/{R1}", both, If_Match="*", **CASE_SYSTEM).status_code == 200
    held = hold_first(client, H1, reason=REASON)
    accepted = take_step(client, held.json(), "accept", {})
    placed = take_step(client, accepted.json(), "place", {"moved_in_on": DAY})
    assert placed.status_code == 200, placed.text
    found: dict[str, Any] = placed.json()
    return found


def _told(*who: str, **more: Any) -> dict[str, Any]:
    return {"ended_on": DAY, "planned": True, "reason": {"code": "CARPL"}} | ({"children": who} if who else {}) | more


def test_one_leaves_and_then_the_other(served: TestClient) -> None:
    """Each with its own day and reason; in between the placement is `placed`, and says who left."""
    placed = _lived(served)
    assert (placement_of(served, placed)["ends"], placement_of(served, placed)["children_left"]) == ([], 0)
    body, tag = _told(CHILD), f'"v{placed["version"]}"'
    once = {"Idempotency_Key": "left-once", "If_Match": tag}
    left = posted(served, f"/placements/{placed['id']}/end", body, CASE_SYSTEM, **once)
    assert (left.status_code, left.json()["state"], left.headers["ETag"]) == (200, "placed", '"v4"')
    assert CHILD not in left.text
    again = posted(served, f"/placements/{placed['id']}/end", body, CASE_SYSTEM, **once)
    assert (again.status_code, again.text) == (200, left.text)
    late = posted(served, f"/placements/{placed['id']}/end", _told(BROTHER), If_Match=tag)
    assert late.status_code == 412
    found = placement_of(served, placed)
    hers = {"child": CHILD, "ended_on": DAY, "end_reason": "CARPL", "end_planned": True, "version": 4}
    assert (found["ends"], found["children_left"], found["ended_on"]) == ([hers], 1, None)
    assert ("end" in found["steps"], "leave" in found["steps"]) == (True, False)
    (listed,) = served.get("/placements?state=placed").json()["placements"]
    assert listed["ends"] == [hers]
    said = " ".join(note["note"] for note in served.get(f"/referrals/{R1}/shortlist").json()["notes"])
    assert ("have a place in home" in said, f"ended on {DAY} (CARPL" in said) == (True, True)
    body = _told(planned=False) | {"reason": None, "left_care": {"code": "E4B"}}
    ended = take_step(served, left.json(), "end", body)
    assert (ended.status_code, ended.json()["state"]) == (200, "ended"), ended.text
    found = placement_of(served, placed)
    his = {"child": BROTHER, "ended_on": DAY, "end_reason": "E4B", "end_planned": False, "version": 5}
    assert (found["ends"], found["end_reason"], found["steps"]) == ([hers, his], "E4B", [])
    steps = served.get(f"/placements/{placed['id']}/history").json()["decisions"]
    assert [(one["step"], one["after"]) for one in steps[-2:]] == [("leave", "placed"), ("end", "ended")]
    said = " ".join(note["note"] for note in served.get(f"/referrals/{R1}/shortlist").json()["notes"])
    assert (f"ended on {DAY} (CARPL" in said, f"left care on {DAY} (E4B" in said) == (True, True)


def test_who_left_may_need_a_home_tonight(served: TestClient) -> None:
    """She is held a place from the referral as it is; her brother has his, and is in nobody's list."""
    placed = _lived(served)
    assert take_step(served, placed, "end", _told(CHILD, reason={"code": "CREQB"}), CASE_SYSTEM).status_code == 200
    held = hold_first(served, OTHER_HOME["ref"], reason=REASON)
    assert held.status_code == 201, held.text
    assert placement_of(served, held.json())["children"] == [CHILD]
    accepted = take_step(served, held.json(), "accept", {})
    moved = take_step(served, accepted.json(), "place", {"moved_in_on": DAY})
    assert (moved.status_code, moved.json()["state"]) == (200, "placed"), moved.text


def test_who_may_be_named(here: TestClient) -> None:
    """Children who live there by it, each once, and somebody; nobody is named in the refusal."""
    placed = _lived(here)
    for who, field in (([], "children"), ([CHILD, CHILD], "children"), ([CHILD, "EXAMPLE-C9"], "children[1]")):
        refused = take_step(here, placed, "end", _told(children=who), OFFICER)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), refused.text
        assert "EXAMPLE-C" not in refused.text
    assert placement_of(here, placed)["state"] == "placed"
