"""Nobody stays without a home beside one that is free, allowed and affordable, if that would be worth anything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.matching.batch import batch
from app.matching.night_explained import proposed
from app.matching.problem import Problem, Solution, Status
from app.matching.solve import solve
from app.matching.solve.night import Effort
from app.matching.verify import verify
from tests.matching.solving.random_problems import random_problem
from tests.matching.solving.small_change import PLACED, small_change_left
from tests.rematch.nights import a_random_night


def could_be_added(problem: Problem, found: Solution) -> list[int]:
    """Pairs that break nothing beside what is chosen, and make it worth more."""
    chosen = found.chosen.tolist()
    others = affordable_pairs_of_waiting_parties(problem, found)
    verdicts = {pair: verify(problem, sorted([*chosen, pair]), found.most_local_balance) for pair in others}
    return [pair for pair, said in verdicts.items() if not said.breaches and said.worth > found.objective]


def affordable_pairs_of_waiting_parties(problem: Problem, found: Solution) -> list[int]:
    """All others would place a child twice or spend more than there is."""
    rows = range(problem.parties)
    members = [set(problem.party_child[problem.party_start[p] : problem.party_start[p + 1]].tolist()) for p in rows]
    pairs = [range(int(problem.pairs.start[p]), int(problem.pairs.start[p + 1])) for p in rows]
    chosen = set(found.chosen.tolist())
    placed = set().union(*(members[p] for p in rows if chosen & set(pairs[p])))
    fee = problem.pairs.weekly_fee_pence.tolist()
    budget = problem.weekly_budget_pence
    left = None if budget is None else budget - sum(fee[pair] for pair in chosen)
    return [pair for p in rows if not members[p] & placed for pair in pairs[p] if left is None or fee[pair] <= left]


def larger(problem: Problem, times: int) -> Problem:
    """The same problem with every worth so many times as large."""
    pairs = replace(problem.pairs, points=problem.pairs.points * times)
    local = problem.local and replace(
        problem.local,
        floor_price=problem.local.floor_price * times,
        ambition_price=problem.local.ambition_price * times,
    )
    return replace(
        problem,
        pairs=pairs,
        local=local,
        placing_points=problem.placing_points * times,
        separated_pair=problem.separated_pair * times,
        home_price=problem.home_price * times,
        unchanged_points=problem.unchanged_points * times,
    )


@pytest.mark.parametrize("first", range(0, 100, 20))
def test_nothing_can_be_added_however_much_is_at_stake(first: int) -> None:
    """Points in millions, as policies give them, and money that binds."""
    for seed in range(first, first + 20):
        problem = random_problem(seed, 5, 4)
        problem = larger(problem, 1_000_000 // int(np.abs(problem.pairs.points).max(initial=1)) + 1)
        found = solve(replace(problem, weekly_budget_pence=problem.weekly_budget_pence or 700))
        if found.status is not Status.INFEASIBLE:
            posed = replace(problem, weekly_budget_pence=problem.weekly_budget_pence or 700)
            assert could_be_added(posed, found) == []
            assert found.status is Status.OPTIMAL


def test_a_home_of_a_dear_kind_is_not_forgotten() -> None:
    """A night on which the first choices are excluded and the rest is dear: the dear ones are taken all the same."""
    night = a_random_night(9)
    posed = batch(night, 1)
    made = proposed(posed, solve(posed.problem))
    again = batch(replace(night, excluded=tuple(made[:2])), 1).problem
    found = solve(again)
    assert could_be_added(again, found) == []
    assert found.status is Status.OPTIMAL


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=[pytest.mark.slow, pytest.mark.long]) for seed in (1, 2))]
)
def test_small_change_is_spent_in_nights_that_are_too_large_to_try_every_pair(seed: int) -> None:
    """Of those whom the price of money keeps out, whoever can be paid from what is left gets a home."""
    problem = small_change_left(seed)
    assert len(problem.pairs) > Effort().every
    found = solve(problem)
    assert could_be_added(problem, found) == []
    assert found.chosen.size == PLACED + 1
