"""A PostgreSQL that is set to take no changes, or to take them again, while connections to it are open.

`ALTER DATABASE ... SET default_transaction_read_only` reaches new connections alone. So every connection knows what
it was told when it began, and is asked now and then, before it is handed out, whether it would be told the same
today. Where it would not, all connections of the pool are closed, and whoever wants one gets a new one.
"""

from __future__ import annotations

import time
from typing import Any

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

ASK_AGAIN_S = 2.0
"""Seconds for which an answer is good. A setting is in force so long after it was made at the latest."""

_TOLD, _ASKED_AT = "placement_told", "placement_asked_at"

_WHEN_IT_BEGAN = b"""
SELECT CASE WHEN source IN ('global', 'database', 'user', 'database user') THEN setting::boolean::text
            WHEN source IN ('client', 'session') THEN NULL
            ELSE '' END
  FROM pg_settings WHERE name = 'default_transaction_read_only'
"""
"""Empty where nobody has set it for this database or login: what the server's own file says reaches every connection
at once. NULL where we asked for it ourselves, which nobody overrules."""

_NOW = b"""
SELECT coalesce((
    SELECT split_part(said, '=', 2)::boolean::text
      FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) said
     WHERE said LIKE 'default\\_transaction\\_read\\_only=%'
       AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
       AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
     ORDER BY s.setrole = 0, s.setdatabase = 0
     LIMIT 1), '')
"""
"""The same as a new connection would be told: for login and database, for the login, the database, or all of them."""


def heed_settings(engine: Engine) -> None:
    """From now on no connection of the engine outlives a changed setting by more than a few seconds of use."""
    event.listen(engine, "connect", _begun)
    event.listen(engine, "checkout", _still_so)


def _begun(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    entry.info[_TOLD], entry.info[_ASKED_AT] = _answer(connection, _WHEN_IT_BEGAN), time.monotonic()


def _still_so(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: object) -> None:
    """Raises `DisconnectionError`, by which the pool replaces this connection or all that it has."""
    told, now = entry.info.get(_TOLD), time.monotonic()
    if told is None or now - entry.info[_ASKED_AT] < ASK_AGAIN_S:
        return
    entry.info[_ASKED_AT] = now
    try:
        is_so = _answer(connection, _NOW) == told
    except psycopg.Error as error:
        raise DisconnectionError("the connection is gone") from error
    if not is_so:
        raise InvalidatePoolError("the database was set to take changes, or to take none")


def _answer(connection: Any, question: bytes) -> str | None:
    """The one value; asked outside any transaction, in one exchange. Raises as the driver does."""
    result = connection.pgconn.exec_(question)
    if result.status != pq.ExecStatus.TUPLES_OK:
        raise error_from_result(result)
    found = result.get_value(0, 0)
    return None if found is None else found.decode()
