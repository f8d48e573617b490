"""Opening a database, and its transactions: one to read in, one to write in.

A reading sees one moment, however many statements it takes. A writing on SQLite takes the write lock when it
begins (`BEGIN IMMEDIATE`), since a lock asked for half-way is refused at once, whatever the timeout.

On PostgreSQL a transaction for an authority begins by taking on the role of the service, which owns nothing, and
by naming the authority: row-level security then shows and takes that authority's rows alone. Both hold until the
transaction ends, so a connection of the pool carries nothing over to whoever uses it next.
"""

from __future__ import annotations

import logging
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, NewType, TypeVar, cast

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from app.errors import DatabaseBusy, DatabaseRefused, ReadOnly
from app.observing import metrics
from app.store.driving import begin_as, end, forget, send, speaks_directly, watch
from app.store.embedded import open_sqlite
from app.store.meaning import AGAIN_STATES, meaning_of, state_of
from app.store.told_otherwise import heed_settings

Reading = NewType("Reading", Connection)
"""A transaction for reading; all statements see the same moment."""

Writing = NewType("Writing", Reading)
"""A transaction that may change things; committed as a whole at its end, or not at all."""

T = TypeVar("T")

ATTEMPTS = 5

LONGEST_PAUSE_S = 0.1
"""Before the last of several attempts; before earlier ones less."""

APP_ROLE = "placement_app"
"""The role in which PostgreSQL sees the service. It owns no table; `app.store.roles` says what it may do."""

CONNECTIONS = 20
"""Most connections that one process opens, unless told otherwise."""

POOL_WAIT_S = 10
"""A request that has waited so long for a connection is told to come back."""

TIMEOUTS = "-c statement_timeout=20s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
"""PostgreSQL: no statement, no wait for a lock and no forgotten transaction lasts longer."""

_UNPREPARED = {"prepare_threshold": None}
"""The driver prepares nothing by itself: it gives up whatever is prepared when a transaction is undone, ours too."""

_STILL_THERE = text("SELECT 1")

_BEGIN_FOR = text("SELECT set_config('role', :role, true), set_config('placement.authority', :authority, true)")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. Share one between threads; close it at the end.

    `authority`: whose rows its transactions see on PostgreSQL. None is for migrations and other work of the
    owner, as whom it then logs in; only a login that row-level security does not bind sees anything so.
    `read_only`: nothing is changed through it, which is told before the database is asked.
    """

    engine: Engine
    authority: str | None = None
    read_only: bool = False

    @classmethod
    def open(
        cls, address: str, authority: str | None = None, connections: int = CONNECTIONS, *, read_only: bool = False
    ) -> Database:
        """Open the database at a SQLAlchemy address. Raises `DatabaseRefused` where it is not safe to use."""
        url = make_url(address)
        match url.get_backend_name():
            case "sqlite":
                return cls(open_sqlite(url, connections), authority, read_only)
            case "postgresql":
                return cls(_postgresql(url, connections, read_only=read_only), authority, read_only)
        log.error("The database address must begin with sqlite:/// or postgresql+psycopg://.")
        raise DatabaseRefused

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def reading(self) -> AbstractContextManager[Reading]:
        """A transaction to read in."""
        return cast("AbstractContextManager[Reading]", self._transaction(self._read_options()))

    def asking(self) -> AbstractContextManager[Reading]:
        """A transaction to read in that asks once: one `Prepared` statement, or several together (`rows_of_all`).

        On PostgreSQL it begins, asks and ends with one wait for all of it. A second question raises `RuntimeError`.
        """
        return cast("AbstractContextManager[Reading]", self._transaction(self._read_options(), once=True))

    def writing(self) -> AbstractContextManager[Writing]:
        """A transaction to write in: committed where the block ends, undone where it raises. Raises `ReadOnly`."""
        if self.read_only:
            raise ReadOnly
        return cast("AbstractContextManager[Writing]", self._transaction({}))

    def transact(self, work: Callable[[Writing], T]) -> T:
        """Do the work in a transaction, again from the start where the database asks for that.

        It asks where two transactions got in each other's way, which is over at once. Who waited for a lock until
        the time was up is not made to wait again: that is told, and a caller may come back.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.writing() as writing:
                    return work(writing)
            except DatabaseBusy as busy:
                if attempt == ATTEMPTS or state_of(busy.__context__) not in AGAIN_STATES:
                    raise
            time.sleep(random.uniform(0, LONGEST_PAUSE_S * attempt / ATTEMPTS))  # noqa: S311 - so as not to meet again
        raise AssertionError

    def _read_options(self) -> dict[str, Any]:
        if self.engine.dialect.name == "sqlite":
            return {"placement_begin": "BEGIN"}
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

    def _begun(self, options: dict[str, Any], *, once: bool) -> Connection:
        """A connection in a transaction. One that was lost while nobody used it is noticed here, and replaced."""
        try:
            return self._begin(options, once=once)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return self._begin(options, once=once)

    def _begin(self, options: dict[str, Any], *, once: bool) -> Connection:
        if self.authority is not None and speaks_directly(self.engine):
            return self._begin_directly(self.authority, reading=bool(options), once=once)
        connection = self.engine.connect().execution_options(**options)
        try:
            connection.begin()
            if connection.dialect.name == "postgresql":
                if self.authority is None:
                    connection.execute(_STILL_THERE)
                else:
                    connection.execute(_BEGIN_FOR, {"role": APP_ROLE, "authority": self.authority})
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin_directly(self, authority: str, *, reading: bool, once: bool) -> Connection:
        """The same, sent with the first statement; SQLAlchemy then undoes it like its own."""
        connection = self.engine.connect()
        try:
            connection.begin()
            begin_as(connection, APP_ROLE, authority, reading=reading, once=once)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _transaction(self, options: dict[str, Any], *, once: bool = False) -> Iterator[Connection]:
        try:
            with self._begun(options, once=once) as connection:
                try:
                    yield connection
                    _commit(connection)
                finally:
                    forget(connection)
        except (DBAPIError, PoolTimeoutError, sqlite3.Error) as error:
            meaning = meaning_of(error, writing=not options)
            metrics.DATABASE_ERRORS.labels(getattr(meaning, "code", "unexpected")).inc()
            raise meaning from None


def _commit(connection: Connection) -> None:
    """Commit. Where that fails SQLite leaves the transaction open, so nobody may get this connection again."""
    try:
        if speaks_directly(connection.engine):
            end(connection)
        else:
            send(connection)
        connection.commit()
    except BaseException:
        connection.invalidate()
        raise


def login_of(address: str, owner_address: str) -> tuple[str, str | None] | None:
    """Name and password of the login in an address; None where it is the owner's own, or none is named."""
    url, owner = make_url(address), make_url(owner_address)
    if url.username is None or url.username == owner.username:
        return None
    return url.username, url.password if url.password is None else str(url.password)


def _postgresql(url: URL, connections: int, *, read_only: bool) -> Engine:
    options = f"{TIMEOUTS} -c default_transaction_read_only=on" if read_only else TIMEOUTS
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        pool_recycle=1_800,
        json_deserializer=orjson.loads,
        connect_args={"connect_timeout": 5, "options": options, "application_name": "placement", **_UNPREPARED},
    )
    event.listen(engine, "checkout", _as_the_database_says)
    if not read_only:
        heed_settings(engine)
    watch(engine)
    return engine


def _as_the_database_says(connection: DBAPIConnection, _entry: ConnectionPoolEntry, _proxy: object) -> None:
    """Whether a transaction may change anything is for the database to say, unless it is one to read in.

    After a reading SQLAlchemy would begin each transaction of the connection with READ WRITE, by which it overrules
    a database that was set to take no changes.
    """
    connection.read_only = None
