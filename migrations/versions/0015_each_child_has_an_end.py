"""Each child has an end of its own: one may move out while a brother or sister of the same placement stays.

Revision ID: 0015
Revises: 0014
"""

import sqlite3

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BEHIND, NEW = "'place:accepted>placed'", "'leave:placed>placed'"

BY_SYSTEMS = (
    "actor_kind = 'person' OR (step IN ('decline', 'expire', 'end')"
    " AND to_state NOT IN ('accepted', 'placed') AND from_state <> 'proposed')"
)
BY_SYSTEMS_NOW = (
    "actor_kind = 'person' OR (step IN ('decline', 'expire', 'leave', 'end')"
    " AND (step = 'leave' OR to_state NOT IN ('accepted', 'placed')) AND from_state <> 'proposed')"
)

CHECKS = {
    "ck_decisions_move_listed": (f"{BEHIND}, 'end:placed>ended'", f"{BEHIND}, {NEW}, 'end:placed>ended'"),
    "ck_decisions_a_person_decides": (BY_SYSTEMS, BY_SYSTEMS_NOW),
    "ck_decisions_reason_of_end": (
        "step NOT IN ('decline', 'withdraw', 'end') OR reason_code IS NOT NULL",
        "step NOT IN ('decline', 'withdraw', 'leave', 'end') OR reason_code IS NOT NULL",
    ),
}
"""Checks of decisions: of each what it says before this and after it, whole or where it differs."""

MOVES = (
    "hold:proposed>held",
    "send:held>sent",
    "second:held>held",
    "second:sent>sent",
    "second:accepted>accepted",
    "approve:held>held",
    "approve:sent>sent",
    "approve:accepted>accepted",
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

LEFT_WHEN = "children_left = 0 OR state IN ('placed', 'ended')"
ENDED_WHOLE = (
    "(ended_version IS NOT NULL) = (ended_on IS NOT NULL AND end_reason IS NOT NULL AND end_planned IS NOT NULL)"
    " AND (ended_version IS NULL OR (lived_in AND NOT live))"
)
OF_AN_END = ("ended_on", "end_reason", "end_planned", "ended_version")

HAS_PLACES = "a live placement has its places"
LEAVES = "a placement that goes on without some is left by them"
HAS_END = "who leaves a home has an end"
LIVE = "('held', 'sent', 'accepted', 'placed')"

WALLED = ("decisions", "placements", "place_claims")
LIVE_CLAIMS = (
    "SELECT count(*) FROM place_claims c WHERE c.authority = NEW.authority AND c.placement_id = NEW.id AND c.live"
)
MINE = "p.authority = OLD.authority AND p.id = OLD.placement_id"


def upgrade() -> None:
    _open_walls("NO FORCE")
    _say({name: after for name, (_, after) in CHECKS.items()}, {name: old for name, (old, _) in CHECKS.items()})
    checked = f"CONSTRAINT ck_placements_children_left_when CHECK ({LEFT_WHEN})"
    op.execute(f"ALTER TABLE placements ADD COLUMN children_left INTEGER DEFAULT 0 NOT NULL {checked}")
    for column in (sa.Column("ended_on", sa.Date), sa.Column("end_reason", sa.String(10))):
        op.add_column("place_claims", column)
    op.add_column("place_claims", sa.Column("end_planned", sa.Boolean))
    whole = f"CONSTRAINT ck_place_claims_ended_whole CHECK ({ENDED_WHOLE})"
    op.execute(f"ALTER TABLE place_claims ADD COLUMN ended_version INTEGER {whole}")
    _fill()
    if _on_postgresql():
        _postgresql()
    else:
        _sqlite()
    _open_walls("FORCE")


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _open_walls(how: str) -> None:
    """The owner sees the rows of every authority only without them."""
    if _on_postgresql():
        for table in WALLED:
            op.execute(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY")


def _fill() -> None:
    """Whose placement has ended left with it: until now all of them did together."""
    mine = "p.authority = place_claims.authority AND p.id = place_claims.placement_id"
    values = ", ".join(
        f"{name} = (SELECT p.{of} FROM placements p WHERE {mine})"  # noqa: S608 - constants
        for name, of in zip(OF_AN_END, (*OF_AN_END[:3], "version"), strict=True)
    )
    over = f"EXISTS (SELECT 1 FROM placements p WHERE {mine} AND p.state = 'ended')"  # noqa: S608
    op.execute(f"UPDATE place_claims SET {values} WHERE lived_in AND NOT live AND {over}")  # noqa: S608


def _say(now: dict[str, str], was: dict[str, str]) -> None:
    """Exchange the checks of decisions."""
    if not _on_postgresql():
        _say_on_sqlite([(was[name], now[name]) for name in CHECKS])
        return
    moves = [f"'{move}'" for move in MOVES]
    if NEW in now["ck_decisions_move_listed"]:
        moves.insert(moves.index("'end:placed>ended'"), NEW)
    listed = {"ck_decisions_move_listed": f"step || ':' || from_state || '>' || to_state IN ({', '.join(moves)})"}
    for name, check in (now | listed).items():
        op.execute(f"ALTER TABLE decisions DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE decisions ADD CONSTRAINT {name} CHECK ({check})")


TEXT = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'decisions'"


def _say_on_sqlite(changes: list[tuple[str, str]]) -> None:
    """As in the migration 0011, and why: SQLite changes no check, and nobody may delete these rows."""
    bound = op.get_bind()
    raw, run = bound.connection.driver_connection, bound.exec_driver_sql
    if hasattr(raw, "setconfig"):  # Python 3.12; some systems build SQLite so that it refuses this unless asked
        raw.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, False)
    sql = run(TEXT).scalar_one()
    for was, now in changes:
        if sql.count(was) != 1:
            raise RuntimeError("the table decisions is not as the migrations made it")
        sql = sql.replace(was, now)
    number = int(run("PRAGMA schema_version").scalar_one())
    run("PRAGMA writable_schema = ON")
    run("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = 'decisions'", (sql,))
    run(f"PRAGMA schema_version = {number + 1}")
    run("PRAGMA writable_schema = RESET")
    if run(TEXT).scalar_one() != sql:
        raise RuntimeError("SQLite did not take the new checks of the table decisions")


# ------------------------------------------------------------------------------------------------ guards


def _differs() -> str:
    return "IS DISTINCT FROM" if _on_postgresql() else "IS NOT"


def _lacks_places(length: str, left: str) -> str:
    """A live placement with fewer or more places than there are children who have not left it."""
    return f"NEW.state IN {LIVE} AND ({LIVE_CLAIMS}) <> {length}(NEW.children){left}"


def _leaves_wrongly(length: str) -> str:
    """Who left is counted by a step from placed to placed, which is none without them; and somebody stays."""
    goes_on = "OLD.state = 'placed' AND NEW.state = 'placed' AND NEW.version <> OLD.version"
    return (
        f"({goes_on} AND NEW.children_left <= OLD.children_left)"
        f" OR (NOT ({goes_on}) AND NEW.children_left <> OLD.children_left)"
        f" OR (NEW.state = 'placed' AND NEW.children_left >= {length}(NEW.children))"
    )


def _lets_go_wrongly() -> str:
    """A place is given back while the placement is live, and not by an end of the child."""
    live = f"EXISTS (SELECT 1 FROM placements p WHERE {MINE} AND p.state IN {LIVE})"  # noqa: S608 - constants
    return f"OLD.live AND NOT NEW.live AND NEW.ended_version IS NULL AND {live}"


def _ends_wrongly() -> str:
    """An end that no decision told of, or another than was told."""
    other = " OR ".join(f"NEW.{name} {_differs()} OLD.{name}" for name in OF_AN_END)
    decided = (
        "SELECT 1 FROM decisions d JOIN placements p ON p.authority = d.authority AND p.id = d.placement_id"  # noqa: S608
        f" WHERE {MINE} AND d.version = NEW.ended_version AND d.step IN ('leave', 'end')"
        " AND d.reason_code = NEW.end_reason AND d.version IN (p.version, p.version + 1)"
    )
    return f"({other}) AND (OLD.ended_version IS NOT NULL OR NOT EXISTS ({decided}))"


FILLED_IN = "OLD.live AND NOT NEW.live AND NEW.lived_in AND NEW.ended_version IS NULL"
"""A release before this knows of one end for all: while machines are replaced the database tells it of each."""


def _postgresql() -> None:
    refuse = "RAISE EXCEPTION '{}' USING ERRCODE = '23514'; END IF;"
    _count_in_guard("jsonb_array_length(NEW.children)", "jsonb_array_length(NEW.children) - NEW.children_left")
    _function("guard_leaving", f"IF {_leaves_wrongly('jsonb_array_length')} THEN {refuse.format(LEAVES)}")
    op.execute(_trigger("guard_leaving", "placements", "guard_leaving"))
    values = ", ".join(f"p.{name}" for name in (*OF_AN_END[:3], "version"))
    into = ", ".join(f"NEW.{name}" for name in OF_AN_END)
    _function(
        "guard_place_kept",
        f"IF {FILLED_IN} AND EXISTS (SELECT 1 FROM placements p WHERE {MINE} AND p.state = 'ended') THEN"  # noqa: S608
        f" SELECT {values} INTO {into} FROM placements p WHERE {MINE}; END IF;"
        f" IF {_lets_go_wrongly()} THEN {refuse.format(HAS_PLACES)} IF {_ends_wrongly()} THEN {refuse.format(HAS_END)}",
    )


def _count_in_guard(was: str, now: str) -> None:
    """The guard of a placement goes on as migration 0013 made it, but for how it counts."""
    mine = "proname = 'guard_placement' AND pronamespace = to_regnamespace(current_schema())"
    body = str(op.get_bind().scalar(sa.text(f"SELECT prosrc FROM pg_proc WHERE {mine}")))  # noqa: S608 - constants
    if body.count(was) != 1:
        raise RuntimeError("the guard of placements is not as migration 0013 made it")
    op.execute(
        f"CREATE OR REPLACE FUNCTION guard_placement() RETURNS trigger LANGUAGE plpgsql AS $${body.replace(was, now)}$$"
    )


def _function(name: str, body: str) -> None:
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$"
    )


def _trigger(name: str, table: str, function: str) -> str:
    return f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"


def _sqlite() -> None:
    op.execute("DROP TRIGGER guard_live_placements")
    op.execute("DROP TRIGGER guard_keep_place_claims")
    length = "json_array_length"
    counted = f"NEW.version <> OLD.version AND {_lacks_places(length, ' - NEW.children_left')}"
    _refuse("guard_live_placements", "placements", counted, HAS_PLACES)
    _refuse("guard_leaving", "placements", _leaves_wrongly(length), LEAVES)
    _refuse("guard_keep_place_claims", "place_claims", _lets_go_wrongly(), HAS_PLACES)
    _refuse("guard_ends", "place_claims", _ends_wrongly(), HAS_END)
    told = ", ".join(
        f"{name} = (SELECT p.{of} FROM placements p WHERE {MINE})"  # noqa: S608 - constants
        for name, of in zip(OF_AN_END, (*OF_AN_END[:3], "version"), strict=True)
    )
    this = "authority = OLD.authority AND placement_id = OLD.placement_id AND child_ref = OLD.child_ref"
    op.execute(
        f"CREATE TRIGGER told_of_each AFTER UPDATE OF live ON place_claims WHEN {FILLED_IN}"  # noqa: S608
        f" AND EXISTS (SELECT 1 FROM placements p WHERE {MINE} AND p.state = 'ended')"
        f" BEGIN UPDATE place_claims SET {told} WHERE {this}; END"
    )


def _refuse(name: str, table: str, wrong: str, said: str) -> None:
    op.execute(f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN {wrong} BEGIN SELECT RAISE(ABORT, '{said}'); END")


# ------------------------------------------------------------------------------------------------ back


def downgrade() -> None:
    """A release before this cannot read that some left and others stayed, and decisions are never changed."""
    _open_walls("NO FORCE")
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM decisions WHERE step = 'leave'")):
        raise RuntimeError(
            "Children have left placements in which others stayed, which the layout before cannot hold."
            " Stay with this one, or restore the backup from before it."
        )
    if _on_postgresql():
        _back_on_postgresql()
    else:
        _back_on_sqlite()
    for name in reversed(OF_AN_END):
        op.drop_column("place_claims", name)
    op.drop_column("placements", "children_left")
    _say({name: old for name, (old, _) in CHECKS.items()}, {name: after for name, (_, after) in CHECKS.items()})
    _open_walls("FORCE")


LETS_GO = (
    "OLD.live AND NOT NEW.live AND EXISTS (SELECT 1 FROM placements p WHERE p.authority = OLD.authority"  # noqa: S608
    f" AND p.id = OLD.placement_id AND p.state IN {LIVE})"
)
"""As migration 0008 has it."""


def _back_on_postgresql() -> None:
    op.execute("DROP TRIGGER guard_leaving ON placements")
    op.execute("DROP FUNCTION guard_leaving()")
    _count_in_guard("jsonb_array_length(NEW.children) - NEW.children_left", "jsonb_array_length(NEW.children)")
    refuse = "RAISE EXCEPTION '{}' USING ERRCODE = '23514'; END IF;"
    _function("guard_place_kept", f"IF {LETS_GO} THEN {refuse.format(HAS_PLACES)}")


def _back_on_sqlite() -> None:
    for name in ("told_of_each", "guard_ends", "guard_keep_place_claims", "guard_leaving", "guard_live_placements"):
        op.execute(f"DROP TRIGGER {name}")
    counted = f"NEW.version <> OLD.version AND {_lacks_places('json_array_length', '')}"
    _refuse("guard_live_placements", "placements", counted, HAS_PLACES)
    _refuse("guard_keep_place_claims", "place_claims", LETS_GO, HAS_PLACES)
