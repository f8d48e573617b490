"""What changed between a look and a decision, as those are told who decide and who agree, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.documents.examples import A_CHILD, A_HOME, A_REFERRAL, A_RESIDENT, NO_KNOWN_RISKS
from app.matching.codes import Risk, Vulnerability
from app.matching.considerations import Consideration
from tests.api.desk import (
    APPROVER,
    CHILD,
    COLLEAGUE,
    DIRECTOR,
    FAR_HOME,
    H1,
    OTHER_HOME,
    R1,
    REASON,
    hold_first,
    placement_of,
    posted,
    shortlist_of,
    store_anew,
    take_step,
)

TOGETHER = "EXAMPLE-H2"
"""A home with room for several."""

VULNERABLE = {**A_CHILD, "vulnerabilities": sorted(map(str, Vulnerability))}
PHYSICAL = {**NO_KNOWN_RISKS, str(Risk.TO_OTHERS_PHYSICAL): "Risk Present"}
SEXUAL = {**NO_KNOWN_RISKS, str(Risk.TO_OTHERS_SEXUAL): "Risk Present"}


def _with_room(*residents: dict[str, Any]) -> dict[str, Any]:
    return {**OTHER_HOME, "places": 4, "residents": list(residents)}


def _comes(client: TestClient, **changes: Any) -> dict[str, Any]:
    """A colleague holds a place for another child in the same home, whatever rules of the policy say."""
    ref, child = "EXAMPLE-R2", {**A_CHILD, "ref": "EXAMPLE-C2", **changes}
    store_anew(client, "referrals", {**A_REFERRAL, "ref": ref, "children": [child]})
    shown = client.get(f"/referrals/{ref}/shortlist", headers=COLLEAGUE).json()
    out = {one["home"]: [finding["code"] for finding in one["findings"]] for one in shown["near_misses"]}
    body = {"referral": ref, "home": TOGETHER, "seen": shown["seen"], "reason": REASON}
    answer = posted(client, "/holds", body | {"override": sorted(set(out.get(TOGETHER, [])))}, COLLEAGUE)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _fields(problems: list[dict[str, Any]]) -> list[str]:
    return [one["field"] for one in problems]


def _refused(answer: Any, code: str) -> list[str]:
    assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
    return _fields(answer.json()["errors"])


def _seconded(client: TestClient) -> dict[str, Any]:
    """Beside a resident who is a risk, for which the rule is overridden and seconded."""
    store_anew(client, "homes", _with_room({**A_RESIDENT, "risks": PHYSICAL}))
    store_anew(client, "referrals", {**A_REFERRAL, "children": [VULNERABLE]})
    answer = hold_first(client, TOGETHER, override=["safe_from_residents"], reason=REASON)
    assert answer.status_code == 201, answer.text
    held = answer.json()
    body = {"seen": placement_of(client, held, APPROVER)["seen"]}
    seconded = take_step(client, held, "second", body, APPROVER)
    assert seconded.status_code == 200, seconded.text
    found: dict[str, Any] = seconded.json()
    return found


@pytest.mark.parametrize("how", ["placement", "provider"])
def test_somebody_else_comes_to_live_beside_the_child(served: TestClient, how: str) -> None:
    """The second person agreed to one danger; another one comes, by whatever way: they are asked anew."""
    seconded = _seconded(served)
    assert placement_of(served, seconded)["changed"] == []
    if how == "placement":
        _comes(served, risks=SEXUAL)
    else:
        other = {**A_RESIDENT, "ref": "EXAMPLE-X1", "risks": SEXUAL}
        store_anew(served, "homes", _with_room({**A_RESIDENT, "risks": PHYSICAL}, other))
    assert "home.residents" in _refused(take_step(served, seconded, "accept", {}), "facts_changed")
    found = placement_of(served, seconded)
    assert {"home.residents", "second.company"} <= set(_fields(found["changed"]))
    refused = _refused(take_step(served, found, "accept", {"seen": found["seen"]}), "second_missing")
    assert "second.company" in refused
    again = {"seen": placement_of(served, found, APPROVER)["seen"]}
    anew = take_step(served, found, "second", again, APPROVER).json()
    accepted = take_step(served, anew, "accept", {"seen": placement_of(served, anew)["seen"]})
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted"), accepted.text


def test_what_was_met_and_is_not_known_now(served: TestClient) -> None:
    """A child of whom nothing is known comes: nothing blocks, and yet nobody accepts before having looked."""
    store_anew(served, "homes", _with_room())
    store_anew(served, "referrals", {**A_REFERRAL, "children": [VULNERABLE]})
    held = hold_first(served, TOGETHER, reason=REASON).json()
    came = _comes(served, risks={})
    fields = _refused(take_step(served, held, "accept", {}), "facts_changed")
    assert fields == ["home.residents", "rules.safe_from_residents"]
    found = placement_of(served, held)
    assert (_fields(found["changed"]), found["rules"]) == (fields, [])
    (turned,) = (one for one in found["now"]["turned"] if one["code"] == "safe_from_residents")
    assert (turned["then"], turned["now"]) == ("met", "not_known")
    assert all(finding["sentence"] for finding in turned["findings"])
    accepted = take_step(served, held, "accept", {"seen": found["seen"]})
    assert accepted.status_code == 200, accepted.text
    # before the move too: who comes then, or goes, is told, and agreed to
    assert placement_of(served, held)["changed"] == []
    posted(served, f"/placements/{came['id']}/withdraw", {"reason": {"code": "NONEED"}}, COLLEAGUE, If_Match='"v1"')
    moved_in = {"moved_in_on": "2026-03-02"}
    assert _refused(take_step(served, accepted.json(), "place", moved_in), "facts_changed") == ["home.residents"]
    seen = placement_of(served, held)["seen"]
    assert take_step(served, accepted.json(), "place", moved_in | {"seen": seen}).status_code == 200


def test_somebody_comes_after_the_acceptance_and_the_second_person_agrees_anew(served: TestClient) -> None:
    """The place is not given up for that: who neither proposed nor accepted it looks and agrees, and they move in."""
    seconded = _seconded(served)
    accepted = take_step(served, seconded, "accept", {"seen": placement_of(served, seconded)["seen"]})
    assert accepted.status_code == 200, accepted.text
    now = placement_of(served, accepted.json(), APPROVER)
    assert "second" not in now["steps"], "nothing has fallen"
    again = take_step(served, now, "second", {"seen": now["seen"]}, APPROVER)
    assert (again.status_code, again.json()["code"]) == (409, "step_not_open")
    _comes(served)
    moved_in = {"moved_in_on": "2026-03-02", "seen": placement_of(served, now)["seen"]}
    assert "second.company" in _refused(take_step(served, now, "place", moved_in), "second_missing")
    found = placement_of(served, now, APPROVER)
    assert "second" in found["steps"]
    anew = take_step(served, found, "second", {"seen": found["seen"]}, APPROVER)
    assert (anew.status_code, anew.json()["state"]) == (200, "accepted"), anew.text
    seen = placement_of(served, anew.json())["seen"]
    placed = take_step(served, anew.json(), "place", moved_in | {"seen": seen})
    assert (placed.status_code, placed.json()["state"]) == (200, "placed"), placed.text


def test_who_looked_at_a_list_before_somebody_came(served: TestClient) -> None:
    """A hold on yesterday's list, in a home that somebody else was given a place in since: look again, then hold."""
    store_anew(served, "homes", _with_room())
    shown = shortlist_of(served)
    came = _comes(served)
    body = {"referral": R1, "home": TOGETHER, "seen": shown["seen"], "reason": REASON}
    assert _refused(posted(served, "/holds", body), "facts_changed") == ["home.residents"]
    posted(served, f"/placements/{came['id']}/withdraw", {"reason": {"code": "NONEED"}}, COLLEAGUE, If_Match='"v1"')
    assert posted(served, "/holds", body).status_code == 201, "who came and went again is nobody new"


def test_what_is_not_known_is_named_where_a_list_is_old(here: TestClient) -> None:
    """Somebody of whom nothing is known came since the list was shown: which rule nobody can answer is said at once."""
    store_anew(here, "homes", _with_room())
    store_anew(here, "referrals", {**A_REFERRAL, "children": [VULNERABLE]})
    shown = shortlist_of(here)
    store_anew(here, "homes", _with_room({**A_RESIDENT, "risks": {}}))
    body = {"referral": R1, "home": TOGETHER, "seen": shown["seen"], "reason": REASON}
    assert _refused(posted(here, "/holds", body), "facts_changed") == ["home", "rules.safe_from_residents"]


CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "home.name": ("homes", {"name": "Renamed"}),
    "home.places": ("homes", {"places": 5}),
    "home.residents": ("homes", {"residents": [{**A_RESIDENT, "ref": "EXAMPLE-X1"}]}),
    "home.fees": ("homes", {"weekly_fee_pence": {"Core": 12_345}}),
    "home.judgement": ("homes", {"judgement": "Outstanding"}),
    "home.location": ("homes", {"location": "NG1 1AA"}),
    "referral.family_home": ("referrals", {"family_home": "NG1 1AA"}),
    "children.needs": ("referrals", {"children": [{**A_CHILD, "sdq": 30}]}),
    "children.about": ("referrals", {"children": [{**A_CHILD, "date_of_birth": "2013-05-11"}]}),
    "children.safety": ("referrals", {"children": [{**A_CHILD, "vulnerabilities": []}]}),
}


def test_each_change_reads_as_what_it_is(here: TestClient) -> None:
    """A corrected name reads otherwise than somebody who moved in: one problem a kind of fact, none of another."""
    store_anew(here, "homes", _with_room())
    sentences = set()
    for field, (kind, change) in CHANGES.items():
        held = hold_first(here, TOGETHER, reason=REASON).json()
        store_anew(here, kind, {**(_with_room() if kind == "homes" else A_REFERRAL), **change})
        answer = take_step(here, held, "accept", {})
        fields = [one for one in _refused(answer, "facts_changed") if not one.startswith("rules.")]
        assert fields == [kind.removesuffix("s"), field]
        sentences |= {one["problem"] for one in answer.json()["errors"] if one["field"] == field}
        assert CHILD not in answer.text
        assert field in _fields(placement_of(here, held)["changed"])
        give_up = {"reason": {"code": "NONEED"}}
        assert take_step(here, held, "withdraw", give_up).status_code == 200
        store_anew(here, kind, _with_room() if kind == "homes" else A_REFERRAL)
    assert len(sentences) == len(CHANGES)


def test_a_rule_that_broke_is_named_at_once(here: TestClient) -> None:
    """The first refusal says which, and that it is law."""
    held = hold_first(here).json()
    store_anew(here, "homes", {**A_HOME, "registration": "Cancelled"})
    answer = take_step(here, held, "accept", {})
    assert _refused(answer, "facts_changed") == ["home", "home.registration", "rules.registered"]
    assert "law" in answer.json()["errors"][-1]["cure"]
    found = placement_of(here, held)
    assert [one["code"] for one in found["now"]["in_the_way"]] == found["rules"] == ["registered"]
    assert found["now"]["in_the_way"][0]["sentence"]


def test_who_seconds_reads_what_the_rules_found_and_why_the_officer_chose_it(here: TestClient) -> None:
    """The finding of each overridden rule, as why-not words it, and the officer's own words."""
    store_anew(here, "homes", {**OTHER_HOME, "available_from": "2026-05-01"})
    why_not = here.get(f"/referrals/{R1}/why-not/{TOGETHER}").json()
    held = hold_first(here, TOGETHER, override=["available_by"], reason=REASON).json()
    found = placement_of(here, held, APPROVER)
    (said,) = (one for one in why_not["rules"] if one["code"] == "available_by")
    assert found["now"]["overridden"] == [said]
    assert found["reason_text"] == REASON["text"]


def test_who_approves_reads_how_far_it_is(here: TestClient) -> None:
    """Distance, area and the considerations of section 22C, each as the shortlist has it."""
    store_anew(here, "homes", FAR_HOME)
    (option,) = (one for one in shortlist_of(here)["options"] if one["home"] == FAR_HOME["ref"])
    held = hold_first(here, FAR_HOME["ref"], reason=REASON).json()
    now = placement_of(here, held, DIRECTOR)["now"]
    assert (now["where"], now["approval"]) == (option["where"], option["approval"])
    assert now["considerations"] == option["considerations"]
    assert set(now["considerations"]) == set(map(str, Consideration))
    assert (now["points"], now["to_check"]) == (option["points"], option["to_check"])


def test_a_home_that_moved_away_asks_for_the_directors_approval(here: TestClient) -> None:
    """The look says which approval it needs as things are now, and the steps are those that work."""
    held = hold_first(here).json()
    assert held["approval_needed"] == "none"
    store_anew(here, "homes", {**A_HOME, "location": "DE1 2QY"})
    mine, hers = placement_of(here, held), placement_of(here, held, DIRECTOR)
    assert {one["approval_needed"] for one in (mine, hers)} == {"director_of_childrens_services"}
    assert mine["approval_because"] == ["at_a_distance"]
    assert ("approve" in mine["steps"], "approve" in hers["steps"]) == (False, True)
    body = {"level": "director_of_childrens_services", "seen": hers["seen"]}
    approved = take_step(here, held, "approve", body, DIRECTOR)
    assert approved.status_code == 200, approved.text
    accepted = take_step(here, approved.json(), "accept", {"seen": placement_of(here, held)["seen"]})
    assert accepted.status_code == 200, accepted.text


def test_a_placement_that_waits_is_shown_as_it_was_made(here: TestClient) -> None:
    """Nothing has changed: nothing is told, and nothing turned."""
    held = hold_first(here).json()
    assert held["home"] == H1
    found = placement_of(here, held)
    assert (found["changed"], found["rules"], found["now"]["turned"], found["reason_text"]) == ([], [], [], None)
    assert found["now"]["points"] == found["points"]
