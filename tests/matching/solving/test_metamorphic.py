from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from app.matching.problem import NO_HOME, AllowedPairs, Problem, Status
from app.matching.solve import solve
from tests.matching.solving.random_problems import permuted, random_problem

SEEDS = range(200, 240)


def elastic(seed: int) -> Problem:
    """A random problem without pins and without a hard target, so that a choice always exists."""
    problem = random_problem(seed)
    none = np.zeros(0, np.int64)
    local = problem.local if problem.local and problem.local.mode.value == "elastic" else None
    return replace(problem, pinned=none, local=local)


@pytest.mark.parametrize("seed", SEEDS)
def test_order_changes_nothing(seed: int) -> None:
    """Shuffling every list gives the same choice, the same prices and the same bound."""
    problem = random_problem(seed)
    shuffled, source = permuted(problem, seed)
    one, other = solve(problem), solve(shuffled)
    assert np.sort(source[other.chosen]).tolist() == one.chosen.tolist()
    assert (one.status, one.objective, one.bound) == (other.status, other.objective, other.bound)
    assert (one.prices.local, one.prices.placed) == (other.prices.local, other.prices.placed)


@pytest.mark.parametrize("seed", SEEDS)
def test_renaming_changes_no_worth(seed: int) -> None:
    """Other keys may break ties differently, but never give a better or worse night."""
    problem = random_problem(seed)
    named = replace(problem, party_key=problem.party_key[::-1].copy(), home_key=problem.home_key[::-1].copy())
    one, other = solve(problem), solve(named)
    assert (one.status, one.objective, one.bound) == (other.status, other.objective, other.bound)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_bytes_every_time(seed: int) -> None:
    """A repeated run gives the same bytes."""
    assert solve(random_problem(seed)).as_bytes() == solve(random_problem(seed)).as_bytes()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("limit", ["places", "shared_places", "arrivals", "weekly_budget_pence"])
def test_loosening_a_limit_never_costs(seed: int, limit: str) -> None:
    """T-03: more room, more arrivals or more money never lowers the worth."""
    problem = elastic(seed)
    value = getattr(problem, limit)
    if value is None:
        return
    more = value + 50 if isinstance(value, int) else (value + 1).astype(np.int32)
    assert solve(replace(problem, **{limit: more})).objective >= solve(problem).objective


@pytest.mark.parametrize("seed", SEEDS)
def test_another_home_never_costs(seed: int) -> None:
    """A home more, open to every party that fits, never lowers the worth."""
    problem = elastic(seed)
    assert solve(with_home(problem)).objective >= solve(problem).objective


def with_home(problem: Problem) -> Problem:
    """The problem with one more home of two places."""
    size = np.diff(problem.party_start)
    old = problem.pairs
    at = old.start[1:][size <= 2]
    count = np.concatenate([[0], np.cumsum(size <= 2)])

    def wider(array: np.ndarray, value: int) -> np.ndarray:
        return np.insert(array, at, np.full(at.size, value, array.dtype))

    pairs = AllowedPairs(
        old.start + count,
        wider(old.home, problem.homes),
        wider(old.points, 3),
        wider(old.local_children, 1),
        wider(old.weekly_fee_pence, 100),
    )
    grown = {
        name: np.append(getattr(problem, name), np.array([value], getattr(problem, name).dtype))
        for name, value in {"home_key": 10**6, "places": 2, "shared_places": 2, "arrivals": 1, "home_price": 0}.items()
    }
    moved = np.arange(len(old)) + np.searchsorted(at, np.arange(len(old)), side="right")
    return replace(problem, pairs=pairs, excluded=moved[problem.excluded], **grown)


@pytest.mark.parametrize("seed", SEEDS)
def test_two_authorities_that_share_nothing_add_up(seed: int) -> None:
    """Solved together, two separate problems are worth the sum of both; targets and budgets apart."""
    one, other = (replace(elastic(s), local=None, weekly_budget_pence=None) for s in (seed, seed + 1_000))
    other = replace(other, unchanged_points=one.unchanged_points)
    both = solve(side_by_side(one, other))
    assert both.objective == solve(one).objective + solve(other).objective
    assert both.status is Status.OPTIMAL


def side_by_side(one: Problem, other: Problem) -> Problem:
    """Two problems as one."""
    shift = {
        "child_referral": one.referrals,
        "party_child": one.children,
        "conflict_parties": one.parties,
        "excluded": len(one.pairs),
    }
    merged = {}
    for item in fields(Problem):
        left, right = getattr(one, item.name), getattr(other, item.name)
        if not isinstance(left, np.ndarray):
            continue
        if item.name.endswith("_key"):
            right = right + np.uint64(10**6)
        if item.name in shift:
            right = right + right.dtype.type(shift[item.name])
        if item.name in {"conflict_home", "unchanged_home"}:
            right = np.where(right == NO_HOME, NO_HOME, right + one.homes).astype(np.int32)
        if item.name == "party_start":
            left, right = left[:-1], right + left[-1]
        merged[item.name] = np.concatenate([left, right])
    a, b = one.pairs, other.pairs
    pairs = AllowedPairs(
        np.concatenate([a.start[:-1], b.start + len(a)]),
        np.concatenate([a.home, (b.home + one.homes).astype(np.int32)]),
        *(np.concatenate([getattr(a, n), getattr(b, n)]) for n in ("points", "local_children", "weekly_fee_pence")),
    )
    return replace(one, pairs=pairs, **merged)


@pytest.mark.parametrize("seed", SEEDS)
def test_scaling_all_worths_scales_the_night(seed: int) -> None:
    """Seven times the points everywhere make the best choice worth seven times as much."""
    problem = elastic(seed)
    pairs = replace(problem.pairs, points=problem.pairs.points * np.int32(7))
    local = problem.local and replace(
        problem.local, floor_price=7 * problem.local.floor_price, ambition_price=7 * problem.local.ambition_price
    )
    scaled = replace(
        problem,
        pairs=pairs,
        local=local,
        placing_points=problem.placing_points * 7,
        separated_pair=problem.separated_pair * 7,
        home_price=problem.home_price * 7,
        unchanged_points=problem.unchanged_points * 7,
    )
    assert solve(scaled).objective == 7 * solve(problem).objective


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_lone_child_the_others_do_no_worse(seed: int) -> None:
    """Taking a referral of one child away lowers the night by no more than that child's own worth."""
    problem = replace(elastic(seed), local=None)
    alone = np.flatnonzero(np.bincount(problem.child_referral) == 1)
    if not alone.size:
        return
    gone = problem.child_referral[problem.party_child[problem.party_start[:-1]]] == alone[0]
    rows = np.flatnonzero(np.repeat(gone, np.diff(problem.pairs.start)))
    without = replace(problem, excluded=np.union1d(problem.excluded, rows).astype(np.int64))
    full = solve(problem)
    own = sum(int(solve(replace(without_others(problem, gone), excluded=problem.excluded)).objective) for _ in range(1))
    assert solve(without).objective >= full.objective - own


def without_others(problem: Problem, kept: np.ndarray) -> Problem:
    """The same problem, in which only the kept parties can be placed."""
    size = np.where(np.repeat(kept, np.diff(problem.pairs.start)), 0, -(10**7)).astype(np.int32)
    pairs = replace(problem.pairs, points=problem.pairs.points + size)
    return replace(problem, pairs=pairs)
