"""The tables of the nightly run: runs and what each worked on, proposals, and the children already placed.

Two indexes do what no code could do as surely: an authority has one run at work at a time, and one nightly
run a business date, however many services share the database. Proposals are never changed nor deleted (the
migration puts triggers on them): what happens to one later is told by other rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
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
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

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

MOST_POINTS = 10**15

AT_WORK = ("queued", "running", "publishing")
OVER = ("published", "failed", "cancelled")


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


ONE_AT_WORK = text(f"status IN ({_listed(AT_WORK)})")
ONE_NIGHTLY = text(f"kind = 'nightly' AND status IN ({_listed((*AT_WORK, 'published'))})")


def _id(name: str = "id", *, nullable: bool = False) -> Column[str]:
    return Column(name, String(32), nullable=nullable)


run_clock = Table(
    "run_clock",
    metadata,
    authority_column(),
    Column("number", BigInteger, nullable=False),
    Column("fence", BigInteger, nullable=False),
    _id("published_run", nullable=True),
    PrimaryKeyConstraint("authority"),
    ForeignKeyConstraint(["authority", "published_run"], ["runs.authority", "runs.id"]),
    CheckConstraint("number >= 0", name="number_range"),
    CheckConstraint("fence >= 0", name="fence_range"),
    comment="One row an authority: how many runs there were, which fence is in force, whose proposals stand.",
)

runs = Table(
    "runs",
    metadata,
    authority_column(),
    _id(),
    Column("number", BigInteger, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("business_date", Date, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("status", String(10), nullable=False),
    Column("stage", String(40), nullable=False),
    Column("fence", BigInteger),
    Column("options", json_value(), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False, server_default=NOW),
    Column("started_at", UtcDateTime),
    Column("heartbeat_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("policy_version", String(100)),
    Column("policy_sha256", String(64)),
    Column("snapshot_sha256", String(64)),
    Column("software", json_value(), nullable=False),
    Column("seed", String(40), nullable=False),
    Column("outcome", String(20)),
    Column("objective", BigInteger),
    Column("bound", BigInteger),
    Column("proposed", Integer),
    Column("dropped", Integer),
    Column("stale", String(40)),
    Column("failure", String(40)),
    Column("report", JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")),
    PrimaryKeyConstraint("authority", "id"),
    UniqueConstraint("authority", "number"),
    Index("uq_runs_one_at_work", "authority", unique=True, sqlite_where=ONE_AT_WORK, postgresql_where=ONE_AT_WORK),
    Index(
        "uq_runs_one_nightly",
        "authority",
        "business_date",
        unique=True,
        sqlite_where=ONE_NIGHTLY,
        postgresql_where=ONE_NIGHTLY,
    ),
    one_of("kind", ("nightly", "manual")),
    one_of("status", (*AT_WORK, *OVER)),
    between("number", 1, 10**12),
    between("objective", -MOST_POINTS, MOST_POINTS),
    between("bound", -MOST_POINTS, MOST_POINTS),
    between("proposed", 0, 1_000_000),
    between("dropped", 0, 1_000_000),
    CheckConstraint("objective <= bound", name="bound_order"),
    CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name="failure_said"),
    CheckConstraint("status = 'queued' OR status = 'cancelled' OR fence IS NOT NULL", name="fence_taken"),
    CheckConstraint(
        "status <> 'published' OR (report IS NOT NULL AND policy_sha256 IS NOT NULL AND snapshot_sha256 IS NOT NULL"
        " AND objective IS NOT NULL AND bound IS NOT NULL AND proposed IS NOT NULL AND dropped IS NOT NULL)",
        name="published_whole",
    ),
    comment="One row a run, from the moment it was asked for.",
)

run_snapshots = Table(
    "run_snapshots",
    metadata,
    authority_column(),
    _id("run_id"),
    Column("packed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("authority", "run_id"),
    ForeignKeyConstraint(["authority", "run_id"], ["runs.authority", "runs.id"]),
    comment="All that a run worked on, compressed: it can be exported and replayed.",
)

proposals = Table(
    "proposals",
    metadata,
    authority_column(),
    _id(),
    _id("run_id"),
    Column("position", Integer, nullable=False),
    Column("referral_ref", ref_text(), nullable=False),
    Column("children", json_value(), nullable=False),
    Column("home_ref", ref_text(), nullable=False),
    Column("points", Integer, nullable=False),
    Column("local", Boolean, nullable=False),
    Column("weekly_fee_pence", Integer, nullable=False),
    Column("status", String(10), nullable=False),
    Column("dropped_because", String(40)),
    Column("explanation", json_value(), nullable=False),
    PrimaryKeyConstraint("authority", "id"),
    UniqueConstraint("authority", "run_id", "position"),
    ForeignKeyConstraint(["authority", "run_id"], ["runs.authority", "runs.id"]),
    Index(None, "authority", "referral_ref"),
    one_of("status", ("proposed", "dropped")),
    between("position", 0, 1_000_000),
    between("weekly_fee_pence", 0, 1_000_000_000),
    CheckConstraint("(status = 'dropped') = (dropped_because IS NOT NULL)", name="dropped_said"),
    comment="What runs proposed. Never changed: whether one still stands follows from the run and later rows.",
)

proposed_children = Table(
    "proposed_children",
    metadata,
    authority_column(),
    _id("run_id"),
    Column("child_ref", ref_text(), nullable=False),
    _id("proposal_id"),
    PrimaryKeyConstraint("authority", "run_id", "child_ref"),
    ForeignKeyConstraint(["authority", "proposal_id"], ["proposals.authority", "proposals.id"]),
    comment="The children of a run's proposals: in one run nobody is proposed twice.",
)

placed_children = Table(
    "placed_children",
    metadata,
    authority_column(),
    Column("ref", ref_text(), nullable=False),
    Column("version", Integer, nullable=False),
    changed_at_column(),
    Column("home", ref_text()),
    Column("kind", String(40)),
    Column("weekly_fee_pence", Integer),
    Column("details", json_value(), nullable=False),
    PrimaryKeyConstraint("authority", "ref"),
    CheckConstraint("version >= 1", name="version_range"),
    between("weekly_fee_pence", 0, 10_000_000),
    comment="The caseload: children placed already, whom the local target counts too.",
)
