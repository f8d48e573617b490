from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.matching.problem import Problem, Status
from app.matching.solve import solve
from app.matching.verify import verify
from bench.night_instances import Night, make_night
from tests.matching.solving.random_problems import random_problem
from tests.matching.solving.second_model import best_by_second_model


def compared(problem: Problem) -> bool:
    """Assert that the choice is valid, and worth what the second model says, within its proven bound.

    False where there was nothing to compare: no choice exists, or none meets a hard target (`test_brute_force.py`
    compares those).
    """
    found = solve(problem)
    if found.status is Status.INFEASIBLE or found.most_local_balance is not None:
        return False
    verdict = verify(problem, found.chosen.tolist())
    best = best_by_second_model(problem)
    assert verdict.breaches == ()
    assert verdict.worth == found.objective <= best <= found.bound
    assert best == found.objective or found.status is Status.FEASIBLE
    return True


@pytest.mark.parametrize("first", range(0, 40, 10))
def test_mid_sized_random_problems_agree(first: int) -> None:
    """Dozens of pairs, all terms and constraints at once; all but a few of the problems can be compared."""
    seeds = range(first, first + 10)
    assert sum(compared(random_problem(50_000 + seed, referrals=12, homes=9)) for seed in seeds) >= 9


@pytest.mark.slow
@pytest.mark.parametrize("first", [100, *(pytest.param(first, marks=pytest.mark.long) for first in (200, 300, 400))])
def test_hundreds_of_mid_sized_problems_agree(first: int) -> None:
    """The same, hundreds of times."""
    seeds = range(first, first + 100)
    assert sum(compared(random_problem(50_000 + seed, referrals=14, homes=10)) for seed in seeds) >= 80


@pytest.mark.parametrize("seed", range(3))
def test_a_small_night_agrees(seed: int) -> None:
    """Realistic worths on a night of twenty children; proven best."""
    problem = make_night(Night(20, 60, 45, allowed=0.2, seed=seed))
    tight = replace(problem, weekly_budget_pence=4_000_000, pinned=np.array([3], np.int64))
    assert compared(problem)
    assert compared(tight)
