"""The clock of the database: the machines of the service may disagree about the time, so none of them decides."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, func, select, type_coerce

from app.store.prepared import Prepared
from app.store.schema import UtcDateTime
from app.store.session import Reading


def database_now(reading: Reading) -> datetime:
    """This very instant, later within one transaction too; on SQLite to the thousandth of a second."""
    now: datetime = told(reading).one(reading)
    return now


def told(reading: Reading) -> Prepared:
    """The statement that asks for it, as `now`, to be asked beside others."""
    return _NOW[reading.dialect.name]


def _told(clock: ColumnElement[Any]) -> Prepared:
    return Prepared(select(type_coerce(clock, UtcDateTime).label("now")))


_NOW = {
    "sqlite": _told(func.strftime("%Y-%m-%d %H:%M:%f", "now", type_=DateTime)),
    "postgresql": _told(func.clock_timestamp()),
}
