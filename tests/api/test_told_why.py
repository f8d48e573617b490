"""Every refusal of a choice tells which mistake it was, and with what it is in conflict; never what others saw."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.documents.examples import A_HOME, A_REFERRAL
from tests.api.desk import (
    APPROVER,
    CASE_SYSTEM,
    COLLEAGUE,
    H1,
    OTHER_HOME,
    R1,
    REASON,
    hold_first,
    posted,
    run_to_its_end,
    shortlist_of,
    take_step,
)
from tests.api.service import send

YOUNG = {**OTHER_HOME, "ref": "EXAMPLE-H7", "terms": {**A_HOME["terms"], "age_min": 0, "age_max": 2}}
LATE = {**OTHER_HOME, "available_from": "2026-05-01"}
C1 = A_REFERRAL["children"][0]
SIBLINGS = {
    **A_REFERRAL,
    "ref": "EXAMPLE-R3",
    "keep_together": "required",
    "children": [{**C1, "ref": "EXAMPLE-S1"}, {**C1, "ref": "EXAMPLE-S2"}],
}


def _choice(shown: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"referral": R1, "home": shown["options"][0]["home"], "seen": shown["seen"], **changes}


def _told(answer: Any, status: int = 409, code: str = "not_seen") -> list[tuple[str, str]]:
    """Field and sentence of each error, and that no entry lacks a cure."""
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    assert problem["errors"], "no refusal of a choice without an entry"
    assert all(one["cure"] for one in problem["errors"])
    return [(one["field"], one["problem"]) for one in problem["errors"]]


def _changed(client: TestClient, home: dict[str, Any]) -> None:
    headers = {"If_Match": "*"} if home["ref"] == OTHER_HOME["ref"] else {}
    answer = send(client, "PUT", f"/homes/{home['ref']}", home, **headers, **CASE_SYSTEM)
    assert answer.status_code in {200, 201}, answer.text


def test_each_mistake_has_its_own_sentence(served: TestClient) -> None:
    """A rule of law, an unknown home, child or referral, another's and another referral's `seen`: six sentences."""
    _changed(served, YOUNG)
    assert send(served, "PUT", "/referrals/EXAMPLE-R3", SIBLINGS).status_code == 201
    shown, theirs = shortlist_of(served), shortlist_of(served, COLLEAGUE)
    other = served.get("/referrals/EXAMPLE-R3/shortlist").json()
    mistakes = {
        "home": _choice(shown, home="NOWHERE"),
        "not offered": _choice(shown, home="EXAMPLE-H7"),
        "child": _choice(shown, children=[C1["ref"], "NOBODY"]),
        "another's": _choice(shown, seen=theirs["seen"]),
        "never": _choice(shown, seen="f" * 32),
        "another referral's": _choice(shown, seen=other["seen"]),
        "no referral": _choice(shown, referral="NONE"),
    }
    told = {name: _told(posted(served, "/holds", body)) for name, body in mistakes.items()}
    fields = {name: [field for field, _ in found] for name, found in told.items()}
    assert fields == {
        "home": ["home"],
        "not offered": ["home"],
        "child": ["children[1]"],
        "another's": ["seen"],
        "never": ["seen"],
        "another referral's": ["referral"],
        "no referral": ["referral"],
    }
    assert len({said for found in told.values() for _, said in found}) == len(mistakes)
    law = posted(served, "/holds", _choice(shown, home="EXAMPLE-H7", override=["age_range"], reason=REASON))
    ((field, said),) = _told(law, 422, "invalid")
    assert (field, "age_range is law" in said) == ("override[0]", True)
    assert served.get("/placements").json()["placements"] == []


def test_a_party_that_was_not_offered(served: TestClient) -> None:
    """One of brothers and sisters who must stay together is told so, whatever is overridden."""
    _changed(served, {**OTHER_HOME, "ref": "EXAMPLE-H8", "places": 4})
    assert send(served, "PUT", "/referrals/EXAMPLE-R3", SIBLINGS).status_code == 201
    shown = served.get("/referrals/EXAMPLE-R3/shortlist").json()
    home = shown["options"][0]["home"]
    alone = {"referral": "EXAMPLE-R3", "home": home, "seen": shown["seen"], "children": ["EXAMPLE-S1"]}
    for body in (alone, {**alone, "override": ["siblings_together"], "reason": REASON}):
        ((field, said),) = _told(posted(served, "/holds", body))
        assert (field, "keep_together" in said) == ("children", True)


def test_nothing_of_what_others_saw_is_told(served: TestClient) -> None:
    """Another's `seen` tells that it is another's, whatever is sent beside it: neither home, child nor person."""
    theirs = shortlist_of(served, COLLEAGUE)
    answers = [
        posted(served, "/holds", _choice(theirs, **changes))
        for changes in ({}, {"home": "NOWHERE"}, {"children": ["NOBODY"]}, {"referral": "NONE"})
    ]
    assert {tuple(_told(answer)) for answer in answers} == {(("seen", "This was shown to somebody else."),)}
    assert all("officer-2" not in answer.text and H1 not in answer.text for answer in answers)
    body = {"referral": R1, "home": H1, "seen": theirs["seen"]}
    refused = posted(served, "/holds", body, CASE_SYSTEM)
    assert (refused.status_code, refused.json()["errors"]) == (403, [])


def test_what_cannot_be_overridden_is_named(served: TestClient) -> None:
    """Law, what there is not, and what is met: each by its place in the list, and nothing is held."""
    _changed(served, LATE)
    shown = shortlist_of(served)
    home = _choice(shown, home=LATE["ref"], reason=REASON)
    wrong = posted(served, "/holds", {**home, "override": ["available_by", "age_range", "nonsense"]})
    told = dict(_told(wrong, 422, "invalid"))
    assert set(told) == {"override[1]", "override[2]"}
    assert "law" in told["override[1]"]
    assert "no rule of this code" in told["override[2]"]
    met = posted(served, "/holds", {**home, "override": ["available_by", "ofsted_gateway"]})
    ((field, said),) = _told(met, 422, "invalid")
    assert (field, "ofsted_gateway does not keep" in said) == ("override[1]", True)
    first = posted(served, "/holds", _choice(shown, home=H1, override=["ofsted_gateway"], reason=REASON))
    assert [one for one, _ in _told(first, 422, "invalid")] == ["override[0]"]
    assert served.get("/placements").json()["placements"] == []
    assert posted(served, "/holds", {**home, "override": ["available_by"]}).status_code == 201


def test_the_cure_of_a_rule_in_the_way_can_be_followed(here: TestClient) -> None:
    """A rule of the policy that comes into the way of a hold: withdraw, hold anew with `override`, and it is held."""
    held = hold_first(here, LATE["ref"], reason=REASON).json()
    _changed(here, LATE)
    seen = here.get(f"/placements/{held['id']}").json()["seen"]
    answer = take_step(here, held, "accept", {"seen": seen})
    (cure,) = {one["cure"] for one in answer.json()["errors"] if one["field"] == "rules.available_by"}
    assert "withdraw that placement first and hold it anew" in cure
    assert "`override`" in cure
    assert take_step(here, held, "withdraw", {"reason": {"code": "MISTK"}}).status_code == 200
    assert hold_first(here, LATE["ref"], override=["available_by"], reason=REASON).status_code == 201


def test_a_child_who_is_being_placed_is_named_with_its_placement(served: TestClient) -> None:
    """Of brothers and sisters the one who has a place, by its place in what was sent, and by which placement."""
    loose = {**SIBLINGS, "keep_together": "preferred"}
    assert send(served, "PUT", "/referrals/EXAMPLE-R3", loose).status_code == 201
    _changed(served, {**OTHER_HOME, "ref": "EXAMPLE-H8", "places": 4})
    shown = served.get("/referrals/EXAMPLE-R3/shortlist").json()
    parts = [part for split in shown["splits"] for part in split["parts"] if part["children"] == ["EXAMPLE-S2"]]
    body = {"referral": "EXAMPLE-R3", "seen": shown["seen"], "reason": REASON}
    held = posted(served, "/holds", {**body, "home": parts[0]["home"], "children": ["EXAMPLE-S2"]})
    assert held.status_code == 201, held.text
    both = {**body, "home": shown["options"][0]["home"]}
    named = posted(served, "/holds", {**both, "children": ["EXAMPLE-S1", "EXAMPLE-S2"]})
    ((field, said),) = _told(named, 409, "child_being_placed")
    assert (field, held.json()["id"] in said, "held" in said) == ("children[1]", True, True)
    ((field, said),) = _told(posted(served, "/holds", both), 409, "child_being_placed")
    assert (field, held.json()["id"] in said) == ("referral.children[1]", True)
    assert "EXAMPLE-S2" not in named.text


def test_who_waits_already_is_named_with_the_referral(served: TestClient) -> None:
    """The child by its place in the body, and the referral in which it waits; nothing is stored."""
    second = {**SIBLINGS, "children": [SIBLINGS["children"][0], C1]}
    answer = send(served, "PUT", "/referrals/EXAMPLE-R3", second, **CASE_SYSTEM)
    ((field, said),) = _told(answer, 409, "child_already_waiting")
    assert (field, R1 in said) == ("children[1]", True)
    assert C1["ref"] not in answer.text
    assert served.get("/referrals/EXAMPLE-R3").status_code == 404


def test_why_a_proposal_does_not_stand(served: TestClient) -> None:
    """Declined by somebody, or replaced by a later run: told as it is."""
    first = _proposal(run_to_its_end(served), served)
    declined = _decided(served, first, "decline", {"reason": {"code": "BETTR"}})
    again = _decided(served, first, "accept", {})
    ((field, said),) = _told(again, 409, "proposal_not_standing")
    assert (field, declined.json()["id"] in said, "declined" in said) == ("proposal", True, True)
    second = _proposal(run_to_its_end(served), served)
    run_to_its_end(served)
    ((field, said),) = _told(_decided(served, second, "accept", {}), 409, "proposal_not_standing")
    assert (field, "later run" in said) == ("proposal", True)


def _proposal(run: dict[str, Any], client: TestClient) -> dict[str, Any]:
    (proposal,) = client.get(f"/runs/{run['id']}/proposals").json()["proposals"]
    found: dict[str, Any] = client.get(f"/proposals/{proposal['id']}").json()
    return found


def _decided(client: TestClient, proposal: dict[str, Any], step: str, more: dict[str, Any]) -> Any:
    return posted(client, f"/proposals/{proposal['id']}/{step}", {"seen": proposal["seen"], **more})


def test_the_seen_of_something_else_is_told_so(here: TestClient) -> None:
    """Who sends a shortlist's `seen` with a proposal, or another placement's with an approval, is told that."""
    proposal = _proposal(run_to_its_end(here), here)
    answer = _decided(here, {**proposal, "seen": shortlist_of(here)["seen"]}, "accept", {})
    assert _told(answer) == [("seen", "What you were shown is something else.")]
    held = hold_first(here).json()
    seen = shortlist_of(here, APPROVER)["seen"]
    answer = take_step(here, held, "approve", {"seen": seen, "level": "nominated_officer"}, APPROVER)
    assert [field for field, _ in _told(answer)] == ["seen"]


@pytest.mark.parametrize(("kind", "body"), [("homes", A_HOME), ("referrals", SIBLINGS)])
def test_a_version_of_what_is_not_there(served: TestClient, kind: str, body: dict[str, Any]) -> None:
    """Nobody changed it: there is nothing. 412, in a sentence that is true."""
    answer = send(served, "PUT", f"/{kind}/NONE", {**body, "ref": "NONE"}, If_Match='"v3"')
    assert (answer.status_code, answer.json()["code"]) == (412, "nothing_to_match")
    assert "Somebody changed it" not in answer.text
    assert send(served, "PUT", f"/homes/{H1}", A_HOME, If_Match='"v9"').json()["code"] == "version_mismatch"


@pytest.mark.parametrize(
    ("code", "text", "least"),
    [("school", "x", 3), ("school", " . ", 3), ("school", "   ", 3), ("other", "Near the school.", 20)],
)
def test_words_that_are_no_reason(here: TestClient, code: str, text: str, least: int) -> None:
    """White space, a letter, or too few beside `other`: refused, saying how many letters are needed."""
    refused = hold_first(here, LATE["ref"], reason={"code": code, "text": text})
    ((field, said),) = _told(refused, 422, "invalid")
    assert (field, f"at least {least} letters" in said) == ("reason.text", True)


@pytest.mark.parametrize(("step", "code"), [("withdraw", "PLANS"), ("decline", "MATCH"), ("withdraw", "OTHER")])
def test_words_beside_any_code_say_something(here: TestClient, step: str, code: str) -> None:
    """Also where none are needed: white space is refused, null is taken, unless the code calls for words."""
    held = hold_first(here).json()
    more = {"by": "provider"} if step == "decline" else {}
    refused = take_step(here, held, step, {**more, "reason": {"code": code, "text": "  "}})
    assert [field for field, _ in _told(refused, 422, "invalid")] == ["reason.text"]
    taken = take_step(here, held, step, {**more, "reason": {"code": code, "text": None}})
    assert taken.status_code == (422 if code == "OTHER" else 200)


def test_a_home_that_was_asked_about_by_name_is_held(served: TestClient) -> None:
    """Behind the end of the near misses: with the `seen` of its why-not. Not against the law, and not by a system."""
    for n in range(11, 20):
        _changed(served, {**LATE, "ref": f"EXAMPLE-H{n}"})
    _changed(served, YOUNG)
    near = {miss["home"] for miss in shortlist_of(served)["near_misses"]}
    home = next(ref for n in range(11, 20) if (ref := f"EXAMPLE-H{n}") not in near)
    asked = served.get(f"/referrals/{R1}/why-not/{home}").json()
    body = {"referral": R1, "home": home, "seen": asked["seen"], "reason": REASON, "override": ["available_by"]}
    assert posted(served, "/holds", body).status_code == 201
    assert served.get(f"/referrals/{R1}/why-not/EXAMPLE-H7").json()["seen"] is None
    assert served.get(f"/referrals/{R1}/why-not/{home}", headers=CASE_SYSTEM).json()["seen"] is None
