"""The tables. Every one carries the authority whose rows they are, from the start.

What constraints guard or a query asks for has a column of its own; the rest of a record stands in `details`
(see `app.store.codec`). Numbers are integers, so that no NaN slips past a check.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    TextClause,
    UniqueConstraint,
    text,
)

from app.store import (  # noqa: F401 - one knows all
    access_tables,
    audit_tables,
    import_tables,
    outbox_tables,
    placement_tables,
    removal_tables,
    run_tables,
)
from app.store.schema import (
    NOW,
    UtcDateTime,
    authority_column,
    between,
    changed_at_column,
    json_value,
    metadata,
    one_of,
    ref_text,
)


def has_listed(name: str, details: str = "details") -> dict[str, TextClause]:
    """Whether a child's record has anybody in one of its lists, in the words of each database; few have."""
    return {
        "sqlite": text(f"json_extract({details}, '$.{name}') <> '[]'"),
        "postgresql": text(f"({details} -> '{name}') <> '[]'::jsonb"),
    }


def _of_who_has(name: str) -> Index:
    listed = has_listed(name)
    wheres = listed["sqlite"], listed["postgresql"]
    return Index(f"ix_children_{name}", "authority", sqlite_where=wheres[0], postgresql_where=wheres[1])


inventory_clock = Table(
    "inventory_clock",
    metadata,
    authority_column(),
    Column("seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("authority"),
    CheckConstraint("seq >= 0", name="seq_range"),
    comment="One row an authority. Every change to its homes locks it and counts it up by one.",
)

homes = Table(
    "homes",
    metadata,
    authority_column(),
    Column("ref", ref_text(), nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_seq", BigInteger, nullable=False),
    changed_at_column(),
    Column("kind", String(40), nullable=False),
    Column("route", String(20), nullable=False),
    Column("places", Integer, nullable=False),
    Column("places_held", Integer, nullable=False),
    Column("void_fee_pence", Integer),
    Column("ended_placements", Integer),
    Column("unplanned_endings", Integer),
    Column("available_from", Date),
    Column("confirmed_on", Date),
    Column("details", json_value(), nullable=False),
    PrimaryKeyConstraint("authority", "ref"),
    Index(None, "authority", "changed_seq"),
    CheckConstraint("version >= 1", name="version_range"),
    CheckConstraint("changed_seq >= 1", name="changed_seq_range"),
    between("places", 0, 1_000),
    between("places_held", 0, 1_000),
    between("void_fee_pence", 0, 10_000_000),
    between("ended_placements", 0, 100_000),
    between("unplanned_endings", 0, 100_000),
    CheckConstraint("unplanned_endings <= ended_placements", name="endings_order"),
    comment="Homes as they are now.",
)

removed_homes = Table(
    "removed_homes",
    metadata,
    authority_column(),
    Column("ref", ref_text(), nullable=False),
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
    authority_column(),
    Column("home_ref", ref_text(), nullable=False),
    Column("position", Integer, nullable=False),
    Column("ref", ref_text(), nullable=False),
    Column("date_of_birth", Date),
    Column("sex", String(1), nullable=False),
    Column("details", json_value(), nullable=False),
    PrimaryKeyConstraint("authority", "home_ref", "position"),
    UniqueConstraint("authority", "home_ref", "ref"),
    ForeignKeyConstraint(["authority", "home_ref"], ["homes.authority", "homes.ref"], ondelete="CASCADE"),
    Index(None, "authority", "ref"),
    between("position", 0, 999),
    one_of("sex", "MFU"),
    comment="Who lives in a home.",
)

referrals = Table(
    "referrals",
    metadata,
    authority_column(),
    Column("ref", ref_text(), nullable=False),
    Column("version", Integer, nullable=False),
    changed_at_column(),
    Column("keep_together", String(20), nullable=False),
    Column("needed_by", Date, nullable=False),
    Column("waiting_since", Date, nullable=False),
    Column("details", json_value(), nullable=False),
    PrimaryKeyConstraint("authority", "ref"),
    CheckConstraint("version >= 1", name="version_range"),
    one_of("keep_together", ("required", "preferred", "not_required")),
    comment="Requests to place one child or one sibling group.",
)

children = Table(
    "children",
    metadata,
    authority_column(),
    Column("referral_ref", ref_text(), nullable=False),
    Column("position", Integer, nullable=False),
    Column("ref", ref_text(), nullable=False),
    Column("date_of_birth", Date),
    Column("sex", String(1), nullable=False),
    Column("sdq", Integer),
    Column("moves_last_year", Integer, nullable=False),
    Column("current_home", ref_text()),
    Column("details", json_value(), nullable=False),
    PrimaryKeyConstraint("authority", "referral_ref", "position"),
    UniqueConstraint("authority", "ref"),
    ForeignKeyConstraint(["authority", "referral_ref"], ["referrals.authority", "referrals.ref"], ondelete="CASCADE"),
    _of_who_has("live_apart_from"),
    _of_who_has("placed_siblings"),
    between("position", 0, 99),
    between("sdq", 0, 40),
    between("moves_last_year", 0, 365),
    one_of("sex", "MFU"),
    comment="The children of a referral. A child waits in one referral at a time.",
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    authority_column(),
    Column("key", String(255), nullable=False),
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("status", Integer),
    Column("version", Integer),
    Column("body", LargeBinary),
    Column("made_at", UtcDateTime, nullable=False, server_default=NOW),
    PrimaryKeyConstraint("authority", "key"),
    between("status", 200, 299),
    comment="Answers to writes that carried an Idempotency-Key, kept with what they wrote.",
)
