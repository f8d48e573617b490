"""The law is not overridden over HTTP, though the officer was shown that it is in the way."""

from __future__ import annotations

from datetime import timedelta

from starlette.testclient import TestClient

from app.documents.examples import A_REFERRAL
from tests.api.desk import CASE_SYSTEM, OTHER_HOME, R1, REASON, hold_first, placement_of, posted, take_step
from tests.api.service import TODAY, send

SUSPENDED = {**OTHER_HOME, "registration": "Suspended", "registered_from": None}


def test_a_look_at_a_placement_overrides_no_law(served: TestClient) -> None:
    """Held, then the home is suspended, the placement looked at and given back: what was seen overrides no law."""
    held = hold_first(served, OTHER_HOME["ref"], reason=REASON).json()
    put = send(served, "PUT", f"/homes/{OTHER_HOME['ref']}", SUSPENDED, If_Match="*", **CASE_SYSTEM)
    assert put.status_code == 200, put.text
    looked = placement_of(served, held)["seen"]
    assert take_step(served, held, "withdraw", {"reason": {"code": "PLANS"}}).status_code == 200
    body = {"referral": R1, "home": OTHER_HOME["ref"], "seen": looked, "override": ["registered"], "reason": REASON}
    refused = posted(served, "/holds", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid"), refused.text
    assert [problem["field"] for problem in refused.json()["errors"]] == ["override[0]"]
    plain = {name: value for name, value in body.items() if name != "override"}
    refused = posted(served, "/holds", plain)
    assert (refused.status_code, refused.json()["code"]) == (409, "rules_not_met"), refused.text
    assert "rules.registered" in [problem["field"] for problem in refused.json()["errors"]]


def test_no_policy_takes_an_approval_away(served: TestClient) -> None:
    """Key Stage 4, and a home five and a half miles from the school: `emergency` would call that no disturbance."""
    pupil = {**A_REFERRAL["children"][0], "key_stage_4": "Yes", "school": "NG1 5DT", "attends_school": "Yes"}
    planned = {**A_REFERRAL, "needed_by": (TODAY + timedelta(days=7)).isoformat(), "children": [pupil]}
    assert send(served, "PUT", f"/referrals/{R1}", planned, If_Match="*").status_code == 200
    away = {**OTHER_HOME, "ref": "EXAMPLE-H6", "location": "NG15 7SZ", "place_code": "U6", "sector": "PR1"}
    assert send(served, "PUT", "/homes/EXAMPLE-H6", away, **CASE_SYSTEM).status_code == 201
    shown = served.get(f"/referrals/{R1}/shortlist?policy=emergency").json()
    (told,) = [one["approval"] for one in shown["options"] if one["home"] == "EXAMPLE-H6"]
    assert "education_in_key_stage_4" in told["because"]
    body = {"referral": R1, "home": "EXAMPLE-H6", "seen": shown["seen"], "reason": REASON}
    held = posted(served, "/holds", body).json()
    assert held["approval_needed"] == told["level"] != "none"
    assert take_step(served, held, "accept", {}).json()["code"] == "approval_missing"
