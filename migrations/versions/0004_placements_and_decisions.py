"""Placements, the places they claim, what was decided, and what was seen before it was.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
REF = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("CURRENT_TIMESTAMP")

TABLES = ("place_claims", "placements", "decision_texts", "decisions", "seen")

ADDED_TO = {"decisions": ("UPDATE", "DELETE"), "decision_texts": ("UPDATE",), "placements": ("DELETE",)}
"""What may not happen to the rows of a table."""

MAY_BE_ERASED = ("referral_ref", "options")
"""Columns of `seen` that change where a child is erased, and only then."""

MOVES = (
    "hold:proposed>held",
    "send:held>sent",
    "second:held>held",
    "second:sent>sent",
    "approve:held>held",
    "approve:sent>sent",
    "accept:proposed>accepted",
    "accept:held>accepted",
    "accept:sent>accepted",
    "decline:proposed>declined",
    "decline:held>declined",
    "decline:sent>declined",
    "withdraw:held>withdrawn",
    "withdraw:sent>withdrawn",
    "withdraw:accepted>withdrawn",
    "expire:held>expired",
    "expire:sent>expired",
    "place:accepted>placed",
    "end:placed>ended",
)

NO_PLACE = "no place left"
"""Begins what the database says of a claim beyond the usable places."""


def upgrade() -> None:
    _seen()
    _decisions()
    _decision_texts()
    _placements()
    _place_claims()
    if op.get_bind().dialect.name == "postgresql":
        _guards_postgresql()
    else:
        _guards_sqlite()


def _seen() -> None:
    op.create_table(
        "seen",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("referral_ref", REF, nullable=False),
        sa.Column("referral_version", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.String(32)),
        sa.Column("placement_id", sa.String(32)),
        sa.Column("policy_version", sa.String(100), nullable=False),
        sa.Column("policy_sha256", sa.String(64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_seen"),
        sa.CheckConstraint("kind IN ('shortlist', 'proposal', 'placement')", name=op.f("ck_seen_kind_listed")),
        sa.CheckConstraint("referral_version >= 1", name=op.f("ck_seen_referral_version_range")),
        comment="What a person was shown before deciding: homes in their order, points, versions. Never changed.",
    )
    op.create_index("ix_seen_authority_seen_at", "seen", ["authority", "seen_at"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("placement_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(10), nullable=False),
        sa.Column("from_state", sa.String(10), nullable=False),
        sa.Column("to_state", sa.String(10), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("reason_code", sa.String(40)),
        sa.Column("by_provider", sa.Boolean(), nullable=False),
        sa.Column("overridden", JSON, nullable=False),
        sa.Column("rules_overridden", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer()),
        sa.Column("second_actor", sa.String(255)),
        sa.Column("approval", sa.String(40)),
        sa.Column("seen_id", sa.String(32)),
        sa.Column("decided_at", INSTANT, nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("authority", "placement_id", "version", name="pk_decisions"),
        sa.UniqueConstraint(
            "authority",
            "placement_id",
            "version",
            "to_state",
            name="uq_decisions_authority_placement_id_version_to_state",
        ),
        sa.ForeignKeyConstraint(["authority", "seen_id"], ["seen.authority", "seen.id"], name="fk_decisions_seen"),
        sa.CheckConstraint("version >= 1", name=op.f("ck_decisions_version_range")),
        sa.CheckConstraint("actor_kind IN ('person', 'system')", name=op.f("ck_decisions_actor_kind_listed")),
        sa.CheckConstraint(
            f"step || ':' || from_state || '>' || to_state IN ({_listed(MOVES)})",
            name=op.f("ck_decisions_move_listed"),
        ),
        sa.CheckConstraint("(from_state = 'proposed') = (version = 1)", name=op.f("ck_decisions_begins_once")),
        sa.CheckConstraint(
            "actor_kind = 'person' OR (step IN ('decline', 'expire', 'end')"
            " AND to_state NOT IN ('accepted', 'placed') AND from_state <> 'proposed')",
            name=op.f("ck_decisions_a_person_decides"),
        ),
        sa.CheckConstraint(
            "step NOT IN ('hold', 'accept') OR seen_id IS NOT NULL", name=op.f("ck_decisions_seen_before")
        ),
        sa.CheckConstraint("step NOT IN ('hold', 'accept') OR rank IS NOT NULL", name=op.f("ck_decisions_rank_known")),
        sa.CheckConstraint(
            "step NOT IN ('hold', 'accept') OR (rank = 1 AND rules_overridden = 0) OR reason_code IS NOT NULL",
            name=op.f("ck_decisions_reason_given"),
        ),
        sa.CheckConstraint(
            "step NOT IN ('decline', 'withdraw', 'end') OR reason_code IS NOT NULL",
            name=op.f("ck_decisions_reason_of_end"),
        ),
        sa.CheckConstraint(
            "step <> 'accept' OR rules_overridden = 0 OR second_actor IS NOT NULL",
            name=op.f("ck_decisions_second_given"),
        ),
        sa.CheckConstraint("second_actor <> actor", name=op.f("ck_decisions_second_is_another")),
        sa.CheckConstraint("rules_overridden BETWEEN 0 AND 64", name=op.f("ck_decisions_rules_overridden_range")),
        sa.CheckConstraint("rank BETWEEN 1 AND 1000000", name=op.f("ck_decisions_rank_range")),
        comment="One row a step of a placement: who, from what to what, and why. Never changed.",
    )
    op.create_index("ix_decisions_authority_seen_id", "decisions", ["authority", "seen_id"])


def _decision_texts() -> None:
    op.create_table(
        "decision_texts",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("placement_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(1000), nullable=False),
        sa.PrimaryKeyConstraint("authority", "placement_id", "version", name="pk_decision_texts"),
        sa.ForeignKeyConstraint(
            ["authority", "placement_id", "version"],
            ["decisions.authority", "decisions.placement_id", "decisions.version"],
            name="fk_decision_texts_decisions",
        ),
        comment="What persons wrote to their decisions. Never changed, but deleted where a child is erased.",
    )


def _placements() -> None:
    op.create_table(
        "placements",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("referral_ref", REF, nullable=False),
        sa.Column("referral_version", sa.Integer(), nullable=False),
        sa.Column("children", JSON, nullable=False),
        sa.Column("home_ref", REF, nullable=False),
        sa.Column("home_version", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.String(32)),
        sa.Column("seen_id", sa.String(32)),
        sa.Column("policy_version", sa.String(100), nullable=False),
        sa.Column("policy_sha256", sa.String(64), nullable=False),
        sa.Column("rank", sa.Integer()),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("weekly_fee_pence", sa.Integer()),
        sa.Column("held_until", INSTANT),
        sa.Column("overridden", JSON, nullable=False),
        sa.Column("approval_needed", sa.String(40), nullable=False),
        sa.Column("approval_because", JSON, nullable=False),
        sa.Column("approved_level", sa.String(40)),
        sa.Column("approved_by", sa.String(255)),
        sa.Column("second_by", sa.String(255)),
        sa.Column("proposer", sa.String(255), nullable=False),
        sa.Column("reason_code", sa.String(40)),
        sa.Column("moved_in_on", sa.Date()),
        sa.Column("ended_on", sa.Date()),
        sa.Column("end_reason", sa.String(10)),
        sa.Column("end_planned", sa.Boolean()),
        sa.Column("made_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("changed_at", INSTANT, nullable=False, server_default=NOW),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_placements"),
        sa.UniqueConstraint("authority", "number", name="uq_placements_authority_number"),
        sa.ForeignKeyConstraint(
            ["authority", "id", "version", "state"],
            ["decisions.authority", "decisions.placement_id", "decisions.version", "decisions.to_state"],
            name="fk_placements_decisions",
        ),
        sa.ForeignKeyConstraint(
            ["authority", "proposal_id"], ["proposals.authority", "proposals.id"], name="fk_placements_proposals"
        ),
        sa.CheckConstraint(
            "state IN ('held', 'sent', 'accepted', 'declined', 'withdrawn', 'expired', 'placed', 'ended')",
            name=op.f("ck_placements_state_listed"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_placements_version_range")),
        sa.CheckConstraint(
            "(state IN ('held', 'sent')) = (held_until IS NOT NULL)", name=op.f("ck_placements_held_until_when")
        ),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_level IS NULL)", name=op.f("ck_placements_approval_whole")
        ),
        sa.CheckConstraint("approved_by <> proposer", name=op.f("ck_placements_approver_is_another")),
        sa.CheckConstraint("second_by <> proposer", name=op.f("ck_placements_second_is_another")),
        sa.CheckConstraint(
            "approval_needed = 'none' OR state NOT IN ('accepted', 'placed', 'ended') OR approved_by IS NOT NULL",
            name=op.f("ck_placements_approved_before"),
        ),
        sa.CheckConstraint(
            "(state IN ('placed', 'ended')) = (moved_in_on IS NOT NULL)", name=op.f("ck_placements_moved_in_when")
        ),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_on IS NOT NULL AND end_reason IS NOT NULL AND end_planned IS NOT NULL)",
            name=op.f("ck_placements_ended_whole"),
        ),
        sa.CheckConstraint("rank BETWEEN 1 AND 1000000", name=op.f("ck_placements_rank_range")),
        sa.CheckConstraint(
            "weekly_fee_pence BETWEEN 0 AND 1000000000", name=op.f("ck_placements_weekly_fee_pence_range")
        ),
        comment="Parties that are pursued, or live, in a home: each as it stands.",
    )
    op.create_index("ix_placements_authority_proposal_id", "placements", ["authority", "proposal_id"])
    op.create_index("ix_placements_authority_referral_ref", "placements", ["authority", "referral_ref"])
    op.create_index("ix_placements_authority_state", "placements", ["authority", "state"])


def _place_claims() -> None:
    op.create_table(
        "place_claims",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("placement_id", sa.String(32), nullable=False),
        sa.Column("child_ref", REF, nullable=False),
        sa.Column("home_ref", REF, nullable=False),
        sa.Column("place_number", sa.Integer(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("lived_in", sa.Boolean(), nullable=False),
        sa.Column("resident", JSON),
        sa.PrimaryKeyConstraint("authority", "placement_id", "child_ref", name="pk_place_claims"),
        sa.ForeignKeyConstraint(
            ["authority", "placement_id"], ["placements.authority", "placements.id"], name="fk_place_claims_placements"
        ),
        sa.CheckConstraint("place_number BETWEEN 1 AND 1000", name=op.f("ck_place_claims_place_number_range")),
        sa.CheckConstraint("live = (resident IS NOT NULL)", name=op.f("ck_place_claims_resident_while_live")),
        comment="One row a place that a placement takes for a child; what is personal goes when the claim does.",
    )
    op.create_index(
        "uq_place_claims_child",
        "place_claims",
        ["authority", "child_ref"],
        unique=True,
        sqlite_where=sa.text("live AND NOT lived_in"),
        postgresql_where=sa.text("live AND NOT lived_in"),
    )
    op.create_index(
        "uq_place_claims_lives",
        "place_claims",
        ["authority", "child_ref"],
        unique=True,
        sqlite_where=sa.text("live AND lived_in"),
        postgresql_where=sa.text("live AND lived_in"),
    )
    op.create_index(
        "uq_place_claims_place",
        "place_claims",
        ["authority", "home_ref", "place_number"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _guards_postgresql() -> None:
    """A claim begins live on a usable place, and ends once. The home's row is locked while its claims are counted."""
    op.execute(
        "CREATE FUNCTION guard_place_claim() RETURNS trigger LANGUAGE plpgsql AS $$"  # noqa: S608 - constants
        " DECLARE all_places integer; held integer; taken integer; BEGIN"
        " IF TG_OP = 'INSERT' THEN"
        "  SELECT h.places, h.places_held INTO all_places, held FROM homes h"
        "   WHERE h.authority = NEW.authority AND h.ref = NEW.home_ref FOR UPDATE;"
        "  IF all_places IS NULL OR NOT NEW.live OR NEW.lived_in OR NEW.place_number > all_places THEN"
        f"   RAISE EXCEPTION '{NO_PLACE}: not a place of the home' USING ERRCODE = '23514'; END IF;"
        f"  {_taken('SELECT', 'INTO taken')};"
        "  IF held + taken + 1 > all_places THEN"
        f"   RAISE EXCEPTION '{NO_PLACE}' USING ERRCODE = '23514'; END IF;"
        "  RETURN NEW; END IF;"
        " IF TG_OP = 'DELETE' THEN IF OLD.live THEN"
        "  RAISE EXCEPTION 'a live claim is not deleted' USING ERRCODE = '23514'; END IF; RETURN OLD; END IF;"
        f" IF {_revived('IS DISTINCT FROM')} THEN"
        "  RAISE EXCEPTION 'a claim only ends' USING ERRCODE = '23514'; END IF;"
        " RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER guarded BEFORE INSERT OR UPDATE OR DELETE ON place_claims"
        " FOR EACH ROW EXECUTE FUNCTION guard_place_claim()"
    )
    for table, changes in ADDED_TO.items():
        name = "never_deleted" if changes == ("DELETE",) else "never_changed"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {' OR '.join(changes)} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    columns = ", ".join(f"'{column}'" for column in MAY_BE_ERASED)
    op.execute(
        "CREATE TRIGGER never_changed BEFORE UPDATE ON seen"
        f" FOR EACH ROW EXECUTE FUNCTION refuse_change_unless_erasing('named', {columns})"
    )


def _guards_sqlite() -> None:
    place = "SELECT 1 FROM homes h WHERE h.authority = NEW.authority AND h.ref = NEW.home_ref"
    is_one = f"NEW.live AND NOT NEW.lived_in AND EXISTS ({place} AND NEW.place_number <= h.places)"
    is_free = f"EXISTS ({place} AND h.places_held + ({_taken('SELECT', '')}) + 1 <= h.places)"
    _refuse_sqlite("place_claims", "INSERT", f" WHEN NOT ({is_one} AND {is_free})", NO_PLACE)
    _refuse_sqlite("place_claims", "UPDATE", f" WHEN {_revived('IS NOT')}", "a claim only ends")
    _refuse_sqlite("place_claims", "DELETE", " WHEN OLD.live", "a live claim is not deleted")
    for table, changes in ADDED_TO.items():
        for change in changes:
            _refuse_sqlite(table, change, "", f"rows of {table} are never changed")
    columns = [each["name"] for each in sa.inspect(op.get_bind()).get_columns("seen")]
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in columns if name not in MAY_BE_ERASED)
    erased = "instr(OLD.options || json_quote(OLD.referral_ref), json_quote(e.ref)) > 0"
    whom = f"SELECT 1 FROM erasing e WHERE e.authority = OLD.authority AND {erased}"  # noqa: S608 - constants
    _refuse_sqlite("seen", "UPDATE", f" WHEN NOT ({same} AND EXISTS ({whom}))", "rows of seen are never changed")


def _taken(select: str, into: str) -> str:
    """Places of the home that are in use: live claims, and residents who are not among them nor the child itself."""
    return (
        f"{select} (SELECT count(*) FROM place_claims c WHERE c.authority = NEW.authority"  # noqa: S608 - constants
        " AND c.home_ref = NEW.home_ref AND c.live)"
        " + (SELECT count(*) FROM residents r WHERE r.authority = NEW.authority AND r.home_ref = NEW.home_ref"
        " AND r.ref <> NEW.child_ref AND NOT EXISTS (SELECT 1 FROM place_claims c WHERE c.authority = r.authority"
        f" AND c.home_ref = r.home_ref AND c.child_ref = r.ref AND c.live)) {into}"
    )


def _revived(differs: str) -> str:
    """The claim becomes live again, is no longer lived in, or is another claim than it was."""
    fixed = ("authority", "placement_id", "child_ref", "home_ref", "place_number")
    other = " OR ".join(f"NEW.{name} {differs} OLD.{name}" for name in fixed)
    return f"({other} OR (NEW.live AND NOT OLD.live) OR (OLD.lived_in AND NOT NEW.lived_in))"


def _refuse_sqlite(table: str, change: str, when: str, said: str) -> None:
    op.execute(
        f"CREATE TRIGGER guard_{change.lower()}_{table} BEFORE {change} ON {table}{when}"
        f" BEGIN SELECT RAISE(ABORT, '{said}'); END"
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION guard_place_claim()")
