"""The tables of outgoing messages: where they go, what they say, and how far each delivery is.

A message is stored in the transaction of what it tells (see `app.store.outbox`), with one delivery for each
address that wants its topic. They hold ids and codes, and nothing personal.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from app.store.schema import (
    NOW,
    UtcDateTime,
    authority_column,
    between,
    changed_at_column,
    json_value,
    metadata,
    one_of,
)

STATES = ("waiting", "delivered", "dead")

webhooks = Table(
    "webhooks",
    metadata,
    authority_column(),
    Column("id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    changed_at_column(),
    Column("url", String(1_000), nullable=False),
    Column("topics", json_value(), nullable=False),
    Column("secret", String(64), nullable=False),
    Column("active", Boolean, nullable=False),
    PrimaryKeyConstraint("authority", "id"),
    CheckConstraint("version >= 1", name="version_range"),
    comment="Where messages go. `secret` is the name of a key that is kept elsewhere, never a key.",
)

messages = Table(
    "messages",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), autoincrement=True),
    authority_column(),
    Column("id", String(32), nullable=False),
    Column("topic", String(40), nullable=False),
    Column("order_key", String(64), nullable=False),
    Column("about", json_value(), nullable=False),
    Column("made_at", UtcDateTime, nullable=False, server_default=NOW),
    PrimaryKeyConstraint("seq"),
    UniqueConstraint("authority", "id"),
    comment="What happened that others are told of, stored in the transaction in which it happened.",
)

deliveries = Table(
    "deliveries",
    metadata,
    authority_column(),
    Column("message_id", String(32), nullable=False),
    Column("webhook_id", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("order_key", String(64), nullable=False),
    Column("state", String(10), nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", UtcDateTime, nullable=False, server_default=NOW),
    Column("lease", String(32)),
    Column("outcome", String(40)),
    Column("settled_at", UtcDateTime),
    PrimaryKeyConstraint("authority", "message_id", "webhook_id"),
    ForeignKeyConstraint(["authority", "message_id"], ["messages.authority", "messages.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["authority", "webhook_id"], ["webhooks.authority", "webhooks.id"], ondelete="CASCADE"),
    Index(None, "authority", "state", "due_at"),
    Index(None, "authority", "webhook_id", "order_key", "seq"),
    one_of("state", STATES),
    between("attempts", 0, 1_000_000),
    comment="One message to one address: waiting, delivered or given up (dead).",
)
