"""A rematch from records to outcome, with the real solver in a real child process."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.matching.batch import Night, Proposed, batch
from app.matching.night_check import check_night
from app.matching.pool import Pool
from app.matching.recheck import Fallen
from app.matching.referral import ChildRef, HomeRef
from app.rematch.checking import Checked, Checker
from app.rematch.faults import SolverWrong
from app.rematch.limits import Strength
from app.rematch.process import SolverProcess
from app.rematch.run import RunStatus, Stage, rematch
from app.rematch.solving import solved
from tests.rematch.nights import a_night, a_random_night


def to(home: str, *children: str) -> Proposed:
    """These children, to this home."""
    return Proposed(frozenset(ChildRef(child) for child in children), HomeRef(home))


def test_the_child_answers_as_the_solver_does(solver: SolverProcess) -> None:
    """What crosses to the child and back is the problem and the solution, bit for bit."""
    for seed in range(10):
        problem = batch(a_random_night(seed)).problem
        assert solver.solve(problem).solution.as_bytes() == solved(problem).solution.as_bytes()


def test_a_night_is_proven_and_explained(solver: SolverProcess) -> None:
    """Proposals keep every rule, the report speaks of them, and the stages come in order."""
    night, stages = a_night(), list[Stage]()
    outcome = rematch(night, tell=stages.append, with_frontier=True, solver=solver)
    assert outcome.status is RunStatus.PROVEN
    assert outcome.report is not None
    assert outcome.report.gap == 0
    assert outcome.report.children_placed == sum(len(one.children) for one in outcome.proposals) == 5
    assert {one.home for one in outcome.report.proposals} == {one.home for one in outcome.proposals}
    assert not check_night(night, outcome.proposals)
    assert stages[:4] == [Stage.JUDGING, Stage.SOLVING, Stage.EXPLAINING, Stage.PRICING]
    assert stages[4:] == [Stage.FRONTIER] * 6 + [Stage.DONE]


def test_random_nights_end_well(solver: SolverProcess) -> None:
    """On random worlds, with hard and elastic targets and budgets, no check ever finds the solver wrong."""
    for seed in range(15):
        outcome = rematch(a_random_night(seed), with_frontier=seed < 3, solver=solver)
        assert outcome.status in {RunStatus.PROVEN, RunStatus.FEASIBLE}
        assert not outcome.faults
        assert outcome.price is None or outcome.price.fault is None
        assert all(point.fault is None for point in outcome.frontier)


def test_the_light_attempt_gives_a_choice(solver: SolverProcess) -> None:
    """Flow and repair alone find a valid choice, never worth more than the full search finds."""
    for seed in range(10):
        problem = batch(a_random_night(seed)).problem
        light = solver.solve(problem, Strength.LIGHT).solution
        assert light.objective <= solver.solve(problem).solution.objective


@pytest.mark.parametrize(
    ("pinned", "word"),
    [
        ((to("H-near-1", "C-1"), to("H-near-1", "C-2")), "places"),
        ((to("H-far-1", "C-1"), to("H-far-2", "C-1")), "twice"),
        ((to("H-near-1", "C-4", "C-5"),), "not allowed"),
        ((to("H-near-1", "C-1", "C-2"),), "more than one referral"),
    ],
)
def test_pins_that_contradict(pinned: tuple[Proposed, ...], word: str) -> None:
    """The run says what contradicts, in words, and last night's proposals stand where they can."""
    last = (to("H-near-1", "C-1"), to("H-gone", "C-2"))
    outcome = rematch(a_night(pinned=pinned, last=last))
    assert outcome.status is RunStatus.INFEASIBLE
    assert any(word in contradiction for contradiction in outcome.contradictions)
    assert outcome.report is None
    assert outcome.standing == last[:1]
    assert [verdict.fallen for verdict in outcome.fallen] == [Fallen.HOME_GONE]


def test_pins_that_the_budget_cannot_pay(solver: SolverProcess) -> None:
    """That pins cost more than there is shows only in the arrays; it is told in words all the same."""
    night = a_night(pinned=(to("H-near-1", "C-1"),), weekly_budget_pence=100)
    outcome = rematch(night, solver=solver)
    assert outcome.status is RunStatus.INFEASIBLE
    assert "budget" in outcome.contradictions[0]


def test_pinned_and_excluded(solver: SolverProcess) -> None:
    """Pins are kept, exclusions are avoided; both at once is a contradiction."""
    pin, bar = to("H-far-1", "C-1"), to("H-near-2", "C-4", "C-5")
    outcome = rematch(a_night(pinned=(pin,), excluded=(bar,)), solver=solver)
    assert outcome.status in {RunStatus.PROVEN, RunStatus.FEASIBLE}
    assert pin in outcome.proposals
    assert bar not in outcome.proposals
    both = rematch(a_night(pinned=(pin,), excluded=(pin,)), solver=solver)
    assert both.status is RunStatus.INFEASIBLE


@pytest.mark.parametrize("part", ["nobody", "nowhere"])
def test_nothing_to_choose(part: str, solver: SolverProcess) -> None:
    """Nobody waits, or there are no homes: a proven night without proposals."""
    night: Night = a_night(referrals=()) if part == "nobody" else a_night(pool=Pool.build(()))
    outcome = rematch(night, with_frontier=True, solver=solver)
    assert outcome.status is RunStatus.PROVEN
    assert outcome.proposals == ()


def test_a_hard_target_out_of_reach(solver: SolverProcess) -> None:
    """Nothing is infeasible: the nearest choice is made, and it is certain that there is no nearer one."""
    night = a_night()
    target = replace(night.policy.target, hard=True, floor_permille=1000, ambition_permille=1000)
    outcome = rematch(replace(night, policy=replace(night.policy, target=target)), solver=solver)
    assert outcome.status is RunStatus.PROVEN
    assert outcome.most_local_proven is True
    assert outcome.report is not None
    assert outcome.report.local.short_of_floor > 0


def test_records_are_asked_too() -> None:
    """A choice that is right on the arrays and wrong by the records is refused."""
    posed = batch(a_night())
    full = [replace(home, places_held=home.places) for home in posed.night.pool.records]
    other = replace(posed, night=replace(posed.night, pool=Pool.build(full)))
    assert isinstance(Checker(solved, posed).answer(posed.problem), Checked)
    with pytest.raises(SolverWrong) as found:
        Checker(solved, other).answer(posed.problem)
    assert "records" in found.value.detail
