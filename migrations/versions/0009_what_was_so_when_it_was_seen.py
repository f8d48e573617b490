"""How far the inventory was at a look, what was so of a placement then, and when a claim changed last.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    # Of what was seen before this, nobody knows beside whom: 0 has it looked at again.
    op.add_column("seen", sa.Column("inventory_seq", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("seen", sa.Column("was_so", JSON))
    op.add_column("place_claims", sa.Column("changed_seq", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index(
        op.f("ix_place_claims_authority_home_ref_changed_seq"),
        "place_claims",
        ["authority", "home_ref", "changed_seq"],
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_place_claims_authority_home_ref_changed_seq"), "place_claims")
    op.drop_column("place_claims", "changed_seq")
    op.drop_column("seen", "was_so")
    op.drop_column("seen", "inventory_seq")
