"""As long as a place waits for a child, its referral stays: without it nobody could judge a rule at the door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.deciding.accepting import accept
from app.deciding.agreeing import send
from app.deciding.answering import decline, withdraw
from app.deciding.desk import Why
from app.errors import ReferralStillPursued
from app.matching.referral import Referral, ReferralRef
from app.store import load, save
from app.store.placement_records import Placement
from app.store.session import Database
from tests.deciding.conftest import FURTHER, ONE_PLACE, OTHER_REFERRAL, REFERRAL
from tests.support.builders import a_child, a_referral
from tests.support.deciding import ANYTHING, HERE, OFFICER, do, held, live_claims, moved_in, overdue
from tests.support.nights import store


def _delete(database: Database, ref: str = REFERRAL.ref) -> None:
    database.transact(lambda w: save.remove_referral(w, HERE, ReferralRef(ref), ANYTHING))


def _change(database: Database, referral: Referral) -> None:
    database.transact(lambda w: save.save_referral(w, HERE, referral, ANYTHING))


def _is_there(database: Database) -> bool:
    with database.reading() as reading:
        return load.referral(reading, HERE, REFERRAL.ref) is not None


def _sent(database: Database, placement: Placement) -> Placement:
    return do(database, send, OFFICER, placement)


def _accepted(database: Database, placement: Placement) -> Placement:
    return do(database, accept, OFFICER, placement)


@pytest.mark.parametrize("on", [lambda _, placement: placement, _sent, _accepted])
def test_a_referral_with_a_place_that_waits(database: Database, on: Callable[[Database, Placement], Placement]) -> None:
    """Held, sent or accepted: refused, and it is said which placement, what it is, and what to do."""
    placement = on(database, held(database, "R1", ONE_PLACE.ref))
    with pytest.raises(ReferralStillPursued) as told:
        _delete(database)
    (problem,) = told.value.problems
    assert placement.id in problem.problem
    assert str(placement.state) in problem.problem
    assert "withdraw" in problem.cure
    assert ("place once" in problem.cure) == (placement.state == "accepted")
    assert _is_there(database)
    _delete(database, OTHER_REFERRAL.ref)
    do(database, withdraw, OFFICER, placement, Why("PLANS"))
    _delete(database)
    assert not _is_there(database)


def test_a_referral_that_was_answered(database: Database) -> None:
    """Whose children moved in is withdrawn as ever; the claim stays."""
    moved_in(database, held(database, "R1", ONE_PLACE.ref))
    _delete(database)
    assert not _is_there(database)
    assert live_claims(database) == 1


def test_a_hold_whose_time_is_over_keeps_nobody(database: Database) -> None:
    """Whether anybody has recorded that or not; one second before it does."""
    overdue(database, placement := held(database, "R1", ONE_PLACE.ref))
    _delete(database)
    assert not _is_there(database)
    assert placement.version == 1


def test_a_child_with_a_place_is_not_taken_out_of_its_referral(database: Database) -> None:
    """Neither by a new version without the child; brothers and sisters come and go, and it may be corrected."""
    both = a_referral(a_child(ref="S1"), a_child(ref="S2"), ref="R3")
    store(database, [], [both])
    placement = held(database, "R3", FURTHER.ref, children=["S1", "S2"])
    first, second = both.children
    for left in ((first,), (second,)):
        with pytest.raises(ReferralStillPursued):
            _change(database, replace(both, children=left))
    _change(database, replace(both, children=(second, first, a_child(ref="S3"))))
    do(database, decline, OFFICER, placement, Why("MATCH"), by_provider=True)
    _change(database, replace(both, children=(first,)))
