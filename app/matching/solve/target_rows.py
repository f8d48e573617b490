"""Rows of the local target, and the list that rows are collected in."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from app.matching.problem import WHOLE, Int64s, LocalTarget, TargetMode
from app.matching.solve.columns import Columns
from app.matching.terms import Terms

Floats = npt.NDArray[np.float64]
KIND_BITS = 48
CHILD, PART, HOME, RIVAL, BUDGET, TARGET, PLACED, COMPANY = range(8)
HARD_PRICE = 200
"""Missing a hard floor by one child costs so many times the dearest column."""


@dataclass(slots=True)
class Rows:
    """Rows of a program under construction, as triplets."""

    row: list[Int64s] = field(default_factory=list)
    column: list[Int64s] = field(default_factory=list)
    value: list[Floats] = field(default_factory=list)
    high: list[Floats] = field(default_factory=list)
    key: list[Int64s] = field(default_factory=list)
    count: int = 0

    def add(
        self,
        key: tuple[int, Int64s],
        row: Int64s,
        column: Int64s,
        value: npt.NDArray[np.number],
        high: npt.NDArray[np.number],
    ) -> Int64s:
        """Append rows numbered from 0 with upper limits `high`; their numbers in the whole program.

        key: a kind of rows, and for each row its number within the kind, by which it is known again.
        """
        self.row.append(row + self.count)
        self.column.append(column)
        self.value.append(np.asarray(value, np.float64))
        self.high.append(np.asarray(high, np.float64))
        self.key.append((key[0] << KIND_BITS) + key[1])
        self.count += high.size
        return np.arange(self.count - high.size, self.count)


def target_rows(
    terms: Terms,
    columns: Columns,
    rows: Rows,
    need: int | None,
    *,
    strict: bool,
    placed: tuple[int, int] | None = None,
    dear: int = HARD_PRICE,
) -> tuple[Int64s, Floats, Floats, Floats]:
    """Rows of the local target: their numbers, slopes in T, and worth and upper limit of the shortfall variables.

    dear: in a proof by cases, missing a hard floor costs no more than this, or prices would be too large to be exact.
    """
    target = terms.problem.local
    count = columns.pair.size
    if target is None:
        return np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0)
    hard = target.mode is TargetMode.HARD
    least, most_placed = placed or (0, terms.waiting)
    numbers, slopes, worth = [np.zeros(0, np.int64)], [], []
    if hard:
        needed = _in_whole_children(target, need or 0, (terms.total + least, terms.total + most_placed))
        numbers.append(_hard_row(terms, columns, rows, target, needed))
        slopes.append(target.floor_per_10000 / WHOLE)
        dear = HARD_PRICE if placed is None else dear
        worth.append(-float(dear * max(1, int(np.abs(columns.worth).max(initial=0)))))
    for share, price in _priced(target) if need is None else []:
        for slope, base in hull(share, terms.total + least, terms.total + most_placed):
            value = np.append(slope * columns.size - columns.local, -1.0)
            high = terms.local - base - slope * terms.total
            where = np.append(np.arange(count), count + len(worth))
            numbers.append(
                rows.add(
                    (TARGET, np.array([len(slopes)])), np.zeros(count + 1, np.int64), where, value, np.array([high])
                )
            )
            slopes.append(slope)
        worth.append(-float(price))
    most = np.full(len(worth), float(terms.total + terms.waiting + abs(need or 0)))
    if hard and strict:
        most[0] = 0.0
    return np.concatenate(numbers), np.array(slopes), np.array(worth), most


def _priced(target: LocalTarget) -> list[tuple[int, int]]:
    """Shares, and what each child missing to them costs; together they cost what `LocalTarget` says."""
    ambition = (target.ambition_per_10000, target.ambition_price)
    if target.mode is TargetMode.HARD:
        return [ambition]
    return [ambition, (target.floor_per_10000, target.floor_price - target.ambition_price)]


def _in_whole_children(target: LocalTarget, need: int, totals: tuple[int, int]) -> int:
    """The balance to reach; where it is known how many are placed, the next one that whole local children reach."""
    if totals[0] != totals[1]:
        return need
    at_floor = target.floor_per_10000 * totals[0]
    return -(-(at_floor + need) // WHOLE) * WHOLE - at_floor


def _hard_row(terms: Terms, columns: Columns, rows: Rows, target: LocalTarget, need: int) -> Int64s:
    """L * WHOLE - floor * T >= need, in children, but for a shortfall in the first variable behind the columns."""
    count = columns.pair.size
    value = np.append(target.floor_per_10000 * columns.size - WHOLE * columns.local, -WHOLE)
    over = terms.local * WHOLE - target.floor_per_10000 * terms.total - need
    return rows.add(
        (TARGET, np.zeros(1, np.int64)),
        np.zeros(count + 1, np.int64),
        np.arange(count + 1),
        value / WHOLE,
        np.array([over / WHOLE]),
    )


@lru_cache(maxsize=64)
def hull(share: int, low: int, high: int) -> list[tuple[float, float]]:
    """Lines (slope, value at 0) whose maximum is the lower convex hull of ceil(share * T) on low <= T <= high."""
    corners: list[tuple[int, int]] = []
    for total in range(low, high + 1):
        point = (total, -(-share * total // WHOLE))
        while len(corners) > 1 and _not_convex(corners[-2], corners[-1], point):
            corners.pop()
        corners.append(point)
    if len(corners) == 1:
        return [(0.0, float(corners[0][1]))]
    slopes = [((v - y) / (u - x), x, y) for (x, y), (u, v) in pairwise(corners)]
    return [(slope, y - slope * x) for slope, x, y in slopes]


def _not_convex(one: tuple[int, int], two: tuple[int, int], three: tuple[int, int]) -> bool:
    return (two[1] - one[1]) * (three[0] - one[0]) >= (three[1] - one[1]) * (two[0] - one[0])
