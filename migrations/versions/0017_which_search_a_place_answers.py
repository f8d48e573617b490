"""Which search a place answers: kept with the claim, by the day on which that search began.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LEFT_CARE = (
    "E11",
    "E12",
    "E2",
    "E3",
    "E4A",
    "E4B",
    "E13",
    "E41",
    "E45",
    "E46",
    "E47",
    "E48",
    "E5",
    "E6",
    "E7",
    "E8",
    "E9",
    "E14",
    "E15",
    "E16",
    "E17",
)
"""Codes of an end with which the time in care ended."""

WALLED = ("place_claims", "decisions", "referrals", "children")


def upgrade() -> None:
    op.add_column("place_claims", sa.Column("searched_since", sa.Date))
    _open_walls("NO FORCE")
    op.execute(f"UPDATE place_claims SET searched_since = ({SEARCH}) WHERE EXISTS ({ANSWERED})")  # noqa: S608 - constants
    _open_walls("FORCE")


def downgrade() -> None:
    op.drop_column("place_claims", "searched_since")


def _open_walls(how: str) -> None:
    """The owner sees the rows of every authority only without them."""
    if op.get_bind().dialect.name == "postgresql":
        for table in WALLED:
            op.execute(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY")


OF_CHILD = (
    "FROM referrals r JOIN children c ON c.authority = r.authority AND c.referral_ref = r.ref"
    " WHERE c.authority = place_claims.authority AND c.ref = place_claims.child_ref"
)
SEARCH = f"SELECT r.waiting_since {OF_CHILD}"
PURSUED = "place_claims.live AND NOT place_claims.lived_in"
LEFT = f"place_claims.ended_version IS NOT NULL AND place_claims.end_reason IN {LEFT_CARE!r}"
TOLD = f"(d.version = place_claims.ended_version AND {LEFT}) OR (d.step = 'place' AND NOT ({LEFT}))"
SINCE = (
    "SELECT 1 FROM decisions d WHERE d.authority = place_claims.authority"  # noqa: S608 - constants
    f" AND d.placement_id = place_claims.placement_id AND d.decided_at >= r.changed_at AND ({TOLD})"
)
ANSWERED = f"SELECT 1 {OF_CHILD} AND ({PURSUED} OR (place_claims.lived_in AND EXISTS ({SINCE})))"
"""As it was judged until now: by the move, or by the end of care, where the referral was not sent after that."""
