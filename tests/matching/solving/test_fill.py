"""The last look over every pair: what it adds breaks nothing, is worth what it says, and nothing is left to add."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from app.matching.problem import Problem, Solution, Status
from app.matching.solve import solve
from app.matching.solve.fill import filled
from app.matching.terms import terms_of
from app.matching.verify import verify
from tests.matching.solving.random_problems import random_problem
from tests.matching.solving.test_nothing_left import could_be_added


def part_of_a_choice(problem: Problem, seed: int) -> tuple[list[int], Solution] | None:
    """Some of the pairs of the best choice, pinned ones among them, and it; None where such a part is not allowed."""
    found = solve(problem)
    rng = Random(seed)
    kept = [pair for pair in found.chosen.tolist() if pair in problem.pinned or rng.random() < 0.4]
    if found.status is Status.INFEASIBLE or verify(problem, kept, found.most_local_balance).breaches:
        return None
    return kept, found


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_what_is_added_breaks_nothing_and_nothing_is_left(first: int) -> None:
    """Parts of choices with every term and limit: companions, siblings, arrivals, money, pins, both kinds of target."""
    grown = 0
    for seed in range(first, first + 100):
        problem = random_problem(seed, 6, 5)
        part = part_of_a_choice(problem, seed)
        if part is None:
            continue
        kept, best = part
        need = best.most_local_balance
        before = verify(problem, kept, need).worth
        chosen, gained = filled(terms_of(problem), np.array(kept, np.int64), need)
        after = verify(problem, chosen.tolist(), need)
        assert after.breaches == (), seed
        assert after.worth == before + gained, seed
        assert set(kept) <= set(chosen.tolist())
        found = replace(best, chosen=chosen, objective=after.worth)
        assert could_be_added(problem, found) == [], seed
        grown += chosen.size > len(kept)
    assert grown > 30
