"""The table of sessions. Tokens are never stored."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, PrimaryKeyConstraint, String, Table

from app.store.schema import UtcDateTime, authority_column, json_value, metadata, one_of

sessions = Table(
    "sessions",
    metadata,
    authority_column(),
    Column("id", String(64), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("roles", json_value(), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("authority", "id"),
    Index(None, "authority", "subject"),
    Index(None, "authority", "expires_at"),
    one_of("kind", ("person",)),
    CheckConstraint("length(id) = 64", name="id_length"),
    comment="Who signed in with a browser. The id is the hash of a secret that only the browser has.",
)
