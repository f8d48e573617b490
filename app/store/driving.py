"""The driver beneath SQLAlchemy, for what is said so often that every layer counts. PostgreSQL alone."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import psycopg
from psycopg import pq, sql
from psycopg.errors import error_from_result
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

_STILL_THERE = text("SELECT 1")

_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITING = "BEGIN"


def speaks_directly(engine: Engine) -> bool:
    """Whether statements may go to the driver as they are: nobody listens to them or has changed how they are run."""
    if engine.dialect.name != "postgresql":
        return False
    return not engine.dispatch.before_cursor_execute and "isolation_level" not in engine.get_execution_options()


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """The connection of the driver, in the same transaction."""
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def begin_as(connection: Connection, role: str, authority: str, *, reading: bool) -> None:
    """Begin a transaction in this role and for this authority: one message instead of three. Raises `DBAPIError`."""
    driver = driver_of(connection)
    try:
        result = driver.pgconn.exec_(_begin(role, authority, reading=reading))
        if result.status != pq.ExecStatus.TUPLES_OK:
            raise error_from_result(result)
    except psycopg.Error as error:
        raise wrapped(connection, error) from error


@cache
def _begin(role: str, authority: str, *, reading: bool) -> bytes:
    """Both settings hold until the transaction ends."""
    settings = sql.SQL("; SELECT set_config('role', {}, true), set_config('placement.authority', {}, true)")
    begin = sql.SQL(_READING if reading else _WRITING) + settings.format(sql.Literal(role), sql.Literal(authority))
    return begin.as_bytes(None)


def wrapped(connection: Connection, error: psycopg.Error) -> BaseException:
    """An error of the driver as SQLAlchemy's, which hides what was sent.

    Where the connection is gone SQLAlchemy is made to find that out itself: it then gives up the others of the pool
    too, which are most likely gone with it. An answer that was cut off has no state, and the driver no class for it.
    """
    if type(error) is psycopg.DatabaseError and not error.sqlstate:
        error = psycopg.OperationalError("the server ended the conversation")
    if driver_of(connection).closed:
        try:
            connection.execute(_STILL_THERE)
        except DBAPIError as known:
            return known
    hidden: Any = DBAPIError.instance(
        None, None, error, psycopg.Error, hide_parameters=True, dialect=connection.dialect
    )
    return cast("BaseException", hidden)
