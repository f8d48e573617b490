"""Transactions: whole or not at all, one moment for a reading, and clear errors that repeat nothing."""

import logging
import sqlite3
from threading import Barrier, Thread

import pytest
from sqlalchemy import text

from app.errors import DatabaseBusy, DatabaseRefused, DatabaseUnavailable, VersionMismatch
from app.matching.referral import HomeRef
from app.store import load, save, session
from app.store.session import Database, Writing, journal_mode
from app.store.versions import Precondition
from tests.support.builders import a_home

HERE = "E06000018"


def test_what_raises_leaves_nothing_behind(database: Database) -> None:
    """A transaction that fails half-way changes nothing, the clock included."""

    def half_way(writing: Writing) -> None:
        save.save_home(writing, HERE, a_home(ref=HomeRef("H")), Precondition())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.transact(half_way)
    with database.reading() as reading:
        assert load.home(reading, HERE, HomeRef("H")) is None
        assert load.inventory_seq(reading, HERE) == 0


def test_a_reading_sees_one_moment(database: Database) -> None:
    """What is committed while a reading lasts is not seen by it, whatever it asks later."""
    home = a_home(ref=HomeRef("H"))
    writer = Thread(target=lambda: database.transact(lambda w: save.save_home(w, HERE, home, Precondition())))
    with database.reading() as reading:
        assert load.inventory_seq(reading, HERE) == 0
        writer.start()
        writer.join(timeout=0.5)  # with a rollback journal its commit waits for this reading
        assert load.inventory_seq(reading, HERE) == 0
        assert load.homes_page(reading, HERE, "", 10) == []
    writer.join()
    with database.reading() as reading:
        assert load.inventory_seq(reading, HERE) == 1


def test_a_reading_cannot_write_on_postgresql(postgres_url: str) -> None:
    """PostgreSQL itself refuses a change in a reading."""
    database = Database.open(postgres_url)
    with pytest.raises(Exception, match="read-only"), database.reading() as reading:
        reading.execute(text("CREATE TABLE written (ref TEXT)"))
    database.close()


def test_writers_take_turns(database: Database) -> None:
    """Sixteen writers at one home, each from the version it read: every success is one version."""
    database.transact(lambda w: save.save_home(w, HERE, a_home(ref=HomeRef("H")), Precondition()))
    start, wins, losses = Barrier(16), [], []

    def attempt() -> None:
        start.wait()
        with database.reading() as reading:
            stored = load.home(reading, HERE, HomeRef("H"))
        assert stored is not None
        made_from = Precondition(versions=frozenset({stored.version}))
        try:
            wins.append(database.transact(lambda w: save.save_home(w, HERE, stored.record, made_from)))
        except VersionMismatch as error:
            losses.append(error)

    threads = [Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as reading:
        last = load.home(reading, HERE, HomeRef("H"))
    assert last is not None
    assert wins
    assert len(wins) + len(losses) == 16
    assert sorted(saved.version for saved in wins) == list(range(2, last.version + 1))


@pytest.mark.parametrize(("state", "attempts"), [("40001", 3), ("40P01", 3), ("55P03", 1), ("57014", 1)])
def test_what_is_done_again(postgres_url: str, state: str, attempts: int) -> None:
    """Work that got in another's way is done again; who waited until the time was up is told, and not made to wait."""
    database, made = Database.open(postgres_url), []

    def refused_twice(writing: Writing) -> int:
        made.append(state)
        if len(made) < 3:
            writing.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$"))
        return len(made)

    if attempts == 3:
        assert database.transact(refused_twice) == 3
    else:
        with pytest.raises(DatabaseBusy):
            database.transact(refused_twice)
    assert len(made) == attempts
    database.close()


def test_what_never_fits_is_given_up(postgres_url: str) -> None:
    """After five attempts the caller is told to come back."""
    database, made = Database.open(postgres_url), []

    def refused(writing: Writing) -> None:
        made.append(1)
        writing.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$"))

    with pytest.raises(DatabaseBusy):
        database.transact(refused)
    assert len(made) == session.ATTEMPTS
    database.close()


def test_a_busy_sqlite_is_said_to_be_busy(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that cannot get the lock in time is told to try again; nothing of its data is repeated."""
    monkeypatch.setattr(session, "BUSY_TIMEOUT_MS", 10)
    database = Database.open(sqlite_url)
    with database.writing(), pytest.raises(DatabaseBusy), database.writing():
        pytest.fail("two writers at once")
    database.close()


def test_a_database_that_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    """An address where nothing answers gives `DatabaseUnavailable`, and its password is in no log."""
    database = Database.open("postgresql://me:canary-password@/nothing?host=/nonexistent")
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(DatabaseUnavailable) as caught,
        database.reading(),
    ):
        pytest.fail("there is no such database")
    assert "canary" not in caplog.text + str(caught.value)
    database.close()


@pytest.mark.parametrize("address", ["mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_databases_that_will_not_do(address: str) -> None:
    """Only files of SQLite and PostgreSQL are opened."""
    with pytest.raises(DatabaseRefused):
        Database.open(address)


@pytest.mark.parametrize(
    ("version", "journal"),
    [
        ((3, 40, 1), "delete"),
        ((3, 51, 2), "delete"),
        ((3, 51, 3), "wal"),
        ((3, 52, 0), "delete"),
        ((3, 53, 0), "wal"),
    ],
)
def test_the_write_ahead_log_only_where_it_is_mended(version: tuple[int, ...], journal: str) -> None:
    """SQLite from before the repair of its write-ahead log keeps the rollback journal."""
    assert journal_mode(version) == journal


def test_the_journal_really_is_the_safe_one(sqlite_url: str) -> None:
    """The file that is opened uses the journal that its SQLite can be trusted with, and full syncing."""
    database = Database.open(sqlite_url)
    with database.reading() as reading:
        found = reading.execute(text("PRAGMA journal_mode")).scalar_one()
        assert reading.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert reading.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    database.close()
    assert found == journal_mode(sqlite3.sqlite_version_info)


def test_an_old_sqlite_is_refused(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the oldest that will do, the file is not opened."""
    monkeypatch.setattr(session, "OLDEST_SQLITE", (99, 0, 0))
    with pytest.raises(DatabaseRefused):
        Database.open(sqlite_url)


def test_errors_of_the_database_do_not_repeat_parameters(database: Database) -> None:
    """The text of a failed statement names no value that was sent with it."""
    with pytest.raises(Exception, match="homes") as caught, database.reading() as reading:
        reading.execute(text("SELECT ref FROM homes WHERE WHERE ref = :ref"), {"ref": "canary-ref"})
    assert "canary-ref" not in str(caught.value)


def test_a_connection_that_was_lost_meanwhile_is_replaced(postgres_url: str) -> None:
    """Cut off by the server while nobody used it: the next transaction has another, and nobody hears of it."""
    database, other = Database.open(postgres_url), Database.open(postgres_url)
    with database.reading() as reading:
        number = reading.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with other.writing() as writing:
        assert writing.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number}).scalar_one()
    with database.writing() as writing:
        assert writing.execute(text("SELECT pg_backend_pid()")).scalar_one() != number
    database.close()
    other.close()
