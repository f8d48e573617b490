"""Children (or parties) who are alike in all that a rule or criterion reads of them are judged once for all.

Which columns and lists a rule or criterion reads is not declared but noted while it judges: one child first, then one
of each group that differs in what was read, until nothing is read by which the groups were not made. What it says of
the one then holds for the group, since it has seen nothing in which they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import numpy as np

from app.matching.columns import Array, IntArray, Table
from app.matching.pairs import ChildPairs, PartyPairs

Name = tuple[bool, str]
"""What is read of a child or party: whether it is one of its lists and not a column, and which."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows of a table in groups: `group[row]` is the group of a row, `one_of[group]` one row of each."""

    group: IntArray
    one_of: IntArray

    @classmethod
    def everybody(cls, rows: int) -> Alike:
        """All in one group."""
        return cls(np.zeros(rows, dtype=np.int64), np.zeros(min(rows, 1), dtype=np.int64))

    def apart(self, group: IntArray) -> Alike:
        """The groups parted further: together stay those who are in one of `group` too."""
        both = self.group * (int(group.max(initial=0)) + 1) + group
        _, one_of, parted = np.unique(both, return_index=True, return_inverse=True)
        return Alike(parted, one_of)


@dataclass(frozen=True, slots=True)
class Answers:
    """What was found: `table[group]` holds one answer for each home, whoever of the group is asked about."""

    alike: Alike
    table: Array

    def of(self, rows: IntArray) -> Array:
        """The answers of these rows: (rows, homes)."""
        found: Array = self.table[self.alike.group[rows]]
        return found

    def joined(self, other: Answers, join: np.ufunc) -> Answers:
        """Both answers in one table, with more groups where the two part people differently."""
        alike = self.alike.apart(other.alike.group)
        return Answers(alike, join(self.of(alike.one_of), other.of(alike.one_of)))


@dataclass(frozen=True)
class Crowd:
    """All rows of a table of children or parties, and how many homes there are.

    `grid(rows, cols)`: the pairs of some of them with some of the homes.
    """

    columns: Table
    lists: Sequence[Any]
    homes: int
    grid: Callable[[IntArray, IntArray], ChildPairs | PartyPairs]
    _known: dict[Name, IntArray] = field(default_factory=dict)

    def answered(self, judge: Callable[[Any], Array]) -> Answers:
        """What `judge` says of every row: see `judged`."""
        found = self.judged(judge, len(self.lists))
        if found is None:
            raise AssertionError("there are never more groups than rows")
        return found

    def judged(self, judge: Callable[[Any], Array], most: int) -> Answers | None:
        """What `judge` says of every row, with one row of each group judged; None where there are over `most`.

        `judge` is given pairs and answers an array that broadcasts to them.
        """
        known: set[Name] = set()
        everywhere = np.arange(self.homes)
        while True:
            alike = self._alike(known, most)
            if alike is None:
                return None
            read = set[Name]()
            pairs = _noting(self.grid(alike.one_of, everywhere), read)
            found = judge(pairs)
            if read <= known:
                table = np.ascontiguousarray(np.broadcast_to(found, pairs.shape))
                return Answers(alike, table)
            known |= read

    def _alike(self, names: Iterable[Name], most: int) -> Alike | None:
        """Those in one group who have the same under all of the names; None where that makes too many groups."""
        alike = Alike.everybody(len(self.lists))
        for name in sorted(names):  # columns first: they cost less
            numbers = self._numbered(name, most)
            if numbers is None:
                return None
            alike = alike.apart(numbers)
            if len(alike.one_of) > most:
                return None
        return alike

    def _numbered(self, name: Name, most: int) -> IntArray | None:
        """A number for each row, the same for rows with the same in a column or list; None if there are too many."""
        if name not in self._known:
            is_list, field_name = name
            if is_list:
                numbers = _numbers((getattr(lists, field_name) for lists in self.lists), most)
            else:
                layers = np.atleast_2d(getattr(self.columns, field_name))
                numbers = reduce(_parted, layers, Alike.everybody(len(self.lists))).group
            if numbers is None:
                return None
            self._known[name] = numbers
        return self._known[name]


def in_few_tables(answers: Iterable[Answers], join: np.ufunc, most: int) -> list[Answers]:
    """The answers joined into as few tables as have at most so many groups each; larger ones stay alone."""
    tables: list[Answers] = []
    for found in sorted(answers, key=lambda each: len(each.alike.one_of)):
        if tables and len(tables[-1].alike.one_of) <= most:
            both = tables[-1].alike.apart(found.alike.group)
            if len(both.one_of) <= most:
                tables[-1] = tables[-1].joined(found, join)
                continue
        tables.append(found)
    return tables


def _parted(alike: Alike, column: Array) -> Alike:
    return alike.apart(np.unique(column, return_inverse=True)[1])


def _numbers(values: Iterable[Any], most: int) -> IntArray | None:
    """A number for each value, the same for equal ones; None as soon as there are too many."""
    met: dict[Hashable, int] = {}
    numbers = []
    for value in values:
        numbers.append(met.setdefault(_key(value), len(met)))
        if len(met) > most:
            return None
    return np.array(numbers, dtype=np.int64)


def _key(value: Any) -> Hashable:
    """Equal for equal content."""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, tuple):
        return tuple(_key(each) for each in value)
    found: Hashable = value
    return found


class _Noting:
    """Looks like what it stands for, and notes the name of all that is read."""

    def __init__(self, of: Any, read: set[Name], *, is_list: bool) -> None:
        self._of, self._read, self._is_list = of, read, is_list

    def __getattr__(self, name: str) -> Any:
        self._read.add((self._is_list, name))
        return getattr(self._of, name)


class _NotingLists:
    """Looks like the lists of all rows, and notes which of them are read."""

    def __init__(self, lists: Sequence[Any], read: set[Name]) -> None:
        self._lists, self._read = lists, read

    def __getitem__(self, row: int) -> Any:
        return _Noting(self._lists[row], self._read, is_list=True)


def _noting(pairs: ChildPairs | PartyPairs, read: set[Name]) -> ChildPairs | PartyPairs:
    """The same pairs, which note what is read of the child or party."""
    columns = ("child", "children") if isinstance(pairs, ChildPairs) else ("party",)
    noting: dict[str, Any] = {name: _Noting(getattr(pairs, name), read, is_list=False) for name in columns}
    noting["lists"] = _NotingLists(pairs.lists, read)
    return replace(pairs, **noting)
