"""Tables of read-only columns, each column declared in one line beside its name.

A table is a frozen dataclass whose fields are NumPy arrays. The last axis of every column counts records;
a column with more axes (`needs`: one row a domain) has them in front, so that `needs[d]` is contiguous.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
BoolArray: TypeAlias = NDArray[np.bool_]
IntArray: TypeAlias = NDArray[Any]

NOT_KNOWN = -1
"""Stands in integer columns where the record says None, unless the column says otherwise."""

NO_DAY = 0
"""Stands in day and yyyymmdd columns where the record says None."""

LATER_THAN_ANY = np.int32(10_000_000)
"""Beyond the day number of every date: what no day is compared as, where none means never or no end."""


def column(dtype: Any, of: Callable[[Any], Any], rows: int | None = None) -> Any:
    """Declare a column: its NumPy type, how to read its value off a record, and how many rows deep it is."""
    return field(metadata={"dtype": dtype, "of": of, "rows": rows})


def frozen(array: Array) -> Array:
    """The same array, contiguous and closed to writing."""
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array


@dataclass(frozen=True)
class Table:
    """Base of the column tables."""

    @classmethod
    def from_records(cls, records: Sequence[Any]) -> Self:
        """Read every declared column off the records, in their order."""
        return cls(**{f.name: _read(f.metadata, records) for f in fields(cls)})

    def __len__(self) -> int:
        first = next(iter(self.__dataclass_fields__))
        return int(getattr(self, first).shape[-1])

    def take(self, rows: IntArray) -> Self:
        """The table with only these records, in this order."""
        return type(self)(**{f.name: frozen(getattr(self, f.name)[..., rows]) for f in fields(self)})

    def joined(self, other: Self) -> Self:
        """This table with the records of another behind its own."""
        return type(self)(
            **{
                f.name: frozen(np.concatenate([getattr(self, f.name), getattr(other, f.name)], axis=-1))
                for f in fields(self)
            }
        )

    def replaced(self, rows: IntArray, other: Self) -> Self:
        """This table with the records at `rows` exchanged for those of `other`."""
        columns = {}
        for f in fields(self):
            array = getattr(self, f.name).copy()
            array[..., rows] = getattr(other, f.name)
            columns[f.name] = frozen(array)
        return type(self)(**columns)


def _read(declared: Mapping[str, Any], records: Sequence[Any]) -> Array:
    depth = () if declared["rows"] is None else (declared["rows"],)
    if not records:
        return frozen(np.zeros((*depth, 0), dtype=declared["dtype"]))
    of = declared["of"]
    return frozen(np.array([of(record) for record in records], dtype=declared["dtype"]).T)


def day(value: date | None) -> int:
    """Day number of a date (proleptic Gregorian ordinal), `NO_DAY` where not known."""
    return NO_DAY if value is None else value.toordinal()


def ymd(value: date | None) -> int:
    """A date as the integer yyyymmdd, `NO_DAY` where not known.

    Whole years between two dates are `(later - earlier) // 10000`: exact, and a child born on 29 February
    has the birthday on 1 March in other years, as in English practice.
    """
    return NO_DAY if value is None else value.year * 10000 + value.month * 100 + value.day


def known_or(value: int | None) -> int:
    """The integer, or the sentinel for not known."""
    return NOT_KNOWN if value is None else value
