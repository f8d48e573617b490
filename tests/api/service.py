"""A service of a test's own: its settings, its database laid out, and JSON that is sent to it."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from app.errors import SchemaNotCurrent
from app.settings import Settings
from app.store import migrate
from app.store.session import Database
from tests.support.access import access_settings
from tests.support.geo import baked_directory
from tests.support.laid_out import lay_out

TODAY = date(2026, 3, 2)


def settings_for(database_url: str, **changes: Any) -> Settings:
    """Settings of a test's own, on a database that is then laid out."""
    baked_directory()
    path = database_url.removeprefix("sqlite:///")
    if path != database_url and not Path(path).exists():
        shutil.copyfile(_laid_out(), path)
    elif not _is_laid_out(database_url):
        lay_out(database_url)
    return Settings(
        **{"database_url": database_url, "nightly_at": "", "work_here": True, **access_settings()} | changes
    )


def _is_laid_out(database_url: str) -> bool:
    database = Database.open(database_url)
    try:
        with suppress(SchemaNotCurrent), database.reading() as reading:
            migrate.require_current(reading)
            return True
        return False
    finally:
        database.close()


@cache
def _laid_out() -> Path:
    """An SQLite file that is laid out: each test works on a copy, which is made much sooner."""
    folder = Path(tempfile.mkdtemp(prefix="placement-laid-out-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    lay_out(f"sqlite:///{folder / 'empty.db'}")
    return folder / "empty.db"


def send(client: TestClient, method: str, path: str, body: Any, **headers: str) -> Any:
    """Send JSON; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request(method, path, content=json.dumps(body), headers={"Content-Type": "application/json"} | named)
