"""An upper bound on every possible choice, from prices alone: whole numbers, NumPy, no solver.

Let each home charge a party for coming, a party of k children charge[h, k - 1]; let the budget charge for pennies;
credit each pair what a local (or any) child is worth to the target. Whatever the prices, no choice can be worth more
than

      for each home, the dearest set of parties that it has places and arrivals for
    + what the whole budget costs
    + the best that the local target could make of any number of local and placed children, less their credits
      (where there is no target, the number placed may be credited or charged all the same)
    + for each referral, the best it could do if every home had room: its best set of parties without a common
      child, each at the home that suits it best after charges.

Any prices give a true bound; good prices give a tight one. Charges are rounded in the safe direction, so the bound
is exact arithmetic and owes nothing to the program that found the prices. Pairs in one home that exclude each other
(conflicts, siblings in separate parties) can carry a price of their own, and so can larger sets of which only so many
go together; whether that is so is checked here.
"""

from __future__ import annotations

from dataclasses import replace
from operator import mul

import numpy as np

from app.matching.partitions import referral_worth
from app.matching.pricing import best_of_parties
from app.matching.problem import BUDGET_SCALE, PRICE_SCALE, WHOLE, Int64s, LocalTarget, Prices, Problem, TargetMode
from app.matching.rivals import counts_at_most
from app.matching.terms import NEVER, Terms

DEEP = 16
"""Homes with more room than this are reckoned by a simpler, slightly looser sum."""


def certify(
    terms: Terms, prices: Prices, most_local_balance: int | None = None, totals: tuple[int, int] | None = None
) -> int:
    """The bound in points: no choice that keeps the rules is worth more.

    `totals`: only choices are meant with so many children placed at least and at most, existing ones included.
    """
    referrals = referral_worth(terms.groups, best_of_parties(terms, prices))
    total = (
        int(referrals.sum()) + price_of_limits(terms, prices) + target_worth(terms, prices, most_local_balance, totals)
    )
    return terms.fixed + total // PRICE_SCALE


def price_of_limits(terms: Terms, prices: Prices) -> int:
    """The most that homes, rival sets and budget could take in charges, in 1/PRICE_SCALE points."""
    charged = (prices.rival_price, prices.rival_limit, prices.rival_weight)
    if prices.budget < 0 or any((part < 0).any() for part in charged):
        raise ValueError("A limit cannot have a negative price.")
    if (terms.budget_left is None and prices.budget) or (terms.problem.local is None and prices.local):
        raise ValueError("A charge or credit stands for a budget or a target that does not exist.")
    if not rivals_hold(terms, prices):
        raise ValueError("Of a rival set more could be chosen than its limit says.")
    cost = int(home_income(terms, prices.charge).sum())
    cost += sum(map(mul, prices.rival_price.tolist(), prices.rival_limit.tolist()))
    if terms.budget_left is not None:
        cost += -(-prices.budget * terms.budget_left // BUDGET_SCALE)
    return int(cost)


def home_income(terms: Terms, charge: Int64s) -> Int64s:
    """The dearest set of parties that each home could take, in 1/PRICE_SCALE points; int64 (H)."""
    income = np.zeros(terms.full.size, np.int64)
    capacity = np.where(terms.shut, 0, terms.capacity)
    arrivals = np.minimum(terms.arrivals, capacity)
    deep = capacity > DEEP
    for room, count in np.unique(np.stack([capacity, arrivals])[:, ~deep], axis=1).T.tolist():
        if room and count:
            alike = np.flatnonzero((capacity == room) & (arrivals == count))
            income[alike] = _dearest(charge[alike], terms.full[alike], room, count)
    for home in np.flatnonzero(deep).tolist():
        income[home] = _income_of_deep(charge[home], int(terms.full[home]), int(capacity[home]), int(arrivals[home]))
    return income


def _income_of_deep(charge: Int64s, full: int, capacity: int, arrivals: int) -> int:
    """An upper bound on the income of a home with a lot of room: by place, or by party."""
    use = np.minimum(np.arange(1, charge.size + 1), full)
    dear = np.maximum(charge, 0)
    return min(int((-(-dear // use)).max()) * capacity, int(dear.max()) * arrivals)


def _dearest(charge: Int64s, full: Int64s, room: int, count: int) -> Int64s:
    """Best income of homes with the same room and arrivals: parties of `use` places each, at most `count` of them."""
    worth = np.zeros((full.size, room + 1), np.int64)
    for size in range(1, charge.shape[1] + 1):
        use = np.minimum(size, full)
        fits = np.flatnonzero(use <= room)
        worth[fits, use[fits]] = np.maximum(worth[fits, use[fits]], charge[fits, size - 1])
    best = np.zeros_like(worth)
    for _ in range(count):
        more = best.copy()
        for places in range(1, room + 1):
            with_one = best[:, : room + 1 - places] + worth[:, places : places + 1]
            np.maximum(more[:, places:], with_one, out=more[:, places:])
        best = more
    return best[:, -1]


def rivals_hold(terms: Terms, prices: Prices) -> bool:
    """Whether of no priced rival set more could be chosen than its limit says."""
    edges = zip(prices.rival_start[:-1], prices.rival_start[1:], prices.rival_limit.tolist(), strict=True)
    return all(
        counts_at_most(terms, prices.rival_pair[begin:end], prices.rival_weight[begin:end], limit)
        for begin, end, limit in edges
    )


def target_worth(
    terms: Terms, prices: Prices, most_local_balance: int | None = None, totals: tuple[int, int] | None = None
) -> int:
    """The most that target and credits could be worth over all numbers of placed and local children."""
    target = terms.problem.local
    total = np.arange(terms.total, terms.total + terms.waiting + 1, dtype=np.int64)
    if totals is not None:
        total = total[(total >= totals[0]) & (total <= totals[1])]
    if target is None:
        return int((-prices.placed * (total - terms.total)).max(initial=NEVER))
    least, most = np.full_like(total, terms.local), terms.local + total - terms.total
    floor = -(-target.floor_per_10000 * total // WHOLE)
    ambition = -(-target.ambition_per_10000 * total // WHOLE)
    if target.mode is TargetMode.HARD:
        need = 0 if most_local_balance is None else most_local_balance
        least = np.maximum(least, -(-(target.floor_per_10000 * total + need) // WHOLE))
    best = NEVER
    for bend in (least, floor, ambition, most):
        local = np.clip(bend, least, np.maximum(least, most))
        worth = -target_price(target, local, total, most_local_balance) * PRICE_SCALE
        worth -= prices.local * (local - terms.local) + prices.placed * (total - terms.total)
        best = max(best, int(worth[least <= most].max(initial=NEVER)))
    return best


def target_price(target: LocalTarget, local: Int64s, total: Int64s, most_local_balance: int | None = None) -> Int64s:
    """Points paid for missing local children."""
    if most_local_balance is not None:
        return np.zeros_like(total)
    floor = -(-target.floor_per_10000 * total // WHOLE)
    ambition = -(-target.ambition_per_10000 * total // WHOLE)
    price = target.ambition_price * np.maximum(0, ambition - np.maximum(local, floor))
    if target.mode is TargetMode.ELASTIC:
        price = price + target.floor_price * np.maximum(0, floor - local)
    return price


def no_prices(problem: Problem) -> Prices:
    """Nothing costs anything: a true, loose bound."""
    largest = int(np.diff(problem.party_start).max(initial=1))
    none = np.zeros(0, np.int64)
    return Prices(np.zeros((problem.homes, largest), np.int64), 0, 0, 0, np.zeros(1, np.int64), none, none, none, none)


def without_rivals(prices: Prices) -> Prices:
    """The same prices without any set of rivals."""
    none = np.zeros(0, np.int64)
    return replace(
        prices,
        rival_start=np.zeros(1, np.int64),
        rival_pair=none,
        rival_weight=none,
        rival_limit=none,
        rival_price=none,
    )


def price_of_a_place(problem: Problem, prices: Prices) -> Int64s:
    """Points that one place of each home is worth; int64 (H).

    Where a home is priced by what its dearest company owes, a place is worth its part of that.
    """
    found = prices.charge[:, 0].copy() if prices.charge.size else np.zeros(problem.homes, np.int64)
    for one in np.flatnonzero(np.diff(prices.rival_start)).tolist():
        span = slice(prices.rival_start[one], prices.rival_start[one + 1])
        if (prices.rival_weight[span] > 1).any():
            home = int(problem.pairs.home[prices.rival_pair[span][0]])
            found[home] += prices.rival_price[one] * prices.rival_limit[one] // max(1, int(problem.places[home]))
    return found // PRICE_SCALE
