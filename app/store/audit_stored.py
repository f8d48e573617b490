"""Rows of the trail as they lie in the database, whatever somebody put there.

A column of SQLite holds a value of any kind, and PostgreSQL knows times that Python does not. Whoever checks a trail
must be able to read what was tampered with: so nothing is converted on the way, and what we could not have written
is told apart here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, null, type_coerce
from sqlalchemy.types import NullType

from app.store.schema import UtcDateTime

FIRST, LAST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
"""Between them every time can be told in every zone."""

TEXTS = ("authority", "actor", "actor_kind", "action", "object_kind", "subjects")
TEXTS_OR_NONE = ("object_ref", "introduced", "facts")


def as_stored(table: Table, dialect: str) -> list[ColumnElement[Any]]:
    """The columns of a table, not converted; a time that cannot be read is null."""
    return [_as_stored(column, dialect).label(column.name) for column in table.columns]


def _as_stored(column: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    if dialect == "postgresql" and isinstance(column.type, UtcDateTime):
        column = case((and_(column >= FIRST, column <= LAST), column), else_=null())
    return type_coerce(column, NullType())


def entry_in(raw: Mapping[Any, Any]) -> dict[str, Any] | None:
    """The entry that stands in a row, its hash as it is; None where we could not have written it."""
    at = _time(raw["at"])
    will_do = (
        is_number(raw["seq"])
        and at is not None
        and all(isinstance(raw[name], str) for name in TEXTS)
        and all(isinstance(raw[name], str | None) for name in TEXTS_OR_NONE)
        and isinstance(raw["sealed"], bytes | None)
    )
    return dict(raw) | {"at": at} if will_do else None


def is_number(value: object) -> bool:
    """Whether it is one that something can be counted by."""
    return isinstance(value, int) and not isinstance(value, bool)


def number_in(value: object) -> int:
    """The number. Raises `TypeError` for anything else."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _time(value: object) -> datetime | None:
    """An instant, as SQLite (text) or PostgreSQL gives it; None for anything else."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    if not isinstance(at, datetime):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return at if FIRST <= at <= LAST else None
