"""What every allowed pair is worth after charges and credits, block by block, on two threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from app.matching.problem import BUDGET_SCALE, PRICE_SCALE, Int64s, Prices
from app.matching.terms import NEVER, Terms

BLOCK = 1 << 17
"""Pairs looked at together; small enough for the cache, large enough to be worth a call."""

THREADS = 2
Block = tuple[int, int]
Result = TypeVar("Result")


def blocks(terms: Terms) -> Iterator[Block]:
    """Ranges of parties with about BLOCK pairs each."""
    start = terms.problem.pairs.start
    party = 0
    while party < terms.size.size:
        end = int(np.searchsorted(start, start[party] + BLOCK, side="right")) - 1
        end = min(max(end, party + 1), terms.size.size)
        yield party, end
        party = end


def each_block(terms: Terms, work: Callable[[Block], Result]) -> list[Result]:
    """Do the same work on every block; results in the order of the blocks, whoever did them."""
    ranges = list(blocks(terms))
    if len(ranges) < 3 * THREADS:
        return [work(block) for block in ranges]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, ranges))


class PriceList:
    """Prices laid out for a pass over all pairs."""

    def __init__(self, terms: Terms, prices: Prices) -> None:
        self.terms, self.prices = terms, prices
        problem = terms.problem
        sizes = np.arange(1, prices.charge.shape[1] + 1)
        charge = prices.charge.T + sizes[:, None] * (problem.home_price * PRICE_SCALE - prices.placed)[None, :]
        charge[:, terms.shut] = -NEVER
        self.charge: Int64s = np.ascontiguousarray(charge, dtype=np.int64)
        self.flat = self.charge.ravel()
        paid = np.repeat(prices.rival_price, np.diff(prices.rival_start)) * prices.rival_weight
        pair, place = np.unique(prices.rival_pair, return_inverse=True)
        total = np.zeros(pair.size, np.int64)
        np.add.at(total, place, paid)
        bonus = np.full(terms.unchanged.size, problem.unchanged_points * PRICE_SCALE)
        never = np.full(terms.barred.size, 2 * NEVER)
        self.special = np.concatenate([terms.unchanged, pair, terms.barred])
        order = np.argsort(self.special, kind="stable")
        self.special, self.extra = self.special[order], np.concatenate([bonus, -total, never])[order]

    def net(self, block: Block) -> Int64s:
        """Worth of each pair of a block after charges, without what only depends on the party; 1/PRICE_SCALE."""
        pairs, (first, last) = self.terms.problem.pairs, block
        begin, end = int(pairs.start[first]), int(pairs.start[last])
        net = pairs.points[begin:end].astype(np.int64)
        net *= PRICE_SCALE
        size = self.terms.size[first:last]
        home = pairs.home[begin:end]
        if (size == size[0]).all():
            net -= self.charge[size[0] - 1].take(home)
        else:
            row = (size - 1).astype(np.int32) * np.int32(self.terms.full.size)
            net -= self.flat.take(home + np.repeat(row, np.diff(pairs.start[first : last + 1])))
        if self.prices.local:
            net += pairs.local_children[begin:end] * np.int64(self.prices.local)
        if self.prices.budget:
            net -= pairs.weekly_fee_pence[begin:end] * np.int64(self.prices.budget) // BUDGET_SCALE
        low, high = np.searchsorted(self.special, (begin, end))
        if low < high:
            np.add.at(net, self.special[low:high] - begin, self.extra[low:high])
        return net


def best_in_rows(terms: Terms, net: Int64s, block: Block) -> Int64s:
    """Largest net of each party of a block; NEVER where it has no pair."""
    start, (first, last) = terms.problem.pairs.start, block
    best = np.full(last - first, NEVER, np.int64)
    rows = np.flatnonzero(np.diff(start[first : last + 1]))
    if rows.size:
        best[rows] = np.maximum.reduceat(net, start[first:last][rows] - start[first])
    return best


def best_of_parties(terms: Terms, prices: Prices) -> Int64s:
    """For each party its best pair after charges, in 1/PRICE_SCALE points; NEVER where there is none."""
    listed = PriceList(terms, prices)
    parts = each_block(terms, lambda block: best_in_rows(terms, listed.net(block), block))
    return with_base(terms, np.concatenate([*parts, np.zeros(0, np.int64)]))


def with_base(terms: Terms, best: Int64s) -> Int64s:
    """Add what only depends on the party; NEVER for parties shut out by a pin."""
    open_ = terms.base > NEVER
    best = np.where(open_, best + np.where(open_, terms.base, 0) * PRICE_SCALE, NEVER)
    return np.maximum(best, NEVER)
