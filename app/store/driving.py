"""The driver beneath SQLAlchemy, for what is said so often that every layer counts. PostgreSQL alone."""

from __future__ import annotations

import itertools
import select
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, TypeAlias, cast

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

_STILL_THERE = text("SELECT 1")

_PREPARED = "placement_prepared"
"""Where a connection keeps the names of the statements that were prepared on it; it goes with the connection."""

_TO_SEND = "placement_to_send"
"""Where a connection keeps what goes out with the next statement."""

_ENDS = "placement_ends"
"""Where a connection keeps that its transaction ends with the next statements (False), or has ended so (True)."""

_NUMBERS = itertools.count(1)

_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITING = "BEGIN"
_AS = "SELECT set_config('role', $1, true), set_config('placement.authority', $2, true)"
"""Both hold until the transaction ends."""
_COMMIT = "COMMIT"
_ONLY_BEGUN = [_READING, _AS], [_WRITING, _AS]

Said: TypeAlias = tuple[str, Sequence[Any]]
"""A statement with `$1`, `$2` and so on for its values, and these."""

Rows: TypeAlias = list[tuple[Any, ...]]


def watch(engine: Engine) -> None:
    """Let nothing overtake what was put off: it goes out before any statement of SQLAlchemy's own."""
    event.listen(engine, "before_cursor_execute", _before_others)


def speaks_directly(engine: Engine) -> bool:
    """Whether statements may go to the driver as they are: nobody else listens or has changed how they are run."""
    if engine.dialect.name != "postgresql":
        return False
    only_we = len(engine.dispatch.before_cursor_execute) == 1
    return only_we and "isolation_level" not in engine.get_execution_options()


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """The connection of the driver, in the same transaction."""
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def begin_as(connection: Connection, role: str, authority: str, *, reading: bool, once: bool = False) -> None:
    """Begin a transaction in this role and for this authority, with its first statement. Raises `DBAPIError`.

    `once`: it also ends with its first statement, or with those that are sent together with it; any other is refused.

    A connection on which something came in while nobody used it was most likely cut off: that shows at once, so that
    it can be replaced before anybody works with it.
    """
    connection.info[_TO_SEND] = [(_READING if reading else _WRITING, ()), (_AS, (role, authority))]
    connection.info.pop(_ENDS, None)
    if once:
        connection.info[_ENDS] = False
    if _has_news(driver_of(connection)):
        send(connection)


def send(connection: Connection) -> None:
    """Send what was put off. Raises `DBAPIError`."""
    if connection.info.get(_TO_SEND):
        with _told_as_usual(connection):
            exchanged(connection, ())


def forget(connection: Connection) -> None:
    """What was put off is not to be done any more."""
    if not (connection.closed or connection.invalidated):
        connection.info.pop(_TO_SEND, None)
        connection.info.pop(_ENDS, None)


def end(connection: Connection) -> None:
    """Commit what `begin_as` began; SQLAlchemy then finds nothing left to do. Raises `DBAPIError`.

    PostgreSQL answers a transaction that had failed before with ROLLBACK and no error: nothing of it was kept, so
    nobody may believe that it was.
    """
    if [statement for statement, _ in connection.info.get(_TO_SEND, ())] in _ONLY_BEGUN:
        forget(connection)  # nobody asked for anything
        return
    if connection.info.get(_ENDS):
        return
    with _told_as_usual(connection):
        _committed(exchanged(connection, [(_COMMIT, ())])[-1])


def run(connection: Connection, said: Said) -> Rows:
    """The rows of a statement, in a transaction. Raises `DBAPIError`.

    It is prepared once for each connection. Values go as text, of the types that the statement gives them, so that
    one plan fits them all; rows come as from any cursor of this connection.
    """
    return run_all(connection, [said])[0]


def run_all(connection: Connection, said: Sequence[Said]) -> list[Rows]:
    """The rows of each of several statements, which are sent together: one wait for all of them. Raises `DBAPIError`.

    None sees what is asked after it; each sees what those before it did, and what others committed meanwhile.
    """
    with _told_as_usual(connection):
        if connection.info.get(_ENDS) is None:
            results = exchanged(connection, said)
        else:
            *results, ended = exchanged(connection, [*said, (_COMMIT, ())])
            _committed(ended)
            connection.info[_ENDS] = True
        return [_rows(connection, result) for result in results[len(results) - len(said) :]]


def _committed(result: PGresult) -> None:
    if result.command_status != b"COMMIT":
        raise psycopg.errors.InFailedSqlTransaction("nothing was committed: a statement had failed")


def put_off(connection: Connection, said: Said) -> None:
    """A statement whose answer nobody waits for: it is done before the next one, or before the transaction ends."""
    connection.info.setdefault(_TO_SEND, []).append(said)


def _before_others(connection: Connection, *_: Any) -> None:
    _not_after_its_end(connection)
    send(connection)


def _not_after_its_end(connection: Connection) -> None:
    if connection.info.get(_ENDS):
        raise RuntimeError("this transaction was for one question, which was asked")


def _rows(connection: Connection, result: PGresult) -> Rows:
    if not result.ntuples:
        return []
    reader = Transformer(driver_of(connection))
    reader.set_pgresult(result)
    return reader.load_rows(0, result.ntuples, tuple)


def exchanged(connection: Connection, said: Sequence[Said]) -> list[PGresult]:
    """What PostgreSQL answers to what was put off and to these statements. Raises what it says is wrong.

    A transaction that ended with its first statements takes no others: they would see no authority's rows.

    Statements that failed are prepared anew the next time: tables may have been laid out anew.
    """
    _not_after_its_end(connection)
    driver, info = driver_of(connection), connection.info
    everything = [*info.pop(_TO_SEND, ()), *said]
    known: dict[str, bytes] = info.setdefault(_PREPARED, {})
    ready = [(_prepared(known, driver, statement), _as_text(driver, values)) for statement, values in everything]
    try:
        if len(ready) == 1:
            return [_good(driver.pgconn.exec_prepared(*ready[0]))]
        return [_good(result) for result in _together(driver.pgconn, ready)]
    except psycopg.Error:
        for statement, _ in everything:
            known.pop(statement, None)
        raise


def _together(pgconn: PGconn, ready: Sequence[tuple[bytes, Any]]) -> list[PGresult]:
    """The answers to several prepared statements that are sent without waiting in between."""
    pgconn.enter_pipeline_mode()
    for name, given in ready:
        pgconn.send_query_prepared(name, given)
    pgconn.pipeline_sync()
    results = _answers(pgconn)
    pgconn.exit_pipeline_mode()
    return results


def _answers(pgconn: PGconn) -> list[PGresult]:
    """Everything that comes up to the end of what was sent."""
    found: list[PGresult] = []
    waiting, unsent, was_none = select.poll(), pgconn.flush(), False
    while True:
        while unsent or pgconn.is_busy():
            waiting.register(pgconn.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
            waiting.poll()
            pgconn.consume_input()
            unsent = pgconn.flush() if unsent else 0
        result = pgconn.get_result()
        if result is None:
            if was_none:
                raise psycopg.OperationalError("the server ended the conversation")
        elif result.status == pq.ExecStatus.PIPELINE_SYNC:
            return found
        else:
            found.append(result)
        was_none = result is None


def _as_text(driver: psycopg.Connection[Any], values: Sequence[Any]) -> Any:
    """The values as PostgreSQL reads them; what is not said often by the driver itself."""
    if not values:
        return None
    try:
        return [None if value is None else _TEXT[type(value)](value) for value in values]
    except KeyError:
        return Transformer(driver).dump_sequence(values, [PyFormat.TEXT] * len(values))


def _text(value: str) -> bytes:
    if "\0" in value:
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return value.encode()


def _list(values: list[Any]) -> bytes:
    if {*map(type, values)} != {str}:
        raise KeyError
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return _text('{"' + '","'.join(quoted) + '"}')


_TEXT: Mapping[type[Any], Callable[[Any], bytes]] = {
    str: _text,
    int: lambda value: b"%d" % value,
    bool: lambda value: b"t" if value else b"f",
    bytes: lambda value: b"\\x" + value.hex().encode(),
    date: lambda value: value.isoformat().encode(),
    list: _list,
}
"""How values of exactly these types are written, in a tenth of the time that the driver takes to find out."""


def _has_news(driver: psycopg.Connection[Any]) -> bool:
    """Whether anything came in: while nobody asks, that is the end of the connection."""
    waiting = select.poll()
    waiting.register(driver.pgconn.socket, select.POLLIN)
    return bool(waiting.poll(0))


def _prepared(known: dict[str, bytes], driver: psycopg.Connection[Any], statement: str) -> bytes:
    """The name under which the connection knows the statement."""
    name = known.get(statement)
    if name is None:
        name = f"placement_{next(_NUMBERS)}".encode()
        _good(driver.pgconn.prepare(name, statement.encode()))
        known[statement] = name
    return name


def _good(result: PGresult) -> PGresult:
    if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        raise error_from_result(result)
    return result


@contextmanager
def _told_as_usual(connection: Connection) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise wrapped(connection, error) from error


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
