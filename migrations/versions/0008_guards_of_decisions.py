"""What an agreement was given for, and guards: a step begins where the placement stands, a live one has its places.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

FOR_EVER = (
    "authority",
    "id",
    "number",
    "home_ref",
    "proposal_id",
    "seen_id",
    "policy_version",
    "policy_sha256",
    "rank",
    "overridden",
    "proposer",
    "made_at",
)
"""Columns of a placement that never change."""

MAY_BE_ERASED = ("children", "referral_ref")
"""Columns of a placement that change where a child is erased, and only then."""

BY_A_STEP = (
    "state",
    "referral_version",
    "home_version",
    "points",
    "weekly_fee_pence",
    "approval_needed",
    "approval_because",
    "approved_level",
    "approved_by",
    "second_by",
    "reason_code",
    "moved_in_on",
    "ended_on",
    "end_reason",
    "end_planned",
)
"""Columns of a placement that change with a step, and only then. Until when it is held belongs to the clock."""

LIVE = "('held', 'sent', 'accepted', 'placed')"

WHERE_IT_STANDS = "a decision begins where the placement stands"
WAS_SEEN = "who decides has seen it"
COUNTED = "the rules that are overridden are counted"
ONE_STEP = "a placement changes by one step"
HAS_PLACES = "a live placement has its places"
"""What the database says of a statement that is refused."""

TRIGGERS = {
    "decisions": ("guard_insert_decisions",),
    "placements": ("guard_update_placements", "guard_live_placements"),
    "place_claims": ("guard_keep_place_claims",),
}


def upgrade() -> None:
    op.add_column("decisions", sa.Column("agreed_on", JSON))
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()
    else:
        _sqlite()


def _decision(row: str, length: str, differs: str) -> dict[str, str]:
    """What a new decision must not be, each with what is said of it. `row`: the placement, as a subquery's alias."""
    mine = f"{row}.authority = NEW.authority AND {row}.id = NEW.placement_id"
    stands = f"SELECT 1 FROM placements {row} WHERE {mine}"  # noqa: S608 - constants
    same = (
        f"{row}.version + 1 = NEW.version AND {row}.state = NEW.from_state AND {row}.overridden = NEW.overridden"
        f" AND (NEW.step <> 'accept' OR NOT (NEW.second_actor {differs} {row}.second_by))"
    )
    looked = "SELECT 1 FROM seen s WHERE s.authority = NEW.authority AND s.id = NEW.seen_id AND s.subject = NEW.actor"
    return {
        f"{length}(NEW.overridden) <> NEW.rules_overridden": COUNTED,
        f"(NEW.seen_id IS NULL AND NEW.step IN ('second', 'approve'))"
        f" OR (NEW.seen_id IS NOT NULL AND NOT EXISTS ({looked}))": WAS_SEEN,
        f"(NEW.from_state <> 'proposed' OR EXISTS ({stands})) AND NOT EXISTS ({stands} AND {same})": WHERE_IT_STANDS,
    }


def _step(differs: str, erased: str) -> str:
    """A placement changes otherwise than by one step, or in what is for ever."""

    def other(columns: tuple[str, ...]) -> str:
        return " OR ".join(f"NEW.{name} {differs} OLD.{name}" for name in columns)

    return (
        f"{other(FOR_EVER)} OR (({other(MAY_BE_ERASED)}) AND NOT ({erased}))"
        " OR NEW.version NOT IN (OLD.version, OLD.version + 1)"
        f" OR (NEW.version = OLD.version AND ({other(BY_A_STEP)}))"
    )


def _lacks_places(length: str) -> str:
    """A live state with fewer or more places than it has children."""
    claims = (
        "SELECT count(*) FROM place_claims c WHERE c.authority = NEW.authority AND c.placement_id = NEW.id AND c.live"
    )
    return f"NEW.state IN {LIVE} AND ({claims}) <> {length}(NEW.children)"


LETS_GO = (
    "OLD.live AND NOT NEW.live AND EXISTS (SELECT 1 FROM placements p WHERE p.authority = OLD.authority"  # noqa: S608
    f" AND p.id = OLD.placement_id AND p.state IN {LIVE})"
)
"""A place is given back while the placement is live."""


def _postgresql() -> None:
    told = " ".join(
        f"IF {wrong} THEN RAISE EXCEPTION '{said}' USING ERRCODE = '23514'; END IF;"
        for wrong, said in _decision("p", "jsonb_array_length", "IS DISTINCT FROM").items()
    )
    _function("guard_decision", told)
    op.execute(_trigger("guard_insert_decisions", "BEFORE INSERT", "decisions", "guard_decision"))
    named = "OLD.children || jsonb_build_array(OLD.referral_ref)"
    erased = f"EXISTS (SELECT 1 FROM erasing e WHERE e.authority = OLD.authority AND ({named}) ? e.ref)"  # noqa: S608
    places = _lacks_places("jsonb_array_length")
    refuse = "RAISE EXCEPTION '{}' USING ERRCODE = '23514'; END IF;"
    _function(
        "guard_placement",
        f"IF {_step('IS DISTINCT FROM', erased)} THEN {refuse.format(ONE_STEP)}"
        f" IF NEW.version <> OLD.version AND {places} THEN {refuse.format(HAS_PLACES)}",
    )
    op.execute(_trigger("guard_update_placements", "BEFORE UPDATE", "placements", "guard_placement"))
    # A placement begins before its claims, which name it: whether it has them is asked when everything is there.
    begun = "SELECT state INTO NEW.state FROM placements p WHERE p.authority = NEW.authority AND p.id = NEW.id;"
    _function("guard_live_placement", f"{begun} IF {places} THEN {refuse.format(HAS_PLACES)}")
    op.execute(
        "CREATE CONSTRAINT TRIGGER guard_live_placements AFTER INSERT ON placements DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION guard_live_placement()"
    )
    _function("guard_place_kept", f"IF {LETS_GO} THEN {refuse.format(HAS_PLACES)}")
    op.execute(_trigger("guard_keep_place_claims", "BEFORE UPDATE", "place_claims", "guard_place_kept"))


def _function(name: str, body: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$")


def _trigger(name: str, when: str, table: str, function: str) -> str:
    return f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"


def _sqlite() -> None:
    """As on PostgreSQL, but that a placement without places is noticed at its second step: no check waits here."""
    decision = _decision("p", "json_array_length", "IS NOT").items()
    _refuse("guard_insert_decisions", "INSERT", "decisions", list(decision))
    named = "OLD.children || json_quote(OLD.referral_ref)"
    erased = (
        "EXISTS (SELECT 1 FROM erasing e WHERE e.authority = OLD.authority"  # noqa: S608 - constants
        f" AND instr({named}, json_quote(e.ref)) > 0)"
    )
    _refuse("guard_update_placements", "UPDATE", "placements", [(_step("IS NOT", erased), ONE_STEP)])
    places = f"NEW.version <> OLD.version AND {_lacks_places('json_array_length')}"
    _refuse("guard_live_placements", "UPDATE", "placements", [(places, HAS_PLACES)])
    _refuse("guard_keep_place_claims", "UPDATE", "place_claims", [(LETS_GO, HAS_PLACES)])


def _refuse(name: str, change: str, table: str, wrong: list[tuple[str, str]]) -> None:
    said = " ".join(f"SELECT RAISE(ABORT, '{words}') WHERE {condition};" for condition, words in wrong)
    op.execute(f"CREATE TRIGGER {name} BEFORE {change} ON {table} BEGIN {said} END")


def downgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for table, names in TRIGGERS.items():
        for name in names:
            op.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if on_postgresql else ""))
    if on_postgresql:
        for function in ("guard_decision", "guard_placement", "guard_live_placement", "guard_place_kept"):
            op.execute(f"DROP FUNCTION {function}()")
    op.drop_column("decisions", "agreed_on")
