"""What tables are made of: the metadata with its names, and the kinds of column and constraint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    MetaData,
    String,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

NOW = text("CURRENT_TIMESTAMP")
"""The clock of the database: the machines of the service may disagree about the time."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. SQLite drops the time zone, so it is put on again; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To UTC, on the way in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """In UTC, on the way out."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def json_value() -> TypeEngine[Any]:
    """JSON; on PostgreSQL in the form that can be searched."""
    return JSON().with_variant(JSONB(), "postgresql")


def ref_text() -> TypeEngine[Any]:
    """References are ordered letter by letter on both databases, as Python orders them."""
    return String(64).with_variant(String(64, collation="C"), "postgresql")


def authority_column() -> Column[str]:
    """The authority whose row it is: an ONS code."""
    return Column("authority", String(9), nullable=False)


def changed_at_column() -> Column[datetime]:
    """When a row was last changed, by the clock of the database."""
    return Column("changed_at", UtcDateTime, nullable=False, server_default=NOW)


def between(column: str, low: int, high: int) -> CheckConstraint:
    """The column lies between two numbers, both included."""
    return CheckConstraint(f"{column} BETWEEN {low} AND {high}", name=f"{column}_range")


def one_of(column: str, words: Sequence[str]) -> CheckConstraint:
    """The column holds one of these words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_listed")
