"""Homes whose guests exclude each other: who else would want them, before their price is carried by a row.

The price of such a home moves from its places to a row of rivals. A pair that is in no row, because nobody thought of
it yet, then pays nothing, and hundreds of parties would seem to be best off there. So as soon as a home is known to be
contested, everybody who may live there is looked at, in the order of what they would gain if it cost nothing: they
join its rows, and the keenest its columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from app.matching.certify import without_rivals
from app.matching.pricing import Block, PriceList, best_in_rows, each_block
from app.matching.problem import PRICE_SCALE, Int64s, Prices
from app.matching.solve.columns import Columns
from app.matching.solve.crowding import RivalSet, widened
from app.matching.terms import NEVER, Terms

MOST = 5_000
"""Pairs of a contested home that are looked at, the keenest first."""

OUTSIDE, INSIDE = 60, 30
"""So many of them become columns: who is not in the row, which would otherwise be too cheap for them, and who is."""


@dataclass(slots=True)
class Contested:
    """The pairs of each home found contested so far, those first who would want it most if it cost nothing."""

    pairs: dict[int, Int64s] = field(default_factory=dict)

    def widen(
        self, terms: Terms, prices: Prices, columns: Columns, found: Sequence[RivalSet]
    ) -> tuple[list[RivalSet], Int64s]:
        """The sets found, widened to all who might want their homes; and pairs that should become columns."""
        homes = terms.problem.pairs.home[[one.pairs[0] for one in found]].tolist() if found else []
        new = sorted(set(homes) - set(self.pairs))
        self.pairs |= keenest_first(terms, prices, np.array(new, np.int64))
        rows, needed = [], [np.zeros(0, np.int64)]
        for one, home in zip(found, homes, strict=True):
            keen = self.pairs[home]
            there = np.flatnonzero(columns.home == home)
            there = there[np.lexsort((columns.pair[there], -columns.worth[there]))]
            row = widened(terms, one, np.concatenate([keen, columns.pair[there][~np.isin(columns.pair[there], keen)]]))
            rows.append(row)
            inside = np.isin(keen, row.pairs)
            if home in new:
                needed += [keen[~inside][:OUTSIDE], keen[inside][:INSIDE]]
        return rows, np.concatenate(needed)


def keenest_first(terms: Terms, prices: Prices, homes: Int64s) -> dict[int, Int64s]:
    """The pairs of each of these homes, by what their party would gain if the home charged nothing."""
    if not homes.size:
        return {}
    listed, free = PriceList(terms, prices), PriceList(terms, _free(prices, homes))
    there = np.zeros(terms.full.size, np.bool_)
    there[homes] = True
    start, home_of = terms.problem.pairs.start, terms.problem.pairs.home

    def work(block: Block) -> tuple[Int64s, Int64s]:
        first = int(start[block[0]])
        spot = np.flatnonzero(there[home_of[first : start[block[1]]]])
        if not spot.size:
            return spot, spot
        base = terms.base[block[0] : block[1]]
        staying = np.where(base > NEVER, -base, 0) * PRICE_SCALE
        best = np.maximum(best_in_rows(terms, listed.net(block), block), staying)
        party = np.searchsorted(start[block[0] : block[1] + 1], spot + first, side="right") - 1
        return spot + first, free.net(block)[spot] - best[party]

    parts = each_block(terms, work)
    pair = np.concatenate([*(part[0] for part in parts), np.zeros(0, np.int64)])
    gain = np.concatenate([*(part[1] for part in parts), np.zeros(0, np.int64)])
    order = np.lexsort((pair, -gain, home_of[pair]))
    pair = pair[order]
    begin, end = (np.searchsorted(home_of[pair], homes, side=side) for side in ("left", "right"))
    return {
        home: pair[one:other][:MOST]
        for home, one, other in zip(homes.tolist(), begin.tolist(), end.tolist(), strict=True)
    }


def _free(prices: Prices, homes: Int64s) -> Prices:
    """Prices under which these homes charge nothing, and nobody pays for rivals."""
    charge = prices.charge.copy()
    charge[homes] = 0
    return without_rivals(replace(prices, charge=charge))
