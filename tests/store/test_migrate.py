"""The migrations make exactly the tables of the code, on both databases, there and back."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, inspect, text

from app.errors import SchemaNotCurrent
from app.store import migrate
from app.store.session import Database
from app.store.tables import metadata
from tests.support.postgres import Postgres


def test_up_check_down_up(bare_url: str) -> None:
    """Up, no difference to the code, down to nothing, up again."""
    database = Database.open(bare_url)
    migrate.upgrade(database)
    migrate.check(database)
    assert set(inspect(database.engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    migrate.downgrade(database, "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    migrate.upgrade(database)
    migrate.check(database)
    database.close()


def test_constraints_and_indexes_are_those_of_the_code(bare_url: str, tmp_path: Path, request: Any) -> None:
    """A database of the code's own is laid out beside, and its words for each constraint and index are the same.

    Operators, brackets, order and all: Alembic compares no CHECK and no condition of an index.
    """
    database = Database.open(bare_url)
    migrate.upgrade(database)
    if database.engine.dialect.name == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        beside = postgres.create()
        of_the_code = create_engine(postgres.url(beside))
    else:
        of_the_code = create_engine(f"sqlite:///{tmp_path / 'of_the_code.db'}")
    metadata.create_all(of_the_code)
    found, wanted = _told(database.engine), _told(of_the_code)
    database.close()
    of_the_code.dispose()
    if of_the_code.dialect.name == "postgresql":
        postgres.drop(beside)
    assert len(wanted) > LEAST_CONSTRAINTS
    assert {
        name: (found.get(name), wanted.get(name)) for name in found | wanted if found.get(name) != wanted.get(name)
    } == {}


LEAST_CONSTRAINTS = 120

OF_POSTGRESQL = """
    SELECT c.conrelid::regclass || ' ' || c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
     WHERE c.connamespace = 'public'::regnamespace AND c.contype <> 't'
    UNION ALL SELECT tablename || ' ' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
"""
"""Constraints and indexes in PostgreSQL's own words, by name. Triggers are no part of the code's tables."""


def _told(engine: Engine) -> dict[str, str]:
    """What the database itself says of every constraint and index, by table and name."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            told = {str(name): str(said) for name, said in connection.execute(text(OF_POSTGRESQL))}
    else:
        told = _told_by_sqlite(engine)
    return {name: said for name, said in told.items() if not name.startswith("alembic_version")}


def _told_by_sqlite(engine: Engine) -> dict[str, str]:
    reflected, told = inspect(engine), dict[str, str]()
    for table in reflected.get_table_names():
        checks = reflected.get_check_constraints(table)
        told |= {f"{table} {check['name']}": _plain(check["sqltext"]) for check in checks}
        for found in (*reflected.get_unique_constraints(table), *reflected.get_foreign_keys(table)):
            told[f"{table} {found['name']}"] = str(sorted((key, str(value)) for key, value in found.items()))
    with engine.connect() as connection:
        indexes = connection.execute(
            text("SELECT tbl_name || ' ' || name, sql FROM sqlite_master WHERE type = 'index'")
        )
        told |= {str(name): _plain(said) for name, said in indexes if said is not None}
    return told


def _plain(sql: str) -> str:
    """A condition in one line, with names that need no quotes without them."""
    return " ".join(sql.split()).replace('"', "")


def test_a_database_that_was_never_migrated_is_noticed(bare_url: str) -> None:
    """Before the first migration the schema is not current, afterwards it is."""
    database = Database.open(bare_url)
    with pytest.raises(SchemaNotCurrent), database.reading() as reading:
        migrate.require_current(reading)
    migrate.upgrade(database)
    with database.reading() as reading:
        migrate.require_current(reading)
    database.close()


@pytest.mark.parametrize(("revision", "will_do"), [("0006", False), (None, True), ("0999", True)])
def test_a_layout_of_the_next_release_will_do(database: Database, revision: str | None, *, will_do: bool) -> None:
    """Old code goes on while machines are replaced; new code does not start on an old layout."""
    with database.writing() as writing:
        writing.execute(
            text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision or migrate.newest()}
        )
    with database.reading() as reading:
        if will_do:
            migrate.require_current(reading)
        else:
            with pytest.raises(SchemaNotCurrent):
                migrate.require_current(reading)


def test_migrating_again_changes_nothing(database: Database) -> None:
    """A second upgrade of a current database is harmless."""
    migrate.upgrade(database)
    migrate.check(database)
