"""What a home refused is found by its child, whatever the referral was called then.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NAME = "ix_place_claims_authority_child_ref_placement_id"


def upgrade() -> None:
    op.create_index(NAME, "place_claims", ["authority", "child_ref", "placement_id"])


def downgrade() -> None:
    op.drop_index(NAME, "place_claims")
