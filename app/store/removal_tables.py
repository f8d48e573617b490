"""What is left of records that were removed: no more than how far their versions went."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, PrimaryKeyConstraint, String, Table

from app.store.schema import authority_column, metadata, one_of

removed_versions = Table(
    "removed_versions",
    metadata,
    authority_column(),
    Column("kind", String(10), nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("authority", "kind"),
    one_of("kind", ("referral", "placed")),
    CheckConstraint("version >= 0", name="version_range"),
    comment="The highest version of anything removed, so that what is stored anew begins above it.",
)
