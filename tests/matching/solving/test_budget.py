"""Nights whose weekly budget binds: proven, equal to every other way of reckoning, and never bounded too low."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.matching.branches import Posed, alive, grain
from app.matching.certify import certify, no_prices
from app.matching.problem import BUDGET_SCALE, PRICE_SCALE, LocalTarget, Problem, Status, TargetMode
from app.matching.solve import effort_for, solve, solve_with_proof
from app.matching.solve.columns import columns_of, rival_sets
from app.matching.solve.counting import counted
from app.matching.solve.crowding import RivalSet
from app.matching.solve.dividing import division
from app.matching.solve.engines import Program, solve_integer
from app.matching.solve.model import build
from app.matching.terms import terms_of
from app.rematch.checking import Checked, Checker
from app.rematch.solving import solved
from bench.night_instances import Night, make_night
from tests.matching.solving.brute_force import best_choice
from tests.matching.solving.random_problems import permuted, random_problem
from tests.matching.solving.second_model import best_by_second_model

TARGETS = {
    "none": None,
    "elastic": LocalTarget(TargetMode.ELASTIC, 8_000, 8_500, 30_000, 6_000, 0, 0),
    "hard": LocalTarget(TargetMode.HARD, 8_000, 8_500, 30_000, 6_000, 0, 0),
}


def with_budget(seed: int, share: float, scale: int = 1) -> Problem:
    """A small random problem with a budget of so much of what its best choice costs; fees and budget scaled."""
    problem = replace(random_problem(80_000 + seed, 4, 4), weekly_budget_pence=None)
    fees = problem.pairs.weekly_fee_pence * np.int32(scale)
    problem = replace(problem, pairs=replace(problem.pairs, weekly_fee_pence=fees))
    cost = int(fees[solve(problem).chosen].sum(dtype=np.int64))
    return replace(problem, weekly_budget_pence=int(cost * share))


@pytest.mark.parametrize("seed", range(40))
def test_no_choice_within_the_budget_is_better(seed: int) -> None:
    """Objective, bound and status agree with trying every choice, for every share of what a free choice would cost."""
    for share in (0.0, 0.3, 0.6, 0.9):
        problem = with_budget(seed, share, scale=1 if seed % 2 else 500)
        truth, found = best_choice(problem), solve(problem)
        if truth is None:
            assert found.status is Status.INFEASIBLE
            continue
        assert found.objective == found.bound == truth[0]
        assert found.most_local_balance == truth[1]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("share", [0.2, 0.7])
def test_a_night_with_a_budget_is_proven(target: str, share: float) -> None:
    """Sibling groups, realistic worths and fees of a night's size; the second model and the reader of proofs agree."""
    free = make_night(Night(24, 60, 45, allowed=0.2, seed=4))
    cost = int(free.pairs.weekly_fee_pence[solve(free).chosen].sum(dtype=np.int64))
    fees = (free.pairs.weekly_fee_pence // 500 * 500).astype(np.int32)
    problem = replace(
        free,
        pairs=replace(free.pairs, weekly_fee_pence=fees),
        weekly_budget_pence=int(cost * share),
        local=TARGETS[target],
    )
    held = Checker(solved, None).answer(problem)
    assert isinstance(held, Checked)
    assert held.solution.status is Status.OPTIMAL
    assert held.solution.objective == best_by_second_model(problem)


def test_order_decides_nothing_under_a_budget() -> None:
    """The same night in another order: the same choice, bound and number of cases."""
    night = make_night(Night(24, 60, 45, allowed=0.2, seed=5))
    problem = replace(night, weekly_budget_pence=1_500_000, local=None)
    found, proof = solve_with_proof(problem)
    other, source = permuted(problem, 3)
    again, other_proof = solve_with_proof(other)
    assert proof is not None
    assert other_proof is not None
    assert proof.above.size == other_proof.above.size > 1
    assert np.array_equal(np.sort(source[again.chosen]), found.chosen)
    assert (again.objective, again.bound) == (found.objective, found.bound)


def test_a_bound_is_rounded_to_what_a_worth_can_be() -> None:
    """Where every worth is a multiple of something, the grain is that, and every choice keeps to it."""
    coarse = 0
    for seed in range(60):
        problem = random_problem(82_000 + seed, 4, 4)
        truth = best_choice(problem)
        assert truth is None or truth[0] % grain(problem) == 0
        coarse += grain(problem) > 1
    assert coarse >= 10


@pytest.mark.parametrize("seed", range(40))
def test_a_charge_for_the_number_placed_is_a_true_bound(seed: int) -> None:
    """With a target or without one, and in each half of a division by the number placed."""
    rng = np.random.default_rng(seed)
    problem = random_problem(81_000 + seed, 4, 4)
    problem = replace(problem, local=problem.local if seed % 3 == 0 else None)
    truth, terms = best_choice(problem), terms_of(problem)
    if truth is None:
        return
    budget = 0 if problem.weekly_budget_pence is None else int(rng.integers(0, 50)) * BUDGET_SCALE
    for _ in range(5):
        placed = int(rng.integers(-30_000, 30_000)) * PRICE_SCALE
        prices = replace(no_prices(problem), placed=placed, budget=budget)
        assert certify(terms, prices, truth[1]) >= truth[0]
        most = terms.total + int(rng.integers(0, problem.children + 1))
        halves = [Posed(problem).with_total(most, more=more).bound(prices, truth[1]) for more in (False, True)]
        assert max(halves) >= truth[0]


@pytest.mark.parametrize("seed", range(30))
def test_what_the_budget_cannot_pay_is_out_and_nothing_else(seed: int) -> None:
    """A pair whose fee is more than what is left is not alive; with a pin, what no longer fits is excluded."""
    problem = with_budget(seed, 0.5)
    terms = terms_of(problem)
    if not terms.possible:
        return
    left, fees = terms.budget_left or 0, problem.pairs.weekly_fee_pence
    living = alive(terms, no_prices(problem), 1 << 40, 0)
    pinned = np.isin(np.arange(fees.size), problem.pinned)
    assert not living[(fees > left) & ~pinned].any()
    for pair in np.flatnonzero((fees <= left) & ~pinned & ~np.isin(np.arange(fees.size), problem.excluded))[:4]:
        half = Posed(problem).with_pair(np.array([pair], np.int64), taken=True).problem
        left_over = left - int(fees[pair])
        added = np.setdiff1d(half.excluded, problem.excluded)
        assert np.array_equal(added, np.setdiff1d(np.flatnonzero(fees > left_over), [*half.pinned, *problem.excluded]))


def test_a_fee_that_takes_the_last_penny_is_not_out() -> None:
    """What is left after a pin may be spent to the penny."""
    problem = replace(random_problem(83_001, 4, 4), pinned=np.zeros(0, np.int64), excluded=np.zeros(0, np.int64))
    fees = problem.pairs.weekly_fee_pence
    just = replace(problem, weekly_budget_pence=int(fees[0]) + int(fees.max()))
    assert not Posed(just).with_pair(np.zeros(1, np.int64), taken=True).problem.excluded.size
    alone = replace(problem, weekly_budget_pence=int(fees.max()))
    assert alive(terms_of(alone), no_prices(alone), 1 << 40, 0)[np.argmax(fees)]


def test_cases_bring_a_better_choice() -> None:
    """With a search that hardly looks, the cases find the best choice by themselves."""
    better = 0
    for seed in range(6):
        night = make_night(Night(24, 60, 45, allowed=0.2, seed=seed))
        problem = replace(night, weekly_budget_pence=700_000, local=None)
        effort = effort_for(problem)
        blind = replace(effort, search=replace(effort.search, whole=0, few=0, crowd=0, rungs=()), again=0)
        first, found = solve(problem, replace(blind, branches=0, provable=0)), solve(problem, blind)
        assert first.objective <= found.objective == found.bound == solve(problem).objective
        better += first.objective < found.objective
    assert better


def test_the_number_placed_is_settled_before_a_pair() -> None:
    """A part of a child is asked about as a number; then the dearest pair that is chosen in parts."""
    problem = replace(make_night(Night(24, 60, 45, allowed=0.2, seed=7)), weekly_budget_pence=1_000_000, local=None)
    terms = terms_of(problem)
    columns = columns_of(terms, np.arange(len(problem.pairs)))
    single = np.flatnonzero(columns.size == 1)
    cheap, dear = single[np.argsort(columns.fee[single])[[0, -1]]]
    x = np.zeros(columns.pair.size)
    x[[cheap, dear]] = 0.5, 0.25
    assert division(terms, columns, x, (0, terms.waiting), charged=False) == (-1, terms.total)
    x[dear] = 0.5
    assert division(terms, columns, x, (0, terms.waiting), charged=False) == (int(columns.pair[dear]), -1)


def test_one_child_more_who_is_only_just_too_dear_is_proven_out() -> None:
    """Where a few pounds are missing for one child more, the first cases prove that nobody more can be placed."""
    night = replace(make_night(Night(24, 60, 45, allowed=0.2, seed=3)), weekly_budget_pence=1_000_000, local=None)
    found = solve(night, replace(effort_for(night), again=0))
    assert found.objective == found.bound == best_by_second_model(night)


def test_a_search_by_the_number_placed_finds_what_cases_do_not() -> None:
    """Where a few cases leave a gap, each number of children is searched by itself; no proof is needed for that."""
    better = 0
    for seed in range(12):
        night = replace(
            make_night(Night(24, 60, 45, allowed=0.2, seed=seed)), weekly_budget_pence=1_000_000, local=None
        )
        effort = replace(effort_for(night), branches=7, last=7)
        before, after = solve(night, replace(effort, again=0)), solve(night, effort)
        assert before.objective <= after.objective <= after.bound
        assert after.objective == solve(night).objective
        better += before.objective < after.objective
    assert better


def placed_best(program: Program, worth: int) -> int | None:
    """Worth of the best whole choice of a program; None where there is none."""
    answer = solve_integer(program, 10_000)
    return None if answer is None else worth + round(float(answer.x @ program.worth))


@pytest.mark.parametrize("seed", range(25))
def test_counting_who_is_placed_changes_nothing(seed: int) -> None:
    """The best choice stays the best; and it is the best of those of every number of children, each by itself."""
    problem = with_budget(seed, 0.6)
    terms = terms_of(problem)
    columns = columns_of(terms, np.arange(len(problem.pairs)))
    hard = problem.local is not None and problem.local.mode is TargetMode.HARD
    if not terms.possible or not columns.pair.size or hard:
        return
    rivals = [RivalSet(pairs) for pairs in rival_sets(terms, columns)]
    plain = build(terms, columns, None, rivals, strict=True).program
    best = placed_best(plain, terms.fixed)
    assert placed_best(counted(plain, columns), terms.fixed) == best
    each = [placed_best(counted(plain, columns, count), terms.fixed) for count in range(problem.children + 1)]
    assert max(worth for worth in each if worth is not None) == best
