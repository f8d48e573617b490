"""What is over is over for whoever asks next: a place is free again in every list, and who is at home needs none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from app.deciding import free
from app.deciding.desk import Why
from app.deciding.living import end
from app.errors import ReferralAnswered
from app.matching.referral import ChildRef, HomeRef
from app.store.answered import ended_for
from app.store.clock import database_now
from app.store.follower import PoolFollower
from app.store.placement_records import Placement, State
from app.store.session import Database, Writing
from app.store.tables import referrals
from tests.deciding.conftest import FURTHER, ONE_PLACE, REFERRAL
from tests.support.builders import AS_OF, a_child, a_referral
from tests.support.deciding import HERE, OFFICER, a_choice, a_desk, do, held, moved_in
from tests.support.nights import store
from tests.support.true_day import accepted, in_days, moves_in


def _leave(database: Database, lives: Placement, code: str = "CARPL", *children: str) -> Placement:
    some = [ChildRef(child) for child in children] or None
    return do(database, end, OFFICER, lives, Why(code), ended_on=AS_OF, planned=True, children=some)


def _live_in(follower: PoolFollower, home: str) -> list[str]:
    return [one.ref for one in follower.pool().record(HomeRef(home)).residents]


def test_the_place_of_who_moved_out_is_in_the_next_list(database: Database) -> None:
    """Of a running service too, which has the homes in memory: one after the other, as they leave."""
    both = a_referral(a_child(ref="S1"), a_child(ref="S2"), ref="R7")
    store(database, [replace(FURTHER, location=ONE_PLACE.location)], [both])
    lives = moved_in(database, held(database, "R7", FURTHER.ref, children=["S1", "S2"]))
    follower = PoolFollower(database, HERE)
    assert _live_in(follower, FURTHER.ref) == ["S1", "S2"]
    lives = _leave(database, lives, "CARPL", "S1")
    assert (_live_in(follower, FURTHER.ref), lives.state) == (["S2"], State.PLACED)
    assert (_leave(database, lives).state, _live_in(follower, FURTHER.ref)) == (State.ENDED, [])


def test_for_a_child_at_home_no_place_is_held_whatever_was_read_before(lite: Database) -> None:
    """It is asked of the child itself, by its place in what was sent."""
    lives = _leave(lite, moved_in(lite, held(lite, "R1", ONE_PLACE.ref)), "E4A")
    party = [ChildRef("C2"), ChildRef("C1")]
    with lite.reading() as reading, pytest.raises(ReferralAnswered) as told:
        free.require(reading, a_desk(), a_choice("", "R1", FURTHER.ref, party), party)
    (problem,) = told.value.problems
    assert (problem.field, lives.id in problem.problem) == ("children[1]", True)


def _sent_after_that(database: Database, began: date) -> list[str]:
    """Who is not looked for where the referral is sent with a search that began on this day."""
    store(database, [], [replace(REFERRAL, waiting_since=began)])

    def work(writing: Writing) -> None:  # SQLite tells two moments apart by the second
        writing.execute(update(referrals).values(changed_at=database_now(writing) + timedelta(hours=1)))

    database.transact(work)
    with database.reading() as reading:
        return [one.child for one in ended_for(reading, HERE, [ChildRef("C1")])]


def test_a_search_of_before_the_child_left_care_is_none_of_after_it(database: Database) -> None:
    """Nor one that began while it lived there and nobody had sent: from the day of the end on a home is looked for."""
    lives = moves_in(database, accepted(database, "R1", ONE_PLACE.ref), in_days(-4))
    do(database, end, OFFICER, lives, Why("E4A"), ended_on=in_days(-1), planned=True)
    assert _sent_after_that(database, in_days(-2)) == ["C1"]
    assert _sent_after_that(database, in_days(-1)) == []
