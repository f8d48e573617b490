"""The test databases themselves: real, separate, and gone afterwards."""

import pytest
from sqlalchemy import create_engine, inspect, text

from tests.support.postgres import Postgres, running_postgres


def test_answers_on_both_databases(database_url: str) -> None:
    """The parametrised address leads to a database of the kind it names."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE home (ref TEXT PRIMARY KEY)"))
        connection.execute(text("INSERT INTO home VALUES ('H-1')"))
        version = connection.execute(
            text("SELECT version()" if engine.dialect.name == "postgresql" else "SELECT sqlite_version()")
        ).scalar_one()
    assert engine.dialect.name in database_url
    assert version.startswith("PostgreSQL 18" if engine.dialect.name == "postgresql" else "3.")
    engine.dispose()


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_its_own(database_url: str, turn: int) -> None:
    """What one test leaves behind, the next does not find."""
    engine = create_engine(database_url)
    assert {name for name in inspect(engine).get_table_names() if name.startswith("left_by")} == set()
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE left_by_{turn} (id INTEGER)"))
    engine.dispose()


def test_a_template_is_copied_with_what_it_holds(postgres: Postgres) -> None:
    """A database made from a template starts with the template's tables and rows."""
    template = postgres.create()
    engine = create_engine(postgres.url(template))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE home AS SELECT 'H-1' AS ref"))
    engine.dispose()

    copy = create_engine(postgres.url(postgres.create(template)))
    with copy.connect() as connection:
        assert connection.execute(text("SELECT ref FROM home")).scalars().all() == ["H-1"]
    copy.dispose()


def test_a_database_in_use_can_be_dropped(postgres: Postgres) -> None:
    """A connection that a failed test forgot does not keep its database."""
    name = postgres.create()
    forgotten = create_engine(postgres.url(name))
    held = forgotten.connect()
    held.execute(text("SELECT 1"))
    postgres.drop(name)
    held.invalidate()
    forgotten.dispose()

    engine = create_engine(postgres.url("postgres"))
    with engine.connect() as connection:
        names = connection.execute(text("SELECT datname FROM pg_database")).scalars().all()
    engine.dispose()
    assert name not in names


def test_a_server_leaves_nothing_behind() -> None:
    """After the block the folder with its data and socket is gone."""
    with running_postgres() as server:
        folder = server.socket_dir.parent
        assert folder.is_dir()
    assert not folder.exists()


def test_a_server_that_cannot_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that needs PostgreSQL fails without it; it is never skipped."""
    monkeypatch.setattr("tests.support.postgres.CONFIGURATION", "no_such_setting = 1\n")
    with pytest.raises(Exception, match="pg_ctl"), running_postgres():
        pytest.fail("a server with an impossible configuration started")
