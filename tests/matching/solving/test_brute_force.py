from __future__ import annotations

import pytest

from app.matching.certify import certify
from app.matching.problem import Problem, Status
from app.matching.solve import solve
from app.matching.terms import terms_of
from app.matching.verify import verify
from tests.matching.solving.brute_force import best_choice
from tests.matching.solving.random_problems import random_problem

BATCH = 50


def judge(seed: int) -> str:
    """Solve one random problem both ways and compare everything; says what kind it was."""
    return compare(random_problem(seed, referrals=5 if seed % 5 == 0 else 4, homes=5 if seed % 5 == 0 else 4), seed)


def compare(problem: Problem, seed: int) -> str:
    """The same for a given problem."""
    truth = best_choice(problem)
    found = solve(problem)
    if truth is None:
        assert found.status is Status.INFEASIBLE, seed
        return "infeasible"
    worth, most = truth
    verdict = verify(problem, found.chosen.tolist(), found.most_local_balance)
    assert verdict.breaches == (), seed
    assert verdict.worth == found.objective == worth, seed
    assert found.most_local_balance == most, seed
    assert certify(terms_of(problem), found.prices, most) >= worth, seed
    assert found.bound == worth, seed
    assert found.status is Status.OPTIMAL, seed
    return "met" if most is None else "unreachable"


def campaign(first: int, last: int) -> dict[str, int]:
    """Judge many problems; counts of each kind."""
    kinds = [judge(seed) for seed in range(first, last)]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


@pytest.mark.parametrize("first", range(0, 400, BATCH))
def test_no_choice_is_better(first: int) -> None:
    """T-02: objective, status and certificate agree with trying every choice."""
    assert sum(campaign(first, first + BATCH).values()) == BATCH


@pytest.mark.parametrize("seed", range(40))
def test_large_sibling_groups(seed: int) -> None:
    """Groups of four and five, with all the ways to part them."""
    compare(random_problem(70_000 + seed, referrals=2, homes=4, sizes=(1, 4, 5)), seed)


@pytest.mark.slow
@pytest.mark.parametrize(
    "first", [1_000, *(pytest.param(first, marks=pytest.mark.long) for first in range(1_500, 3_000, 10 * BATCH))]
)
def test_no_choice_is_better_in_a_long_campaign(first: int) -> None:
    """The same on two thousand further problems, three thousand in all, every kind among them."""
    kinds = campaign(first, first + 10 * BATCH)
    assert set(kinds) == {"infeasible", "met", "unreachable"}
