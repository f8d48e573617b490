"""Databases to be harmed: laid out and filled once, then copied for every round; and a look at what is in one."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, literal, select, union_all

from app.store import migrate
from app.store.audit_verify import verify
from app.store.session import Database
from app.store.tables import metadata
from tests.support.builders import NOTTINGHAM
from tests.support.postgres import Postgres, running_postgres

KINDS = ("sqlite", "postgresql")

Census = dict[str, int]
"""How many rows each table has."""


@dataclass
class Copies:
    """Copies of one database, on one kind of database."""

    kind: str
    template: str
    folder: Path
    server: Postgres | None = None
    made: int = 0

    @contextmanager
    def copy(self) -> Iterator[str]:
        """The address of a fresh copy; it is gone afterwards."""
        if self.server is not None:
            name = self.server.create(self.template)
            yield self.server.url(name)
            self.server.drop(name)
            return
        self.made += 1
        path = self.folder / f"copy_{self.made}.db"
        shutil.copy(self.template, path)
        yield f"sqlite:///{path}"
        for left in self.folder.glob(f"{path.name}*"):
            left.unlink()


@contextmanager
def copies(kind: str, fill: Callable[[Database], None], server: Postgres | None = None) -> Iterator[Copies]:
    """Lay out and fill a database of a kind, to be copied. `server`: one that runs already."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - processes are killed, not the machine
    with tempfile.TemporaryDirectory(prefix="placement-campaign-", dir=memory) as folder:
        if kind == "sqlite":
            path = Path(folder, "template.db")
            _filled(f"sqlite:///{path}", fill)
            yield Copies(kind, str(path), Path(folder))
        elif server is not None:
            yield _on(server, folder, fill)
        else:
            with running_postgres() as own:
                yield _on(own, folder, fill)


def _on(server: Postgres, folder: str, fill: Callable[[Database], None]) -> Copies:
    name = server.create()
    _filled(server.url(name), fill)
    return Copies("postgresql", name, Path(folder), server)


def _filled(url: str, fill: Callable[[Database], None]) -> None:
    opened = Database.open(url)
    migrate.upgrade(opened)
    fill(opened)
    opened.close()


def census(url: str) -> Census:
    """How many rows each table has; the trail must be whole, and an SQLite file sound."""
    opened = Database.open(url)
    counted = [select(literal(name).label("name"), func.count()).select_from(t) for name, t in metadata.tables.items()]
    with opened.reading() as reading:
        found = {name: int(count) for name, count in reading.execute(union_all(*counted)).all()}
        whole = verify(reading, NOTTINGHAM).is_whole
    opened.close()
    if url.startswith("sqlite:///"):
        path = url.removeprefix("sqlite:///")
        with sqlite3.connect(path) as raw:
            whole = whole and raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        raw.close()
    return found | ({} if whole else {"damaged": 1})
