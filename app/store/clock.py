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
    now: datetime = _NOW[reading.dialect.name].one(reading)
    return now


def _told(clock: ColumnElement[Any]) -> Prepared:
    return Prepared(select(type_coerce(clock, UtcDateTime)))


_NOW = {
    "sqlite": _told(func.strftime("%Y-%m-%d %H:%M:%f", "now", type_=DateTime)),
    "postgresql": _told(func.clock_timestamp()),
}
