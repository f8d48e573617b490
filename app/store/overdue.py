"""Holds whose time is over by the clock of the database, and that nobody has ended yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Integer, bindparam, func, or_, select, type_coerce

from app.store.clock import database_now
from app.store.placement_records import TEMPORARY
from app.store.placement_tables import placements as table
from app.store.placements import is_over
from app.store.prepared import Prepared
from app.store.schema import UtcDateTime
from app.store.session import Reading

LOOKED_AFTER_WITHIN = timedelta(minutes=5)
"""A worker ends a hold within seconds. One that is over for longer is looked after by nobody."""


def due(reading: Reading, authority: str, most: int, behind: int = 0) -> Sequence[str]:
    """Ids of so many, the longest over first; asked alone, as before every decision that takes places.

    `behind`: so many of the first are passed over, as they do not expire.
    """
    rows = _DUE[reading.dialect.name].rows(reading, authority=authority, most=most, behind=behind)
    return [row["id"] for row in rows]


def is_left_alone(reading: Reading, authority: str) -> bool:
    """Whether one is over for so long that nobody seems to end them."""
    long_over = is_over(database_now(reading) - LOOKED_AFTER_WITHIN)
    found = select(table.c.id).where(table.c.authority == authority, long_over).limit(1)
    return reading.execute(found).first() is not None


def _due(clock: ColumnElement[Any]) -> Prepared:
    temporary = or_(*(table.c.state == str(state) for state in TEMPORARY))
    over = table.c.held_until <= type_coerce(clock, UtcDateTime)
    wanted = select(table.c.id).where(table.c.authority == bindparam("authority"), temporary, over)
    behind = bindparam("behind", type_=Integer)
    return Prepared(
        wanted.order_by(table.c.held_until, table.c.id).limit(bindparam("most", type_=Integer)).offset(behind)
    )


_DUE = {
    "sqlite": _due(func.strftime("%Y-%m-%d %H:%M:%f", "now", type_=DateTime)),
    "postgresql": _due(func.clock_timestamp()),
}
