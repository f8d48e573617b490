"""What changes in the very moment of a decision: it is noticed, or it comes after the decision."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.deciding import seeing
from app.deciding.accepting import accept, accept_proposal
from app.deciding.holding import hold
from app.errors import FactsChanged, PlacementError
from app.matching.batch import Proposed
from app.matching.referral import ChildRef, HomeRef
from app.runs.working import run_now
from app.store import proposals, save
from app.store.placement_records import State
from app.store.session import Database
from tests.deciding.conftest import ONE_PLACE, OTHER_REFERRAL, REFERRAL
from tests.support.builders import a_home
from tests.support.deciding import (
    ANYTHING,
    BECAUSE,
    COLLEAGUE,
    HERE,
    OFFICER,
    a_choice,
    a_desk,
    do,
    held,
    now,
    see,
)
from tests.support.nights import a_workplace, store, wanted

WAITS_S = 0.4
"""For so long the other is given to come to where it must wait."""


def _meanwhile(step: Callable[[], Any], waits_s: float = WAITS_S) -> tuple[threading.Thread, list[Any]]:
    """Somebody else, in a thread of their own, and what becomes of it."""
    found: list[Any] = []

    def work() -> None:
        try:
            found.append(step())
        except PlacementError as error:
            found.append(error)

    other = threading.Thread(target=work)
    other.start()
    time.sleep(waits_s)
    return other, found


def test_a_referral_that_is_being_changed_is_not_accepted_unseen(database: Database) -> None:
    """The change began before the acceptance and ends after it began: the acceptance waits for it, and tells of it."""
    placement = held(database, "R1", ONE_PLACE.ref)
    later = replace(REFERRAL, needed_by=REFERRAL.needed_by + timedelta(days=9))
    with database.writing() as writing:
        save.save_referral(writing, HERE, later, ANYTHING)
        other, found = _meanwhile(lambda: do(database, accept, OFFICER, placement))
    other.join()
    (error,) = found
    assert isinstance(error, FactsChanged), error
    assert "referral" in [problem.field for problem in error.problems]
    assert now(database, placement).state is State.HELD


@pytest.mark.parametrize("comes", [False, True])
def test_who_came_since_a_proposal_was_looked_at(database: Database, comes: bool) -> None:
    """The home has room for both: whoever accepts what a run proposed is told who else is to live there by now."""
    shared = a_home(ref=HomeRef("H9"), places=3)
    store(database, [shared])
    pinned = (Proposed(frozenset({ChildRef("C1")}), shared.ref),)
    run = run_now(a_workplace(database), wanted(pinned=pinned))
    with database.reading() as reading:
        (mine,) = [one for one in proposals.of_run(reading, HERE, run.id) if "C1" in one.proposal.children]
    theirs = see(database, OTHER_REFERRAL.ref, COLLEAGUE)
    seen = database.transact(lambda w: seeing.show_proposal(w, a_desk(), OFFICER, mine))
    assert seen is not None
    if comes:
        choice = a_choice(theirs, OTHER_REFERRAL.ref, shared.ref, why=BECAUSE)
        database.transact(lambda w: hold(w, a_desk(), COLLEAGUE, choice))
    other, found = _meanwhile(
        lambda: database.transact(lambda w: accept_proposal(w, a_desk(), OFFICER, mine.id, seen, BECAUSE)), 0
    )
    other.join()
    if comes:
        assert isinstance(found[0], FactsChanged), found
        assert "home.residents" in [problem.field for problem in found[0].problems]
    else:
        assert found[0].state is State.ACCEPTED
