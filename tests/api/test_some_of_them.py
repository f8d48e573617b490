"""An officer who looks for some of a sibling group alone: the list, one home, the hold, and what is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from app.api.shortlist_models import ShortlistOut, WhyNotOut
from app.documents.examples import A_REFERRAL
from tests.api.desk import OTHER_HOME, R1, REASON, placement_of, posted, store_anew
from tests.api.service import send

FIRST, SECOND = "EXAMPLE-C8", "EXAMPLE-C9"
AUNT = {**OTHER_HOME, "ref": "EXAMPLE-AUNT", "places": 1, "name": "Example aunt"}


def _siblings(client: TestClient, keep_together: str = "not_required") -> None:
    child = A_REFERRAL["children"][0]
    children = [{**child, "ref": ref, "package": None} for ref in (FIRST, SECOND)]
    store_anew(client, "referrals", {**A_REFERRAL, "children": children, "keep_together": keep_together})
    store_anew(client, "homes", AUNT)


def _named(*children: str) -> dict[str, str]:
    return {"children": ",".join(children)} if children else {}


def _list(client: TestClient, *children: str) -> dict[str, Any]:
    answer = client.get(f"/referrals/{R1}/shortlist", params=_named(*children))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    TypeAdapter(ShortlistOut).validate_python(found)
    return found


def _one(client: TestClient, *children: str) -> dict[str, Any]:
    answer = client.get(f"/referrals/{R1}/why-not/{AUNT['ref']}", params=_named(*children))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    TypeAdapter(WhyNotOut).validate_python(found)
    return found


def _hold(client: TestClient, shown: dict[str, Any], **more: Any) -> Any:
    return posted(client, "/holds", {"referral": R1, "home": AUNT["ref"], "seen": shown["seen"], **more})


def test_a_home_for_one_of_them_is_found_and_held_with_a_reason(served: TestClient) -> None:
    """The aunt has one place: no list for both names her, and nobody had to tear the referral apart to ask her."""
    _siblings(served)
    both = _list(served)
    assert AUNT["ref"] not in [option["home"] for option in both["options"]]
    alone = _list(served, SECOND)
    assert AUNT["ref"] in [option["home"] for option in alone["options"]]
    assert alone["children"] == [SECOND]
    assert "parts brothers and sisters" in alone["notes"][0]["note"]
    assert both["allowed"] == 1
    assert "One home could take all of them together." in alone["notes"][0]["note"]
    for shown in (alone, _one(served, SECOND)):
        refused = _hold(served, shown)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "reason")
    held = _hold(served, _one(served, SECOND), reason=REASON)
    assert held.status_code == 201, held.text
    assert placement_of(served, held.json())["children"] == [SECOND]
    assert _list(served)["children"] == [FIRST], "the other goes on waiting"


def test_all_of_them_by_name_is_the_list_for_all(here: TestClient) -> None:
    """In whatever order, and whether named once or twice."""
    _siblings(here)
    both = _list(here)
    for named in ((FIRST, SECOND), (SECOND, FIRST, SECOND)):
        assert _list(here, *named) | {"seen": None} == both | {"seen": None}


def test_who_must_stay_together_is_parted_by_two_persons_alone(here: TestClient) -> None:
    """The rule is not met in any home; one that is overridden needs somebody else to agree."""
    _siblings(here, "required")
    alone, aunt = _list(here, SECOND), _one(here, SECOND)
    assert (alone["allowed"], alone["out_by_rule"]["siblings_together"]) == (0, alone["homes"])
    assert [rule["code"] for rule in aunt["rules"] if rule["blocks"]] == ["siblings_together"]
    assert _hold(here, aunt, reason=REASON).status_code == 409
    held = _hold(here, aunt, reason=REASON, override=["siblings_together"])
    assert held.status_code == 201, held.text
    assert held.json()["second_needed"]


@pytest.mark.parametrize("named", [["NOBODY-1"], [SECOND, "NOBODY-1"]])
def test_others_than_its_children_are_refused_without_being_named(here: TestClient, named: list[str]) -> None:
    """By each of the three addresses, which say where it stands."""
    _siblings(here)
    answers = [
        (here.get(f"/referrals/{R1}/shortlist", params=_named(*named)), "query.children"),
        (here.get(f"/referrals/{R1}/why-not/{AUNT['ref']}", params=_named(*named)), "query.children"),
        (send(here, "POST", "/match", {"referral_ref": R1, "children": named}), "children"),
    ]
    for answer, field in answers:
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert "NOBODY" not in answer.text


def test_a_match_for_some_of_them(here: TestClient) -> None:
    """Of a stored referral it is the list; of one that is sent along too."""
    _siblings(here)
    stored = send(here, "POST", "/match", {"referral_ref": R1, "children": [SECOND]}).json()
    assert stored | {"seen": None} == _list(here, SECOND) | {"seen": None, "notes": stored["notes"]}
    sent = {"referral": here.get(f"/referrals/{R1}").json(), "children": [SECOND]}
    found = send(here, "POST", "/match", sent).json()
    assert (found["children"], found["allowed"]) == ([SECOND], stored["allowed"])
