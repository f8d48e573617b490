"""The inventory in memory: every home as a record and as columns, in the order of the references.

A pool never changes. `changed` gives a new pool that follows a change and shares nothing mutable; only
the rows that changed are read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.matching.columns import IntArray
from app.matching.home import Home
from app.matching.home_columns import Homes
from app.matching.referral import ChildRef, HomeRef

HomeSet = frozenset[HomeRef]


@dataclass(frozen=True, slots=True)
class Pool:
    """All homes. `columns` row i, `records[i]` and `row_of[ref] == i` speak of the same home.

    The four indexes answer, for a child's or resident's reference, in which homes: it lives; a resident
    must live apart from it; the approval names it; an exemption names it.
    """

    records: tuple[Home, ...]
    columns: Homes
    row_of: Mapping[HomeRef, int]
    living_at: Mapping[ChildRef, HomeSet]
    kept_from: Mapping[ChildRef, HomeSet]
    named_for: Mapping[ChildRef, HomeSet]
    exempt_for: Mapping[ChildRef, HomeSet]

    @classmethod
    def build(cls, homes: Iterable[Home]) -> Pool:
        """A pool of these homes. Two with one reference are refused."""
        records = tuple(sorted(homes, key=lambda home: home.ref))
        row_of = {home.ref: row for row, home in enumerate(records)}
        if len(row_of) != len(records):
            raise ValueError("two homes share one reference; each home needs its own")
        return cls(records, Homes.from_records(records), row_of, *_indexes(records))

    def __len__(self) -> int:
        return len(self.records)

    def record(self, ref: HomeRef) -> Home:
        """The record of a home; KeyError where the pool has none."""
        return self.records[self.row_of[ref]]

    def rows(self, refs: Iterable[HomeRef | None]) -> IntArray:
        """Sorted rows of those of the homes that are in the pool."""
        rows = sorted(self.row_of[ref] for ref in refs if ref is not None and ref in self.row_of)
        return np.array(rows, dtype=np.int64)

    def changed(self, upserts: Sequence[Home] = (), removals: Iterable[HomeRef] = ()) -> Pool:
        """This pool after homes were added, exchanged or taken away."""
        gone = {ref for ref in removals if ref in self.row_of} - {home.ref for home in upserts}
        new = {home.ref: home for home in upserts}
        if not gone and all(ref in self.row_of for ref in new):
            return self._exchanged(tuple(new.values()))
        kept = [row for row, home in enumerate(self.records) if home.ref not in gone and home.ref not in new]
        records = [self.records[row] for row in kept] + list(new.values())
        order = sorted(range(len(records)), key=lambda i: records[i].ref)
        columns = self.columns.take(np.array(kept, dtype=np.int64)) if kept else None
        if new:
            added = Homes.from_records(tuple(new.values()))
            columns = added if columns is None else columns.joined(added)
        columns = Homes.from_records(()) if columns is None else columns.take(np.array(order, dtype=np.int64))
        sorted_records = tuple(records[i] for i in order)
        row_of = {home.ref: row for row, home in enumerate(sorted_records)}
        return Pool(sorted_records, columns, row_of, *_indexes(sorted_records))

    def with_record(self, home: Home) -> Pool:
        """This pool with another record of one of its homes, for whoever asks who lives where: no column is changed."""
        row = self.row_of[home.ref]
        if self.records[row] is home:
            return self
        records = (*self.records[:row], home, *self.records[row + 1 :])
        return Pool(records, self.columns, self.row_of, *self._indexes_with([(self.records[row], home)]))

    def _exchanged(self, homes: tuple[Home, ...]) -> Pool:
        if not homes:
            return self
        rows = [self.row_of[home.ref] for home in homes]
        records = list(self.records)
        old = [records[row] for row in rows]
        for row, home in zip(rows, homes, strict=True):
            records[row] = home
        columns = self.columns.replaced(np.array(rows, dtype=np.int64), Homes.from_records(homes))
        indexes = self._indexes_with(list(zip(old, homes, strict=True)))
        return Pool(tuple(records), columns, self.row_of, *indexes)

    def _indexes_with(self, exchanged: Sequence[tuple[Home, Home]]) -> tuple[Mapping[ChildRef, HomeSet], ...]:
        """The indexes with homes exchanged for others of the same references; those that stay the same are shared."""
        indexes = (self.living_at, self.kept_from, self.named_for, self.exempt_for)
        people = [(_people(old), _people(new)) for old, new in exchanged]
        moved = [(old.ref, *pair) for (old, _), pair in zip(exchanged, people, strict=True) if pair[0] != pair[1]]
        if not moved:
            return indexes
        return tuple(
            _index_with(index, [(ref, old[i], new[i]) for ref, old, new in moved]) for i, index in enumerate(indexes)
        )


def _people(home: Home) -> tuple[frozenset[ChildRef], ...]:
    """Whom a home is found by in each of the four indexes."""
    return (
        frozenset(resident.ref for resident in home.residents),
        frozenset(person for resident in home.residents for person in resident.live_apart_from),
        home.terms.named_children,
        home.terms.exempt_children,
    )


def _index_with(
    index: Mapping[ChildRef, HomeSet], moved: Sequence[tuple[HomeRef, frozenset[ChildRef], frozenset[ChildRef]]]
) -> Mapping[ChildRef, HomeSet]:
    """An index after homes are found by other people than before."""
    if all(old == new for _, old, new in moved):
        return index
    found = dict(index)
    for ref, old, new in moved:
        for person in old - new:
            rest = found.pop(person) - {ref}
            if rest:
                found[person] = rest
        for person in new - old:
            found[person] = found.get(person, frozenset()) | {ref}
    return found


def _indexes(records: Sequence[Home]) -> tuple[Mapping[ChildRef, HomeSet], ...]:
    indexes: tuple[dict[ChildRef, set[HomeRef]], ...] = ({}, {}, {}, {})
    for home in records:
        for index, people in zip(indexes, _people(home), strict=True):
            for person in people:
                index.setdefault(person, set()).add(home.ref)
    return tuple({key: frozenset(value) for key, value in index.items()} for index in indexes)
