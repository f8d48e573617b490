"""What was agreed to may be agreed to anew between the acceptance and the move.

Revision ID: 0011
Revises: 0010
"""

import sqlite3

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NAME = "ck_decisions_move_listed"

BEFORE = (
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
ADDED = {"second:sent>sent": "second:accepted>accepted", "approve:sent>sent": "approve:accepted>accepted"}
"""New moves, each behind one that there was."""

ANEW = "SELECT count(*) FROM decisions WHERE step IN ('second', 'approve') AND from_state = 'accepted'"

TEXT = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'decisions'"

AFTER = tuple(each for move in BEFORE for each in (move, ADDED.get(move)) if each is not None)


def upgrade() -> None:
    _list(BEFORE, AFTER)


def downgrade() -> None:
    """A release before this takes no such agreement, and decisions are never changed."""
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    if on_postgresql:  # the owner sees the rows of every authority only without the walls
        op.execute("ALTER TABLE decisions NO FORCE ROW LEVEL SECURITY")
    if op.get_bind().scalar(sa.text(ANEW)):
        raise RuntimeError(
            "Placements were seconded or approved anew after they were accepted, which the layout before cannot hold."
            " Stay with this one, or restore the backup from before it."
        )
    if on_postgresql:
        op.execute("ALTER TABLE decisions FORCE ROW LEVEL SECURITY")
    _list(AFTER, BEFORE)


def _list(was: tuple[str, ...], now: tuple[str, ...]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE decisions DROP CONSTRAINT {NAME}")
        check = f"CHECK (step || ':' || from_state || '>' || to_state IN ({_listed(now)}))"
        op.execute(f"ALTER TABLE decisions ADD CONSTRAINT {NAME} {check}")
    else:
        _on_sqlite(was, now)


def _on_sqlite(was: tuple[str, ...], now: tuple[str, ...]) -> None:
    """SQLite changes no check of a table that is there, and this one is full of rows that nobody may delete.

    So its text is changed, as SQLite's own manual does it for checks (https://www.sqlite.org/lang_altertable.html,
    "Making Other Kinds Of Table Schema Changes"): no row is stored otherwise because of it.
    """
    bound = op.get_bind()
    raw, run = bound.connection.driver_connection, bound.exec_driver_sql
    if hasattr(raw, "setconfig"):  # Python 3.12; some systems build SQLite so that it refuses this unless asked
        raw.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, False)
    sql = run(TEXT).scalar_one()
    if sql.count(_listed(was)) != 1:
        raise RuntimeError("the table decisions is not as migration 0004 made it")
    number = int(run("PRAGMA schema_version").scalar_one())
    run("PRAGMA writable_schema = ON")
    changed = "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = 'decisions'"
    run(changed, (sql.replace(_listed(was), _listed(now)),))
    run(f"PRAGMA schema_version = {number + 1}")
    run("PRAGMA writable_schema = RESET")
    if run(TEXT).scalar_one().count(_listed(now)) != 1:
        raise RuntimeError("SQLite did not take the new check of the table decisions")


def _listed(moves: tuple[str, ...]) -> str:
    return ", ".join(f"'{move}'" for move in moves)
