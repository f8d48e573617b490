"""What the local target costs: one more local child, and every share from 70 to 95 per cent. Solved, not guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from app.matching.problem import WHOLE, LocalTarget, Problem, TargetMode
from app.rematch.checking import Checked, Checker, Contradiction
from app.rematch.faults import SolverFault

SHARES_PERMILLE = (700, 750, 800, 850, 900, 950)


@dataclass(frozen=True, slots=True)
class TargetPrice:
    """What one more local child would cost tonight. `then_*`: the best choice with one more, None where there is none.

    points: what is given up, without the target's own terms; negative where a choice with one more is worth more, and
    only the target's terms speak against it. gap: points that a better such choice could save at most. most_proven:
    where there is none, whether that is certain. fault: why it was not worked out.
    """

    local: int
    total: int
    then_local: int | None = None
    then_total: int | None = None
    points: int | None = None
    weekly_cost_pence: int | None = None
    children: int | None = None
    gap: int | None = None
    most_proven: bool = False
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """The best choice of those that reach a share, or where none does, of those that come nearest.

    local, total: children counted, caseload included. points: without the target's terms. gap: points that a better
    such choice could gain at most. reached: whether the share is. most_proven: where it is not, whether it is certain
    that no choice comes nearer. fault: why the point was not worked out; the numbers are then None.
    """

    asked_permille: int
    reached: bool = False
    local: int | None = None
    total: int | None = None
    points: int | None = None
    weekly_cost_pence: int | None = None
    children_placed: int | None = None
    gap: int | None = None
    most_proven: bool = False
    fault: str | None = None


def price_of_one_more(problem: Problem, now: Checked, checker: Checker) -> TargetPrice | None:
    """Choose again with one more local child as a hard floor. None where nothing is counted as local."""
    if problem.local is None:
        return None
    bare = TargetPrice(now.local, now.total)
    try:
        most = checker.nearest(problem, 0)
        if most.reached <= now.children_local * WHOLE:
            return replace(bare, most_proven=most.at_most < (now.children_local + 1) * WHOLE)
        then = checker.answer(one_more(problem, now))
    except SolverFault as fault:
        return replace(bare, fault=fault.code)
    if isinstance(then, Contradiction) or then.solution.most_local_balance is not None:
        return bare
    return replace(
        bare,
        then_local=now.local + then.children_local - now.children_local,
        then_total=now.total + then.children_placed - now.children_placed,
        points=now.points - then.points,
        weekly_cost_pence=then.weekly_cost_pence - now.weekly_cost_pence,
        children=then.children_placed - now.children_placed,
        gap=then.solution.gap,
    )


def one_more(problem: Problem, now: Checked) -> Problem:
    """The problem in which a choice must have a local child more than now, however many it places.

    A target is a share. One ten-thousandth of a made-up caseload says a number instead: with `total` children placed
    beforehand, ceil((total + placed) / WHOLE) is the same for up to WHOLE different numbers placed.
    """
    need = now.children_local + 1
    largest = problem.children
    spread = max(0, now.children_placed - WHOLE // 2) if largest >= WHOLE else 0
    total = max(0, (need - 1) * WHOLE + 1 - spread)
    return replace(problem, local=LocalTarget(TargetMode.HARD, 1, 1, 0, 0, 0, total))


def frontier(
    problem: Problem,
    checker: Checker,
    shares_permille: Sequence[int] = SHARES_PERMILLE,
    tell: Callable[[int], None] = lambda _share: None,
) -> tuple[FrontierPoint, ...]:
    """The best choice for each share as a hard floor; empty where nothing is counted as local."""
    if problem.local is None:
        return ()
    found: list[FrontierPoint] = []
    answers: dict[int, Checked] = {}
    for share in sorted(shares_permille):
        tell(share)
        try:
            answer = checker.answer(at_share(problem, share))
        except SolverFault as fault:
            found.append(FrontierPoint(share, fault=fault.code))
            continue
        if isinstance(answer, Checked):
            answers[share] = answer
    return tuple(sorted([*found, *_points(answers)], key=lambda point: point.asked_permille))


def at_share(problem: Problem, permille: int) -> Problem:
    """The problem with this share as its only target, and a hard one."""
    before = problem.local
    existing = (before.existing_local, before.existing_total) if before else (0, 0)
    floor = permille * WHOLE // 1000
    return replace(problem, local=LocalTarget(TargetMode.HARD, floor, floor, 0, 0, *existing))


def _points(answers: dict[int, Checked]) -> list[FrontierPoint]:
    """Answers as points. What reaches a share reaches every lower one, so each point takes the best that is known.

    The other way round no higher share can be worth more than a lower one's bound.
    """
    reaching = {share: one for share, one in answers.items() if one.solution.most_local_balance is None}
    best, bound = dict(reaching), {share: one.solution.bound for share, one in reaching.items()}
    for higher, lower in pairwise(sorted(best, reverse=True)):
        if best[higher].points > best[lower].points:
            best[lower] = best[higher]
    for lower, higher in pairwise(sorted(bound)):
        bound[higher] = min(bound[higher], bound[lower])
    made = [_point(share, one, bound[share], reached=True) for share, one in best.items()]
    return made + [
        _point(share, one, one.solution.bound, reached=False) for share, one in answers.items() if share not in reaching
    ]


def _point(share: int, answer: Checked, bound: int, *, reached: bool) -> FrontierPoint:
    points = answer.points
    return FrontierPoint(
        asked_permille=share,
        reached=reached,
        local=answer.local,
        total=answer.total,
        points=points,
        weekly_cost_pence=answer.weekly_cost_pence,
        children_placed=answer.children_placed,
        gap=bound - points,
        most_proven=answer.most_proven,
    )
