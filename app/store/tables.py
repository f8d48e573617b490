"""The tables. Every one carries the authority whose rows they are, from the start.

What constraints guard or a query asks for has a column of its own; the rest of a record stands in `details`
(see `app.store.codec`). Numbers are integers, so that no NaN slips past a check.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
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


def _json() -> TypeEngine[Any]:
    return JSON().with_variant(JSONB(), "postgresql")


def _ref() -> TypeEngine[Any]:
    """References are ordered letter by letter on both databases, as Python orders them."""
    return String(64).with_variant(String(64, collation="C"), "postgresql")


def _authority() -> Column[str]:
    return Column("authority", String(9), nullable=False)


def _changed_at() -> Column[datetime]:
    return Column("changed_at", UtcDateTime, nullable=False, server_default=NOW)


def _between(column: str, low: int, high: int) -> CheckConstraint:
    return CheckConstraint(f"{column} BETWEEN {low} AND {high}", name=f"{column}_range")


def _one_of(column: str, words: Sequence[str]) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_listed")


inventory_clock = Table(
    "inventory_clock",
    metadata,
    _authority(),
    Column("seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("authority"),
    CheckConstraint("seq >= 0", name="seq_range"),
    comment="One row an authority. Every change to its homes locks it and counts it up by one.",
)

homes = Table(
    "homes",
    metadata,
    _authority(),
    Column("ref", _ref(), nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_seq", BigInteger, nullable=False),
    _changed_at(),
    Column("kind", String(40), nullable=False),
    Column("route", String(20), nullable=False),
    Column("places", Integer, nullable=False),
    Column("places_held", Integer, nullable=False),
    Column("void_fee_pence", Integer),
    Column("ended_placements", Integer),
    Column("unplanned_endings", Integer),
    Column("available_from", Date),
    Column("confirmed_on", Date),
    Column("details", _json(), nullable=False),
    PrimaryKeyConstraint("authority", "ref"),
    Index(None, "authority", "changed_seq"),
    CheckConstraint("version >= 1", name="version_range"),
    CheckConstraint("changed_seq >= 1", name="changed_seq_range"),
    _between("places", 0, 1_000),
    _between("places_held", 0, 1_000),
    _between("void_fee_pence", 0, 10_000_000),
    _between("ended_placements", 0, 100_000),
    _between("unplanned_endings", 0, 100_000),
    CheckConstraint("unplanned_endings <= ended_placements", name="endings_order"),
    comment="Homes as they are now.",
)

removed_homes = Table(
    "removed_homes",
    metadata,
    _authority(),
    Column("ref", _ref(), nullable=False),
    Column("version", Integer, nullable=False),
    Column("removed_seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("authority", "ref"),
    Index(None, "authority", "removed_seq"),
    CheckConstraint("version >= 1", name="version_range"),
    CheckConstraint("removed_seq >= 1", name="removed_seq_range"),
    comment="What is left of a home taken away: followers notice, and its versions go on.",
)

residents = Table(
    "residents",
    metadata,
    _authority(),
    Column("home_ref", _ref(), nullable=False),
    Column("position", Integer, nullable=False),
    Column("ref", _ref(), nullable=False),
    Column("date_of_birth", Date),
    Column("sex", String(1), nullable=False),
    Column("details", _json(), nullable=False),
    PrimaryKeyConstraint("authority", "home_ref", "position"),
    UniqueConstraint("authority", "home_ref", "ref"),
    ForeignKeyConstraint(["authority", "home_ref"], ["homes.authority", "homes.ref"], ondelete="CASCADE"),
    Index(None, "authority", "ref"),
    _between("position", 0, 999),
    _one_of("sex", "MFU"),
    comment="Who lives in a home.",
)

referrals = Table(
    "referrals",
    metadata,
    _authority(),
    Column("ref", _ref(), nullable=False),
    Column("version", Integer, nullable=False),
    _changed_at(),
    Column("keep_together", String(20), nullable=False),
    Column("needed_by", Date, nullable=False),
    Column("waiting_since", Date, nullable=False),
    Column("details", _json(), nullable=False),
    PrimaryKeyConstraint("authority", "ref"),
    CheckConstraint("version >= 1", name="version_range"),
    _one_of("keep_together", ("required", "preferred", "not_required")),
    comment="Requests to place one child or one sibling group.",
)

children = Table(
    "children",
    metadata,
    _authority(),
    Column("referral_ref", _ref(), nullable=False),
    Column("position", Integer, nullable=False),
    Column("ref", _ref(), nullable=False),
    Column("date_of_birth", Date),
    Column("sex", String(1), nullable=False),
    Column("sdq", Integer),
    Column("moves_last_year", Integer, nullable=False),
    Column("current_home", _ref()),
    Column("details", _json(), nullable=False),
    PrimaryKeyConstraint("authority", "referral_ref", "position"),
    UniqueConstraint("authority", "ref"),
    ForeignKeyConstraint(["authority", "referral_ref"], ["referrals.authority", "referrals.ref"], ondelete="CASCADE"),
    _between("position", 0, 99),
    _between("sdq", 0, 40),
    _between("moves_last_year", 0, 365),
    _one_of("sex", "MFU"),
    comment="The children of a referral. A child waits in one referral at a time.",
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    _authority(),
    Column("key", String(255), nullable=False),
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("status", Integer),
    Column("version", Integer),
    Column("body", LargeBinary),
    Column("made_at", UtcDateTime, nullable=False, server_default=NOW),
    PrimaryKeyConstraint("authority", "key"),
    _between("status", 200, 299),
    comment="Answers to writes that carried an Idempotency-Key, kept with what they wrote.",
)
