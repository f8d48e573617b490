"""The table of imports that were asked for and are done beside the requests.

The body as it was sent stands in the row for as long as it is waited for, and no moment longer: the transaction
that ends an import takes it away.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.store.schema import NOW, UtcDateTime, authority_column, between, metadata, one_of

KINDS = ("homes", "caseload")
WAITING = ("queued", "running")
OVER = ("done", "failed")

ONE_RUNNING = text("status = 'running'")

imports = Table(
    "imports",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), autoincrement=True),
    authority_column(),
    Column("id", String(32), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("status", String(10), nullable=False, server_default="queued"),
    Column("actor", String(255), nullable=False),
    Column("actor_kind", String(10), nullable=False),
    Column("read_on", Date, nullable=False),
    Column("packed", LargeBinary),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("requested_at", UtcDateTime, nullable=False, server_default=NOW),
    Column("due_at", UtcDateTime, nullable=False, server_default=NOW),
    Column("started_at", UtcDateTime),
    Column("heartbeat_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("failure", String(40)),
    Column("told", JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")),
    PrimaryKeyConstraint("seq"),
    UniqueConstraint("authority", "id"),
    Index(None, "authority", "status"),
    Index("uq_imports_one_running", "authority", unique=True, sqlite_where=ONE_RUNNING, postgresql_where=ONE_RUNNING),
    one_of("kind", KINDS),
    one_of("status", (*WAITING, *OVER)),
    between("fence", 0, 1_000_000),
    between("tries", 0, 1_000),
    CheckConstraint("(status IN ('queued', 'running')) = (packed IS NOT NULL)", name="body_while_waiting"),
    CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name="failure_said"),
    CheckConstraint("status <> 'done' OR told IS NOT NULL", name="done_told"),
    comment="Imports asked for with respond-async: how far each is. The body goes when it is over.",
)
