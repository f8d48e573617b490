"""The condition of a database beyond whether it answers: whether it takes changes, and whether it has room for them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sqlalchemy import text

from app.store.session import Database, Reading

MEGABYTE = 1_000_000


def takes_changes(database: Database, reading: Reading) -> bool:
    """Whether anything can be changed: not by our setting, on a standby, or in a file that may only be read."""
    if database.read_only:
        return False
    if reading.dialect.name == "postgresql":
        asked = "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'"
        return not reading.execute(text(asked)).scalar_one()
    file = _file(database)
    return file is None or os.access(file, os.W_OK)


def free_mb(database: Database) -> int | None:
    """Megabytes left beside an SQLite file; None where the database is on another machine or nobody can tell."""
    file = _file(database)
    if file is None:
        return None
    try:
        return shutil.disk_usage(file.parent).free // MEGABYTE
    except OSError:
        return None


def _file(database: Database) -> Path | None:
    url = database.engine.url
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
