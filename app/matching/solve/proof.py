"""Closing the last gap: branch on single pairs, and let the certificate, not the solver, judge every branch.

A branch either takes a pair (as if it were pinned) or leaves it out (as if it were excluded); the two together miss
nothing. For each branch prices are found and `certify` bounds what it could be worth. The bound of the whole is the
largest bound of any branch that is still open, or the best choice known, whichever is more.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace

import numpy as np

from app.matching.certify import certify, no_prices
from app.matching.pricing import PriceList, best_in_rows, blocks
from app.matching.problem import PRICE_SCALE, AllowedPairs, Int64s, Prices, Problem
from app.matching.solve.columns import Columns, columns_of, rival_sets
from app.matching.solve.engines import Answer, solve_linear
from app.matching.solve.model import build, prices_of
from app.matching.terms import Terms, terms_of


@dataclass(frozen=True, slots=True)
class Proved:
    """bound: nothing is worth more; reached by looking at so many branches."""

    bound: int
    branches: int


def alive_pairs(terms: Terms, prices: Prices, bound: int, objective: int, most: int) -> Int64s | None:
    """Pairs that could be part of a choice worth more than `objective`, given that `prices` prove `bound`.

    None if they are more than `most`.
    """
    listed = PriceList(terms, prices)
    slack = (bound - objective) * PRICE_SCALE
    start = terms.problem.pairs.start
    found = [terms.problem.pinned]
    count = 0
    for block in blocks(terms):
        net = listed.net(block)
        least = best_in_rows(terms, net, block) - slack
        inside = np.flatnonzero(net >= np.repeat(least, np.diff(start[block[0] : block[1] + 1])))
        found.append(inside + start[block[0]])
        count += inside.size
        if count > most:
            return None
    return np.unique(np.concatenate(found))


def narrowed(problem: Problem, pairs: Int64s) -> Problem:
    """The same problem with only these pairs allowed; the pinned ones must be among them."""
    old = problem.pairs
    start = np.searchsorted(pairs, old.start).astype(np.int64)
    kept = AllowedPairs(
        start, old.home[pairs], old.points[pairs], old.local_children[pairs], old.weekly_fee_pence[pairs]
    )
    excluded = problem.excluded[np.isin(problem.excluded, pairs)]
    return replace(
        problem,
        pairs=kept,
        pinned=np.searchsorted(pairs, problem.pinned).astype(np.int64),
        excluded=np.searchsorted(pairs, excluded).astype(np.int64),
    )


def prove(problem: Problem, prices: Prices, bound: int, objective: int, need: int | None, *, branches: int) -> Proved:
    """Branch until nothing can be worth more than `objective`, or so many branches have been looked at."""
    none = np.zeros(0, np.int64)
    prices = replace(prices, rival_start=np.zeros(1, np.int64), rival_pair=none, rival_price=none)
    root = _Branch(problem, prices, need, bound)
    queue = [(-root.bound, 0, problem, root.split)]
    count = 0
    while queue and -queue[0][0] > objective and count < branches and queue[0][3] >= 0:
        upper, _, parent, pair = heapq.heappop(queue)
        one = np.array([pair], np.int64)
        taken = replace(parent, pinned=np.concatenate([parent.pinned, one]))
        left_out = replace(parent, excluded=np.concatenate([parent.excluded, one]))
        for child in (taken, left_out):
            count += 1
            branch = _Branch(child, prices, need, -upper)
            if branch.bound > objective:
                heapq.heappush(queue, (-branch.bound, count, child, branch.split))
    return Proved(max([objective, *(-item[0] for item in queue)]), count)


class _Branch:
    """One branch: its bound, and the pair to split on (-1: none)."""

    def __init__(self, problem: Problem, prices: Prices, need: int | None, above: int) -> None:
        self.terms = terms_of(problem)
        self.bound, self.split = above, -1
        self.columns: Columns | None = None
        if not self.terms.possible:
            self.bound = -(1 << 62)
            return
        self.columns = columns_of(self.terms, np.arange(len(problem.pairs)))
        if not self.columns.pair.size:
            self.bound = min(above, certify(self.terms, no_prices(problem), need))
            return
        model = build(self.terms, self.columns, need, rival_sets(self.terms, self.columns))
        answer = solve_linear(model.program)
        if answer is not None:
            self._judge(answer, prices_of(self.terms, model, answer, prices), need)

    def _judge(self, answer: Answer, prices: Prices, need: int | None) -> None:
        assert self.columns is not None  # noqa: S101 - set by the only caller
        self.bound = min(self.bound, certify(self.terms, prices, need))
        x = answer.x[: self.columns.pair.size]
        doubt = np.abs(x - 0.5)
        spot = int(np.lexsort((self.columns.pair, doubt))[0])
        if doubt[spot] > 0.49:
            # All whole: split on what is taken, so that the rest of the program can move.
            taken = np.flatnonzero(x > 0.5)
            spot = int(taken[0]) if taken.size else spot
        self.split = int(self.columns.pair[spot])
