"""The migrations make exactly the tables of the code, on both databases, there and back."""

import re

import pytest
from sqlalchemy import inspect, text

from app.errors import SchemaNotCurrent
from app.store import migrate
from app.store.session import Database
from app.store.tables import metadata


def test_up_check_down_up(database_url: str) -> None:
    """Up, no difference to the code, down to nothing, up again."""
    database = Database.open(database_url)
    migrate.upgrade(database)
    migrate.check(database)
    assert set(inspect(database.engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    migrate.downgrade(database, "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    migrate.upgrade(database)
    migrate.check(database)
    database.close()


def test_constraints_are_those_of_the_code(database: Database) -> None:
    """Alembic does not compare CHECK constraints, so they are compared here, by name and text."""
    reflected = inspect(database.engine)
    for table in metadata.tables.values():
        found = {c["name"]: _numbers(c["sqltext"]) for c in reflected.get_check_constraints(table.name)}
        wanted = {
            str(c.name): _numbers(str(c.sqltext))  # type: ignore[attr-defined]
            for c in table.constraints
            if type(c).__name__ == "CheckConstraint"
        }
        assert found == wanted, table.name


def _numbers(sql: str) -> list[str]:
    """The names and numbers of a condition, which each database writes in its own way."""
    kept = [word for word in re.findall(r"\w+", sql) if word.isdigit() or word.islower()]
    return sorted({word for word in kept if word not in {"character", "varying", "text", "bpchar", "bigint"}})


def test_a_database_that_was_never_migrated_is_noticed(database_url: str) -> None:
    """Before the first migration the schema is not current, afterwards it is."""
    database = Database.open(database_url)
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
