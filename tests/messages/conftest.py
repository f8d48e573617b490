"""A database with a webhook for each test, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from app.store.session import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database at the newest revision, empty."""
    opened = Database.open(database_url)
    yield opened
    opened.close()


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Database]:
    """The same on SQLite alone, for what has nothing to do with the database."""
    opened = Database.open(sqlite_url)
    yield opened
    opened.close()
