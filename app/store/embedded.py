"""Opening a database that is an SQLite file: one machine, one service, nobody else's eyes.

The file holds data about children, so it is readable by its owner alone; SQLite gives its journals the same rights.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from app.errors import DatabaseRefused
from app.store.meaning import meaning_of

OLDEST_SQLITE = (3, 35, 0)
"""Below, `RETURNING` is missing."""

WAL_REPAIRED = (3, 51, 3)
WAL_WITHDRAWN = frozenset({(3, 52, 0)})
"""From 3.7.0 on, SQLite's write-ahead log could lose its place when two connections reset it at the same
moment, which damages the file; 3.51.3 mends it and 3.52.0 was withdrawn. Others keep the rollback journal,
which never had the fault: a commit and a reading then wait for each other, and that is all."""

BUSY_TIMEOUT_MS = 5_000

POOL_WAIT_S = 10
"""As on PostgreSQL."""

OTHERS = 0o077
"""Rights of anybody but the owner."""

log = logging.getLogger(__name__)


class AnotherServiceHere(ValueError):
    """A service was to be started on an SQLite file on which one works already."""


class NoDatabaseFile(ValueError):
    """There is no SQLite file where one was to be opened that is there already."""


def is_address(text: str) -> bool:
    """Whether a text is the address of a database of a kind that we can use. It is not opened."""
    try:
        return make_url(text).get_backend_name() in {"sqlite", "postgresql"}
    except (ArgumentError, ValueError):
        return False


def file_of(address: str) -> Path | None:
    """The SQLite file that an address names outright; None for PostgreSQL, and for one in memory or with options."""
    url = make_url(address)
    if url.get_backend_name() != "sqlite" or url.query or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def require_file(address: str) -> None:
    """Raise `NoDatabaseFile` where there is no such SQLite file yet: who only looks makes none, least of all misspelt.

    Otherwise a wrong letter in a path would be answered by an empty database, as if all children were gone.
    """
    file = file_of(address)
    if file is not None and not file.exists():
        raise NoDatabaseFile(
            f"There is no database at {file}. Check PLACEMENT_DATABASE_URL; a new one is made there by: "
            "placement migrate."
        )


@contextmanager
def serving_alone(address: URL) -> Iterator[None]:
    """Be the one service on an SQLite file until the block ends. Raises `AnotherServiceHere`.

    The lock lies on a file of its own beside the database and goes with the process, however it ends.
    """
    where = Path(f"{address.database}.serving")
    where.parent.mkdir(parents=True, exist_ok=True)
    number = os.open(where, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnotherServiceHere(
                "Another service already works on this SQLite file, and it has room for one. Stop that one first; "
                "for several services use PostgreSQL."
            ) from None
        yield
    finally:
        os.close(number)


def open_sqlite(url: URL, connections: int) -> Engine:
    """An engine on a file, made where it is not there. Raises `DatabaseRefused` where it is not safe to use."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE or not url.database or url.database == ":memory:":
        log.error("SQLite must be 3.35 or newer, and its database a file (each thread needs to open it).")
        raise DatabaseRefused
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    if not url.query:
        _keep_to_owner(Path(url.database))
    room = {"pool_size": 10, "max_overflow": max(connections, 50) - 10, "pool_timeout": POOL_WAIT_S}
    engine = create_engine(url, hide_parameters=True, **room)
    event.listen(engine, "connect", _begun)
    event.listen(engine, "begin", begin)
    wanted = journal_mode(sqlite3.sqlite_version_info)
    try:
        found = _set_journal(engine, wanted)
    except (DBAPIError, sqlite3.Error) as error:
        engine.dispose()
        raise meaning_of(error) from None
    event.listen(engine, "do_connect", _existing)
    if found != wanted:
        engine.dispose()
        log.error(
            "SQLite could not use its safe journal here.", extra={"version": sqlite3.sqlite_version, "kind": wanted}
        )
        raise DatabaseRefused
    return engine


def _set_journal(engine: Engine, wanted: str) -> str:
    """Ask for a journal, outside any transaction, and say which one is now in force."""
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute(f"PRAGMA journal_mode = {wanted}")
        found = cursor.fetchone()
        cursor.close()
        return str(found[0]) if found else ""
    finally:
        raw.close()


def journal_mode(version: tuple[int, ...]) -> str:
    """The journal that is safe with a version of SQLite: `wal` where its fault is mended, else `delete`."""
    return "wal" if version >= WAL_REPAIRED and version not in WAL_WITHDRAWN else "delete"


def _existing(_dialect: Dialect, _entry: ConnectionPoolEntry, where: list[Any], how: dict[str, Any]) -> None:
    """From the second connection on the file must be there: an empty one in its place would hide that it is gone."""
    if not how.get("uri"):
        where[0] = f"file:{quote(where[0])}?mode=rw"
        how["uri"] = True


def _begun(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in ("foreign_keys = ON", f"busy_timeout = {BUSY_TIMEOUT_MS}", "synchronous = FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin(connection: Connection) -> None:
    """Begin a transaction: with the write lock, unless the connection is told otherwise."""
    words = connection.get_execution_options().get("placement_begin", "BEGIN IMMEDIATE")
    connection.exec_driver_sql(words)


def _keep_to_owner(file: Path) -> None:
    """Make the file if it is not there; take the rights of others away, on its journals too.

    A file that belongs to somebody else is theirs to keep: it is opened as it is.
    """
    with suppress(FileExistsError, PermissionError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    for each in (file, *(file.with_name(file.name + end) for end in ("-journal", "-wal", "-shm"))):
        with suppress(FileNotFoundError, PermissionError):
            rights = stat.S_IMODE(each.stat().st_mode)
            if rights & OTHERS:
                each.chmod(rights & ~OTHERS)
