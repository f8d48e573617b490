"""Pins, exclusions and last proposals that clash, that name nobody, or that are told in another order."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations

import pytest

from app.matching.batch import Night, Proposed, batch
from app.matching.codes import KeepTogether
from app.matching.night_check import check_night
from app.matching.night_explained import proposed
from app.matching.pool import Pool
from app.matching.recheck import Fallen
from app.matching.referral import ChildRef, HomeRef
from app.matching.solve import solve
from app.rematch.process import SolverProcess
from app.rematch.reading import load_snapshot
from app.rematch.result import result_bytes
from app.rematch.run import Outcome, RunStatus, rematch
from app.rematch.snapshot import Snapshot, snapshot_bytes, snapshot_of
from tests.rematch.nights import PROJECT, a_night
from tests.rematch.test_run import to
from tests.support.builders import AS_OF, a_child, a_home, a_referral, a_resident

POLICIES = PROJECT / "policies"


def _replayed(night: Night, solver: SolverProcess) -> tuple[Snapshot, Outcome]:
    snapshot = load_snapshot(snapshot_bytes(snapshot_of(night, POLICIES)))
    return snapshot, rematch(snapshot.night, with_price=False, solver=solver)


def _as_told(night: Night, name: str, order: tuple[Proposed, ...], solver: SolverProcess) -> bytes:
    """The result of a file that tells these pairs in this order."""
    document = json.loads(snapshot_bytes(snapshot_of(night, POLICIES)))
    document[name] = [{"children": sorted(pair.children), "home": pair.home} for pair in order]
    snapshot = load_snapshot(json.dumps(document).encode())
    return result_bytes(snapshot, rematch(snapshot.night, with_price=False, solver=solver))


CLASHING = {
    "last_proposals": (to("H-near-1", "C-1"), to("H-near-2", "C-1"), to("H-far-1", "C-1")),
    "pinned": (to("H-near-1", "C-1"), to("H-near-1", "C-2"), to("H-far-1", "C-1")),
    "excluded": (to("H-near-1", "C-1"), to("H-near-2", "C-4"), to("H-far-1", "C-1", "C-2")),
}


@pytest.mark.parametrize("name", CLASHING)
def test_the_order_of_pairs_changes_nothing(name: str, solver: SolverProcess) -> None:
    """Pairs that clash with each other give the same bytes in whatever order they are told."""
    found = {_as_told(a_night(), name, order, solver) for order in permutations(CLASHING[name])}
    assert len(found) == 1


def test_the_order_of_last_proposals_where_none_are_made(solver: SolverProcess) -> None:
    """Of two that cannot both stand the same one stands, told in the file either way round, and in the records."""
    last = (to("H-near-1", "C-2"), to("H-near-1", "C-1"))
    broken = a_night(pinned=CLASHING["pinned"])
    results = {_as_told(broken, "last_proposals", order, solver) for order in permutations(last)}
    assert len(results) == 1
    for order in permutations(last):
        outcome = rematch(replace(broken, last=order), with_price=False, solver=solver)
        assert outcome.status is RunStatus.INFEASIBLE
        assert outcome.standing == (to("H-near-1", "C-1"),)


def test_who_has_a_place_is_in_the_snapshot(solver: SolverProcess) -> None:
    """Why a last proposal fell is told alike by the run and by its replay."""
    night = a_night(
        pinned=CLASHING["pinned"], last=(to("H-near-1", "C-gone"),), under_way=frozenset({ChildRef("C-gone")})
    )
    first = rematch(night, with_price=False, solver=solver)
    snapshot, again = _replayed(night, solver)
    assert snapshot.night.under_way == night.under_way
    assert [verdict.fallen for verdict in first.fallen] == [Fallen.BEING_PLACED]
    assert again.fallen == first.fallen
    assert result_bytes(snapshot, again) == result_bytes(snapshot, first)


@pytest.mark.parametrize("lost", [to("H-closed", "C-1"), to("H-near-1", "C-who"), to("H-near-1", "C-4", "C-who")])
def test_a_pin_of_nobody_or_nowhere_is_left_out(lost: Proposed, solver: SolverProcess) -> None:
    """One closed home does not cost the whole night: the other pins are kept, and what is left out is told."""
    pin = to("H-far-1", "C-3")
    night = a_night(pinned=(lost, pin))
    outcome = rematch(night, with_price=False, solver=solver)
    assert outcome.status is RunStatus.PROVEN
    assert outcome.pins_left_out == (lost,)
    assert pin in outcome.proposals
    assert outcome.night == night
    snapshot, again = _replayed(night, solver)
    assert [note.field for note in snapshot.notes] == [f"pinned[{sorted((lost, pin), key=_order).index(lost)}]"]
    told = json.loads(result_bytes(snapshot, again))
    assert told["pins_left_out"] == [{"children": sorted(lost.children), "home": lost.home}]
    assert again.proposals == outcome.proposals


def _order(pair: Proposed) -> tuple[list[str], str]:
    return sorted(pair.children), pair.home


@pytest.mark.parametrize("barred", [to("H-near-2", "C-4"), to("H-near-2", "C-4", "C-5"), to("H-near-2", "C-5", "C-1")])
def test_pinned_and_excluded_says_so(barred: Proposed, solver: SolverProcess) -> None:
    """In words of its own: two persons, or one, have said both of the same children."""
    outcome = rematch(a_night(pinned=(to("H-near-2", "C-4", "C-5"),), excluded=(barred,)), solver=solver)
    assert outcome.status is RunStatus.INFEASIBLE
    assert len(outcome.contradictions) == 1
    assert "both pinned and excluded" in outcome.contradictions[0]
    assert all(child in outcome.contradictions[0] for child in barred.children & {"C-4", "C-5"})


def test_a_held_place_counts_towards_the_fostering_limit() -> None:
    """Four places, two foster children, one place held: nobody else comes, alone or beside another newcomer."""
    full = a_home(ref=HomeRef("H"), places=4, places_held=1, residents=(a_resident(), a_resident()))
    room = a_home(ref=HomeRef("H"), places=6, places_held=1, residents=(a_resident(),))
    one, two = (a_referral(a_child(ref=ChildRef(name))) for name in ("A", "B"))
    usual = a_night(referrals=(one, two), pool=Pool.build([room]), as_of=AS_OF)
    arrivals = replace(usual.policy.arrivals, foster=2)
    night = replace(usual, policy=replace(usual.policy, arrivals=arrivals))
    both = [to("H", "A"), to("H", "B")]
    for home, placed in ((full, 0), (room, 1), (replace(room, places_held=0), 2)):
        tonight = replace(night, pool=Pool.build([home]))
        posed = batch(tonight)
        assert len(proposed(posed, solve(posed.problem))) == placed
        assert not check_night(tonight, both[:placed])
        if placed < 2:
            assert check_night(tonight, both[: placed + 1])


def test_a_held_place_is_no_sibling() -> None:
    """Four brothers and sisters fit where nobody else is; with a place held it is a household of strangers."""
    group = a_referral(*(a_child() for _ in range(4)), keep_together=KeepTogether.REQUIRED)
    home = a_home(ref=HomeRef("H"), places=5)
    for held, placed in ((0, 1), (1, 0)):
        posed = batch(a_night(referrals=(group,), pool=Pool.build([replace(home, places_held=held)]), as_of=AS_OF))
        assert len(proposed(posed, solve(posed.problem))) == placed
