"""Whatever becomes of the council's document, the law is judged before children move in, and there is a way forward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from app.deciding import agreed, cures, facts, moving_in, seeing
from app.deciding.accepting import accept
from app.deciding.agreeing import send
from app.deciding.desk import Desk
from app.deciding.holding import hold
from app.deciding.living import place
from app.errors import ChildBeingPlaced, FactsChanged, PlacementError, RulesNotMet
from app.matching.codes import Judgement, Registration
from app.matching.home import Home
from app.matching.referral import ChildRef, ReferralRef
from app.matching.shortlist import shortlist
from app.store import load
from app.store.follower import PoolFollower
from app.store.placement_records import Placement, State
from app.store.policies import PolicyBook
from app.store.session import Database
from app.store.tables import referrals
from app.store.versions import Precondition
from tests.deciding.conftest import ONE_PLACE
from tests.support.builders import AS_OF, a_child, a_home, a_referral, a_resident, some_terms
from tests.support.deciding import BECAUSE, HERE, OFFICER, a_choice, a_desk, do, held, policies
from tests.support.nights import store

TWO = a_home(ref="H3", places=2)
ENEMY = ChildRef("ENEMY")
IN_EFFECT = policies().pick(None, AS_OF)


def _desk(*without: str, **others: Any) -> Desk:
    book = {name: policy for name, policy in policies().policies.items() if name not in without}
    return Desk(HERE, PolicyBook(book | others), AS_OF)


EDITED = _desk(**{IN_EFFECT.version: replace(IN_EFFECT, sha256="0" * 64)})
RENAMED = _desk(IN_EFFECT.version, renamed=replace(IN_EFFECT, version="renamed", sha256="0" * 64))
NONE = Desk(HERE, PolicyBook({}), AS_OF)

UNLAWFUL: dict[str, Callable[[Home], Home]] = {
    "registered": lambda home: replace(home, registration=Registration.CANCELLED),
    "age_range": lambda home: replace(home, terms=some_terms(age_max=5)),
    "live_apart": lambda home: replace(home, residents=(a_resident(ref=ENEMY),)),
}


def _accepted(database: Database) -> Placement:
    child = a_child(ref="C8", live_apart_from=frozenset({ENEMY}))
    store(database, [TWO, replace(ONE_PLACE, places=0)], [a_referral(child, ref="R8")])
    return do(database, accept, OFFICER, held(database, "R8", TWO.ref))


def _place(database: Database, desk: Desk, placement: Placement, seen: str | None = None) -> Placement:
    wanted = Precondition(versions=frozenset({placement.version}))
    return database.transact(lambda w: place(w, desk, OFFICER, placement.id, wanted, AS_OF, seen))


def _refused(database: Database, desk: Desk, placement: Placement, seen: str | None = None) -> tuple[str, list[str]]:
    with pytest.raises(PlacementError) as told:
        _place(database, desk, placement, seen)
    return told.value.code, [problem.field for problem in told.value.problems]


def _look(database: Database, desk: Desk, placement: Placement) -> tuple[facts.Looked, str | None]:
    with database.reading() as reading:
        looked = moving_in.looked_at(reading, desk, placement)
    found = looked.facts
    if found is None:
        return looked, None
    return looked, database.transact(lambda w: seeing.show_placement(w, desk, OFFICER, placement, found))


@pytest.mark.parametrize("desk", [EDITED, RENAMED], ids=["edited", "renamed"])
@pytest.mark.parametrize("law", UNLAWFUL)
def test_the_law_does_not_depend_on_the_document(database: Database, law: str, desk: Desk) -> None:
    """The policy of the acceptance is another, or gone; the home has become one that the law refuses: nobody moves in.

    Neither without a look nor with one.
    """
    accepted = _accepted(database)
    store(database, [UNLAWFUL[law](TWO)])
    assert _refused(database, desk, accepted) == ("rules_not_met", [f"rules.{law}"])
    looked, seen = _look(database, desk, accepted)
    assert {"policy", f"rules.{law}"} <= {problem.field for problem in looked.changed}
    assert _refused(database, desk, accepted, seen) == ("rules_not_met", [f"rules.{law}"])


@pytest.mark.parametrize("desk", [EDITED, RENAMED], ids=["edited", "renamed"])
def test_another_document_is_looked_at_and_they_move_in(database: Database, desk: Desk) -> None:
    """That the policy is another is told, and agreed to by looking, as any other change is."""
    accepted = _accepted(database)
    _, before = _look(database, a_desk(), accepted)
    assert _refused(database, desk, accepted) == ("facts_changed", ["policy"])
    assert _refused(database, desk, accepted, before) == ("facts_changed", ["policy"])
    looked, seen = _look(database, desk, accepted)
    assert [problem.field for problem in looked.changed] == ["policy"]
    assert _place(database, desk, accepted, seen).moved_in_on == AS_OF


def test_a_look_under_a_policy_that_is_in_effect_no_more(lite: Database) -> None:
    """Accepted by one policy, looked at while a second was in effect, moved in under a third: that is looked at too."""
    accepted = _accepted(lite)
    second, third = (replace(IN_EFFECT, version=name, sha256=name[0] * 64) for name in ("second", "third"))
    third = replace(third, effective_from=IN_EFFECT.effective_from + timedelta(days=1))
    by_second = _desk(IN_EFFECT.version, second=second)
    by_third = _desk(IN_EFFECT.version, second=second, third=third)
    assert (by_second.in_effect, by_third.in_effect) == (second, third)
    _, seen = _look(lite, by_second, accepted)
    assert _refused(lite, by_third, accepted, seen) == ("facts_changed", ["policy"])
    _, seen = _look(lite, by_third, accepted)
    assert _place(lite, by_third, accepted, seen).moved_in_on == AS_OF


def test_a_rule_that_the_new_document_asks(lite: Database) -> None:
    """What was accepted under one policy is judged by the one that took its place: also by rules of the council."""
    accepted = _accepted(lite)
    store(lite, [replace(TWO, judgement=Judgement.INADEQUATE)])
    _, seen = _look(lite, EDITED, accepted)
    assert _refused(lite, EDITED, accepted, seen) == ("rules_not_met", ["rules.ofsted_gateway"])


@pytest.mark.parametrize("desk", [EDITED, RENAMED], ids=["edited", "renamed"])
def test_no_provider_is_asked_for_what_can_only_be_held_anew(database: Database, desk: Desk) -> None:
    """A hold whose policy is another, or gone, is given up; sending it would be refused as accepting it is."""
    store(database, [TWO, replace(ONE_PLACE, places=0)], [a_referral(a_child(ref="C8"), ref="R8")])
    placement = held(database, "R8", TWO.ref)
    wanted = Precondition(versions=frozenset({placement.version}))
    with pytest.raises(FactsChanged) as told:
        database.transact(lambda w: send(w, desk, OFFICER, placement.id, wanted))
    assert [(problem.field, problem.cure) for problem in told.value.problems] == [("policy", cures.HOLD_ANEW)]
    assert do(database, send, OFFICER, placement).state is State.SENT


def test_where_no_policy_is_in_effect_nobody_moves_in(lite: Database) -> None:
    """There is nothing to judge by: it is said what to do about that."""
    accepted = _accepted(lite)
    with pytest.raises(FactsChanged) as told:
        _place(lite, NONE, accepted)
    assert [(problem.field, problem.cure) for problem in told.value.problems] == [("policy", cures.NO_POLICY)]


def test_a_child_whose_place_is_elsewhere(lite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A placement that cannot be judged is no placement that is in order: looked at, it says so; nobody moves in."""
    accepted = _accepted(lite)

    def elsewhere(*_given: object) -> None:
        raise ChildBeingPlaced

    monkeypatch.setattr(facts, "waiting_referral", elsewhere)
    looked, seen = _look(lite, a_desk(), accepted)
    assert seen is None
    assert [(problem.field, problem.cure) for problem in looked.changed] == [("children", cures.END_THAT)]
    assert _refused(lite, a_desk(), accepted) == ("facts_changed", ["children"])


def test_of_an_acceptance_that_kept_nothing_versions_are_told(lite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was accepted before every kind of fact was kept: what was stored anew is looked at all the same."""
    kept = agreed.decided_on
    monkeypatch.setattr(agreed, "decided_on", lambda *given: kept(*given) | {"was_so": None})
    accepted = _accepted(lite)
    store(lite, [replace(TWO, judgement=Judgement.REQUIRES_IMPROVEMENT)])
    assert _refused(lite, a_desk(), accepted) == ("facts_changed", ["home"])
    _, seen = _look(lite, a_desk(), accepted)
    assert _place(lite, a_desk(), accepted, seen).moved_in_on == AS_OF


# ---------------------------------------------------------------------------------------------- the referral is gone


@pytest.mark.parametrize("desk", [a_desk(), EDITED], ids=["as it was", "edited"])
@pytest.mark.parametrize("law", UNLAWFUL)
def test_the_law_is_judged_by_what_a_claim_keeps(lite: Database, law: str, desk: Desk) -> None:
    """Who must live apart, and how old they are, stands with the place; the home's standing with the home."""
    accepted = _accepted(lite)
    lite.transact(lambda w: w.execute(delete(referrals).where(referrals.c.ref == "R8")))
    store(lite, [UNLAWFUL[law](TWO)])
    assert _refused(lite, desk, accepted) == ("rules_not_met", [f"rules.{law}"])


def test_without_the_referral_a_home_that_changed_takes_nobody_in(lite: Database) -> None:
    """What cannot be judged is not passed over; as it was accepted, or once the referral is back, they move in."""
    accepted = _accepted(lite)
    lite.transact(lambda w: w.execute(delete(referrals).where(referrals.c.ref == "R8")))
    store(lite, [replace(TWO, judgement=Judgement.REQUIRES_IMPROVEMENT)])
    assert _refused(lite, a_desk(), accepted) == ("facts_changed", ["home.judgement"])
    with lite.reading() as reading:
        (problem,) = moving_in.look(reading, a_desk(), accepted).changed
    assert "send the referral again" in problem.cure
    assert accepted.seen_id is not None
    assert _refused(lite, a_desk(), accepted, accepted.seen_id) == ("facts_changed", ["home.judgement"])
    store(lite, [TWO])
    assert _place(lite, a_desk(), accepted).moved_in_on == AS_OF


# ------------------------------------------------------------------------------- another policy than that in effect

NO_GATEWAY = tuple(replace(one, enabled=one.enabled and one.rule.code != "ofsted_gateway") for one in IN_EFFECT.rules)
LAX = replace(IN_EFFECT, version="lax", series="lax", sha256="1" * 64, rules=NO_GATEWAY)


def test_a_placement_of_a_laxer_policy_is_judged_by_the_one_in_effect_too(database: Database) -> None:
    """At the look, at the acceptance and at the door: what the policy in effect refuses is refused."""
    desk = _desk(lax=LAX)
    child = a_child(ref="C8")
    store(database, [TWO, replace(ONE_PLACE, places=0)], [a_referral(child, ref="R8")])
    placement = _held_by_lax(database, desk)
    worse = replace(TWO, judgement=Judgement.INADEQUATE)
    store(database, [worse])
    looked, seen = _look(database, desk, placement)
    assert "rules.ofsted_gateway" in [problem.field for problem in looked.changed]
    with pytest.raises(RulesNotMet) as told:
        _accept(database, desk, placement, seen)
    assert [problem.field for problem in told.value.problems] == ["rules.ofsted_gateway"]
    store(database, [TWO])
    accepted = _accept(database, desk, placement, _look(database, desk, placement)[1])
    store(database, [worse])
    _, seen = _look(database, desk, accepted)
    assert _refused(database, desk, accepted, seen) == ("rules_not_met", ["rules.ofsted_gateway"])


def test_a_look_at_another_list_opens_nothing(database: Database) -> None:
    """Held under the policy in effect; a list under a laxer one shows the home as open: it is not accepted on that."""
    desk = _desk(lax=LAX)
    store(database, [TWO, replace(ONE_PLACE, places=0)], [a_referral(a_child(ref="C8"), ref="R8")])
    placement = held(database, "R8", TWO.ref)
    store(database, [replace(TWO, judgement=Judgement.INADEQUATE)])
    by_lax = _list_by_lax(database, desk)
    with pytest.raises((FactsChanged, RulesNotMet)) as told:
        _accept(database, desk, placement, by_lax)
    assert "rules.ofsted_gateway" in [problem.field for problem in told.value.problems]


def test_a_list_under_a_document_that_was_changed_since(lite: Database) -> None:
    """Whatever the placement is judged by, what was looked at was ranked by a text that is another now."""
    store(lite, [TWO, replace(ONE_PLACE, places=0)], [a_referral(a_child(ref="C8"), ref="R8")])
    placement = held(lite, "R8", TWO.ref)
    by_lax = _list_by_lax(lite, _desk(lax=LAX))
    with pytest.raises(FactsChanged) as told:
        _accept(lite, _desk(lax=replace(LAX, sha256="2" * 64)), placement, by_lax)
    assert [problem.field for problem in told.value.problems] == ["policy"]
    assert _accept(lite, _desk(lax=LAX), placement, by_lax).state is State.ACCEPTED


def _accept(database: Database, desk: Desk, placement: Placement, seen: str | None) -> Placement:
    wanted = Precondition(versions=frozenset({placement.version}))
    return database.transact(lambda w: accept(w, desk, OFFICER, placement.id, wanted, seen))


def _list_by_lax(database: Database, desk: Desk) -> str:
    seq, pool, versions = PoolFollower(database, HERE).at()
    with database.reading() as reading:
        stored = load.referral(reading, HERE, ReferralRef("R8"))
    assert stored is not None
    found = shortlist(stored.record, pool, LAX, AS_OF, k=50)
    shown = database.transact(lambda w: seeing.show_shortlist(w, desk, OFFICER, stored, found, versions, seq))
    assert shown is not None
    return shown


def _held_by_lax(database: Database, desk: Desk) -> Placement:
    choice = a_choice(_list_by_lax(database, desk), "R8", TWO.ref, why=BECAUSE)
    return database.transact(lambda w: hold(w, desk, OFFICER, choice))
