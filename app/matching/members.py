"""The children of a block of parties: judged once each, and joined for every party that they are in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.matching.columns import Array, BoolArray, IntArray
from app.matching.party_columns import PartyTable


@dataclass(frozen=True, slots=True)
class Members:
    """The children of a block of parties: each once in `rows`; `at[offsets[i]:]` finds those of party i.

    `sizes`: how many each party has. `one_each`: every party is one child, and none is in two.
    """

    rows: IntArray
    at: IntArray
    offsets: IntArray
    sizes: IntArray
    one_each: bool

    @classmethod
    def of(cls, parties: PartyTable, start: int, stop: int) -> Members:
        """The children of parties `start` up to `stop`."""
        bounds = parties.offsets[start : stop + 1]
        members = parties.member_rows[bounds[0] : bounds[-1]]
        rows, at = np.unique(members, return_inverse=True)
        one_each = len(rows) == stop - start and bool(np.array_equal(at, np.arange(len(rows))))
        return cls(rows, at, bounds[:-1] - bounds[0], np.diff(bounds), one_each)

    def together(self, join: np.ufunc, of_children: Array) -> Array:
        """What was found for each child (children, homes), joined for each party: whole rows at a time."""
        if self.one_each:
            return of_children
        joined: Array = of_children[self.at[self.offsets]]
        for parties, children in self._further():
            joined[parties] = join(joined[parties], of_children[children])
        return joined

    def wanted(self, allowed: BoolArray) -> BoolArray:
        """Pairs of a child and a home that some party of the child may go to."""
        if self.one_each:
            return allowed
        wanted = np.zeros((len(self.rows), allowed.shape[1]), dtype=np.bool_)
        for party, (start, size) in enumerate(zip(self.offsets.tolist(), self.sizes.tolist(), strict=True)):
            for child in self.at[start : start + size].tolist():
                np.logical_or(wanted[child], allowed[party], out=wanted[child])
        return wanted

    def summed(self, table: IntArray, row_of: IntArray, count: IntArray, home: IntArray) -> IntArray:
        """For pairs of a party and a home the sum of its children's numbers in that home.

        Child i of the block has its numbers in `table[row_of[i]]`, one a home. `count`: how many of the pairs each
        party has, party by party; `home`: the home of each.
        """
        numbers, homes = table.ravel(), table.shape[1]
        begin = row_of * homes
        total: IntArray = numbers.take(np.repeat(begin[self.at[self.offsets]], count) + home)
        for parties, children in self._further():
            among = np.zeros(len(count), dtype=np.bool_)
            among[parties] = True
            where = np.flatnonzero(np.repeat(among, count))
            total[where] += numbers.take(np.repeat(begin[children], count[parties]) + home[where])
        return total

    def _further(self) -> Iterator[tuple[IntArray, IntArray]]:
        """The parties with a second child and those children, then the same of the third, and so on."""
        for further in range(1, int(self.sizes.max(initial=1))):
            larger = np.flatnonzero(self.sizes > further)
            yield larger, self.at[self.offsets[larger] + further]
