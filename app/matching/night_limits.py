"""What a change of the night's choice would gain, and which limits of the night speak against it.

The worth, the budget and the local target are those of `problem`; a change keeps everybody placed who is placed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from app.matching.columns import IntArray
from app.matching.night_reading import Tonight
from app.matching.night_report import WhyHere
from app.matching.problem import WHOLE, LocalTarget, TargetMode

LIMITS = (WhyHere.PINNED_FOR_OTHERS, WhyHere.BUDGET, WhyHere.LOCAL_TARGET, WhyHere.RESERVED, WhyHere.UNCHANGED)
"""In this order they are named where several would do."""


@dataclass(frozen=True, slots=True)
class Move:
    """Chosen pairs, by position, that would be given up, and the pairs that would take their place."""

    gone: tuple[int, ...]
    come: tuple[int, ...]


def gain(tonight: Tonight, move: Move) -> int:
    """Points of the children alone: before reserve prices, what was proposed last night and the local target."""
    come, gone = list(move.come), tonight.solution.chosen[list(move.gone)]
    points, base = tonight.problem.pairs.points, tonight.terms.base
    more = sum(int(points[pair]) + int(base[tonight.party_of(pair)]) for pair in come)
    return more - sum(int(points[pair]) + int(base[tonight.party_of(int(pair))]) for pair in gone)


def against(tonight: Tonight, move: Move) -> tuple[WhyHere, ...]:
    """The fewest limits without which a move that gains points would be worth making; none: nothing speaks against it.

    Lifting the local target, reserve prices or the reward of what was proposed last night takes their cost away.
    """
    won, broken, costs = gain(tonight, move), _broken(tonight, move), _costs(tonight, move)
    for count in range(len(LIMITS) + 1):
        for lifted in combinations(LIMITS, count):
            left = sum(cost for limit, cost in costs.items() if limit not in lifted)
            if broken <= set(lifted) and won - left > 0:
                return lifted
    raise ValueError("a move that gains no points needs no limit to speak against it")


def _broken(tonight: Tonight, move: Move) -> set[WhyHere]:
    """Limits that the move would break outright."""
    problem, fees = tonight.problem, tonight.problem.pairs.weekly_fee_pence
    gone = tonight.solution.chosen[list(move.gone)]
    found = set()
    if tonight.pinned.intersection(gone.tolist()):
        found.add(WhyHere.PINNED_FOR_OTHERS)
    if problem.weekly_budget_pence is not None:
        change = int(fees[list(move.come)].sum(dtype=np.int64)) - int(fees[gone].sum(dtype=np.int64))
        if tonight.spent + change > problem.weekly_budget_pence:
            found.add(WhyHere.BUDGET)
    if target_of(tonight, np.array([_more_local(tonight, move)]), np.array([0]))[0][0]:
        found.add(WhyHere.LOCAL_TARGET)
    return found


def _costs(tonight: Tonight, move: Move) -> dict[WhyHere, int]:
    """Points that the move would cost the night apart from the children's own; below zero: it would save them."""
    problem, gone = tonight.problem, tonight.solution.chosen[list(move.gone)].tolist()
    toll = int(target_of(tonight, np.array([_more_local(tonight, move)]), np.array([0]))[1][0])
    return {
        WhyHere.LOCAL_TARGET: toll,
        WhyHere.RESERVED: _reserved(tonight, move.come) - _reserved(tonight, gone),
        WhyHere.UNCHANGED: problem.unchanged_points * (_unchanged(tonight, gone) - _unchanged(tonight, move.come)),
    }


def _more_local(tonight: Tonight, move: Move) -> int:
    local = tonight.problem.pairs.local_children
    gone = tonight.solution.chosen[list(move.gone)]
    return int(local[list(move.come)].sum(dtype=np.int64)) - int(local[gone].sum(dtype=np.int64))


def _reserved(tonight: Tonight, pairs: list[int] | tuple[int, ...]) -> int:
    problem = tonight.problem
    price = problem.home_price
    return sum(tonight.size_of(tonight.party_of(pair)) * int(price[problem.pairs.home[pair]]) for pair in pairs)


def _unchanged(tonight: Tonight, pairs: list[int] | tuple[int, ...]) -> int:
    problem = tonight.problem
    return sum(int(problem.unchanged_home[tonight.party_of(p)]) == int(problem.pairs.home[p]) for p in pairs)


def target_of(tonight: Tonight, local: IntArray, more: IntArray) -> tuple[IntArray, IntArray]:
    """Whether a hard target would be missed by so many more local children and children at all, and what they cost.

    One answer for each entry: whether it is missed, and the points that are added to the price of the target.
    """
    target, most = tonight.problem.local, tonight.solution.most_local_balance
    missed, free = np.zeros(len(more), dtype=np.bool_), np.zeros(len(more), dtype=np.int64)
    if target is None:
        return missed, free
    now_local, now_total = tonight.local_and_total
    then_local, then_total = now_local + local, now_total + more
    if target.mode is TargetMode.HARD:
        missed = then_local * WHOLE - target.floor_per_10000 * then_total < (most or 0)
    if most is not None:
        return missed, free
    before = _toll(target, np.array([now_local]), np.array([now_total]))
    return missed, _toll(target, then_local, then_total) - before


def _toll(target: LocalTarget, local: IntArray, total: IntArray) -> IntArray:
    """What the local target takes from a choice, in points; see `LocalTarget`."""
    floor = -(-target.floor_per_10000 * total // WHOLE)
    ambition = -(-target.ambition_per_10000 * total // WHOLE)
    floor_price = target.floor_price if target.mode is TargetMode.ELASTIC else 0
    missing = np.maximum(0, floor - local) * floor_price
    toll: IntArray = missing + np.maximum(0, ambition - np.maximum(local, floor)) * target.ambition_price
    return toll
