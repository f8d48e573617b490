"""The law is not overridden over HTTP, though the officer was shown that it is in the way."""

from __future__ import annotations

from starlette.testclient import TestClient

from tests.api.desk import CASE_SYSTEM, OTHER_HOME, R1, REASON, hold_first, placement_of, posted, take_step
from tests.api.service import send

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
