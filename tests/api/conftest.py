"""The whole service over its test client: real routes, a real database, the real postcodes and policies."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.store import migrate
from app.store.session import Database
from tests.support.access import access_settings, client_of
from tests.support.geo import baked_directory

TODAY = date(2026, 3, 2)


def settings_for(database_url: str, **changes: Any) -> Settings:
    """Settings of a test's own, on a database that is then laid out."""
    baked_directory()
    path = database_url.removeprefix("sqlite:///")
    if path != database_url and not Path(path).exists():
        shutil.copyfile(_laid_out(), path)
    else:
        _lay_out(database_url)
    return Settings(
        **{"database_url": database_url, "nightly_at": "", "work_here": True, **access_settings()} | changes
    )


def _lay_out(database_url: str) -> None:
    database = Database.open(database_url)
    migrate.upgrade(database)
    database.close()


@cache
def _laid_out() -> Path:
    """An SQLite file that is laid out: each test works on a copy, which is made much sooner."""
    folder = Path(tempfile.mkdtemp(prefix="placement-laid-out-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _lay_out(f"sqlite:///{folder / 'empty.db'}")
    return folder / "empty.db"


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Settings for an empty database, on SQLite and on PostgreSQL."""
    return settings_for(database_url)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A client of a service whose day is 2 March 2026."""
    app = create_app(settings, lambda: TODAY)
    with client_of(app, raise_server_exceptions=True) as opened:
        yield opened


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[TestClient]:
    """The same on SQLite alone, for what has nothing to do with the database."""
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'lite.db'}"), lambda: TODAY)
    with client_of(app) as opened:
        yield opened


def send(client: TestClient, method: str, path: str, body: Any, **headers: str) -> Any:
    """Send JSON; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request(method, path, content=json.dumps(body), headers={"Content-Type": "application/json"} | named)
