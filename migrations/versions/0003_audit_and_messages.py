"""The audit trail, what was erased, and outgoing messages.

Rows that are never changed can from here on be stripped of one child's data, in the transaction that says whom
it erases (table `erasing`) and in the columns named here; in no other way.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
REF = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("CURRENT_TIMESTAMP")

ADDED_TO = ("audit_entries", "erasures")
"""Never changed, without exception."""

KEPT = ("audit_heads", "audit_subjects")
"""Changed, but never deleted."""

ERASABLE = {
    "proposals": ("referral_ref", "children", "explanation"),
    "proposed_children": ("child_ref",),
    "run_snapshots": ("packed",),
    "audit_subjects": ("ref", "secret"),
}
"""Columns that an erasure may change. The child or its referral must be named in the row, unless it is packed."""

NAMES_WHOM = {
    "proposals": "instr(OLD.children || OLD.explanation || json_quote(OLD.referral_ref), json_quote(e.ref)) > 0",
    "proposed_children": "OLD.child_ref = e.ref",
    "run_snapshots": "1",
    "audit_subjects": "OLD.ref = e.ref AND NEW.ref IS NULL AND NEW.secret IS NULL",
}


def upgrade() -> None:
    _audit()
    _erasing()
    _messages()
    if op.get_bind().dialect.name == "postgresql":
        _guards_postgresql()
    else:
        _guards_sqlite()


def _audit() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("subjects", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("authority", name="pk_audit_heads"),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_audit_heads_seq_range")),
        sa.CheckConstraint("subjects >= 0", name=op.f("ck_audit_heads_subjects_range")),
        comment="One row an authority: the end of its audit trail. Whoever adds to the trail locks it.",
    )
    op.create_table(
        "audit_entries",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("object_kind", sa.String(40), nullable=False),
        sa.Column("object_ref", sa.String(255)),
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.Column("introduced", sa.Text()),
        sa.Column("facts", sa.Text()),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("authority", "seq", name="pk_audit_entries"),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_audit_entries_seq_range")),
        sa.CheckConstraint("actor_kind IN ('person', 'system')", name=op.f("ck_audit_entries_actor_kind_listed")),
        comment="Who did or saw what, when. Only added to; each entry's hash covers the one before.",
    )
    op.create_table(
        "audit_subjects",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("ref", REF),
        sa.Column("secret", sa.LargeBinary(32)),
        sa.PrimaryKeyConstraint("authority", "number", name="pk_audit_subjects"),
        sa.UniqueConstraint("authority", "ref", name="uq_audit_subjects_authority_ref"),
        sa.CheckConstraint("number >= 1", name=op.f("ck_audit_subjects_number_range")),
        sa.CheckConstraint("(ref IS NULL) = (secret IS NULL)", name=op.f("ck_audit_subjects_both_or_neither")),
        comment="Which child a number of the audit trail stands for, and the key to what is sealed; nulls: erased.",
    )


def _erasing() -> None:
    op.create_table(
        "erasures",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("erased_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "salt", name="pk_erasures"),
        sa.CheckConstraint("audit_seq >= 1", name=op.f("ck_erasures_audit_seq_range")),
        comment="Children whose personal data was erased, as salted digests: a restored backup is erased anew from it.",
    )
    op.create_index("ix_erasures_authority_audit_seq", "erasures", ["authority", "audit_seq"])
    op.create_table(
        "nobody",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("id", sa.String(1), nullable=False),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_nobody"),
        comment="Never holds a row: what refers to it cannot be committed.",
    )
    op.create_table(
        "erasing",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("ref", REF, nullable=False),
        sa.Column("refused", sa.String(1), nullable=False, server_default="-"),
        sa.PrimaryKeyConstraint("authority", "ref", name="pk_erasing"),
        sa.ForeignKeyConstraint(
            ["authority", "refused"],
            ["nobody.authority", "nobody.id"],
            name="fk_erasing_nobody",
            deferrable=True,
            initially="DEFERRED",
        ),
        comment="Whom this transaction erases. Opens the rows that are never changed; cannot outlive the transaction.",
    )


def _messages() -> None:
    op.create_table(
        "webhooks",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("url", sa.String(1000), nullable=False),
        sa.Column("topics", JSON, nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_webhooks"),
        sa.CheckConstraint("version >= 1", name=op.f("ck_webhooks_version_range")),
        comment="Where messages go. `secret` is the name of a key that is kept elsewhere, never a key.",
    )
    op.create_table(
        "messages",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True),
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("order_key", sa.String(64), nullable=False),
        sa.Column("about", JSON, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("seq", name="pk_messages"),
        sa.UniqueConstraint("authority", "id", name="uq_messages_authority_id"),
        comment="What happened that others are told of, stored in the transaction in which it happened.",
    )
    op.create_table(
        "deliveries",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("message_id", sa.String(32), nullable=False),
        sa.Column("webhook_id", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("order_key", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False, server_default="waiting"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("lease", sa.String(32)),
        sa.Column("outcome", sa.String(40)),
        sa.Column("settled_at", INSTANT),
        sa.PrimaryKeyConstraint("authority", "message_id", "webhook_id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(
            ["authority", "message_id"],
            ["messages.authority", "messages.id"],
            name="fk_deliveries_messages",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["authority", "webhook_id"],
            ["webhooks.authority", "webhooks.id"],
            name="fk_deliveries_webhooks",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'dead')", name=op.f("ck_deliveries_state_listed")),
        sa.CheckConstraint("attempts BETWEEN 0 AND 1000000", name=op.f("ck_deliveries_attempts_range")),
        comment="One message to one address: waiting, delivered or given up (dead).",
    )
    op.create_index("ix_deliveries_authority_state_due_at", "deliveries", ["authority", "state", "due_at"])
    op.create_index(
        "ix_deliveries_authority_webhook_id_order_key_seq",
        "deliveries",
        ["authority", "webhook_id", "order_key", "seq"],
    )


def _guards_postgresql() -> None:
    """`refuse_change` is of the revision before; the new one asks whether the row's child is being erased."""
    op.execute(
        "CREATE FUNCTION refuse_change_unless_erasing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - TG_ARGV[1:] = to_jsonb(OLD) - TG_ARGV[1:] AND EXISTS"
        " (SELECT 1 FROM erasing e WHERE e.authority = OLD.authority AND (TG_ARGV[0] = 'packed' OR"
        " strpos(to_jsonb(OLD)::text, to_jsonb(e.ref)::text) > 0)) THEN RETURN NEW; END IF;"
        " RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME; END $$"
    )
    for table in ADDED_TO:
        _refuse_postgresql(table, "UPDATE OR DELETE")
    for table in KEPT:
        _refuse_postgresql(table, "DELETE", "never_deleted")
    for table, columns in ERASABLE.items():
        if table not in KEPT:
            op.execute(f"DROP TRIGGER never_changed ON {table}")
        how = "packed" if table == "run_snapshots" else "named"
        arguments = ", ".join(f"'{word}'" for word in (how, *columns))
        op.execute(
            f"CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_change_unless_erasing({arguments})"
        )
    op.execute(
        "CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit_entries"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _refuse_postgresql(table: str, changes: str, name: str = "never_changed") -> None:
    op.execute(f"CREATE TRIGGER {name} BEFORE {changes} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")


def _guards_sqlite() -> None:
    for table in ADDED_TO:
        _refuse_sqlite(table, "UPDATE")
        _refuse_sqlite(table, "DELETE")
    for table in KEPT:
        _refuse_sqlite(table, "DELETE")
    columns_of = sa.inspect(op.get_bind()).get_columns
    for table, columns in ERASABLE.items():
        op.execute(f"DROP TRIGGER IF EXISTS never_update_{table}")
        kept = [each["name"] for each in columns_of(table) if each["name"] not in columns]
        same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in kept)
        named = f"e.authority = OLD.authority AND {NAMES_WHOM[table]}"
        _refuse_sqlite(table, "UPDATE", f" WHEN NOT ({same} AND EXISTS (SELECT 1 FROM erasing e WHERE {named}))")  # noqa: S608 - of constants


def _refuse_sqlite(table: str, change: str, when: str = "") -> None:
    op.execute(
        f"CREATE TRIGGER never_{change.lower()}_{table} BEFORE {change} ON {table}{when}"
        f" BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
    )


def downgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    before = [table for table in ERASABLE if table not in KEPT]
    for table in before:
        if on_postgresql:
            op.execute(f"DROP TRIGGER never_changed ON {table}")
            _refuse_postgresql(table, "UPDATE OR DELETE")
        else:
            op.execute(f"DROP TRIGGER never_update_{table}")
            _refuse_sqlite(table, "UPDATE")
    for table in ("deliveries", "messages", "webhooks", "erasing", "nobody", "erasures"):
        op.drop_table(table)
    for table in ("audit_subjects", "audit_entries", "audit_heads"):
        op.drop_table(table)
    if on_postgresql:
        op.execute("DROP FUNCTION refuse_change_unless_erasing()")
