"""What is known of somebody who lives in a home keeps others safe, so it is not erased while they live there."""

from __future__ import annotations

from starlette.testclient import TestClient

from app.access.principal import Role
from app.documents.examples import A_HOME, A_REFERRAL, A_RESIDENT
from tests.api.desk import CASE_SYSTEM, H1, R1, store_anew
from tests.api.service import send
from tests.support.access import bearer

ADMIN = bearer([Role.ADMIN], subject="admin-1")
DANGER = "ZQ-DANGER"
RISKY = A_RESIDENT | {"ref": DANGER, "risks": A_RESIDENT["risks"] | {"riskToOthersSexual": "Risk Present"}}
VULNERABLE = A_REFERRAL["children"][0] | {"vulnerabilities": ["sexual_harm"]}


def _safe(client: TestClient) -> tuple[str, bool]:
    """How the law on who lives there is answered for the child in the home, and whether it keeps the child out."""
    rules = client.get(f"/referrals/{R1}/why-not/{H1}").json()["rules"]
    (found,) = [rule for rule in rules if rule["code"] == "safe_from_residents"]
    return found["outcome"], found["blocks"]


def _erase(client: TestClient) -> tuple[int, str | None]:
    answer = client.delete(f"/children/{DANGER}/personal-data", headers=ADMIN)
    assert DANGER not in answer.text
    return answer.status_code, answer.json().get("code")


def test_a_danger_that_lives_there_is_not_forgotten(served: TestClient) -> None:
    """Nobody is held beside somebody of whom nothing is known any more; once they have left they are erased."""
    store_anew(served, "homes", A_HOME | {"places": 3, "residents": [RISKY]})
    store_anew(served, "referrals", A_REFERRAL | {"children": [VULNERABLE]})
    assert _safe(served) == ("not_met", True)
    assert _erase(served) == (409, "still_lives_in_home")
    assert _safe(served) == ("not_met", True)
    caseload = {"ref": DANGER, "home": "ELSEWHERE", "kind": "foster", "weekly_fee_pence": 90_000}
    assert send(served, "PUT", f"/caseload/{DANGER}", caseload, **CASE_SYSTEM).status_code == 201
    store_anew(served, "homes", A_HOME | {"places": 3, "residents": []})
    assert _erase(served) == (200, None), "a child of the caseload keeps nobody safe by what is known of it"
    assert served.get(f"/caseload/{DANGER}", headers=CASE_SYSTEM).status_code == 404
    assert _safe(served) == ("met", False)
