"""The tables of decisions: placements, the places they claim, what was decided and what was seen before.

A place is a row, not a counter. Two partial unique indexes refuse, whatever the code believes, two live claims on
one place of a home and two live claims of a child; triggers (in the migration) refuse more live claims than the
home has usable places, and a claim that comes back to life.

Every state of a placement rests on the decision that led to it: a foreign key demands a row of `decisions` of the
same placement, version and state, and its checks demand that a person accepted, after having been shown something.
Triggers (in the second migration) demand that each decision begins where the placement stands, that a placement
changes by one step at a time and never in what it is about, and that a live one has a place for every child who has
not left it. With each claim of a child who moved out stands that child's own end, and the decision that told of it;
with each claim, which search it answers (see `app.store.searches`).
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.store.placement_records import MOVES, STEPS_OF_SYSTEMS, SeenKind, State
from app.store.schema import (
    NOW,
    UtcDateTime,
    authority_column,
    between,
    changed_at_column,
    json_value,
    metadata,
    one_of,
    ref_text,
)

OF_THE_PLACE = text("live")
PURSUED_CLAIM = text("live AND NOT lived_in")
LIVED_CLAIM = text("live AND lived_in")


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _id(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, String(32), nullable=nullable)


def _subject(name: str, *, nullable: bool = True) -> Column[str]:
    return Column(name, String(255), nullable=nullable)


seen = Table(
    "seen",
    metadata,
    authority_column(),
    _id("id"),
    _subject("subject", nullable=False),
    Column("kind", String(10), nullable=False),
    Column("referral_ref", ref_text(), nullable=False),
    Column("referral_version", Integer, nullable=False),
    _id("proposal_id", nullable=True),
    _id("placement_id", nullable=True),
    Column("policy_version", String(100), nullable=False),
    Column("policy_sha256", String(64), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("options", json_value(), nullable=False),
    Column("inventory_seq", BigInteger, nullable=False, server_default=text("0")),
    Column("was_so", JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")),
    Column("seen_at", UtcDateTime, nullable=False, server_default=NOW),
    PrimaryKeyConstraint("authority", "id"),
    Index(None, "authority", "seen_at"),
    one_of("kind", tuple(SeenKind)),
    CheckConstraint("referral_version >= 1", name="referral_version_range"),
    comment="What a person was shown before deciding: homes in their order, points, versions. Never changed.",
)

decisions = Table(
    "decisions",
    metadata,
    authority_column(),
    _id("placement_id"),
    Column("version", Integer, nullable=False),
    Column("step", String(10), nullable=False),
    Column("from_state", String(10), nullable=False),
    Column("to_state", String(10), nullable=False),
    _subject("actor", nullable=False),
    Column("actor_kind", String(10), nullable=False),
    Column("reason_code", String(40)),
    Column("by_provider", Boolean, nullable=False),
    Column("overridden", json_value(), nullable=False),
    Column("rules_overridden", Integer, nullable=False),
    Column("rank", Integer),
    _subject("second_actor"),
    Column("approval", String(40)),
    _id("seen_id", nullable=True),
    Column("agreed_on", JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")),
    Column("decided_at", UtcDateTime, nullable=False, server_default=NOW),
    PrimaryKeyConstraint("authority", "placement_id", "version"),
    UniqueConstraint("authority", "placement_id", "version", "to_state"),
    ForeignKeyConstraint(["authority", "seen_id"], ["seen.authority", "seen.id"]),
    Index(None, "authority", "seen_id"),
    CheckConstraint("version >= 1", name="version_range"),
    one_of("actor_kind", ("person", "system")),
    CheckConstraint(f"step || ':' || from_state || '>' || to_state IN ({_listed(MOVES)})", name="move_listed"),
    CheckConstraint("(from_state = 'proposed') = (version = 1)", name="begins_once"),
    CheckConstraint(
        f"actor_kind = 'person' OR (step IN ({_listed(STEPS_OF_SYSTEMS)})"
        " AND (step = 'leave' OR to_state NOT IN ('accepted', 'placed')) AND from_state <> 'proposed')",
        name="a_person_decides",
    ),
    CheckConstraint("step NOT IN ('hold', 'accept') OR seen_id IS NOT NULL", name="seen_before"),
    CheckConstraint("step NOT IN ('hold', 'accept') OR rank IS NOT NULL", name="rank_known"),
    CheckConstraint(
        "step NOT IN ('hold', 'accept') OR (rank = 1 AND rules_overridden = 0) OR reason_code IS NOT NULL",
        name="reason_given",
    ),
    CheckConstraint(
        "step NOT IN ('decline', 'withdraw', 'leave', 'end') OR reason_code IS NOT NULL", name="reason_of_end"
    ),
    CheckConstraint("step <> 'accept' OR rules_overridden = 0 OR second_actor IS NOT NULL", name="second_given"),
    CheckConstraint("second_actor <> actor", name="second_is_another"),
    between("rules_overridden", 0, 64),
    between("rank", 1, 1_000_000),
    comment="One row a step of a placement: who, from what to what, and why. Never changed.",
)

decision_texts = Table(
    "decision_texts",
    metadata,
    authority_column(),
    _id("placement_id"),
    Column("version", Integer, nullable=False),
    Column("words", String(1_000), nullable=False),
    PrimaryKeyConstraint("authority", "placement_id", "version"),
    ForeignKeyConstraint(
        ["authority", "placement_id", "version"],
        ["decisions.authority", "decisions.placement_id", "decisions.version"],
    ),
    comment="What persons wrote to their decisions. Never changed, but deleted where a child is erased.",
)

placements = Table(
    "placements",
    metadata,
    authority_column(),
    _id("id"),
    Column("number", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("referral_ref", ref_text(), nullable=False),
    Column("referral_version", Integer, nullable=False),
    Column("children", json_value(), nullable=False),
    Column("home_ref", ref_text(), nullable=False),
    Column("home_version", Integer, nullable=False),
    _id("proposal_id", nullable=True),
    _id("seen_id", nullable=True),
    Column("policy_version", String(100), nullable=False),
    Column("policy_sha256", String(64), nullable=False),
    Column("rank", Integer),
    Column("points", Integer, nullable=False),
    Column("weekly_fee_pence", Integer),
    Column("held_until", UtcDateTime),
    Column("overridden", json_value(), nullable=False),
    Column("approval_needed", String(40), nullable=False),
    Column("approval_because", json_value(), nullable=False),
    Column("approved_level", String(40)),
    _subject("approved_by"),
    _subject("second_by"),
    _subject("proposer", nullable=False),
    Column("reason_code", String(40)),
    Column("moved_in_on", Date),
    Column("ended_on", Date),
    Column("end_reason", String(10)),
    Column("end_planned", Boolean),
    Column("made_at", UtcDateTime, nullable=False, server_default=NOW),
    changed_at_column(),
    Column("children_left", Integer, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("authority", "id"),
    UniqueConstraint("authority", "number"),
    ForeignKeyConstraint(
        ["authority", "id", "version", "state"],
        ["decisions.authority", "decisions.placement_id", "decisions.version", "decisions.to_state"],
    ),
    ForeignKeyConstraint(["authority", "proposal_id"], ["proposals.authority", "proposals.id"]),
    Index(None, "authority", "state"),
    Index(None, "authority", "referral_ref"),
    Index(None, "authority", "proposal_id"),
    one_of("state", tuple(str(state) for state in State if state is not State.PROPOSED)),
    CheckConstraint("version >= 1", name="version_range"),
    CheckConstraint("(state IN ('held', 'sent')) = (held_until IS NOT NULL)", name="held_until_when"),
    CheckConstraint("(approved_by IS NULL) = (approved_level IS NULL)", name="approval_whole"),
    CheckConstraint("approved_by <> proposer", name="approver_is_another"),
    CheckConstraint("second_by <> proposer", name="second_is_another"),
    CheckConstraint(
        "approval_needed = 'none' OR state NOT IN ('accepted', 'placed', 'ended') OR approved_by IS NOT NULL",
        name="approved_before",
    ),
    CheckConstraint("(state IN ('placed', 'ended')) = (moved_in_on IS NOT NULL)", name="moved_in_when"),
    CheckConstraint(
        "(state = 'ended') = (ended_on IS NOT NULL AND end_reason IS NOT NULL AND end_planned IS NOT NULL)",
        name="ended_whole",
    ),
    CheckConstraint("children_left = 0 OR state IN ('placed', 'ended')", name="children_left_when"),
    between("rank", 1, 1_000_000),
    between("weekly_fee_pence", 0, 1_000_000_000),
    comment="Parties that are pursued, or live, in a home: each as it stands.",
)

place_claims = Table(
    "place_claims",
    metadata,
    authority_column(),
    _id("placement_id"),
    Column("child_ref", ref_text(), nullable=False),
    Column("home_ref", ref_text(), nullable=False),
    Column("place_number", Integer, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("lived_in", Boolean, nullable=False),
    Column("resident", JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")),
    Column("changed_seq", BigInteger, nullable=False, server_default=text("0")),
    Column("ended_on", Date),
    Column("end_reason", String(10)),
    Column("end_planned", Boolean),
    Column("ended_version", Integer),
    Column("searched_since", Date),
    PrimaryKeyConstraint("authority", "placement_id", "child_ref"),
    ForeignKeyConstraint(["authority", "placement_id"], ["placements.authority", "placements.id"]),
    Index(
        "uq_place_claims_place",
        "authority",
        "home_ref",
        "place_number",
        unique=True,
        sqlite_where=OF_THE_PLACE,
        postgresql_where=OF_THE_PLACE,
    ),
    Index(
        "uq_place_claims_child",
        "authority",
        "child_ref",
        unique=True,
        sqlite_where=PURSUED_CLAIM,
        postgresql_where=PURSUED_CLAIM,
    ),
    Index(
        "uq_place_claims_lives",
        "authority",
        "child_ref",
        unique=True,
        sqlite_where=LIVED_CLAIM,
        postgresql_where=LIVED_CLAIM,
    ),
    Index(None, "authority", "home_ref", "changed_seq"),
    Index(None, "authority", "child_ref", "placement_id"),
    between("place_number", 1, 1_000),
    CheckConstraint("live = (resident IS NOT NULL)", name="resident_while_live"),
    CheckConstraint(
        "(ended_version IS NOT NULL) = (ended_on IS NOT NULL AND end_reason IS NOT NULL AND end_planned IS NOT NULL)"
        " AND (ended_version IS NULL OR (lived_in AND NOT live))",
        name="ended_whole",
    ),
    comment="One row a place that a placement takes for a child; what is personal goes when the claim does.",
)
