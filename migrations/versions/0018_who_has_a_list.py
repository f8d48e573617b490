"""Who has whom in a list of their own is asked wherever a child is judged: an index of the few who have one.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

LISTS = ("live_apart_from", "placed_siblings")


def upgrade() -> None:
    for name in LISTS:
        op.create_index(
            f"ix_children_{name}",
            "children",
            ["authority"],
            sqlite_where=sa.text(f"json_extract(details, '$.{name}') <> '[]'"),
            postgresql_where=sa.text(f"(details -> '{name}') <> '[]'::jsonb"),
        )


def downgrade() -> None:
    for name in reversed(LISTS):
        op.drop_index(f"ix_children_{name}", "children")
