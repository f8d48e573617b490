"""Homes with their residents, referrals with their children, the inventory's clock, idempotency keys.

Revision ID: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
REF = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("CURRENT_TIMESTAMP")


def upgrade() -> None:
    op.create_table(
        "inventory_clock",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("authority", name="pk_inventory_clock"),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_inventory_clock_seq_range")),
        comment="One row an authority. Every change to its homes locks it and counts it up by one.",
    )
    _homes()
    _residents()
    _referrals()
    op.create_table(
        "idempotency_keys",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("version", sa.Integer()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("made_at", INSTANT, nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("authority", "key", name="pk_idempotency_keys"),
        sa.CheckConstraint("status BETWEEN 200 AND 299", name=op.f("ck_idempotency_keys_status_range")),
        comment="Answers to writes that carried an Idempotency-Key, kept with what they wrote.",
    )


def _homes() -> None:
    op.create_table(
        "homes",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("ref", REF, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("route", sa.String(20), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("places_held", sa.Integer(), nullable=False),
        sa.Column("void_fee_pence", sa.Integer()),
        sa.Column("ended_placements", sa.Integer()),
        sa.Column("unplanned_endings", sa.Integer()),
        sa.Column("available_from", sa.Date()),
        sa.Column("confirmed_on", sa.Date()),
        sa.Column("details", JSON, nullable=False),
        sa.PrimaryKeyConstraint("authority", "ref", name="pk_homes"),
        sa.CheckConstraint("version >= 1", name=op.f("ck_homes_version_range")),
        sa.CheckConstraint("changed_seq >= 1", name=op.f("ck_homes_changed_seq_range")),
        sa.CheckConstraint("places BETWEEN 0 AND 1000", name=op.f("ck_homes_places_range")),
        sa.CheckConstraint("places_held BETWEEN 0 AND 1000", name=op.f("ck_homes_places_held_range")),
        sa.CheckConstraint("void_fee_pence BETWEEN 0 AND 10000000", name=op.f("ck_homes_void_fee_pence_range")),
        sa.CheckConstraint("ended_placements BETWEEN 0 AND 100000", name=op.f("ck_homes_ended_placements_range")),
        sa.CheckConstraint("unplanned_endings BETWEEN 0 AND 100000", name=op.f("ck_homes_unplanned_endings_range")),
        sa.CheckConstraint("unplanned_endings <= ended_placements", name=op.f("ck_homes_endings_order")),
        comment="Homes as they are now.",
    )
    op.create_index("ix_homes_authority_changed_seq", "homes", ["authority", "changed_seq"])
    op.create_table(
        "removed_homes",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("ref", REF, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("removed_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "ref", name="pk_removed_homes"),
        sa.CheckConstraint("version >= 1", name=op.f("ck_removed_homes_version_range")),
        sa.CheckConstraint("removed_seq >= 1", name=op.f("ck_removed_homes_removed_seq_range")),
        comment="What is left of a home taken away: followers notice, and its versions go on.",
    )
    op.create_index("ix_removed_homes_authority_removed_seq", "removed_homes", ["authority", "removed_seq"])


def _residents() -> None:
    op.create_table(
        "residents",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("home_ref", REF, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("ref", REF, nullable=False),
        sa.Column("date_of_birth", sa.Date()),
        sa.Column("sex", sa.String(1), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.PrimaryKeyConstraint("authority", "home_ref", "position", name="pk_residents"),
        sa.UniqueConstraint("authority", "home_ref", "ref", name="uq_residents_authority_home_ref_ref"),
        sa.ForeignKeyConstraint(
            ["authority", "home_ref"],
            ["homes.authority", "homes.ref"],
            name="fk_residents_homes",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("position BETWEEN 0 AND 999", name=op.f("ck_residents_position_range")),
        sa.CheckConstraint("sex IN ('M', 'F', 'U')", name=op.f("ck_residents_sex_listed")),
        comment="Who lives in a home.",
    )
    op.create_index("ix_residents_authority_ref", "residents", ["authority", "ref"])


def _referrals() -> None:
    op.create_table(
        "referrals",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("ref", REF, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("keep_together", sa.String(20), nullable=False),
        sa.Column("needed_by", sa.Date(), nullable=False),
        sa.Column("waiting_since", sa.Date(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.PrimaryKeyConstraint("authority", "ref", name="pk_referrals"),
        sa.CheckConstraint("version >= 1", name=op.f("ck_referrals_version_range")),
        sa.CheckConstraint(
            "keep_together IN ('required', 'preferred', 'not_required')",
            name=op.f("ck_referrals_keep_together_listed"),
        ),
        comment="Requests to place one child or one sibling group.",
    )
    op.create_table(
        "children",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("referral_ref", REF, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("ref", REF, nullable=False),
        sa.Column("date_of_birth", sa.Date()),
        sa.Column("sex", sa.String(1), nullable=False),
        sa.Column("sdq", sa.Integer()),
        sa.Column("moves_last_year", sa.Integer(), nullable=False),
        sa.Column("current_home", REF),
        sa.Column("details", JSON, nullable=False),
        sa.PrimaryKeyConstraint("authority", "referral_ref", "position", name="pk_children"),
        sa.UniqueConstraint("authority", "ref", name="uq_children_authority_ref"),
        sa.ForeignKeyConstraint(
            ["authority", "referral_ref"],
            ["referrals.authority", "referrals.ref"],
            name="fk_children_referrals",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("position BETWEEN 0 AND 99", name=op.f("ck_children_position_range")),
        sa.CheckConstraint("sdq BETWEEN 0 AND 40", name=op.f("ck_children_sdq_range")),
        sa.CheckConstraint("moves_last_year BETWEEN 0 AND 365", name=op.f("ck_children_moves_last_year_range")),
        sa.CheckConstraint("sex IN ('M', 'F', 'U')", name=op.f("ck_children_sex_listed")),
        comment="The children of a referral. A child waits in one referral at a time.",
    )


def downgrade() -> None:
    for table in (
        "children",
        "referrals",
        "residents",
        "removed_homes",
        "homes",
        "idempotency_keys",
        "inventory_clock",
    ):
        op.drop_table(table)
