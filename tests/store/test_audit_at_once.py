"""PostgreSQL adds entries by itself (`audit_add`): many at once, the first of all too, and each at its own moment."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier
from time import monotonic, sleep

import pytest
from sqlalchemy import select, text

from app.store.audit import AuditEntry
from app.store.audit_last import record_last
from app.store.audit_tables import audit_entries
from app.store.audit_verify import verify
from app.store.session import Database, Writing
from tests.support.at_once import at_once
from tests.support.tampering import AUTHORITY

AT_MOST_S = 5
"""So long whoever has added its entry waits for all others to wait for it."""

WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
)
"""How many wait for somebody who still has what they need; who has been let go and has not woken yet is none."""


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    """On SQLite there is one writer, and no such function."""
    opened = Database.open(postgres_url)
    yield opened
    opened.close()


def _without(database: Database, guard: str, instead: str, count: int) -> None:
    """The function as it is, but for one guard."""
    with database.writing() as writing:
        known = str(writing.execute(text("SELECT pg_get_functiondef('audit_add'::regproc)")).scalar_one())
        assert known.count(guard) == count, known
        writing.connection.cursor().execute(known.replace(guard, instead, 1))  # its text has % and : of its own


TRAILS = 30
"""So many are tried at most until somebody fails: who of two that are let go comes first, the database decides."""


def _add(writing: Writing, authority: str = AUTHORITY) -> None:
    record_last(writing, authority, [AuditEntry("user-1", "person", "home.read", "home", "H-1")])
    writing.execute(text("SELECT 1"))  # so that it does not wait for the commit


class _Party:
    """So many who add an entry each, at the same moment: whoever has added lets the others come to wait for it."""

    def __init__(self, database: Database, count: int, authority: str = AUTHORITY) -> None:
        self._database, self._left, self._together = database, count, Barrier(count)
        self._authority = authority

    def add(self) -> None:
        """Add one, and commit it once all who are left wait."""
        try:
            with self._database.writing() as writing:
                writing.execute(text("SELECT 1"))  # it has its connection, and has begun
                self._together.wait(20)
                _add(writing, self._authority)
                self._await_others()
        finally:
            self._left -= 1

    def _await_others(self) -> None:
        end = monotonic() + AT_MOST_S
        while self._left > 1 and monotonic() < end:
            with self._database.reading() as reading:
                if reading.execute(WAITING).scalar_one() >= self._left - 1:
                    return
            sleep(0.005)


def _all_are_added(database: Database, before: int, authority: str = AUTHORITY) -> bool:
    """Whether three at the same moment are, one after the other, behind so many in a trail."""
    for _ in range(before):
        _Party(database, 1, authority).add()
    party = _Party(database, 3, authority)
    failed = [one for one in at_once([party.add] * 3) if one is not None]
    with database.reading() as reading:
        verdict = verify(reading, authority)
    assert verdict.is_whole, "whatever fails, nothing false is stored"
    assert verdict.entries == before + 3 - len(failed)
    return not failed


LATER, FIRST = 1, 0
LOCK, NOT_YET = "audit_heads h WHERE h.authority = whose FOR UPDATE", " ON CONFLICT DO NOTHING"
LOCK_OF_THE_FIRST = f"INTO STRICT last_seq, last_hash FROM {LOCK}"


@pytest.mark.parametrize(
    ("before", "guard", "count"),
    [(LATER, None, 0), (FIRST, None, 0), (LATER, LOCK, 2), (FIRST, NOT_YET, 1), (FIRST, LOCK_OF_THE_FIRST, 1)],
    ids=["later", "first", "later without its lock", "first without on conflict", "first without its lock"],
)
def test_whoever_adds_waits_for_whoever_adds(database: Database, before: int, guard: str | None, count: int) -> None:
    """And is added behind them; with the guard taken away somebody fails, in one of some trails."""
    if guard is None:
        assert _all_are_added(database, before)
        return
    _without(database, guard, "" if guard is NOT_YET else guard.removesuffix(" FOR UPDATE"), count)
    assert not all(_all_are_added(database, before, f"E060001{number:02}") for number in range(TRAILS))


@pytest.mark.parametrize("clock", ["clock_timestamp()", "now()"])
def test_an_entry_tells_when_it_was_added(database: Database, clock: str) -> None:
    """Not when its transaction began, which may have been before that of an entry that stands before it."""
    _without(database, "clock_timestamp()", clock, 1)
    with database.writing() as writing:
        writing.execute(text("SELECT 1"))
        _Party(database, 1).add()
        _add(writing)
    with database.reading() as reading:
        first, second = reading.execute(select(audit_entries.c.at).order_by(audit_entries.c.seq)).scalars()
    assert (first < second) == (clock == "clock_timestamp()")
