"""A broadcast view on children (or parties) and homes: a grid block, a list of pairs, or one pair.

A rule reads `pairs.child.born` and `pairs.home.age_min` and calculates as if both were single numbers;
NumPy broadcasting makes the same lines judge a block of 128 x 20,000 pairs or one pair. Columns are looked
up, cut and shaped only when they are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np

from app.matching.child_columns import ChildLists, Children, ChildTable
from app.matching.columns import Array, BoolArray, IntArray, Table
from app.matching.home_columns import Homes
from app.matching.local import Local
from app.matching.party_columns import Parties, PartyLists, PartyTable
from app.matching.pool import Pool

AnyTable = TypeVar("AnyTable", bound=Table)


class _View:
    """Looks like a table, but every column comes cut to the pairs."""

    def __init__(self, table: Table, cut: Callable[[Array], Array]) -> None:
        self._table = table
        self._cut = cut

    def __getattr__(self, name: str) -> Any:
        value = self._cut(getattr(self._table, name))
        setattr(self, name, value)
        return value


def view(table: AnyTable, cut: Callable[[Array], Array]) -> AnyTable:
    """The table with every column cut by `cut` when it is first read."""
    return cast("AnyTable", _View(table, cut))


@dataclass(frozen=True)
class Pairs:
    """What pairs of children and pairs of parties have in common.

    `home` comes cut to the pairs. `rows` and `cols` are the row numbers of child (or party) and home: in a
    grid one of each axis, in a list one a pair, where equal `rows` stand together. `shape` is that of every
    answer: (rows, homes) for a grid, (pairs,) for a list.
    """

    home: Homes
    local: Local
    homes: Homes
    rows: IntArray
    cols: IntArray
    is_grid: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of every answer."""
        return (len(self.rows), len(self.cols)) if self.is_grid else (len(self.rows),)

    @property
    def everywhere(self) -> bool:
        """Whether every row is with every home of the pool, in their order."""
        return self.is_grid and len(self.cols) == len(self.homes)

    def nowhere(self) -> BoolArray:
        """False for every pair, in the smallest array that broadcasts."""
        return np.zeros((1,) * len(self.shape), dtype=np.bool_)

    def each_row(
        self, has: BoolArray, judge: Callable[[int, Homes], Array], dtype: Any = np.bool_, empty: int = 0
    ) -> Array:
        """Judge row by row the rows whose flag is set; `empty` stands for the others.

        For what a child has in any number (zones, contacts). `has` is a whole column of the table, not cut.
        `judge(row, homes)` gets the row number and its homes, and answers one value a home.
        """
        wanted = has[self.rows]
        if not wanted.any():
            return np.full((1,) * len(self.shape), empty, dtype=dtype)
        out = np.full(self.shape, empty, dtype=dtype)
        for row, where, cols in self.by_row():
            if has[row]:
                out[where] = judge(row, view(self.homes, lambda column, cols=cols: column[..., cols]))  # type: ignore[misc]
        return out

    def among(self, listed: Callable[[int], IntArray]) -> BoolArray:
        """Which pairs have a home that is in their row's own list of home rows."""
        rows = self.rows if self.is_grid else np.unique(self.rows)
        lists = [(at, int(row), wanted) for at, row in enumerate(rows) if len(wanted := listed(int(row)))]
        if not lists:
            return self.nowhere()
        if self.everywhere:
            out = np.zeros(self.shape, dtype=np.bool_)
            for at, _, wanted in lists:
                out[at, wanted] = True
            return out
        homes = len(self.homes)
        own = np.concatenate([row * homes + wanted for _, row, wanted in lists])
        here = self.rows * homes
        found: BoolArray = np.isin((here[:, None] if self.is_grid else here) + self.cols, own)
        return found

    def by_row(self) -> Iterator[tuple[int, int | slice, IntArray]]:
        """Row number, where its answers go, and its homes."""
        if self.is_grid:
            for i, row in enumerate(self.rows):
                yield int(row), i, self.cols
            return
        starts = [int(start) for start in np.flatnonzero(np.diff(self.rows, prepend=-1))]
        for start, stop in zip(starts, [*starts[1:], len(self.rows)], strict=True):
            yield int(self.rows[start]), slice(start, stop), self.cols[start:stop]


@dataclass(frozen=True)
class ChildPairs(Pairs):
    """Pairs of one child and one home. `lists[row]` is what the child of that row has in any number.

    `child` comes cut to the pairs; `children` is the whole table, for `each_row`.
    """

    child: Children
    children: Children
    lists: Sequence[ChildLists]


@dataclass(frozen=True)
class PartyPairs(Pairs):
    """Pairs of one party and one home. `lists[row]` is what the party of that row has in any number."""

    party: Parties
    lists: Sequence[PartyLists]


def child_grid(table: ChildTable, pool: Pool, local: Local, rows: IntArray, cols: IntArray) -> ChildPairs:
    """Every child of `rows` with every home of `cols`."""
    return ChildPairs(
        **_common(pool, local, rows, cols, is_grid=True),
        child=view(table.columns, lambda column: column[..., rows][..., None]),
        children=table.columns,
        lists=table.lists,
    )


def child_list(table: ChildTable, pool: Pool, local: Local, rows: IntArray, cols: IntArray) -> ChildPairs:
    """Child `rows[i]` with home `cols[i]`."""
    return ChildPairs(
        **_common(pool, local, rows, cols, is_grid=False),
        child=view(table.columns, lambda column: column.take(rows, axis=-1)),
        children=table.columns,
        lists=table.lists,
    )


def child_runs(
    table: ChildTable, pool: Pool, local: Local, rows: IntArray, count: IntArray, cols: IntArray
) -> ChildPairs:
    """Each child of `rows` with the next `count` homes of `cols`: as `child_list`, where a child has many homes."""
    return ChildPairs(
        **_common(pool, local, np.repeat(rows, count), cols, is_grid=False),
        child=view(table.columns, lambda column: np.repeat(column[..., rows], count, axis=-1)),
        children=table.columns,
        lists=table.lists,
    )


def party_grid(table: PartyTable, pool: Pool, local: Local, rows: IntArray, cols: IntArray) -> PartyPairs:
    """Every party of `rows` with every home of `cols`."""
    return PartyPairs(
        **_common(pool, local, rows, cols, is_grid=True),
        party=view(table.columns, lambda column: column[..., rows][..., None]),
        lists=table.lists,
    )


def party_list(table: PartyTable, pool: Pool, local: Local, rows: IntArray, cols: IntArray) -> PartyPairs:
    """Party `rows[i]` with home `cols[i]`."""
    return PartyPairs(
        **_common(pool, local, rows, cols, is_grid=False),
        party=view(table.columns, lambda column: column.take(rows, axis=-1)),
        lists=table.lists,
    )


def _common(pool: Pool, local: Local, rows: IntArray, cols: IntArray, *, is_grid: bool) -> dict[str, Any]:
    everywhere = is_grid and len(cols) == len(pool)

    def cut(column: Array) -> Array:
        chosen = column if everywhere else column.take(cols, axis=-1)
        return chosen[..., None, :] if is_grid else chosen

    return {
        "home": view(pool.columns, cut),
        "local": local,
        "homes": pool.columns,
        "rows": rows,
        "cols": cols,
        "is_grid": is_grid,
    }
