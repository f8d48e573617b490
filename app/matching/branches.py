"""A proof by cases that can be read again without a solver.

Where prices alone leave a gap, the solver branches: either this pair is chosen, or it is not; either at most so many
children are placed, or more; and so on, until prices for every case show that it holds nothing better. What it hands
over is the tree and the prices of every case.
Here the tree is walked again: that the cases miss nothing, and what each one's prices prove.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np

from app.matching.certify import certify
from app.matching.pricing import PriceList, best_in_rows, blocks
from app.matching.problem import BUDGET_SCALE, PRICE_SCALE, AllowedPairs, Flags, Int64s, Prices, Problem, Solution
from app.matching.terms import Terms, terms_of

ROOT = -1
NOTHING = -(1 << 62)
LARGEST = 1 << 62
"""Sums over prices must stay below this, or they would not be exact in 64 bits."""

MOST_CASES = 2_000
MOST_RIVAL_SETS = 50_000
"""A proof is read again without a limit of time, so it may not be longer than this."""


@dataclass(frozen=True, slots=True)
class Branches:
    """A tree of cases over the pairs of a problem. n cases, m homes that charge anything, k rival sets in all.

    pairs: int64, ascending; only choices made of these can be better than the one that is known.
    above: int64 (n), the case that this one divides, ROOT for the whole; a case comes after the one above it.
    pair, taken: int64 (n), what the case adds: this pair is chosen (1) or not (0). Where pair is -1, the number of
    children placed, existing ones included, is at most `most` (0) or more (1); all -1 and 0 for the whole.
    homes: int64 (m). charge: int64 (n, m, largest party), local, placed, budget: int64 (n), prices as in `Prices`.
    rival_of: int64 (k), the case of each rival set; rival_start (k + 1), rival_pair, rival_weight, rival_limit,
    rival_price as in `Prices`.
    Pairs are indices of the whole problem throughout.
    """

    pairs: Int64s
    above: Int64s
    pair: Int64s
    taken: Int64s
    most: Int64s
    homes: Int64s
    charge: Int64s
    local: Int64s
    placed: Int64s
    budget: Int64s
    rival_of: Int64s
    rival_start: Int64s
    rival_pair: Int64s
    rival_weight: Int64s
    rival_limit: Int64s
    rival_price: Int64s


@dataclass(frozen=True, slots=True)
class Claim:
    """What the solver says: a solution, and where its prices alone leave a gap, a proof by cases."""

    solution: Solution
    branches: Branches | None = None


@dataclass(frozen=True, slots=True)
class Posed:
    """A case as a problem: some pairs pinned or excluded more, and how many children are placed, at least and most."""

    problem: Problem
    totals: tuple[int, int] = (0, 1 << 40)

    def with_pair(self, pair: Int64s, *, taken: bool) -> Posed:
        """The half in which this pair is chosen, or not; where it is, pairs that cost more than it leaves are not."""
        old = self.problem
        if taken:
            pinned = np.concatenate([old.pinned, pair])
            excluded = np.union1d(old.excluded, np.setdiff1d(_too_dear(old, pinned), pinned))
            return Posed(replace(old, pinned=pinned, excluded=excluded), self.totals)
        return Posed(replace(old, excluded=np.concatenate([old.excluded, pair])), self.totals)

    def with_total(self, most: int, *, more: bool) -> Posed:
        """The half in which at most so many are placed, or more."""
        least, greatest = self.totals
        return Posed(self.problem, (max(least, most + 1), greatest) if more else (least, min(greatest, most)))

    def bound(self, prices: Prices, need: int | None) -> int:
        """The most that a choice of this case could be worth, by these prices."""
        terms = terms_of(self.problem)
        least, most = max(self.totals[0], terms.total), min(self.totals[1], terms.total + terms.waiting)
        if not terms.possible or least > most:
            return NOTHING
        return certify(terms, prices, need, (least, most))


def grain(problem: Problem) -> int:
    """What every choice's worth is a multiple of, so that a bound in between may be rounded down; 1 if nothing is."""
    parts = (problem.placing_points, problem.separated_pair // 2, problem.home_price)
    single = [problem.unchanged_points, int(np.gcd.reduce(problem.pairs.points, initial=0))]
    if problem.local is not None:
        single += [problem.local.floor_price, problem.local.ambition_price]
    return math.gcd(*(int(np.gcd.reduce(part, initial=0)) for part in parts), *single) or 1


def _too_dear(problem: Problem, pinned: Int64s) -> Int64s:
    """The pairs whose fee is more than these leave of the budget."""
    if problem.weekly_budget_pence is None:
        return np.zeros(0, np.int64)
    fee = problem.pairs.weekly_fee_pence
    left = problem.weekly_budget_pence - int(fee[pinned].sum(dtype=np.int64))
    return np.flatnonzero(fee > left).astype(np.int64)


class NoProof(ValueError):
    """A tree of cases misses a case, or is not made as it should be."""


def magnitude(prices: Prices | Branches, single: tuple[int, ...], problem: Problem) -> int:
    """More than any sum over these prices, in exact arithmetic. `single`: local, placed, budget."""
    return max(magnitude_of_sums(prices, single, problem), dearest_fee(single[2], problem))


def dearest_fee(budget: int, problem: Problem) -> int:
    """What a price of the budget makes of the highest fee, before it is divided by BUDGET_SCALE."""
    return abs(budget) * int(problem.pairs.weekly_fee_pence.max(initial=0))


def magnitude_of_sums(prices: Prices | Branches, single: tuple[int, ...], problem: Problem) -> int:
    """As `magnitude`, but for what a single fee costs, which is never added to another case's."""
    charge = prices.charge
    dearest = max(int(charge.max(initial=0)), -int(charge.min(initial=0)))
    heaviest = int(prices.rival_weight.max(initial=1))
    counts = zip(np.diff(prices.rival_start).tolist(), prices.rival_limit.tolist(), strict=True)
    most = [max(heaviest * count, limit) for count, limit in counts]
    rivals = sum(abs(price) * count for price, count in zip(prices.rival_price.tolist(), most, strict=True))
    existing = problem.local.existing_total if problem.local else 0
    local, placed, budget = map(abs, single)
    of_children = (local + placed) * (problem.children + existing)
    fee = dearest_fee(budget, problem)
    guests = int(np.minimum(problem.places, problem.arrivals).sum(dtype=np.int64))
    of_pairs = (dearest + fee // BUDGET_SCALE) * (problem.homes + problem.parties + guests)
    return int(of_pairs + rivals + of_children)


def alive(terms: Terms, prices: Prices, bound: int, objective: int) -> Flags:
    """Pairs that could be part of a choice worth more than `objective`, where these prices prove `bound`; bool (N).

    To choose a pair costs what the best pair of the same party is worth more after charges. A pair that costs more
    than the gap cannot be part of anything better. Nor can one whose fee is more than what is left of the budget.
    """
    listed, start = PriceList(terms, prices), terms.problem.pairs.start
    found = np.zeros(len(terms.problem.pairs), np.bool_)
    slack = (bound - objective) * PRICE_SCALE
    for block in blocks(terms):
        net = listed.net(block)
        least = best_in_rows(terms, net, block) - slack
        first, last = int(start[block[0]]), int(start[block[1]])
        found[first:last] = net >= np.repeat(least, np.diff(start[block[0] : block[1] + 1]))
    if terms.budget_left is not None:
        found &= terms.problem.pairs.weekly_fee_pence <= terms.budget_left
    found[terms.problem.pinned] = True
    return found


def only(problem: Problem, pairs: Int64s) -> Problem:
    """The same problem with only these pairs allowed, which must be ascending and hold the pinned ones."""
    old = problem.pairs
    return replace(
        problem,
        pairs=AllowedPairs(
            np.searchsorted(pairs, old.start).astype(np.int64),
            old.home[pairs],
            old.points[pairs],
            old.local_children[pairs],
            old.weekly_fee_pence[pairs],
        ),
        pinned=np.searchsorted(pairs, problem.pinned).astype(np.int64),
        excluded=np.searchsorted(pairs, problem.excluded[np.isin(problem.excluded, pairs)]).astype(np.int64),
    )


def bound_by_cases(
    problem: Problem, prices: Prices, certified: int, objective: int, need: int | None, branches: Branches
) -> int:
    """What the cases prove: no choice is worth more. Never above `certified`, which `prices` prove by themselves.

    Raises `NoProof` where the tree proves nothing; `ValueError` or `IndexError` where its prices are no prices.
    """
    _check_tree(problem, branches)
    living = alive(terms_of(problem), prices, certified, objective)
    living[branches.pairs] = False
    if living.any():
        raise NoProof("a pair that matters is left out")
    worth = _worth_of_cases(only(problem, branches.pairs), branches, certified, need)
    last = np.setdiff1d(np.arange(branches.above.size), branches.above)
    return min(certified, max([objective, *(worth[int(case)] for case in last)]))


def _worth_of_cases(small: Problem, branches: Branches, certified: int, need: int | None) -> list[int]:
    """The most that a choice of each case could be worth: by its own prices, or by those of a case above it."""
    worth: list[int] = []
    posed: list[Posed] = []
    step = grain(small)
    for case, above in enumerate(branches.above.tolist()):
        bound = certified if above == ROOT else worth[above]
        posed.append(Posed(small) if above == ROOT else _divided(posed[above], branches, case))
        found = posed[case].bound(prices_of_case(small, branches, case), need)
        worth.append(min(bound, found // step * step))
    return worth


def _divided(whole: Posed, branches: Branches, case: int) -> Posed:
    taken = bool(branches.taken[case])
    if branches.pair[case] < 0:
        return whole.with_total(int(branches.most[case]), more=taken)
    return whole.with_pair(_places(branches.pairs, [int(branches.pair[case])]), taken=taken)


def prices_of_case(small: Problem, branches: Branches, case: int) -> Prices:
    """The prices of one case, for the problem of the living pairs alone."""
    charge = np.zeros((small.homes, branches.charge.shape[2]), np.int64)
    charge[branches.homes] = branches.charge[case]
    sets = np.flatnonzero(branches.rival_of == case)
    spans = [np.arange(branches.rival_start[one], branches.rival_start[one + 1]) for one in sets]
    inside = np.concatenate([np.zeros(0, np.int64), *spans])
    start = np.cumsum([0, *(one.size for one in spans)]).astype(np.int64)
    return Prices(
        charge,
        int(branches.local[case]),
        int(branches.placed[case]),
        int(branches.budget[case]),
        start,
        _places(branches.pairs, branches.rival_pair[inside]),
        branches.rival_weight[inside],
        branches.rival_limit[sets],
        branches.rival_price[sets],
    )


def _places(pairs: Int64s, wanted: Int64s | list[int]) -> Int64s:
    """Where these pairs stand among the living ones."""
    places = np.searchsorted(pairs, np.array(wanted, np.int64))
    if (places >= pairs.size).any() or (pairs[places] != wanted).any():
        raise NoProof("a case names a pair that is left out")
    return places.astype(np.int64)


def _check_tree(problem: Problem, branches: Branches) -> None:
    """Every case is divided into exactly two that together miss nothing, or not at all."""
    for item in fields(branches):
        if getattr(branches, item.name).dtype != np.int64:
            raise NoProof("an array has the wrong type")
    above, pair, taken, pairs = branches.above, branches.pair, branches.taken, branches.pairs
    count = above.size
    if not count or not (pair.shape == taken.shape == branches.most.shape == branches.local.shape == (count,)):
        raise NoProof("the tree is not whole")
    if above[0] != ROOT or (above[1:] < 0).any() or (above[1:] >= np.arange(1, count)).any():
        raise NoProof("a case does not come after the one that it divides")
    if (np.diff(pairs) <= 0).any() or (pairs.size and not 0 <= pairs[0] <= pairs[-1] < len(problem.pairs)):
        raise NoProof("the pairs are not pairs of the problem")
    if not np.isin(problem.pinned, pairs).all():
        raise NoProof("a pinned pair is left out")
    order = 1 + np.lexsort((taken[1:], above[1:]))
    one, other = order[::2], order[1::2]
    halves = one.size == other.size and bool(
        (above[one] == above[other]).all()
        and (pair[one] == pair[other]).all()
        and (branches.most[one] == branches.most[other]).all()
        and (taken[one] == 0).all()
        and (taken[other] == 1).all()
        and np.unique(above[one]).size == one.size
    )
    if not halves:
        raise NoProof("a case is not divided in two")
