"""Matching over HTTP: by reference and inline, always with the inventory as it is at that moment."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.shortlist_models import ShortlistOut, WhyNotOut
from app.documents.examples import A_CHILD, A_HOME, A_REFERRAL
from app.store import save
from app.store.session import Database
from app.store.versions import Precondition
from tests.api.service import send
from tests.support.builders import a_home

INLINE = {"referral": A_REFERRAL, "homes": [A_HOME]}
HOME, REFERRAL = A_HOME["ref"], A_REFERRAL["ref"]


def _stored(client: TestClient) -> None:
    assert send(client, "PUT", f"/homes/{HOME}", A_HOME).status_code == 201
    assert send(client, "PUT", f"/referrals/{REFERRAL}", A_REFERRAL).status_code == 201


def _match(client: TestClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = send(client, "POST", "/match", body)
    assert answer.status_code == 200, answer.text
    ShortlistOut.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


def test_by_reference_and_inline_are_the_same(client: TestClient) -> None:
    """A referral and home that are sent along get the answer that the same, stored, get."""
    _stored(client)
    stored = _match(client, {"referral_ref": REFERRAL})
    assert stored.pop("seen") != (shown := client.get(f"/referrals/{REFERRAL}/shortlist").json()).pop("seen")
    stored["seen"] = None  # what is not stored cannot be decided on
    assert stored["options"][0]["home"] == HOME
    assert _match(client, INLINE) == stored
    assert _match(client, {"referral": A_REFERRAL}) == stored
    assert shown | {"seen": None} == stored


def test_what_is_sent_along_is_not_stored(client: TestClient) -> None:
    """An inline match leaves nothing behind."""
    _match(client, INLINE)
    assert client.get("/homes").json()["homes"] == []
    assert client.get("/referrals").json()["referrals"] == []


def test_a_write_is_in_the_next_match(client: TestClient, database_url: str) -> None:
    """New, changed and removed homes show at once, also when another process wrote them."""
    _stored(client)
    assert _match(client, {"referral_ref": REFERRAL})["allowed"] == 1
    full = A_HOME | {"places": 1}
    send(client, "PUT", f"/homes/{HOME}", full, If_Match='"v1"')
    after = _match(client, {"referral_ref": REFERRAL})
    assert (after["allowed"], after["out_by_rule"]) == (0, {"usable_places": 1})
    other = Database.open(database_url)
    other.transact(lambda w: save.save_home(w, "E06000018", a_home(), Precondition()))
    other.close()
    assert _match(client, {"referral_ref": REFERRAL})["homes"] == 2
    client.delete(f"/homes/{HOME}", headers={"If-Match": "*"})
    assert _match(client, {"referral_ref": REFERRAL})["homes"] == 1


def test_the_answer_adds_up(client: TestClient) -> None:
    """The parts of an option add up to its points exactly, and every home is accounted for."""
    found = _match(client, INLINE)
    for option in found["options"]:
        assert sum(part["points"] for part in option["parts"]) == option["points"]
        assert option["points_low"] <= option["points"] <= option["points_high"]
    assert found["homes"] == 1
    assert set(found["options"][0]["considerations"]) == {
        "near_home",
        "education_undisturbed",
        "with_siblings",
        "suitable_if_disabled",
        "in_area",
    }


def test_the_policy_and_the_day_can_be_chosen(client: TestClient) -> None:
    """The version that was asked for stands in the answer; left out, it is the one in effect on the day."""
    assert _match(client, INLINE)["policy_version"] == "nottingham-2023"
    assert _match(client, INLINE | {"policy": "need-first"})["policy_version"] == "need-first"
    assert _match(client, INLINE | {"as_of": "2022-06-01"})["policy_version"] == "nottingham-2016"
    assert _match(client, INLINE | {"as_of": "2026-03-05"})["as_of"] == "2026-03-05"


def test_siblings_get_splits(client: TestClient) -> None:
    """A group that is too large for every home gets the best ways to part it, in the documented form."""
    group = A_REFERRAL | {"children": [A_CHILD | {"ref": f"C-{n}"} for n in range(3)]}
    homes = [A_HOME | {"ref": f"H-{n}", "residents": []} for n in range(3)]
    found = _match(client, {"referral": group, "homes": homes})
    assert found["allowed"] == 0
    assert found["splits"]
    assert found["relaxations"] == []
    taken = A_HOME | {
        "ref": "H-3",
        "residents": [],
        "places": 3,
        "places_held": 1,
        "kind": "childrens_home",
        "place_code": "K2",
    }
    (relaxation,) = _match(client, {"referral": group, "homes": [*homes, taken]})["relaxations"]
    assert (relaxation["rule"], relaxation["best_homes"]) == ("usable_places", ["H-3"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "referral"),
        (INLINE | {"referral_ref": "R"}, "referral"),
        (INLINE | {"k": 0}, "k"),
        (INLINE | {"k": 101}, "k"),
        (INLINE | {"k": "5"}, "k"),
        (INLINE | {"policy": "none-such"}, "policy"),
        (INLINE | {"as_of": "1999-01-01"}, "as_of"),
        (INLINE | {"homes": [A_HOME | {"places": -1}]}, "homes[0].places"),
        (INLINE | {"homes": A_HOME}, "homes"),
        (INLINE | {"referral": A_REFERRAL | {"family_home": "NG1 9ZZ"}}, "referral.family_home"),
        (INLINE | {"referral": A_REFERRAL | {"children": [A_CHILD | {"sdq": 41}]}}, "referral.children[0].sdq"),
        (INLINE | {"made_up": 1}, "body"),
    ],
)
def test_a_wrong_question_is_named(lite: TestClient, body: dict[str, Any], field: str) -> None:
    """Each mistake is a 422 that names its field."""
    answer = send(lite, "POST", "/match", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_what_is_not_there_is_a_404(client: TestClient) -> None:
    """No such referral, no such home."""
    _stored(client)
    assert send(client, "POST", "/match", {"referral_ref": "NONE"}).json()["code"] == "referral_not_found"
    assert client.get("/referrals/NONE/shortlist").json()["code"] == "referral_not_found"
    assert client.get(f"/referrals/{REFERRAL}/why-not/NONE").json()["code"] == "home_not_found"
    assert client.get(f"/referrals/NONE/why-not/{HOME}").json()["code"] == "referral_not_found"


def test_why_not_names_every_rule_and_what_would_help(client: TestClient) -> None:
    """A full home: the rule that is in the way, every other rule, and the change that would open it."""
    _stored(client)
    send(client, "PUT", f"/homes/{HOME}", A_HOME | {"places": 1}, If_Match='"v1"')
    answer = client.get(f"/referrals/{REFERRAL}/why-not/{HOME}")
    assert answer.status_code == 200
    WhyNotOut.model_validate_json(answer.content)
    found = answer.json()
    assert found["allowed"] is False
    assert [finding["code"] for finding in found["rules"] if finding["blocks"]] == ["usable_places"]
    assert found["together"]["changes"] == [
        {"child": None, "subject": "home", "field": "places", "value": 2, "sentence": "the home had 2 places"}
    ]
    policy = client.get("/policies/nottingham-2023").json()
    assert {finding["code"] for finding in found["rules"]} == {rule["code"] for rule in policy["rules"]}


def test_why_not_tells_of_no_other_child(client: TestClient) -> None:
    """Children whom an approval names are not told to those who ask about another child."""
    terms = A_HOME["terms"] | {"named_children": ["SOMEBODY-ELSE"]}
    kin = A_HOME | {"kind": "connected_person", "place_code": "U3", "terms": terms}
    send(client, "PUT", f"/homes/{HOME}", kin)
    send(client, "PUT", f"/referrals/{REFERRAL}", A_REFERRAL)
    answer = client.get(f"/referrals/{REFERRAL}/why-not/{HOME}")
    assert answer.status_code == 200
    assert "SOMEBODY-ELSE" not in answer.text
    assert "terms.named_children" in answer.text


def test_policies_are_told_in_full(client: TestClient) -> None:
    """Every policy is listed, one is in effect, and each names every rule and criterion with its reason."""
    every = client.get("/policies").json()["policies"]
    assert [policy["version"] for policy in every if policy["is_default_today"]] == ["nottingham-2023"]
    for policy in every:
        whole = client.get(f"/policies/{policy['version']}").json()
        assert whole["sha256"] == policy["sha256"]
        assert all(unit["because"] for unit in (*whole["rules"], *whole["criteria"]))
    assert client.get("/policies/none").json()["code"] == "policy_not_found"
