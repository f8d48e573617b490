"""Brothers and sisters who must stay together are not parted by placing them one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.deciding import seeing
from app.deciding.accepting import accept
from app.deciding.agreeing import second
from app.deciding.answering import withdraw
from app.deciding.desk import Why
from app.deciding.holding import hold
from app.deciding.living import place
from app.errors import FactsChanged, RulesNotMet, SecondMissing
from app.matching.codes import KeepTogether
from app.matching.listed import Shortlist
from app.matching.referral import Child, ReferralRef
from app.matching.shortlist import shortlist
from app.runs.workplace import night_for
from app.store.follower import PoolFollower
from app.store.placement_records import Placement, State
from app.store.run_records import RunOptions
from app.store.session import Database
from app.store.under_way import waiting_referral
from tests.deciding.conftest import FURTHER, ONE_PLACE
from tests.support.builders import AS_OF, a_child, a_referral
from tests.support.deciding import APPROVER, BECAUSE, HERE, OFFICER, a_choice, a_desk, do, look_at, told
from tests.support.nights import a_workplace, solved_here, store

RULE = "siblings_together"
THERE = replace(FURTHER, location=ONE_PLACE.location)
A, B, C = (a_child(ref=name) for name in ("SA", "SB", "SC"))


def _group(database: Database, *children: Child, keep_together: KeepTogether = KeepTogether.REQUIRED) -> None:
    store(database, [THERE], [a_referral(*children, ref=ReferralRef("RS"), keep_together=keep_together)])


def _listed(database: Database) -> tuple[str, Shortlist]:
    """What the officer is shown now for whoever waits."""
    seq, pool, versions = PoolFollower(database, HERE).at()
    with database.reading() as reading:
        waiting = waiting_referral(reading, HERE, ReferralRef("RS"))
    assert waiting is not None
    desk = a_desk()
    found = shortlist(waiting.referral.record, pool, desk.policies.pick(None, desk.today), desk.today)
    shown = database.transact(lambda w: seeing.show_shortlist(w, desk, OFFICER, waiting.referral, found, versions, seq))
    assert shown is not None
    return shown, found


def _held(database: Database, home: str, override: Sequence[str] = ()) -> Placement:
    shown, _ = _listed(database)
    choice = a_choice(shown, "RS", home, why=BECAUSE, override=tuple(override))
    return database.transact(lambda writing: hold(writing, a_desk(), OFFICER, choice))


def _homes(found: Shortlist) -> tuple[set[str], set[str]]:
    """Those that are offered, and those that this rule alone keeps out."""
    alone = {miss.home for miss in found.near_misses if {one.code for one in miss.findings} == {RULE}}
    return {option.explanation.home for option in found.options}, alone


def test_who_came_later_goes_to_the_others(database: Database) -> None:
    """There as freely as ever; elsewhere with a reason and a second person, and so do then the others."""
    _group(database, A, B)
    both = _held(database, THERE.ref)
    _group(database, A, B, C)
    assert _homes(_listed(database)[1]) == ({THERE.ref}, {ONE_PLACE.ref})
    with pytest.raises(RulesNotMet) as refused:
        _held(database, ONE_PLACE.ref)
    assert [problem.field for problem in refused.value.problems] == [f"rules.{RULE}"]
    third = _held(database, ONE_PLACE.ref, [RULE])
    with pytest.raises(SecondMissing):
        do(database, accept, OFFICER, third)
    with pytest.raises(FactsChanged) as changed:
        do(database, accept, OFFICER, both)
    assert f"rules.{RULE}" in {problem.field for problem in changed.value.problems}
    assert f"rules.{RULE}" in told(database, both)
    agreed = do(database, second, APPROVER, third, look_at(database, third, APPROVER))
    assert do(database, accept, OFFICER, agreed).state is State.ACCEPTED
    assert f"rules.{RULE}" in told(database, both)


def test_an_accepted_group_does_not_move_in_apart(database: Database) -> None:
    """What was accepted for all before one went elsewhere is not the same any more at the door."""
    _group(database, A, B)
    both = do(database, accept, OFFICER, _held(database, THERE.ref))
    _group(database, A, B, C)
    _held(database, ONE_PLACE.ref, [RULE])
    with pytest.raises(RulesNotMet) as refused:
        do(database, place, OFFICER, both, AS_OF)
    assert [problem.field for problem in refused.value.problems] == [f"rules.{RULE}"]


def test_where_they_are_all_in_one_home_the_rule_is_met(database: Database) -> None:
    """The first two, who were held before the third came, are accepted and move in beside her."""
    _group(database, A, B)
    both = _held(database, THERE.ref)
    _group(database, A, B, C)
    third = do(database, accept, OFFICER, _held(database, THERE.ref))
    assert do(database, place, OFFICER, third, AS_OF).state is State.PLACED
    assert f"rules.{RULE}" not in told(database, both)
    assert do(database, accept, OFFICER, both, look_at(database, both)).state is State.ACCEPTED


def test_the_night_knows_it_too(database: Database) -> None:
    """Nobody is proposed to another home; where the others give their place up, all wait together again."""
    _group(database, A, B)
    both = _held(database, THERE.ref)
    _group(database, A, B, C)
    assert _proposed(database) == [(["SC"], THERE.ref)]
    store(database, [replace(THERE, places=2)])
    assert _proposed(database) == []
    do(database, withdraw, OFFICER, both, Why("PLANS"))
    store(database, [THERE])
    assert _proposed(database) == [(["SA", "SB", "SC"], THERE.ref)]


@pytest.mark.parametrize("keep_together", [KeepTogether.PREFERRED, KeepTogether.NOT_REQUIRED])
def test_who_may_be_parted_is_free_to_go(lite: Database, keep_together: KeepTogether) -> None:
    """To any home, as ever."""
    _group(lite, A, B, keep_together=keep_together)
    _held(lite, THERE.ref)
    _group(lite, A, B, C, keep_together=keep_together)
    assert _homes(_listed(lite)[1]) == ({THERE.ref, ONE_PLACE.ref}, set())
    assert _held(lite, ONE_PLACE.ref).state is State.HELD


def _proposed(database: Database) -> list[tuple[list[str], str]]:
    """What a night proposes for this group alone."""
    night = night_for(a_workplace(database), RunOptions(), AS_OF)
    mine = tuple(referral for referral in night.referrals if referral.ref == "RS")
    made = solved_here(replace(night, referrals=mine)).proposals
    return [(sorted(one.children), str(one.home)) for one in made]
