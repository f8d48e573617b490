"""Whose placement broke down may have another home meanwhile, by the same search, while brothers and sisters wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.deciding import facts
from app.deciding.accepting import accept
from app.deciding.answering import withdraw
from app.deciding.desk import Why
from app.deciding.holding import hold
from app.deciding.living import end, place
from app.errors import Invalid, RulesNotMet
from app.matching.codes import KeepTogether
from app.matching.referral import ChildRef, HomeRef, Referral, Rest
from app.placing import named_children
from app.store.answered import after_the_end, ended_for
from app.store.placement_records import Placement, State
from app.store.placement_tables import place_claims
from app.store.session import Database
from app.store.under_way import waiting_referral
from tests.deciding.conftest import REFERRAL
from tests.support.builders import AS_OF, a_child, a_home, a_referral
from tests.support.deciding import BECAUSE, HERE, OFFICER, a_choice, a_desk, do, held, look_at, moved_in, see, told
from tests.support.nights import store

X, Y = a_child(ref=ChildRef("X")), a_child(ref=ChildRef("Y"))
H8 = HomeRef("H8")
ALONE = a_referral(X, ref=REFERRAL.ref, waiting_since=AS_OF - timedelta(days=3))


def _both(keep_together: KeepTogether = KeepTogether.REQUIRED) -> Referral:
    """The same search, with a child who was born since."""
    return replace(ALONE, children=(X, Y), keep_together=keep_together)


def _broken_down(database: Database) -> Placement:
    """X moved in, and the placement broke down on the same day."""
    store(database, [a_home(ref=HomeRef("H7"), places=3), a_home(ref=H8, places=3)], [ALONE])
    placed = moved_in(database, held(database, ALONE.ref, "H7"))
    return do(database, end, OFFICER, placed, Why("CREQB"), ended_on=AS_OF, planned=False)


def test_who_lives_elsewhere_by_now_is_told_to_who_waits(database: Database) -> None:
    """They must stay together: in the home of the second placement, whatever became of the first."""
    _broken_down(database)
    moved_in(database, held(database, ALONE.ref, H8))
    store(database, [], [_both()])
    with database.reading() as reading:
        left = facts.waiting_referral(reading, a_desk(), ALONE.ref).record
        found = waiting_referral(reading, HERE, ALONE.ref)
    assert isinstance(left, Rest)
    assert ([child.ref for child in left.children], left.siblings_at) == ([Y.ref], {H8})
    assert found is not None
    assert (found.referral.record, found.ended, [one.home for one in found.places]) == (left, (), [H8])


def test_what_was_accepted_meanwhile_goes_on(database: Database) -> None:
    """A sister who begins to wait changes nothing about who is placed."""
    _broken_down(database)
    taken = do(database, accept, OFFICER, held(database, ALONE.ref, H8))
    store(database, [], [_both(KeepTogether.PREFERRED)])
    assert "children" not in told(database, taken)
    with database.reading() as reading:
        judged = facts.waiting_referral(reading, a_desk(), ALONE.ref, taken.id, taken.children).record
    assert X.ref in [child.ref for child in judged.children]
    assert do(database, place, OFFICER, taken, AS_OF, look_at(database, taken)).state is State.PLACED


def test_who_left_is_looked_for_by_name_while_a_sister_waits(database: Database) -> None:
    """The list is hers; for him a person asks by name, holds and places; nobody else can be named."""
    _broken_down(database)
    store(database, [], [_both(KeepTogether.PREFERRED)])
    with database.reading() as reading:
        hers, his = (waiting_referral(reading, HERE, ALONE.ref, named) for named in ((), [X.ref]))
    assert hers is not None
    assert his is not None
    assert [child.ref for child in hers.referral.record.children] == [Y.ref]
    assert named_children(his.referral.record, [X.ref], "children") == {X.ref}
    with pytest.raises(Invalid):
        named_children(hers.referral.record, [X.ref], "children")
    choice = a_choice(see(database, ALONE.ref, named=frozenset({X.ref})), ALONE.ref, H8, [X.ref], why=BECAUSE)
    taken = database.transact(lambda writing: hold(writing, a_desk(), OFFICER, choice))
    assert do(database, place, OFFICER, do(database, accept, OFFICER, taken), AS_OF).children == (X.ref,)


def test_naming_one_parts_nobody_unseen(database: Database) -> None:
    """Two who must stay together left their home: whoever asks for one of them is asked for both."""
    both = _both()
    store(database, [a_home(ref=HomeRef("H7"), places=3), a_home(ref=H8, places=3)], [both])
    placed = moved_in(database, held(database, both.ref, "H7"))
    do(database, end, OFFICER, placed, Why("CREQB"), ended_on=AS_OF, planned=False)
    with database.reading() as reading:
        found = waiting_referral(reading, HERE, both.ref, [X.ref])
        judged = facts.waiting_referral(reading, a_desk(), both.ref, party=[X.ref])
    assert found is not None
    assert found.referral == judged
    assert judged.record.children == both.children
    assert named_children(judged.record, [X.ref], "children") == {X.ref}
    choice = a_choice(see(database, both.ref, named=frozenset({X.ref})), both.ref, H8, [X.ref], why=BECAUSE)
    with pytest.raises(RulesNotMet) as refused:
        database.transact(lambda writing: hold(writing, a_desk(), OFFICER, choice))
    assert [problem.field for problem in refused.value.problems] == ["rules.siblings_together"]


def test_what_was_held_for_one_by_name_is_accepted(database: Database) -> None:
    """Others left a home too, and need not stay with that one: hold and acceptance judge the same referral."""
    both = _both(KeepTogether.PREFERRED)
    store(database, [a_home(ref=HomeRef("H7"), places=3), a_home(ref=H8, places=3)], [both])
    placed = moved_in(database, held(database, both.ref, "H7"))
    do(database, end, OFFICER, placed, Why("CREQB"), ended_on=AS_OF, planned=False)
    choice = a_choice(see(database, both.ref, named=frozenset({X.ref})), both.ref, H8, [X.ref], why=BECAUSE)
    taken = database.transact(lambda writing: hold(writing, a_desk(), OFFICER, choice))
    assert told(database, taken) == []
    with database.reading() as reading:
        judged = facts.waiting_referral(reading, a_desk(), both.ref, taken.id, taken.children)
    assert judged.record.children == both.children
    assert do(database, accept, OFFICER, taken).state is State.ACCEPTED


def test_who_left_care_is_not_looked_for_by_name(lite: Database) -> None:
    """Nobody can be held for who is at home again, or has died."""
    placed = moved_in(lite, held(lite, "R1", "H1"))
    do(lite, end, OFFICER, placed, Why("E4A"), ended_on=AS_OF, planned=True)
    store(lite, [], [replace(REFERRAL, children=(*REFERRAL.children, Y))])
    with lite.reading() as reading:
        found = waiting_referral(reading, HERE, REFERRAL.ref, ["C1"])
    assert found is not None
    assert [child.ref for child in found.referral.record.children] == [Y.ref]


def test_a_hold_that_is_given_back_leaves_things_as_they_were(lite: Database) -> None:
    """No run looks for who left a home on the same search, before a hold and after it."""
    _broken_down(lite)
    with lite.reading() as reading:
        before = ended_for(reading, HERE, [X.ref])
    taken = held(lite, ALONE.ref, H8)
    with lite.reading() as reading:
        assert after_the_end(reading, HERE) == frozenset()
    do(lite, withdraw, OFFICER, taken, Why("NONEED"))
    with lite.reading() as reading:
        assert (ended_for(reading, HERE, [X.ref]), len(before)) == (before, 1)


def test_a_move_of_a_release_before_answers_what_began_until_its_day(database: Database) -> None:
    """Such a release kept no search: a search of the day of the move asks for nobody who left that home since."""
    placed = moved_in(database, held(database, "R1", "H1"))
    today = replace(REFERRAL, waiting_since=AS_OF)
    store(database, [], [today])
    database.transact(lambda writing: writing.execute(update(place_claims).values(searched_since=None)))
    do(database, end, OFFICER, placed, Why("CARPL"), ended_on=AS_OF, planned=True)
    with database.reading() as reading:
        assert reading.execute(select(place_claims.c.searched_since)).scalars().all() == [None]
        assert after_the_end(reading, HERE) == {"C1"}
