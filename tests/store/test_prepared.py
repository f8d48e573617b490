"""What goes to the driver directly says and does the same as by SQLAlchemy's ordinary way."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import TransactionStatus
from sqlalchemy import BindParameter, Integer, bindparam, cast, column, event, func, select, table, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.errors import DatabaseUnavailable
from app.matching.referral import ReferralRef
from app.store import audit, driving, load, migrate, save, under_way
from app.store.audit import AuditEntry
from app.store.driving import driver_of, speaks_directly
from app.store.prepared import Prepared
from app.store.session import Database, Reading
from app.store.tables import homes, inventory_clock
from app.store.versions import Precondition
from tests.support.builders import a_child, a_home, a_referral, a_resident

HERE, THERE = "E06000018", "E10000024"
HOME, REFERRAL = a_home(residents=(a_resident(),)), a_referral(a_child())
REF: BindParameter[str] = bindparam("ref")
BY_REF = Prepared(select(homes.c.ref).where(homes.c.ref == REF))


@pytest.fixture
def here(database_url: str) -> Iterator[Database]:
    """A database as the service opens it: for one authority."""
    opened = Database.open(database_url, HERE)
    yield opened
    opened.close()


@contextmanager
def ordinary(database: Database) -> Iterator[None]:
    """Somebody listens, so every statement goes by SQLAlchemy."""

    def hears(*_: Any) -> None:
        """Nothing to do."""

    event.listen(database.engine, "before_cursor_execute", hears)
    assert not speaks_directly(database.engine)
    yield
    event.remove(database.engine, "before_cursor_execute", hears)


def _told(reading: Reading) -> list[Any]:
    return [
        load.home(reading, HERE, HOME.ref),
        load.homes_page(reading, HERE, "", 5),
        load.inventory_changes(reading, HERE, 0),
        load.referral(reading, HERE, REFERRAL.ref),
        load.all_referrals(reading, HERE),
    ]


def test_both_ways_write_and_read_the_same(here: Database) -> None:
    """Written either way and read either way: the same records, versions and one unbroken trail."""
    entry = AuditEntry("s", "person", "home.read", "home", "H", ("C-1", "C-2"), {"version": 1})

    def writes(precondition: Precondition) -> None:
        with here.writing() as writing:
            save.save_home(writing, HERE, HOME, precondition)
            save.save_referral(writing, HERE, REFERRAL, precondition)
            audit.record(writing, HERE, entry)

    writes(Precondition())
    with ordinary(here):
        writes(Precondition(exists=True))
        with here.reading() as reading:
            slowly = _told(reading)
    with here.reading() as reading:
        assert _told(reading) == slowly
    assert slowly[0].version == slowly[3].version == 2


def test_a_question_asked_alone_is_answered_as_in_any_reading(here: Database) -> None:
    """One home, a page, a referral or several statements together; and the next transaction is like any other."""
    with here.writing() as writing:
        save.save_home(writing, HERE, HOME, Precondition())
        save.save_referral(writing, HERE, REFERRAL, Precondition())
    asked: tuple[Callable[[Reading], Any], ...] = (
        lambda reading: load.home_document(HERE, HOME.ref).read(reading),
        lambda reading: load.homes_page(reading, HERE, "", 5),
        lambda reading: load.inventory_seq(reading, HERE),
        lambda reading: under_way.waiting_referral(reading, HERE, REFERRAL.ref),
        lambda reading: load.referral(reading, HERE, ReferralRef("nobody's")),
    )
    for ask in asked:
        with here.asking() as alone:
            answer = ask(alone)
        with here.reading() as reading:
            assert ask(reading) == answer
            assert BY_REF.one(reading, ref=HOME.ref) == HOME.ref
    with here.asking():
        pass
    with here.writing() as writing:
        assert BY_REF.one(writing, ref=HOME.ref) == HOME.ref


def test_a_question_asked_alone_is_the_only_one(postgres_url: str) -> None:
    """Its transaction is over with the answer; a second question is refused, and one that failed leaves nothing."""
    here = Database.open(postgres_url, HERE, connections=1)
    ways: tuple[Callable[[Reading], Any], ...] = (
        lambda reading: BY_REF.one(reading, ref="H"),
        lambda reading: reading.execute(text("SELECT 1")),
    )
    for again in ways:
        with here.asking() as reading:
            assert BY_REF.one(reading, ref="H") is None
            assert driver_of(reading).info.transaction_status is TransactionStatus.IDLE
            with pytest.raises(RuntimeError, match="one question"):
                again(reading)
        with pytest.raises(DBAPIError), here.asking() as reading:
            Prepared(select(cast(REF, Integer))).one(reading, ref="no number")
        with here.reading() as reading:
            assert BY_REF.one(reading, ref="H") is BY_REF.one(reading, ref="H") is None
    with here.asking() as reading:  # by SQLAlchemy as many as there are
        assert [reading.execute(text("SELECT 1")).scalar_one() for _ in range(2)] == [1, 1]
    here.close()


def test_a_direct_reading_is_within_the_walls(postgres_url: str) -> None:
    """Role, authority and that nothing is written hold for a transaction begun in one message, and end with it."""
    here, there = Database.open(postgres_url, HERE), Database.open(postgres_url, THERE)
    here.transact(lambda w: save.import_homes(w, HERE, [HOME]))
    assert speaks_directly(here.engine)
    for database, found in ((here, HOME.ref), (there, None)):
        with database.reading() as reading:
            assert BY_REF.one(reading, ref=HOME.ref) == found
            settings = "SELECT current_user, current_setting('transaction_isolation')"
            assert tuple(reading.execute(text(settings)).one()) == ("placement_app", "repeatable read")
        with pytest.raises(Exception, match="read-only"), database.reading() as reading:
            reading.execute(text("DELETE FROM homes"))
    with here.engine.connect() as connection:
        assert connection.execute(text("SELECT current_user")).scalar_one() != "placement_app"
    here.close()
    there.close()


def test_a_lost_connection_is_replaced_at_the_beginning_and_told_of_later(postgres_url: str) -> None:
    """Cut off while nobody used them, all of them: nobody hears of it. In the midst of a transaction it is told."""
    owner, here = Database.open(postgres_url), Database.open(postgres_url, HERE)

    @contextmanager
    def cutting() -> Iterator[None]:
        others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        with owner.writing() as writing:
            while writing.execute(text(f"SELECT pg_terminate_backend(pid) {others}")).all():
                writing.execute(text("SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)"))
        yield

    with here.reading(), here.reading(), here.reading():
        pass
    with cutting(), here.reading(), here.reading(), here.reading() as reading:
        assert BY_REF.one(reading, ref="H") is None
    with pytest.raises(DatabaseUnavailable), here.reading() as reading, cutting():
        BY_REF.one(reading, ref="H")
    with here.reading() as reading:
        assert BY_REF.one(reading, ref="H") is None
    here.close()
    owner.close()


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.dates()
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"))
)


def _by_the_driver(values: Sequence[Any]) -> Any:
    return Transformer(None).dump_sequence(values, [PyFormat.TEXT] * len(values))


@given(st.lists(PLAIN, min_size=1))
def test_values_are_written_as_the_driver_writes_them(values: list[Any]) -> None:
    """Of the types that are said often, written by ourselves."""
    expected = [None if value is None else bytes(value) for value in _by_the_driver(values)]
    assert driving._as_text(None, values) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["a\0b", ["a", "b\0"]])
def test_the_character_nul_is_refused_as_by_the_driver(value: Any) -> None:
    """PostgreSQL's texts cannot hold it; it would be cut off there."""
    for write in (_by_the_driver, lambda values: driving._as_text(None, values)):  # type: ignore[arg-type]
        with pytest.raises(psycopg.DataError, match="NUL"):
            write([value])


def test_lists_and_octets_come_to_postgresql_as_they_are(postgres_url: str) -> None:
    """Quotes, braces, commas, backslashes, the word NULL, nothing at all; and lists of what is no text."""
    lists: list[list[Any]] = [
        ["a", 'q"uo\\te', "{,}", "NULL", "", " x ", "\n", "ä😀"],
        ['\\"'],
        [],
        [1, 2],
        ["a", None],
    ]
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        for values in lists:
            kind = b"int[]" if 1 in values else b"text[]"
            given = driving._as_text(connection, [values])
            found = connection.pgconn.exec_params(b"SELECT to_json($1::" + kind + b")", given).get_value(0, 0)
            assert json.loads(found or b"null") == values
        for octets in (b"", b"\0", bytes(range(256))):
            given = driving._as_text(connection, [octets])
            found = connection.pgconn.exec_params(b"SELECT encode($1::bytea, 'hex')", given).get_value(0, 0)
            assert found == octets.hex().encode()


_COUNT = select(func.count()).select_from(inventory_clock)


def _ordinarily(reading: Reading) -> int:
    return int(reading.execute(_COUNT).scalar_one())


def _directly(reading: Reading) -> int:
    return int(Prepared(_COUNT).one(reading))


def test_what_is_put_off_is_never_overtaken_and_never_lost(postgres_url: str) -> None:
    """It is done before whatever is asked next, in whichever way, and with the commit; undone, it was never done."""
    opened = Database.open(postgres_url, HERE), Database.open(postgres_url)
    add = Prepared(inventory_clock.insert(), ["authority", "seq"])

    def left(database: Database) -> int:
        with database.reading() as reading:
            return _ordinarily(reading)

    for database, whose in zip(opened, (HERE, THERE), strict=True):
        first, again = {"authority": whose, "seq": 1}, {"authority": whose, "seq": 2}
        before = left(database)
        for ask in (_ordinarily, _directly):
            with suppress(ZeroDivisionError), database.writing() as writing:
                add.put_off(writing, first)
                assert ask(writing) == before + 1
                add.put_off(writing, again)
                raise ZeroDivisionError
            assert left(database) == before
        with database.writing() as writing:
            add.put_off(writing, first)
        assert left(database) == before + 1
        with pytest.raises(IntegrityError), database.writing() as writing:
            add.put_off(writing, again)
        assert left(database) == before + 1
        database.close()


def test_a_transaction_that_had_failed_is_not_taken_for_kept(postgres_url: str) -> None:
    """Whoever goes on after an error of a statement hears at the commit that nothing was kept."""
    here = Database.open(postgres_url, HERE)
    with pytest.raises(DBAPIError), here.writing() as writing, suppress(DBAPIError):
        Prepared(select(cast(REF, Integer))).one(writing, ref="no number")
    with here.reading() as reading:
        assert BY_REF.one(reading, ref="H") is None
    here.close()


def test_errors_come_as_those_of_sqlalchemy(postgres_url: str) -> None:
    """With the driver's within, by which the code tells them apart, and without the statement."""
    database = Database.open(postgres_url, HERE)
    with pytest.raises(Exception, match="InvalidTextRepresentation") as caught, database.reading() as reading:
        Prepared(select(cast(REF, Integer))).one(reading, ref="canary")
    assert isinstance(getattr(caught.value, "orig", None), psycopg.Error)
    assert "[SQL" not in str(caught.value)
    database.close()


def test_an_answer_that_was_cut_off_is_a_database_that_is_away(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that dies in the middle of an answer leaves an error without a state; callers are told to come back."""
    owner = Database.open(postgres_url)
    migrate.upgrade(owner)
    owner.close()
    here = Database.open(postgres_url, "E06000018")

    def cut_off(*_given: Any) -> Any:
        return psycopg.DatabaseError("server closed the connection unexpectedly")

    monkeypatch.setattr(driving, "error_from_result", cut_off)
    with pytest.raises(DatabaseUnavailable), here.reading() as reading:
        Prepared(select(cast(REF, Integer))).one(reading, ref="no number")
    here.close()


def test_a_statement_that_failed_is_prepared_anew(postgres_url: str) -> None:
    """Tables may be laid out anew under a connection: the first to notice fails, and nobody after it."""
    kinds = table("kinds", column("old"))
    ask = Prepared(select(kinds))
    database = Database.open(postgres_url, connections=2)
    with database.writing() as writing:
        writing.execute(text("CREATE TABLE kinds (old integer)"))
        writing.execute(text("INSERT INTO kinds VALUES (1)"))
    with database.reading() as reading:
        assert ask.one(reading) == 1
    with database.writing() as writing:
        writing.execute(text("ALTER TABLE kinds ALTER COLUMN old TYPE text"))
    with pytest.raises(DBAPIError), database.reading() as reading:
        ask.one(reading)
    with database.reading() as reading:
        assert ask.one(reading) == "1"
    database.close()
