"""What the local target costs, compared with every possible choice counted one by one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np

from app.matching.batch import batch
from app.matching.branches import Claim
from app.matching.certify import certify, no_prices
from app.matching.problem import WHOLE, Problem, Solution, Status
from app.matching.terms import terms_of
from app.rematch.checking import Checked, Checker
from app.rematch.faults import SolverHung
from app.rematch.solving import solved
from app.rematch.target import SHARES_PERMILLE, FrontierPoint, at_share, frontier, one_more, price_of_one_more
from tests.matching.solving.brute_force import _extend, _options, best_choice
from tests.matching.solving.random_problems import random_problem
from tests.rematch.nights import a_night

PROBLEMS = [problem for seed in range(120) if (problem := random_problem(seed, 4, 4)).local is not None][:40]
CHECKER = Checker(solved, None)


def answered(problem: Problem) -> Checked | None:
    """The checked answer to a problem; None where its pins contradict each other."""
    found = CHECKER.answer(problem)
    return found if isinstance(found, Checked) else None


@cache
def _points_of(number: int) -> tuple[FrontierPoint, ...]:
    return frontier(PROBLEMS[number], CHECKER)


def points_of(problem: Problem) -> tuple[FrontierPoint, ...]:
    """The frontier, worked out once for all tests."""
    return _points_of(next(i for i, one in enumerate(PROBLEMS) if one is problem))


def every_choice(problem: Problem) -> list[tuple[int, int, int]]:
    """Worth without target, local and total children of every valid choice."""
    valid: list[tuple[int, int, int]] = []
    _extend(problem, _options(problem), 0, [], valid)
    return valid


def test_every_point_is_the_best_there_is() -> None:
    """Each point of the frontier is worth what the best of all choices for that share is worth."""
    for problem in PROBLEMS[:15]:
        for point in points_of(problem):
            best = best_choice(at_share(problem, point.asked_permille))
            assert best is not None
            worth, most = best
            assert point.points is not None
            assert point.gap is not None
            assert point.points <= worth <= point.points + point.gap
            assert point.reached == (most is None)


def test_frontier_only_falls() -> None:
    """A higher share is never worth more, its certificate neither; what is said to be reached is reached."""
    for problem in PROBLEMS[:15]:
        points = points_of(problem)
        assert [point.asked_permille for point in points] == list(SHARES_PERMILLE if answered(problem) else ())
        reached = [point for point in points if point.reached]
        for lower, higher in pairwise(reached):
            assert lower.points is not None
            assert higher.points is not None
            assert lower.gap is not None
            assert higher.gap is not None
            assert lower.points >= higher.points
            assert lower.points + lower.gap >= higher.points + higher.gap
        for point in points:
            assert point.local is not None
            assert point.total is not None
            assert point.reached == (point.local * 1000 >= point.asked_permille * point.total)


def test_price_of_one_more() -> None:
    """One more local child costs what the best choice with one more is worth less; None where there is no such one."""
    dear = unreachable = 0
    for problem in PROBLEMS:
        if (now := answered(problem)) is None:
            continue
        price = price_of_one_more(problem, now, CHECKER)
        assert price is not None
        more = [worth for worth, local, _ in every_choice(problem) if local > now.local]
        if not more:
            assert price.points is None
            unreachable += price.most_proven
            continue
        assert price.points is not None
        assert price.gap is not None
        assert price.points - price.gap <= now.points - max(more) <= price.points
        assert price.then_local is not None
        assert price.then_local > now.local
        dear += price.points > 0
    assert dear >= 3
    assert unreachable >= 3


def test_one_more_means_one_more() -> None:
    """However many are placed, the made-up caseload asks for one more local child than now: no more, no fewer."""
    problem = batch(a_night()).problem
    now = answered(problem)
    assert now is not None
    target = one_more(problem, now).local
    assert target is not None
    for placed in range(problem.children + 1):
        need = -(-target.floor_per_10000 * (target.existing_total + placed) // WHOLE)
        assert need == now.children_local + 1


def test_nearest_is_the_most() -> None:
    """How near a choice can come to a share agrees with every choice counted."""
    for problem in PROBLEMS:
        choices = every_choice(replace(problem, local=None))
        if not choices:
            continue
        balances = [local * WHOLE - 8_000 * total for _, local, total in choices]
        found = CHECKER.nearest(problem, 8_000)
        assert found.reached <= max(balances) <= found.at_most


def test_a_fault_spoils_one_point_alone() -> None:
    """Where the solver fails for a share, that point says so, and the others stand."""
    night = batch(a_night()).problem

    def failing(problem: Problem) -> Claim:
        if problem.local == at_share(night, 750).local:
            raise SolverHung
        return solved(problem)

    points = frontier(night, Checker(failing, None))
    assert [point.fault for point in points] == [None, SolverHung.code, None, None, None, None]


def test_nothing_is_counted() -> None:
    """Without a target there is neither price nor frontier."""
    bare = replace(batch(a_night()).problem, local=None)
    now = answered(bare)
    assert now is not None
    assert frontier(bare, CHECKER) == ()
    assert price_of_one_more(bare, now, CHECKER) is None


def test_what_reaches_more_reaches_less() -> None:
    """Where the solver finds little for a share, the choice that it found for a higher one stands in."""
    night = batch(a_night()).problem

    def lazy(problem: Problem) -> Claim:
        if problem.local != at_share(night, 700).local:
            return solved(problem)
        prices = no_prices(problem)
        bound = certify(terms_of(problem), prices)
        return Claim(Solution(Status.FEASIBLE, np.zeros(0, np.int64), 0, bound, prices))

    lowest, next_one = frontier(night, Checker(lazy, None))[:2]
    assert next_one.reached
    assert lowest.points == next_one.points
    assert lowest.points
