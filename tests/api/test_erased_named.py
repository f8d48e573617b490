"""Somebody who was erased is named again by the case system: the rule that keeps a child from them goes on."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.access.principal import Role
from app.documents.examples import A_HOME, A_REFERRAL, A_RESIDENT
from tests.api.desk import CASE_SYSTEM, H1, OTHER_HOME, R1
from tests.api.service import send
from tests.support.access import bearer

ADMIN = bearer([Role.ADMIN], subject="admin-1")
FEARED = "ZQ-FEARED"
LIVES = A_RESIDENT | {"ref": FEARED}
BESIDE = A_HOME | {"places": 3, "residents": [LIVES]}
AFRAID = A_REFERRAL | {"children": [A_REFERRAL["children"][0] | {"live_apart_from": ["ZQ-STRANGER", FEARED]}]}


def _put(client: TestClient, path: str, body: Any) -> dict[str, Any]:
    answer = send(client, "PUT", path, body, If_Match="*", **CASE_SYSTEM)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _apart(client: TestClient, home: str) -> bool:
    """Whether the rule keeps the child out of a home."""
    rules = client.get(f"/referrals/{R1}/why-not/{home}").json()["rules"]
    (found,) = [rule for rule in rules if rule["code"] == "live_apart"]
    return bool(found["blocks"])


def _list(client: TestClient) -> list[str]:
    names: list[str] = client.get(f"/referrals/{R1}").json()["children"][0]["live_apart_from"]
    return names


@pytest.fixture
def erased(served: TestClient) -> TestClient:
    """Somebody lives in the home from whom the child must live apart, and was erased."""
    _put(served, f"/homes/{H1}", BESIDE)
    assert _put(served, f"/referrals/{R1}", AFRAID)["notes"] == []
    assert _apart(served, H1)
    gone = served.delete(f"/children/{FEARED}/personal-data", headers=ADMIN)
    assert gone.status_code == 200, gone.text
    assert _apart(served, H1)
    return served


def test_the_rule_goes_on_when_the_referral_is_sent_again(erased: TestClient) -> None:
    """As the case system has it, day after day: whoever is left in the home is who is meant, and that is said."""
    for _ in range(2):
        (note,) = _put(erased, f"/referrals/{R1}", AFRAID)["notes"]
        assert note["field"] == "children[0].live_apart_from[1]"
        assert FEARED not in note["note"]
        assert _apart(erased, H1)
        assert not _apart(erased, OTHER_HOME["ref"])
        assert FEARED not in _list(erased)
        assert "ZQ-STRANGER" in _list(erased)


@pytest.mark.parametrize("how", ["put", "import", "referral"])
def test_the_rule_finds_whoever_comes_back(erased: TestClient, how: str) -> None:
    """By the home that names them again, by an inventory, or as a child who needs a home: one person, one name."""
    _put(erased, f"/referrals/{R1}", AFRAID)
    elsewhere = OTHER_HOME | {"residents": [LIVES]}
    if how == "put":
        _put(erased, f"/homes/{OTHER_HOME['ref']}", elsewhere)
    elif how == "import":
        brought = send(erased, "POST", "/homes/import", {"homes": [elsewhere]}, **CASE_SYSTEM)
        assert brought.status_code == 200, brought.text
    else:
        again = A_REFERRAL | {"ref": "R-FEARED", "children": [A_REFERRAL["children"][0] | {"ref": FEARED}]}
        assert send(erased, "PUT", "/referrals/R-FEARED", again, **CASE_SYSTEM).status_code == 201
    assert sorted(_list(erased)) == [FEARED, "ZQ-STRANGER"]
    assert _apart(erased, H1)
    assert _apart(erased, OTHER_HOME["ref"]) == (how != "referral")
    assert _put(erased, f"/referrals/{R1}", AFRAID)["notes"] == []
    _put(erased, f"/homes/{H1}", BESIDE | {"residents": []})
    assert not _apart(erased, H1)
    assert _apart(erased, OTHER_HOME["ref"]) == (how != "referral")
