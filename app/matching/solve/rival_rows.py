"""Sets of rivals beside a choice: what is left of them for the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.matching.problem import Flags, Int64s
from app.matching.solve.columns import Columns, found_in
from app.matching.solve.crowding import RivalSet


@dataclass(frozen=True, slots=True)
class RivalRows:
    """Sets of rivals as flat arrays: the set and the column of each entry; a pair that counts twice has two entries.

    number, column: int64 (entries), ascending by number. limit: int64 (sets).
    """

    number: Int64s
    column: Int64s
    limit: Int64s

    @staticmethod
    def of(columns: Columns, rivals: Sequence[RivalSet]) -> RivalRows:
        """The sets, as far as they are about these columns."""
        none = np.zeros(0, np.int64)
        inside = [found_in(columns, one.pairs) if columns.pair.size else none for one in rivals]
        number = np.repeat(np.arange(len(rivals)), [one.size for one in inside])
        return RivalRows(number, np.concatenate([none, *inside]), np.array([one.limit for one in rivals], np.int64))

    def left_over(self, columns: Columns, stays: Flags, open_: Int64s) -> list[RivalSet]:
        """What the sets still say about the open columns, beside those that stay; empty ones are left out."""
        taken = np.bincount(self.number[stays[self.column]], minlength=self.limit.size).astype(np.int64)
        is_open = np.zeros(columns.pair.size, np.bool_)
        is_open[open_] = True
        kept = is_open[self.column]
        number, column = self.number[kept], self.column[kept]
        left = self.limit - taken
        binds = np.bincount(number, minlength=self.limit.size) > left
        edges = np.searchsorted(number, np.arange(self.limit.size + 1))
        return [
            RivalSet(columns.pair[column[edges[one] : edges[one + 1]]], int(left[one]))
            for one in np.flatnonzero(binds).tolist()
        ]
