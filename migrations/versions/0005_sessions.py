"""Sessions of persons who signed in with a browser.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_sessions"),
        sa.CheckConstraint("kind IN ('person')", name=op.f("ck_sessions_kind_listed")),
        sa.CheckConstraint("length(id) = 64", name=op.f("ck_sessions_id_length")),
        comment="Who signed in with a browser. The id is the hash of a secret that only the browser has.",
    )
    op.create_index("ix_sessions_authority_subject", "sessions", ["authority", "subject"])
    op.create_index("ix_sessions_authority_expires_at", "sessions", ["authority", "expires_at"])


def downgrade() -> None:
    op.drop_table("sessions")
