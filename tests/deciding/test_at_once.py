"""At the same moment: one place, one child, one key, one hold. The long forms are in `tests/campaign`."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from app.deciding import facts
from app.deciding.accepting import accept
from app.deciding.answering import withdraw
from app.deciding.desk import Why
from app.deciding.expiring import expire_overdue
from app.deciding.holding import accept_at_once, hold
from app.errors import ChildBeingPlaced, FactsChanged, HoldExpired, PlaceTaken, StepNotOpen, VersionMismatch
from app.store import comings, save
from app.store.idempotency import Answer, Keyed, write_once
from app.store.placement_records import Placement, State
from app.store.session import Database, Writing
from app.store.versions import Precondition
from tests.deciding.conftest import FURTHER, ONE_PLACE
from tests.support.at_once import at_once
from tests.support.builders import a_child, a_referral
from tests.support.deciding import (
    BECAUSE,
    HERE,
    OFFICER,
    a_choice,
    a_desk,
    do,
    held,
    live_claims,
    now,
    overdue,
    see,
    states,
)
from tests.support.nights import store

CLIENTS, ROUNDS = 8, 2
LOST = (PlaceTaken, FactsChanged, ChildBeingPlaced)


def _won(found: list[Any]) -> list[Placement]:
    """Those who succeeded; everybody else was refused as one is who comes too late."""
    others = [one for one in found if not isinstance(one, Placement)]
    assert all(isinstance(one, LOST) for one in others), others
    return [one for one in found if isinstance(one, Placement)]


@pytest.mark.parametrize("step", [hold, accept_at_once])
def test_one_place_for_many(database: Database, step: Any) -> None:
    """T-01: eight children of eight referrals, one place: one gets it, round after round."""
    refs = [f"R{n}" for n in range(10, 10 + CLIENTS)]
    store(database, [], [a_referral(a_child(ref=f"C{ref}"), ref=ref) for ref in refs])
    for _ in range(ROUNDS):
        choices = [a_choice(see(database, ref), ref, ONE_PLACE.ref) for ref in refs]
        tries = [partial(database.transact, lambda w, c=choice: step(w, a_desk(), OFFICER, c)) for choice in choices]
        (winner,) = _won(at_once(tries))
        assert live_claims(database) == 1
        do(database, withdraw, OFFICER, winner, Why("NONEED"))


def test_the_constraints_alone_are_enough(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were no lock taken and no rule judged again, the database would still give the place to one."""
    refs = [f"R{n}" for n in range(10, 10 + CLIENTS)]
    store(database, [], [a_referral(a_child(ref=f"C{ref}"), ref=ref) for ref in refs])
    monkeypatch.setattr(facts, "require_rules", lambda *_all, **_more: None)
    monkeypatch.setattr(comings, "others_since", lambda *_all: False)
    numbers = iter(range(1_000, 2_000))
    monkeypatch.setattr(save, "next_seq", lambda *_all: next(numbers))
    choices = [a_choice(see(database, ref), ref, ONE_PLACE.ref) for ref in refs]
    tries = [partial(database.transact, lambda w, c=choice: hold(w, a_desk(), OFFICER, c)) for choice in choices]
    assert len(_won(at_once(tries))) == 1
    assert live_claims(database) == 1


def test_one_child_and_two_homes(database: Database) -> None:
    """Two homes held for one child at the same moment: one of them it is."""
    for _ in range(ROUNDS):
        seen = see(database, "R1")
        choices = [a_choice(seen, "R1", home, why=BECAUSE) for home in (ONE_PLACE.ref, FURTHER.ref)]
        tries = [partial(database.transact, lambda w, c=choice: hold(w, a_desk(), OFFICER, c)) for choice in choices]
        (winner,) = _won(at_once(tries))
        assert live_claims(database) == 1
        do(database, withdraw, OFFICER, winner, Why("NONEED"))


def test_one_key_and_many_requests(database: Database) -> None:
    """T-06: twelve times the same acceptance with one key: one effect, twelve equal answers."""
    first = held(database, "R1", ONE_PLACE.ref)
    wanted = Precondition(versions=frozenset({1}))

    def work(writing: Writing) -> Answer:
        placement = accept(writing, a_desk(), OFFICER, first.id, wanted)
        return Answer(200, placement.version, placement.id.encode())

    found = at_once([lambda: write_once(database, Keyed(HERE, "k", b"same"), work)] * 12)
    assert [done.answer for done in found] == [Answer(200, 2, first.id.encode())] * 12
    assert sorted(done.is_replayed for done in found) == [False] + [True] * 11
    assert now(database, first).version == 2


def test_accepted_or_expired(database: Database) -> None:
    """T-11: accepted and swept at the moment at which it ends: one of the two, never both, never neither."""
    for n in range(ROUNDS):
        first = held(database, "R1", ONE_PLACE.ref)
        overdue(database, first, timedelta(milliseconds=-10 * n))
        accepting, _ = at_once(
            [lambda first=first: do(database, accept, OFFICER, first), lambda: expire_overdue(database, HERE)]
        )
        time.sleep(0.01 * n)
        expire_overdue(database, HERE)
        state, accepted = states(database)[-1], isinstance(accepting, Placement)
        assert accepted or isinstance(accepting, (HoldExpired, StepNotOpen, VersionMismatch)), accepting
        assert state is (State.ACCEPTED if accepted else State.EXPIRED)
        assert live_claims(database) == accepted
        if accepted:
            do(database, withdraw, OFFICER, accepting, Why("NONEED"))
