"""Records as rows and back. What a table has no column for stands in its `details`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Table

from app.matching.home import Home, Resident
from app.matching.placed import Placed
from app.matching.referral import Child, Referral
from app.store import codec
from app.store.run_tables import placed_children
from app.store.tables import children, homes, referrals, residents

Row: TypeAlias = Mapping[Any, Any]
"""Column name to value, as the database gives it."""

Kind: TypeAlias = Any
"""The class of a record."""

ELSEWHERE = {Home: frozenset({"residents"}), Referral: frozenset({"children"})}
"""Fields that are rows of another table."""

TABLE: dict[type[Any], Table] = {
    Home: homes,
    Resident: residents,
    Referral: referrals,
    Child: children,
    Placed: placed_children,
}


@cache
def _in_columns(record: Kind) -> tuple[str, ...]:
    """Fields that have a column of their own."""
    return tuple(name for name in codec.hints(record) if name in TABLE[record].columns)


@cache
def _in_details(record: Kind) -> dict[str, tuple[codec.Convert, codec.Convert]]:
    """Fields that stand in `details`, with how to write and read each."""
    left = set(codec.hints(record)) - set(_in_columns(record)) - ELSEWHERE.get(record, frozenset())
    return {
        name: (codec.encoder(hint), codec.decoder(hint)) for name, hint in codec.hints(record).items() if name in left
    }


@cache
def _column_readers(record: Kind) -> dict[str, codec.Convert]:
    """How to read the columns whose database type is not the record's: codes come as text."""
    found = {}
    for name in _in_columns(record):
        kind = TABLE[record].columns[name].type.python_type
        found[name] = codec.decoder(codec.hints(record)[name]) if kind is str else _same
    return found


def _same(value: Any) -> Any:
    return value


def to_row(record: Any) -> dict[str, Any]:
    """The row of a home, resident, referral, child or placed child, without keys and versions."""
    kind: Kind = type(record)
    row = {name: _plain(getattr(record, name)) for name in _in_columns(kind)}
    row["details"] = {name: write(getattr(record, name)) for name, (write, _) in _in_details(kind).items()}
    return row


def from_row(record: Kind, row: Row) -> Any:
    """A record that is one row and no more."""
    return record(**_fields(record, row))


def written_row(record: Kind, row: Row) -> dict[str, Any]:
    """What `codec.encoder` would write for the record of a row, without making the record.

    What stands `ELSEWHERE` is left None, in its place.
    """
    plan, stored = _plan(record), row["details"]
    found: dict[str, Any] = dict.fromkeys(plan.names)
    for name in plan.columns:
        found[name] = row[name]
    for name in plan.days:
        found[name] = None if row[name] is None else row[name].isoformat()
    for name, again in plan.details.items():
        if name not in stored:
            found[name] = codec.default_of(record, name)
        else:
            found[name] = stored[name] if again is None else again(stored[name])
    return found


@dataclass(frozen=True, slots=True)
class _Plan:
    """The fields of a record in their order, and where in its row each stands."""

    names: tuple[str, ...]
    columns: tuple[str, ...]
    days: tuple[str, ...]
    details: Mapping[str, codec.Convert | None]


@cache
def _plan(record: Kind) -> _Plan:
    columns, again = _in_columns(record), codec.rewriters(record)
    days = tuple(name for name in columns if TABLE[record].columns[name].type.python_type is date)
    details = {name: again[name] for name in again if name in _in_details(record)}
    return _Plan(tuple(again), tuple(name for name in columns if name not in days), days, details)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def _fields(record: Kind, row: Row) -> dict[str, Any]:
    details, stored = _in_details(record), row["details"]
    found = {name: read(row[name]) for name, read in _column_readers(record).items()}
    return found | {name: details[name][1](value) for name, value in stored.items() if name in details}


def home_from_rows(row: Row, resident_rows: Sequence[Row]) -> Home:
    """A home out of its row and those of its residents, in their order."""
    people = tuple(Resident(**_fields(Resident, resident)) for resident in resident_rows)
    return Home(**_fields(Home, row), residents=people)


def referral_from_rows(row: Row, child_rows: Sequence[Row]) -> Referral:
    """A referral out of its row and those of its children, in their order."""
    people = tuple(Child(**_fields(Child, child)) for child in child_rows)
    return Referral(**_fields(Referral, row), children=people)


def home_written(row: Row, resident_rows: Sequence[Row]) -> dict[str, Any]:
    """What is written for the home of these rows, see `written_row`."""
    return written_row(Home, row) | {"residents": [written_row(Resident, resident) for resident in resident_rows]}


def referral_written(row: Row, child_rows: Sequence[Row]) -> dict[str, Any]:
    """What is written for the referral of these rows, see `written_row`."""
    return written_row(Referral, row) | {"children": [written_row(Child, child) for child in child_rows]}
