"""Imports that are done beside the requests.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("CURRENT_TIMESTAMP")
ONE_RUNNING = sa.text("status = 'running'")
MINE = "authority = current_setting('placement.authority', true)"


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("status", sa.String(10), nullable=False, server_default="queued"),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("packed", sa.LargeBinary()),
        sa.Column("fence", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("requested_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("due_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("started_at", INSTANT),
        sa.Column("heartbeat_at", INSTANT),
        sa.Column("finished_at", INSTANT),
        sa.Column("failure", sa.String(40)),
        sa.Column("told", JSON),
        sa.PrimaryKeyConstraint("seq", name="pk_imports"),
        sa.UniqueConstraint("authority", "id", name="uq_imports_authority_id"),
        sa.CheckConstraint("kind IN ('homes', 'caseload')", name=op.f("ck_imports_kind_listed")),
        sa.CheckConstraint("status IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_imports_status_listed")),
        sa.CheckConstraint("fence BETWEEN 0 AND 1000000", name=op.f("ck_imports_fence_range")),
        sa.CheckConstraint("tries BETWEEN 0 AND 1000", name=op.f("ck_imports_tries_range")),
        sa.CheckConstraint(
            "(status IN ('queued', 'running')) = (packed IS NOT NULL)", name=op.f("ck_imports_body_while_waiting")
        ),
        sa.CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name=op.f("ck_imports_failure_said")),
        sa.CheckConstraint("status <> 'done' OR told IS NOT NULL", name=op.f("ck_imports_done_told")),
        comment="Imports asked for with respond-async: how far each is. The body goes when it is over.",
    )
    op.create_index("ix_imports_authority_status", "imports", ["authority", "status"])
    op.create_index(
        "uq_imports_one_running",
        "imports",
        ["authority"],
        unique=True,
        sqlite_where=ONE_RUNNING,
        postgresql_where=ONE_RUNNING,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE imports ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE imports FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY of_authority ON imports USING ({MINE}) WITH CHECK ({MINE})")


def downgrade() -> None:
    op.drop_table("imports")
