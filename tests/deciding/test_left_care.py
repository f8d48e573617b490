"""Who left care while a move was pursued moves nowhere: it is told, and refused, until the referral is sent again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from app.deciding import proposed
from app.deciding.accepting import accept
from app.deciding.agreeing import send
from app.deciding.answering import withdraw
from app.deciding.desk import Why
from app.deciding.living import end, place
from app.errors import ReferralAnswered
from app.matching.referral import HomeRef, Referral
from app.runs.working import run_now
from app.store import proposals
from app.store.answered import after_the_end, ended_for
from app.store.clock import database_now
from app.store.placement_records import Placement, State
from app.store.session import Database, Writing
from app.store.tables import referrals
from tests.deciding.conftest import ONE_PLACE, REFERRAL
from tests.support.builders import AS_OF, a_home
from tests.support.deciding import HERE, OFFICER, a_desk, do, held, look_at, moved_in, told
from tests.support.nights import a_workplace, store, wanted

AGAIN = replace(REFERRAL, waiting_since=AS_OF)
"""The referral with a search of its own, which was sent after the child moved in."""

LATER = replace(REFERRAL, waiting_since=AS_OF + timedelta(days=1))
"""And with one that began after the child left there."""


def _sent_an_hour_ago(database: Database) -> None:
    """What stands now was sent well before whatever is decided next: SQLite tells decisions apart by the second."""

    def work(writing: Writing) -> None:
        writing.execute(update(referrals).values(changed_at=database_now(writing) - timedelta(hours=1)))

    database.transact(work)


def _ended(database: Database, placement: Placement, code: str = "CARPL") -> Placement:
    return do(database, end, OFFICER, placement, Why(code), ended_on=AS_OF, planned=True)


def _move(database: Database, search: Referral = AGAIN) -> tuple[Placement, Placement]:
    """Where a child lives, and the place that is held for a move of theirs."""
    _sent_an_hour_ago(database)
    placed = moved_in(database, held(database, "R1", ONE_PLACE.ref))
    store(database, [a_home(ref=HomeRef("H6"), location=ONE_PLACE.location)], [search])
    return placed, held(database, "R1", "H6")


def _refused(work: Callable[[], object], ended: Placement) -> None:
    """Refused because the child left care with that placement, and it is said what to do."""
    with pytest.raises(ReferralAnswered) as told:
        work()
    (problem,) = told.value.problems
    assert problem.field == "children[0]"
    assert (ended.id in problem.problem, "leaving care" in problem.problem) == (True, True)
    assert "send the referral again" in problem.cure


@pytest.mark.parametrize("code", ["E4A", "E2"])
@pytest.mark.parametrize("asked", [False, True], ids=["held", "sent"])
def test_who_left_care_while_a_move_was_held(database: Database, code: str, asked: bool) -> None:
    """A child who is at home again, or has died: nobody goes on with the move; it is told, and can be withdrawn."""
    placed, moving = _move(database)
    if asked:
        moving = do(database, send, OFFICER, moving)
    seen = look_at(database, moving)
    _ended(database, placed, code)
    assert told(database, moving) == ["children[0]"]
    _refused(lambda: do(database, accept, OFFICER, moving), placed)
    _refused(lambda: do(database, accept, OFFICER, moving, seen), placed)
    if not asked:
        _refused(lambda: do(database, send, OFFICER, moving), placed)
    assert do(database, withdraw, OFFICER, moving, Why("NONEED")).state is State.WITHDRAWN


@pytest.mark.parametrize("has_referral", [True, False], ids=["", "the referral is gone"])
def test_who_left_care_after_a_move_was_accepted(database: Database, has_referral: bool) -> None:
    """The door is shut, whoever looked, however often it is sent; with another search, and looked at, it is open."""
    placed, moving = _move(database)
    moving = do(database, accept, OFFICER, moving)
    if not has_referral:
        database.transact(lambda w: w.execute(delete(referrals).where(referrals.c.ref == "R1")))
    _ended(database, placed, "E4A")
    assert told(database, moving) == ["children[0]"]
    _refused(lambda: do(database, place, OFFICER, moving, AS_OF), placed)
    if has_referral:
        store(database, [], [AGAIN])
        assert "children[0]" in told(database, moving)
        _refused(lambda: do(database, place, OFFICER, moving, AS_OF), placed)
    store(database, [], [LATER])
    assert do(database, place, OFFICER, moving, AS_OF, look_at(database, moving)).state is State.PLACED


def test_who_was_back_before_anybody_told_that_they_had_left(database: Database) -> None:
    """Sent again the search of their return, known already, opens the door to a person tonight, and to no run."""
    placed, moving = _move(database, LATER)
    moving = do(database, accept, OFFICER, moving)
    _ended(database, placed, "E4A")
    _refused(lambda: do(database, place, OFFICER, moving, AS_OF), placed)
    with database.reading() as reading:
        (left,) = ended_for(reading, HERE, moving.children)
    assert (left.left_care, left.search_from) == (True, LATER.waiting_since)
    store(database, [], [LATER])
    assert told(database, moving) == []
    do(database, withdraw, OFFICER, moving, Why("NONEED"))
    with database.reading() as reading:
        (back,) = ended_for(reading, HERE, moving.children)
        assert (back.left_care, back.search_from) == (False, LATER.waiting_since + timedelta(days=1))
        assert set(moving.children) <= after_the_end(reading, HERE)
    again = do(database, accept, OFFICER, held(database, "R1", "H6"))
    assert do(database, place, OFFICER, again, AS_OF).state is State.PLACED


def test_who_stays_in_care_goes_on_with_the_move(lite: Database) -> None:
    """Any other end is that of the old home alone."""
    placed, moving = _move(lite)
    _ended(lite, placed)
    assert told(lite, moving) == []
    assert do(lite, place, OFFICER, do(lite, accept, OFFICER, moving), AS_OF).state is State.PLACED


def test_what_was_proposed_for_who_left_care(lite: Database) -> None:
    """A look at it offers nothing that would be refused."""
    _sent_an_hour_ago(lite)
    placed = moved_in(lite, held(lite, "R1", ONE_PLACE.ref))
    store(lite, [a_home(ref=HomeRef("H6"), location=ONE_PLACE.location)], [AGAIN])
    run = run_now(a_workplace(lite), wanted())
    with lite.reading() as reading:
        (stored,) = [one for one in proposals.of_run(reading, HERE, run.id) if one.proposal.referral == "R1"]
        assert proposed.look(reading, a_desk(), stored).facts is not None
    _ended(lite, placed, "E4A")
    with lite.reading() as reading:
        looked = proposed.look(reading, a_desk(), stored)
    assert (looked.facts, [problem.field for problem in looked.changed]) == (None, ["children[0]"])
