"""What an error of the database means to whoever asked for something: one of ours, which repeats nothing of theirs."""

from __future__ import annotations

import logging
import sqlite3

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.errors import (
    DatabaseBusy,
    DatabaseMissing,
    DatabaseRefused,
    DatabaseUnavailable,
    LoginMayNot,
    LoginRefused,
    PlacementError,
    ReadOnly,
    SchemaNotCurrent,
)

GONE = (OperationalError, InterfaceError, PoolTimeoutError, sqlite3.OperationalError)

BUSY_STATES = frozenset({"40001", "40P01", "55P03", "57014"})
"""PostgreSQL: could not serialise, deadlock, lock not granted in time, statement took too long."""

AGAIN_STATES = frozenset({"40001", "40P01"})
"""Of these: what the same work, done again, does not meet again."""

DAMAGED_STATES = frozenset({"XX001", "XX002", "SQLITE_NOTADB", "SQLITE_FORMAT"})
"""What is stored cannot be read (any more); SQLITE_CORRUPT comes with reasons at its end."""

NOT_LAID_OUT_STATES = frozenset({"42P01", "42703", "22023"})
"""PostgreSQL: a table, a column or the role of the service is not there."""

READ_ONLY_STATE = "25006"
"""PostgreSQL: the database or this server takes no changes just now, as a standby does not. Or the setting says so."""

NOT_ALLOWED = "42501"
"""PostgreSQL: the login may not do this; it is no member of the role, or the role has no right to it."""

NOT_LET_IN = {
    "password authentication failed": LoginRefused,
    "no password supplied": LoginRefused,
    "no pg_hba.conf entry": LoginRefused,
    "is not permitted to log in": LoginRefused,
    'role "': LoginRefused,
    'database "': DatabaseMissing,
}
"""PostgreSQL's words to whom it does not let in; the driver keeps no code of them. `role "x" does not exist` counts
with its end alone. A server that speaks another language is one that does not answer."""

log = logging.getLogger(__name__)


def state_of(error: BaseException | None) -> str:
    """The code by which the database says what is wrong; `none` where it said none."""
    original = getattr(error, "orig", None) or error
    return getattr(original, "sqlstate", None) or getattr(original, "sqlite_errorname", None) or "none"


def meaning_of(error: Exception, *, writing: bool = True) -> Exception:
    """Busy, damaged, not laid out, not there at all, or a mistake of ours: that is itself, and hides its parameters.

    What the driver says is logged by its class and code alone: its text may repeat what was sent.
    """
    original = getattr(error, "orig", None) or error
    code = state_of(error)
    log.warning("the database refused", extra={"driver": type(original).__name__, "sqlstate": code})
    meaning = _of_code(code, original, writing=writing) or (_not_let_in(original) if code == "none" else None)
    if meaning is not None:
        return meaning()
    cut_off = type(original) is psycopg.DatabaseError and code == "none"  # an answer that broke off has no state
    gone = cut_off or (isinstance(error, GONE) and code != "SQLITE_ERROR")
    if gone or getattr(error, "connection_invalidated", False):
        return DatabaseUnavailable()
    return error


def _of_code(code: str, original: BaseException, *, writing: bool) -> type[PlacementError] | None:
    no_such_table = code == "SQLITE_ERROR" and str(original).startswith("no such ")
    found: list[tuple[bool, type[PlacementError]]] = [
        (writing and (code == READ_ONLY_STATE or code.startswith("SQLITE_READONLY")), ReadOnly),
        (code in BUSY_STATES or code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")), DatabaseBusy),
        (code == NOT_ALLOWED, LoginMayNot),
        (code in DAMAGED_STATES or code.startswith("SQLITE_CORRUPT"), DatabaseRefused),
        (code in NOT_LAID_OUT_STATES or no_such_table, SchemaNotCurrent),
    ]
    return next((meaning for is_so, meaning in found if is_so), None)


def _not_let_in(original: BaseException) -> type[PlacementError] | None:
    """Why PostgreSQL did not let a login in, where it says so and no code of it is kept."""
    said = str(original)
    if "FATAL:" not in said and "no password supplied" not in said:
        return None
    for words, meaning in NOT_LET_IN.items():
        if words in said and (not words.endswith('"') or "does not exist" in said):
            return meaning
    return None
