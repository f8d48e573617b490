"""The tables of the audit trail, and of what was erased from the rest.

Entries are only ever added, and each carries the hash of the one before (see `app.store.audit`). What is personal
in them is sealed under keys that stand in `audit_subjects` alone, so that a child can be forgotten by destroying
a key while every hash stays as it is.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.store.schema import NOW, UtcDateTime, authority_column, metadata, one_of, ref_text

ACTOR_KINDS = ("person", "system")

audit_heads = Table(
    "audit_heads",
    metadata,
    authority_column(),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("subjects", BigInteger, nullable=False),
    PrimaryKeyConstraint("authority"),
    CheckConstraint("seq >= 0", name="seq_range"),
    CheckConstraint("subjects >= 0", name="subjects_range"),
    comment="One row an authority: the end of its audit trail. Whoever adds to the trail locks it.",
)

audit_entries = Table(
    "audit_entries",
    metadata,
    authority_column(),
    Column("seq", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(255), nullable=False),
    Column("actor_kind", String(10), nullable=False),
    Column("action", String(60), nullable=False),
    Column("object_kind", String(40), nullable=False),
    Column("object_ref", String(255)),
    Column("subjects", Text, nullable=False),
    Column("introduced", Text),
    Column("facts", Text),
    Column("sealed", LargeBinary),
    Column("hash", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("authority", "seq"),
    CheckConstraint("seq >= 1", name="seq_range"),
    one_of("actor_kind", ACTOR_KINDS),
    comment="Who did or saw what, when. Only added to; each entry's hash covers the one before.",
)

audit_subjects = Table(
    "audit_subjects",
    metadata,
    authority_column(),
    Column("number", BigInteger, nullable=False),
    Column("ref", ref_text()),
    Column("secret", LargeBinary(32)),
    PrimaryKeyConstraint("authority", "number"),
    UniqueConstraint("authority", "ref"),
    CheckConstraint("number >= 1", name="number_range"),
    CheckConstraint("(ref IS NULL) = (secret IS NULL)", name="both_or_neither"),
    comment="Which child a number of the audit trail stands for, and the key to what is sealed; nulls: erased.",
)

erasures = Table(
    "erasures",
    metadata,
    authority_column(),
    Column("salt", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("erased_at", UtcDateTime, nullable=False, server_default=NOW),
    Column("audit_seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("authority", "salt"),
    Index(None, "authority", "audit_seq"),
    CheckConstraint("audit_seq >= 1", name="audit_seq_range"),
    comment="Children whose personal data was erased, as salted digests: a restored backup is erased anew from it.",
)

nobody = Table(
    "nobody",
    metadata,
    authority_column(),
    Column("id", String(1), nullable=False),
    PrimaryKeyConstraint("authority", "id"),
    comment="Never holds a row: what refers to it cannot be committed.",
)

erasing = Table(
    "erasing",
    metadata,
    authority_column(),
    Column("ref", ref_text(), nullable=False),
    Column("refused", String(1), nullable=False, server_default="-"),
    PrimaryKeyConstraint("authority", "ref"),
    ForeignKeyConstraint(
        ["authority", "refused"], ["nobody.authority", "nobody.id"], deferrable=True, initially="DEFERRED"
    ),
    comment="Whom this transaction erases. Opens the rows that are never changed; cannot outlive the transaction.",
)
