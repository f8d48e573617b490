"""Runs with what they worked on, proposals, and the children already placed.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
REF = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("CURRENT_TIMESTAMP")
POINTS = "BETWEEN -1000000000000000 AND 1000000000000000"

ONE_AT_WORK = sa.text("status IN ('queued', 'running', 'publishing')")
ONE_NIGHTLY = sa.text("kind = 'nightly' AND status IN ('queued', 'running', 'publishing', 'published')")

NEVER_CHANGED = ("proposals", "proposed_children", "run_snapshots")


def upgrade() -> None:
    _runs()
    _proposals()
    op.create_table(
        "placed_children",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("ref", REF, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("home", REF),
        sa.Column("kind", sa.String(40)),
        sa.Column("weekly_fee_pence", sa.Integer()),
        sa.Column("details", JSON, nullable=False),
        sa.PrimaryKeyConstraint("authority", "ref", name="pk_placed_children"),
        sa.CheckConstraint("version >= 1", name=op.f("ck_placed_children_version_range")),
        sa.CheckConstraint(
            "weekly_fee_pence BETWEEN 0 AND 10000000", name=op.f("ck_placed_children_weekly_fee_pence_range")
        ),
        comment="The caseload: children placed already, whom the local target counts too.",
    )
    _never_changed()


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("stage", sa.String(40), nullable=False),
        sa.Column("fence", sa.BigInteger()),
        sa.Column("options", JSON, nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("started_at", INSTANT),
        sa.Column("heartbeat_at", INSTANT),
        sa.Column("finished_at", INSTANT),
        sa.Column("policy_version", sa.String(100)),
        sa.Column("policy_sha256", sa.String(64)),
        sa.Column("snapshot_sha256", sa.String(64)),
        sa.Column("software", JSON, nullable=False),
        sa.Column("seed", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(20)),
        sa.Column("objective", sa.BigInteger()),
        sa.Column("bound", sa.BigInteger()),
        sa.Column("proposed", sa.Integer()),
        sa.Column("dropped", sa.Integer()),
        sa.Column("stale", sa.String(40)),
        sa.Column("failure", sa.String(40)),
        sa.Column("report", JSON),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_runs"),
        sa.UniqueConstraint("authority", "number", name="uq_runs_authority_number"),
        sa.CheckConstraint("kind IN ('nightly', 'manual')", name=op.f("ck_runs_kind_listed")),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'publishing', 'published', 'failed', 'cancelled')",
            name=op.f("ck_runs_status_listed"),
        ),
        sa.CheckConstraint("number BETWEEN 1 AND 1000000000000", name=op.f("ck_runs_number_range")),
        sa.CheckConstraint(f"objective {POINTS}", name=op.f("ck_runs_objective_range")),
        sa.CheckConstraint(f"bound {POINTS}", name=op.f("ck_runs_bound_range")),
        sa.CheckConstraint("proposed BETWEEN 0 AND 1000000", name=op.f("ck_runs_proposed_range")),
        sa.CheckConstraint("dropped BETWEEN 0 AND 1000000", name=op.f("ck_runs_dropped_range")),
        sa.CheckConstraint("objective <= bound", name=op.f("ck_runs_bound_order")),
        sa.CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name=op.f("ck_runs_failure_said")),
        sa.CheckConstraint(
            "status = 'queued' OR status = 'cancelled' OR fence IS NOT NULL", name=op.f("ck_runs_fence_taken")
        ),
        sa.CheckConstraint(
            "status <> 'published' OR (report IS NOT NULL AND policy_sha256 IS NOT NULL"
            " AND snapshot_sha256 IS NOT NULL AND objective IS NOT NULL AND bound IS NOT NULL"
            " AND proposed IS NOT NULL AND dropped IS NOT NULL)",
            name=op.f("ck_runs_published_whole"),
        ),
        comment="One row a run, from the moment it was asked for.",
    )
    op.create_index(
        "uq_runs_one_at_work",
        "runs",
        ["authority"],
        unique=True,
        sqlite_where=ONE_AT_WORK,
        postgresql_where=ONE_AT_WORK,
    )
    op.create_index(
        "uq_runs_one_nightly",
        "runs",
        ["authority", "business_date"],
        unique=True,
        sqlite_where=ONE_NIGHTLY,
        postgresql_where=ONE_NIGHTLY,
    )
    op.create_table(
        "run_clock",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("published_run", sa.String(32)),
        sa.PrimaryKeyConstraint("authority", name="pk_run_clock"),
        sa.ForeignKeyConstraint(
            ["authority", "published_run"], ["runs.authority", "runs.id"], name="fk_run_clock_runs"
        ),
        sa.CheckConstraint("number >= 0", name=op.f("ck_run_clock_number_range")),
        sa.CheckConstraint("fence >= 0", name=op.f("ck_run_clock_fence_range")),
        comment="One row an authority: how many runs there were, which fence is in force, whose proposals stand.",
    )
    op.create_table(
        "run_snapshots",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "run_id", name="pk_run_snapshots"),
        sa.ForeignKeyConstraint(["authority", "run_id"], ["runs.authority", "runs.id"], name="fk_run_snapshots_runs"),
        comment="All that a run worked on, compressed: it can be exported and replayed.",
    )


def _proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("referral_ref", REF, nullable=False),
        sa.Column("children", JSON, nullable=False),
        sa.Column("home_ref", REF, nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("local", sa.Boolean(), nullable=False),
        sa.Column("weekly_fee_pence", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("dropped_because", sa.String(40)),
        sa.Column("explanation", JSON, nullable=False),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_proposals"),
        sa.UniqueConstraint("authority", "run_id", "position", name="uq_proposals_authority_run_id_position"),
        sa.ForeignKeyConstraint(["authority", "run_id"], ["runs.authority", "runs.id"], name="fk_proposals_runs"),
        sa.CheckConstraint("status IN ('proposed', 'dropped')", name=op.f("ck_proposals_status_listed")),
        sa.CheckConstraint("position BETWEEN 0 AND 1000000", name=op.f("ck_proposals_position_range")),
        sa.CheckConstraint(
            "weekly_fee_pence BETWEEN 0 AND 1000000000", name=op.f("ck_proposals_weekly_fee_pence_range")
        ),
        sa.CheckConstraint(
            "(status = 'dropped') = (dropped_because IS NOT NULL)", name=op.f("ck_proposals_dropped_said")
        ),
        comment="What runs proposed. Never changed: whether one still stands follows from the run and later rows.",
    )
    op.create_index("ix_proposals_authority_referral_ref", "proposals", ["authority", "referral_ref"])
    op.create_table(
        "proposed_children",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("child_ref", REF, nullable=False),
        sa.Column("proposal_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("authority", "run_id", "child_ref", name="pk_proposed_children"),
        sa.ForeignKeyConstraint(
            ["authority", "proposal_id"], ["proposals.authority", "proposals.id"], name="fk_proposed_children_proposals"
        ),
        comment="The children of a run's proposals: in one run nobody is proposed twice.",
    )


def _never_changed() -> None:
    """The database itself refuses to change or delete what may only be added to."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME; END $$"
        )
        for table in NEVER_CHANGED:
            op.execute(
                f"CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
        return
    for table in NEVER_CHANGED:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER never_{change.lower()}_{table} BEFORE {change} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
            )


def downgrade() -> None:
    for table in ("placed_children", "proposed_children", "proposals", "run_snapshots", "run_clock", "runs"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
