"""What is so of a proposal when somebody decides on it: the same grounds as for a placement, and nothing hidden."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from app.api.proposal_models import RunProposalsOut, SeenProposalOut, StandingOut
from app.deciding import seeing
from app.documents.examples import A_CHILD, A_REFERRAL, A_RESIDENT, NO_KNOWN_RISKS
from app.matching.codes import Risk, Vulnerability
from app.store.policies import PolicyBook
from tests.api.desk import (
    CHILD,
    COLLEAGUE,
    OFFICER,
    OTHER_HOME,
    R1,
    REASON,
    placement_of,
    posted,
    run_to_its_end,
    store_anew,
    take_step,
)

TOGETHER = OTHER_HOME["ref"]
VULNERABLE = {**A_CHILD, "vulnerabilities": sorted(map(str, Vulnerability))}
UNKNOWN = {**A_RESIDENT, "ref": "EXAMPLE-X1", "risks": dict.fromkeys(NO_KNOWN_RISKS, "Not known")}


def _with_room(*residents: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**OTHER_HOME, "places": 4, "residents": list(residents), **changes}


def _proposed(client: TestClient, child: dict[str, Any] = VULNERABLE, home: str = TOGETHER) -> dict[str, Any]:
    """The proposal of a night for a child whom nobody may harm, in a home where nobody lives."""
    store_anew(client, "homes", _with_room())
    store_anew(client, "referrals", {**A_REFERRAL, "children": [child]})
    run_to_its_end(client, pinned=[{"children": [CHILD], "home": home}])
    return _shown(client, _listed(client)["id"])


def _listed(client: TestClient) -> dict[str, Any]:
    standing = client.get("/proposals").json()
    TypeAdapter(StandingOut).validate_python(standing)
    found: dict[str, Any] = next(one for one in standing["proposals"] if one["referral"] == R1)
    return found


def _shown(client: TestClient, proposal: str, who: dict[str, str] = OFFICER) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/proposals/{proposal}", headers=who).json()
    TypeAdapter(SeenProposalOut).validate_python(found)
    return found


def _accepted(client: TestClient, shown: dict[str, Any], **more: Any) -> Any:
    return posted(client, f"/proposals/{shown['id']}/accept", {"seen": shown["seen"], **more})


def _refused(answer: Any, code: str) -> list[str]:
    assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
    return [one["field"] for one in answer.json()["errors"]]


def _fields(shown: dict[str, Any]) -> list[str]:
    return [one["field"] for one in shown["changes"]]


def test_the_grounds_of_a_proposal_are_those_of_a_placement(served: TestClient) -> None:
    """Each rule with its answer, place, approval: what is read before it is accepted is what is read after."""
    shown = _proposed(served)
    assert (shown["changes"], shown["steps"], shown["now"]["turned"]) == ([], ["hold", "accept", "decline"], [])
    rules = served.get(f"/referrals/{R1}/why-not/{TOGETHER}").json()["rules"]
    asked = {rule["code"] for rule in rules if rule["outcome"] != "off"}
    said = shown["now"]
    named = [one["code"] for name in ("overridden", "in_the_way", "to_check") for one in said[name]] + said["met"]
    assert set(named) == asked
    body = {"referral": R1, "home": TOGETHER, "seen": shown["seen"]}
    held = posted(served, "/holds", body)
    assert held.status_code == 201, held.text
    assert placement_of(served, held.json())["now"] == said
    after = _shown(served, shown["id"])
    assert (after["now"], after["seen"], after["steps"], after["placement_state"]) == (None, None, [], "held")
    assert take_step(served, held.json(), "accept", {}).status_code == 200


def test_who_came_since_is_told_before_it_is_accepted(served: TestClient) -> None:
    """A resident of whom nothing is known: the old look is refused by name, the new one says what is to be checked."""
    before = _proposed(served)
    assert (before["to_check"], _listed(served)["to_check"]) == ([], [])
    store_anew(served, "homes", _with_room(UNKNOWN))
    fields = _refused(_accepted(served, before), "facts_changed")
    assert {"home", "home.residents", "rules.safe_from_residents"} == set(fields)
    shown = _shown(served, before["id"])
    assert (shown["changed_since"], _listed(served)["to_check"]) == (["home"], None)
    assert _fields(shown) == ["home.residents", "rules.safe_from_residents"]
    assert shown["to_check"] == [one["code"] for one in shown["now"]["to_check"]] == ["safe_from_residents"]
    (turned,) = shown["now"]["turned"]
    assert (turned["code"], turned["then"], turned["now"]) == ("safe_from_residents", "met", "not_known")
    accepted = _accepted(served, shown)
    assert accepted.status_code == 201, accepted.text


def test_a_law_that_is_broken_now_is_told(here: TestClient) -> None:
    """A registration that was cancelled: it stands in the look, nobody is offered to accept, and nobody can."""
    before = _proposed(here)
    store_anew(here, "homes", _with_room(registration="Cancelled"))
    shown = _shown(here, before["id"])
    codes = [one["code"] for one in shown["now"]["in_the_way"]]
    assert codes
    assert {f"rules.{code}" for code in codes} | {"home.registration"} <= set(_fields(shown))
    assert shown["steps"] == ["decline"]
    assert set(_refused(_accepted(here, shown), "rules_not_met")) == {f"rules.{code}" for code in codes}


def test_somebody_who_comes_by_a_placement_is_told(served: TestClient) -> None:
    """No document of the home says so: a colleague holds a place there for a child of whom nothing is known."""
    before = _proposed(served)
    store_anew(
        served, "referrals", {**A_REFERRAL, "ref": "EXAMPLE-R2", "children": [{**A_CHILD, "ref": "C2", "risks": {}}]}
    )
    seen = served.get(f"/referrals/EXAMPLE-R2/why-not/{TOGETHER}", headers=COLLEAGUE).json()
    body = {"referral": "EXAMPLE-R2", "home": TOGETHER, "seen": seen["seen"], "reason": REASON}
    held = posted(served, "/holds", body | {"override": [r["code"] for r in seen["rules"] if r["blocks"]]}, COLLEAGUE)
    assert held.status_code == 201, held.text
    assert _listed(served)["changed_since"] == ["home"]
    assert "home.residents" in _fields(_shown(served, before["id"]))
    assert "home.residents" in _refused(_accepted(served, before), "facts_changed")
    step = f"/placements/{held.json()['id']}/withdraw"
    assert posted(served, step, {"reason": {"code": "NONEED"}}, COLLEAGUE, If_Match='"v1"').status_code == 200
    assert _listed(served)["changed_since"] == []
    assert _accepted(served, before).status_code == 201


def test_a_rule_of_the_council_is_overridden_on_a_proposal_in_words(here: TestClient) -> None:
    """It came into the way since: the look shows it, and to hold it all the same takes words of a person's own."""
    before = _proposed(here)
    store_anew(
        here,
        "homes",
        _with_room({**A_RESIDENT, "risks": {**NO_KNOWN_RISKS, str(Risk.TO_OTHERS_PHYSICAL): "Risk Present"}}),
    )
    shown = _shown(here, before["id"])
    assert [one["code"] for one in shown["now"]["in_the_way"]] == ["safe_from_residents"]
    assert shown["steps"] == ["hold", "decline"]
    body = {"referral": R1, "home": TOGETHER, "seen": shown["seen"], "override": ["safe_from_residents"]}
    for without in ({}, {"reason": {"code": "proposed_by_run"}}):
        assert posted(here, "/holds", body | without).status_code == 422
    held = posted(here, "/holds", body | {"reason": REASON})
    assert (held.status_code, held.json()["second_needed"]) == (201, True), held.text


def test_a_look_that_did_not_say_what_is_so_is_enough_to_decline_alone(
    here: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a look of an earlier version, or one at a time at which nothing could be judged."""
    add = seeing.seen.add
    with monkeypatch.context() as earlier:
        earlier.setattr(seeing.seen, "add", lambda w, a, shown: add(w, a, replace(shown, was_so=None)))
        before = _proposed(here)
    assert _refused(_accepted(here, before), "not_seen") == ["seen"]
    reason = {"reason": {"code": "BETTR"}}
    declined = posted(here, f"/proposals/{before['id']}/decline", {"seen": before["seen"], **reason})
    assert declined.status_code == 201, declined.text


def test_a_policy_that_is_gone_makes_proposals_old(here: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so in the list; in the look, with what can be done; and nobody is sent to look at it for ever."""
    before = _proposed(here)
    pick = PolicyBook.pick

    def changed(book: PolicyBook, version: str | None, day: Any) -> Any:
        if version is None:
            return replace(pick(book, None, day), version="another", sha256="0" * 64)
        raise LookupError(version)

    with monkeypatch.context() as later:
        later.setattr(PolicyBook, "pick", changed)
        standing = here.get("/proposals").json()
        assert (standing["is_old"], standing["old_because"]) == (True, ["policy_not_readable"])
        shown = _shown(here, before["id"])
        assert (_fields(shown), shown["now"], shown["steps"]) == (["policy"], None, ["decline"])
        assert "shortlist" in shown["changes"][0]["cure"]
        refused = _accepted(here, shown)
        assert (_refused(refused, "facts_changed"), "shortlist" in refused.text) == (["policy"], True)
    assert here.get("/proposals").json()["old_because"] == []


def test_what_came_of_it_and_is_over_leaves_nothing_to_decide(here: TestClient) -> None:
    """Withdrawn: whoever comes with a look of before is told what became of it, and where to choose."""
    shown = _proposed(here)
    accepted = _accepted(here, shown).json()
    assert take_step(here, accepted, "withdraw", {"reason": {"code": "PLANS"}}).status_code == 200
    assert (_shown(here, shown["id"])["seen"], _shown(here, shown["id"])["placement_state"]) == (None, "withdrawn")
    for seen in (shown["seen"], "0" * 32):
        refused = _accepted(here, shown, seen=seen)
        assert _refused(refused, "proposal_not_standing") == ["proposal"]
        assert ("withdrawn" in refused.text, "shortlist" in refused.text) == (True, True)


def test_what_is_not_known_is_never_hidden(here: TestClient) -> None:
    """Of every proposal that stands the list, the run and the look name each rule that is not known, and no other."""
    vague = {**A_CHILD, "needs": {}, "pets": "Not Known"}
    for n in range(4):
        child = {**(vague if n % 2 else A_CHILD), "ref": f"VAGUE-{n}", "vulnerabilities": None if n > 1 else []}
        store_anew(here, "referrals", {**A_REFERRAL, "ref": f"EXAMPLE-V{n}", "children": [child]})
        store_anew(here, "homes", {**OTHER_HOME, "ref": f"HOUSE-{n}", "places": 2, "capability": {}})
    run = run_to_its_end(here)
    made = here.get(f"/runs/{run['id']}/proposals").json()
    TypeAdapter(RunProposalsOut).validate_python(made)
    named = []
    for one in made["proposals"]:
        rules = here.get(f"/referrals/{one['referral']}/why-not/{one['home']}").json()["rules"]
        unknown = list(dict.fromkeys(rule["code"] for rule in rules if rule["outcome"] == "not_known"))
        shown = _shown(here, one["id"])
        assert one["to_check"] == shown["to_check"] == unknown
        assert (shown["changes"], shown["now"]["turned"]) == ([], [])
        assert list(dict.fromkeys(each["code"] for each in shown["now"]["to_check"])) == unknown
        assert all(each["sentence"] for each in shown["now"]["to_check"])
        named += unknown
    listed = here.get("/proposals").json()["proposals"]
    assert [one["to_check"] for one in listed] == [one["to_check"] for one in made["proposals"]]
    assert named
