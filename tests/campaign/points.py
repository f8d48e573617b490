"""Every point at which a process and its database meet, named and counted, so that something can happen there.

The product knows nothing of it: the points are what is sent to the database and the commits between.
"""

from __future__ import annotations

import os
import re
import signal
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event

from app.store import driving, embedded
from app.store.session import Database

_TABLE = re.compile(r"(?:FROM|INTO|UPDATE)\s+(\w+)", re.IGNORECASE)


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def nothing() -> None:
    """Let it pass."""


class Points:
    """Counts the points of an engine, and acts at one of them. `names`: those that were passed, in order.

    Nobody listens to the engine, as it would then speak otherwise than in production: the ways out are wrapped, that
    of SQLAlchemy and, on PostgreSQL, the one straight to the driver.
    """

    def __init__(self, engine: Engine, at: int | None = None, act: Callable[[], None] = nothing) -> None:
        self.names: list[str] = []
        self._at, self._act = at, act
        dialect = engine.dialect
        self._wrap_statements(dialect)
        self._wrap_exchanges(dialect)
        commit = dialect.do_commit

        def do_commit(connection: Any) -> None:
            if _nothing_left(connection):
                commit(connection)
                return
            self._pass("before COMMIT")
            commit(connection)
            self._pass("after COMMIT")

        dialect.do_commit = do_commit  # type: ignore[method-assign]

    def _wrap_statements(self, dialect: Any) -> None:
        for name in ("do_execute", "do_executemany"):
            setattr(dialect, name, self._wrapped(getattr(dialect, name)))

    def _wrapped(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        def executing(cursor: Any, statement: str, *rest: Any, **named: Any) -> Any:
            self._pass(f"before {called(statement)}")
            result = execute(cursor, statement, *rest, **named)
            self._pass(f"after {called(statement)}")
            return result

        return executing

    def _wrap_exchanges(self, dialect: Any) -> None:
        exchange = driving.exchanged

        def exchanged(connection: Any, said: Sequence[driving.Said]) -> Any:
            if connection.dialect is not dialect:
                return exchange(connection, said)
            name = ", ".join(called(statement) for statement, _ in said) or "what was put off"
            self._pass(f"before {name}")
            result = exchange(connection, said)
            self._pass(f"after {name}")
            return result

        driving.exchanged = exchanged

    def _pass(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) - 1 == self._at:
            self._act()


def _nothing_left(connection: Any) -> bool:
    """Whether it was committed straight through the driver before."""
    info = getattr(connection.driver_connection, "info", None)
    return info is not None and info.transaction_status == TransactionStatus.IDLE


def called(statement: str) -> str:
    """A statement by its verb and its table."""
    table = _TABLE.search(statement)
    return " ".join([statement.split(maxsplit=1)[0].upper(), *([table[1]] if table else [])])


def chosen(names: Sequence[str], most: int) -> list[int]:
    """So many points: every one at a commit, the rest spread evenly over all there are."""
    commits = [at for at, name in enumerate(names) if name.endswith("COMMIT")][-most:]
    others = [at for at in range(len(names)) if at not in commits]
    wanted = max(0, min(most, len(names)) - len(commits))
    spread = [others[at * len(others) // wanted] for at in range(wanted)]
    return sorted({*commits, *spread})


def without_transactions(url: str) -> Database:
    """The broken build: each statement is committed by itself, so that a transaction is no whole any more."""
    opened = Database.open(url)
    if opened.engine.dialect.name == "sqlite":
        event.remove(opened.engine, "begin", embedded.begin)
        return opened
    return Database(opened.engine.execution_options(isolation_level="AUTOCOMMIT"))


MISTAKE = 70
"""Exit code of a child that did not do what it was made for."""


def forked(action: Callable[[], object]) -> int:
    """Do something in a child process; the number of the child. It never returns from here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads of a test run hold no lock of ours
        child = os.fork()
    if child:
        return child
    try:
        action()
    except BaseException:  # noqa: BLE001 - a child must end here whatever happens
        traceback.print_exc()
        os._exit(MISTAKE)
    os._exit(0)


def ended(child: int) -> int:
    """How a child ended: its exit code, or the number of the signal as a negative number."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
