"""Laying out a database, and finding out whether it is laid out for this version of the service."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from app.errors import SchemaNotCurrent
from app.store import queue_layout, roles
from app.store.session import Database, Reading, Writing

FOLDER = Path(__file__).parents[2] / "migrations"

MIGRATION_LOCK = 5_309_034
"""Advisory lock of PostgreSQL, so that of two services that start at once one migrates and one waits."""


def upgrade(database: Database, revision: str = "head", login: tuple[str, str | None] | None = None) -> None:
    """Bring the database to a revision, the newest unless told otherwise. Does nothing where it is there.

    On PostgreSQL this is the owner's work: the queue's tables and the rights of the service are brought up to
    date with it, all in one transaction. `login`: name and password of the login that the service uses.
    """
    _run(database, lambda config: command.upgrade(config, revision), lambda writing: _equip(writing, login))


def downgrade(database: Database, revision: str) -> None:
    """Take the database back to a revision; `base` takes everything away."""
    _run(database, lambda config: command.downgrade(config, revision))


def check(database: Database) -> None:
    """Raise where the tables in the code and those that the migrations make are not the same."""
    _run(database, command.check)


def require_current(reading: Reading) -> None:
    """Raise `SchemaNotCurrent` unless the database is at the newest revision, or beyond it.

    Beyond: it was laid out for a release that replaces this one machine by machine. What a layout takes away it
    takes away a release later, so this one can go on; if something is missing all the same, that is told then.
    """
    current = MigrationContext.configure(reading).get_current_revision()
    if current is None or current < newest():
        raise SchemaNotCurrent


@cache
def newest() -> str:
    """The newest revision that there is: the files stay as they are while this process lasts."""
    head = ScriptDirectory(str(FOLDER)).get_current_head()
    if head is None:
        raise SchemaNotCurrent
    return head


def _equip(writing: Writing, login: tuple[str, str | None] | None) -> None:
    if writing.dialect.name != "postgresql":
        return
    queue_layout.bring_up(writing)
    roles.grant(writing)
    if login is not None:
        roles.let_in(writing, *login)


def _run(
    database: Database, action: Callable[[Config], object], afterwards: Callable[[Writing], None] | None = None
) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with database.writing() as writing:
        if writing.dialect.name == "postgresql":
            writing.execute(text("SET LOCAL statement_timeout = 0"))
            writing.execute(text("SET LOCAL lock_timeout = 0"))
            writing.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            writing.execute(text("SET LOCAL lock_timeout = '5s'"))
        config.attributes["connection"] = writing
        action(config)
        if afterwards is not None:
            afterwards(writing)
