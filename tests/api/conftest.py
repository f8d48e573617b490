"""The whole service over its test client: real routes, a real database, the real postcodes and policies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.api.desk import opened
from tests.api.service import TODAY, settings_for
from tests.support.access import client_of


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Settings for an empty database, on SQLite and on PostgreSQL."""
    return settings_for(database_url)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A client of a service whose day is 2 March 2026."""
    app = create_app(settings, lambda: TODAY)
    with client_of(app, raise_server_exceptions=True) as ready:
        yield ready


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[TestClient]:
    """The same on SQLite alone, for what has nothing to do with the database."""
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'lite.db'}"), lambda: TODAY)
    with client_of(app) as ready:
        yield ready


@pytest.fixture
def served(settings: Settings) -> Iterator[TestClient]:
    """A service with one child and two homes, in the hands of an officer, on SQLite and on PostgreSQL."""
    with opened(settings) as client:
        yield client


@pytest.fixture
def here(tmp_path: Path) -> Iterator[TestClient]:
    """The same on SQLite alone."""
    with opened(settings_for(f"sqlite:///{tmp_path / 'placement.db'}")) as client:
        yield client
