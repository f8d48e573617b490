"""Versions of what was removed go on; a claim is its placement's, an erasure leaves its trace, a clock never goes back.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MINE = "authority = current_setting('placement.authority', true)"

OF_ITS_PLACEMENT = "a claim is on a place of its placement, for a child of it"
MOVED_IN = "a child lives where its placement was"
STILL_CLAIMED = "a home with live claims is not deleted"
TRACE = "an erasure is on record before it is over"
TOO_EARLY = "a hold expires when its time is over, and lasts longer by a step alone"
ANOTHER = "who agrees is another person"
GOES_ON = "a count only goes on"
KEPT = "rows of {} are never changed"
"""What the database says of a statement that is refused."""

COUNTS = {"inventory_clock": "seq", "audit_heads": "seq", "removed_versions": "version"}
"""Columns that never go back."""

NEVER_DELETED = ("inventory_clock", "removed_versions", "idempotency_keys")

FUNCTIONS = ("guard_claim_of_placement", "guard_lived_in", "guard_home_claimed", "guard_erased", "guard_refuse")

LONGER = "NEW.version = OLD.version AND NEW.held_until > OLD.held_until"


def _other_letters(one: str, other: str) -> str:
    """The same subject in other letters; the very same is refused by a constraint."""
    return f"(lower(NEW.{one}) = lower(NEW.{other}) AND NEW.{one} <> NEW.{other})"


SAME_SECOND = _other_letters("second_actor", "actor")
SAME_ON_PLACEMENT = f"{_other_letters('second_by', 'proposer')} OR {_other_letters('approved_by', 'proposer')}"

CLAIMED = "SELECT 1 FROM place_claims c WHERE c.authority = OLD.authority AND c.home_ref = OLD.ref AND c.live"
PLACED = (
    "SELECT 1 FROM placements p WHERE p.authority = NEW.authority AND p.id = NEW.placement_id AND p.state = 'placed'"
)
ON_RECORD = (
    "SELECT 1 FROM audit_heads h JOIN erasures e ON e.authority = h.authority AND e.audit_seq = h.seq"
    " WHERE h.authority = OLD.authority"
)
STILL_KNOWN = "SELECT 1 FROM audit_subjects s WHERE s.authority = OLD.authority AND s.ref = OLD.ref"
NO_TRACE = f"NOT EXISTS ({ON_RECORD}) OR EXISTS ({STILL_KNOWN})"

HIGHEST = (
    "SELECT authority, version FROM referrals UNION ALL SELECT authority, referral_version FROM placements"
    " UNION ALL SELECT authority, referral_version FROM seen"
)
"""Versions of referrals that somebody may still hold something against."""


def upgrade() -> None:
    op.create_table(
        "removed_versions",
        sa.Column("authority", sa.String(9), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "kind", name="pk_removed_versions"),
        sa.CheckConstraint("kind IN ('referral', 'placed')", name=op.f("ck_removed_versions_kind_listed")),
        sa.CheckConstraint("version >= 0", name=op.f("ck_removed_versions_version_range")),
        comment="The highest version of anything removed, so that what is stored anew begins above it.",
    )
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    if on_postgresql:
        # While the walls are open to nobody's rows: the owner sees those of every authority only without them.
        for table in ("referrals", "placements", "seen", "placed_children"):
            op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for kind, source in (("referral", HIGHEST), ("placed", "SELECT authority, version FROM placed_children")):
        op.execute(
            "INSERT INTO removed_versions (authority, kind, version)"  # noqa: S608 - constants
            f" SELECT authority, '{kind}', max(version) FROM ({source}) AS known GROUP BY authority"
        )
    if on_postgresql:
        for table in ("referrals", "placements", "seen", "placed_children"):
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE removed_versions ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE removed_versions FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY of_authority ON removed_versions USING ({MINE}) WITH CHECK ({MINE})")
        _postgresql()
    else:
        _sqlite()


def _postgresql() -> None:
    _function("guard_refuse", "RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = '23514'")
    for name, event, table, when, said in _plain("clock_timestamp()"):
        # What is never done at all is no right of the service either: its role is granted by who calls this function.
        how = f"WHEN ({when}) EXECUTE FUNCTION guard_refuse('{said}')" if when else "EXECUTE FUNCTION refuse_change()"
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {how}")
    of_it = "p.home_ref = NEW.home_ref AND p.children ? NEW.child_ref"
    mine = f"SELECT 1 FROM placements p WHERE p.authority = NEW.authority AND p.id = NEW.placement_id AND {of_it}"  # noqa: S608 - constants
    _function("guard_claim_of_placement", _refusing(f"NOT EXISTS ({mine})", OF_ITS_PLACEMENT))
    _trigger("belongs_to_its_placement", "INSERT", "place_claims", "", "guard_claim_of_placement")
    _function("guard_lived_in", _refusing(f"NOT EXISTS ({PLACED})", MOVED_IN))
    _trigger("lived_in_where_placed", "UPDATE", "place_claims", "NEW.lived_in AND NOT OLD.lived_in", "guard_lived_in")
    _function("guard_home_claimed", _refusing(f"EXISTS ({CLAIMED})", STILL_CLAIMED), "OLD")
    _trigger("kept_while_claimed", "DELETE", "homes", "", "guard_home_claimed")
    _function("guard_erased", _refusing(NO_TRACE, TRACE), "OLD")
    _trigger("leaves_a_trace", "DELETE", "erasing", "", "guard_erased")


def _plain(now: str) -> list[tuple[str, str, str, str, str]]:
    """What a row alone tells: name, event, table, when it is refused, and what is said."""
    soon = f"NEW.state = 'expired' AND OLD.state <> 'expired' AND OLD.held_until > {now}"
    found = [
        ("expires_in_time", "UPDATE", "placements", f"({soon}) OR ({LONGER})", TOO_EARLY),
        ("seconded_by_another", "INSERT", "decisions", SAME_SECOND, ANOTHER),
        ("agreed_by_another", "UPDATE", "placements", SAME_ON_PLACEMENT, ANOTHER),
        ("begun_by_one", "INSERT", "placements", SAME_ON_PLACEMENT, ANOTHER),
    ]
    for table, column in COUNTS.items():
        found.append((f"goes_on_{table}", "UPDATE", table, f"NEW.{column} < OLD.{column}", GOES_ON))
    found += [(f"kept_{table}", "DELETE", table, "", KEPT.format(table)) for table in NEVER_DELETED]
    return found


def _refusing(wrong: str, said: str) -> str:
    return f"IF {wrong} THEN RAISE EXCEPTION '{said}' USING ERRCODE = '23514'; END IF"


def _function(name: str, body: str, row: str = "NEW") -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN {row}; END $$")


def _trigger(name: str, event: str, table: str, when: str, function: str) -> None:
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW"
        f" {f'WHEN ({when})' if when else ''} EXECUTE FUNCTION {function}()"
    )


def _sqlite() -> None:
    of_it = "p.home_ref = NEW.home_ref AND EXISTS (SELECT 1 FROM json_each(p.children) j WHERE j.value = NEW.child_ref)"
    mine = f"SELECT 1 FROM placements p WHERE p.authority = NEW.authority AND p.id = NEW.placement_id AND {of_it}"  # noqa: S608 - constants
    found = [
        *_plain("strftime('%Y-%m-%d %H:%M:%f', 'now')"),
        ("belongs_to_its_placement", "INSERT", "place_claims", f"NOT EXISTS ({mine})", OF_ITS_PLACEMENT),
        (
            "lived_in_where_placed",
            "UPDATE",
            "place_claims",
            f"NEW.lived_in AND NOT OLD.lived_in AND NOT EXISTS ({PLACED})",
            MOVED_IN,
        ),
        ("kept_while_claimed", "DELETE", "homes", f"EXISTS ({CLAIMED})", STILL_CLAIMED),
        ("leaves_a_trace", "DELETE", "erasing", NO_TRACE, TRACE),
    ]
    for name, event, table, when, said in found:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} {f'WHEN {when}' if when else ''}"
            f" BEGIN SELECT RAISE(ABORT, '{said}'); END"
        )


def downgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    tables = {name: table for name, _, table, _, _ in _plain("now")} | {
        "belongs_to_its_placement": "place_claims",
        "lived_in_where_placed": "place_claims",
        "kept_while_claimed": "homes",
        "leaves_a_trace": "erasing",
    }
    for name, table in tables.items():
        op.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if on_postgresql else ""))
    if on_postgresql:
        for function in FUNCTIONS:
            op.execute(f"DROP FUNCTION {function}()")
    op.drop_table("removed_versions")
