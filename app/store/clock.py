"""The clock of the database: the machines of the service may disagree about the time, so none of them decides."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, func, select, type_coerce

from app.store.schema import UtcDateTime
from app.store.session import Reading


def database_now(reading: Reading) -> datetime:
    """This very instant, later within one transaction too; on SQLite to the thousandth of a second."""
    if reading.dialect.name == "sqlite":
        now = func.strftime("%Y-%m-%d %H:%M:%f", "now", type_=DateTime)
    else:
        now = func.clock_timestamp()
    return reading.execute(select(type_coerce(now, UtcDateTime))).scalar_one()
