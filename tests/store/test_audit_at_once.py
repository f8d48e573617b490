"""PostgreSQL adds entries by itself (`audit_add`): many at once, the first of all too, and each at its own moment."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier
from time import sleep

import pytest
from sqlalchemy import select, text

from app.store import migrate
from app.store.audit import AuditEntry
from app.store.audit_last import record_last
from app.store.audit_tables import audit_entries
from app.store.audit_verify import verify
from app.store.session import Database, Writing
from tests.support.at_once import at_once
from tests.support.tampering import AUTHORITY

STAY_S = 0.2
"""How long each keeps its transaction open with its entry in it, so that the others come meanwhile."""


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    """On SQLite there is one writer, and no such function."""
    opened = Database.open(postgres_url)
    migrate.upgrade(opened)
    yield opened
    opened.close()


def _without(database: Database, guard: str, instead: str, count: int) -> None:
    """The function as it is, but for one guard."""
    with database.writing() as writing:
        known = str(writing.execute(text("SELECT pg_get_functiondef('audit_add'::regproc)")).scalar_one())
        assert known.count(guard) == count, known
        writing.connection.cursor().execute(known.replace(guard, instead, 1))  # its text has % and : of its own


def _add(writing: Writing) -> None:
    record_last(writing, AUTHORITY, [AuditEntry("user-1", "person", "home.read", "home", "H-1")])
    writing.execute(text("SELECT 1"))  # so that it does not wait for the commit


def _added(database: Database, together: Barrier) -> None:
    with database.writing() as writing:
        writing.execute(text("SELECT 1"))  # it has its connection, and has begun
        together.wait(20)
        _add(writing)
        sleep(STAY_S)


def _all_are_added(database: Database, before: int) -> bool:
    """Whether three at the same moment are, one after the other."""
    together = Barrier(3)
    failed = [one for one in at_once([lambda: _added(database, together)] * 3) if one is not None]
    with database.reading() as reading:
        verdict = verify(reading, AUTHORITY)
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
    """And is added behind them; with the guard taken away somebody fails."""
    for _ in range(before):
        _added(database, Barrier(1))
    if guard is not None:
        _without(database, guard, "" if guard is NOT_YET else guard.removesuffix(" FOR UPDATE"), count)
    assert _all_are_added(database, before) == (guard is None)


@pytest.mark.parametrize("clock", ["clock_timestamp()", "now()"])
def test_an_entry_tells_when_it_was_added(database: Database, clock: str) -> None:
    """Not when its transaction began, which may have been before that of an entry that stands before it."""
    _without(database, "clock_timestamp()", clock, 1)
    with database.writing() as writing:
        writing.execute(text("SELECT 1"))
        _added(database, Barrier(1))
        _add(writing)
    with database.reading() as reading:
        first, second = reading.execute(select(audit_entries.c.at).order_by(audit_entries.c.seq)).scalars()
    assert (first < second) == (clock == "clock_timestamp()")
