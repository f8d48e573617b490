"""Transactions: whole or not at all, one moment for a reading, and clear errors that repeat nothing."""

import logging
import os
import sqlite3
import stat
from pathlib import Path
from threading import Barrier, Thread

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DatabaseError, OperationalError

from app.errors import (
    DatabaseBusy,
    DatabaseMissing,
    DatabaseRefused,
    DatabaseUnavailable,
    LoginMayNot,
    LoginRefused,
    VersionMismatch,
)
from app.matching.referral import HomeRef
from app.store import embedded, load, migrate, save, session
from app.store.embedded import journal_mode
from app.store.meaning import meaning_of
from app.store.session import Database, Writing
from app.store.versions import Precondition
from tests.support.builders import a_home
from tests.support.postgres import Postgres

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
        assert load.homes_page(reading, HERE, "", 10).documents == []
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
    monkeypatch.setattr(embedded, "BUSY_TIMEOUT_MS", 10)
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
    monkeypatch.setattr(embedded, "OLDEST_SQLITE", (99, 0, 0))
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


ENDS = ("", "-journal", "-wal", "-shm")


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_an_sqlite_file_and_its_journals_are_the_owner_s_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str
) -> None:
    """Whatever the machine would give a new file, with either journal, while a change is under way."""
    monkeypatch.setattr(embedded, "journal_mode", lambda _version: journal)
    file, before = tmp_path / "placement.db", os.umask(0)
    try:
        database = Database.open(f"sqlite:///{file}")
        with database.writing() as writing:
            writing.execute(text("CREATE TABLE one (ref TEXT)"))
            found = {
                end: stat.S_IMODE(Path(f"{file}{end}").stat().st_mode) for end in ENDS if Path(f"{file}{end}").exists()
            }
        database.close()
    finally:
        os.umask(before)
    assert set(found) >= ({"", "-wal", "-shm"} if journal == "wal" else {"", "-journal"})
    assert set(found.values()) == {0o600}


def test_an_older_file_is_closed_to_others(tmp_path: Path) -> None:
    """One that was made readable to everybody is put right when it is opened; what its owner may stays."""
    file = tmp_path / "placement.db"
    sqlite3.connect(file).executescript("CREATE TABLE one (ref TEXT)").connection.close()
    Path(f"{file}-wal").touch()
    for each in (file, Path(f"{file}-wal")):
        each.chmod(0o664)
    Database.open(f"sqlite:///{file}").close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_who_is_not_let_in_is_told_why(postgres: Postgres, caplog: pytest.LogCaptureFixture) -> None:
    """A login or a database that there is not, and one that may not do it: each by name of the setting, no secret."""
    there = postgres.create()
    owner = Database.open(postgres.url(there))
    with owner.writing() as writing:
        writing.execute(text("CREATE ROLE nothing_at_all LOGIN PASSWORD 'canary-password'"))
    stranger = make_url(postgres.url(there)).set(username="nobody_here", password="canary-password")
    nowhere = make_url(postgres.url(there)).set(database="canary_base")
    for url, meaning, word in (
        (stranger, LoginRefused, "PLACEMENT_DATABASE_URL"),
        (nowhere, DatabaseMissing, "placement migrate"),
    ):
        database = Database.open(url.render_as_string(hide_password=False))
        with pytest.raises(meaning) as caught, database.reading():
            pytest.fail("nobody may get in")
        assert word in str(caught.value)
        assert "canary" not in caplog.text + str(caught.value)
        database.close()
    powerless = Database.open(
        make_url(postgres.url(there)).set(username="nothing_at_all").render_as_string(hide_password=False)
    )
    with pytest.raises(LoginMayNot, match="PLACEMENT_DATABASE_OWNER_URL"):
        migrate.upgrade(powerless)
    powerless.close()
    with owner.writing() as writing:
        writing.execute(text("DROP ROLE nothing_at_all"))
    owner.close()
    postgres.drop(there)


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ('connection failed: FATAL:  password authentication failed for user "x"', LoginRefused),
        ('connection failed: FATAL:  role "x" does not exist', LoginRefused),
        ('connection failed: FATAL:  no pg_hba.conf entry for host "h", user "u", database "d"', LoginRefused),
        ("connection failed: fe_sendauth: no password supplied", LoginRefused),
        ('connection failed: FATAL:  role "x" is not permitted to log in', LoginRefused),
        ('connection failed: FATAL:  database "x" does not exist', DatabaseMissing),
        ("connection failed: FATAL:  the database system is starting up", DatabaseUnavailable),
        ("connection failed: FATAL:  sorry, too many clients already", DatabaseUnavailable),
        ("connection failed: Connection refused", DatabaseUnavailable),
    ],
)
def test_what_a_server_says_at_its_door(said: str, meaning: type[Exception]) -> None:
    """The driver keeps no code of it, so the words are known; what is over in a moment stays that."""
    assert type(meaning_of(OperationalError("", {}, psycopg.OperationalError(said)))) is meaning


def test_an_answer_that_broke_off_is_an_end_of_the_connection() -> None:
    """It has no state, and the driver no class for it; any other error without a state is a mistake of ours."""
    assert type(meaning_of(DatabaseError("", {}, psycopg.DatabaseError("closed")))) is DatabaseUnavailable
    ours = DatabaseError("", {}, psycopg.ProgrammingError("the query has 0 placeholders"))
    assert meaning_of(ours) is ours
