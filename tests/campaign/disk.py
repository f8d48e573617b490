"""The disk is full: an import and an accept are refused, nothing is half written, and with room again they go through.

`python -m tests.campaign.disk`. SQLite: its file may grow by 0, 1, 2 ... pages, until the work fits. PostgreSQL: its
tables stand on a small disk in memory that is filled up to the last bytes; where such a disk cannot be made (it
needs the rights of root), that part says so and is short of what was promised: `--postgres 0` promises less.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event, text

from app.errors import PlacementError
from app.matching.referral import HomeRef
from app.store import save
from app.store.session import Database
from tests.campaign import accepting
from tests.campaign.copies import Census, Copies, census, copies
from tests.campaign.counts import Counts, run
from tests.campaign.points import without_transactions
from tests.support.builders import NOTTINGHAM, a_home
from tests.support.postgres import Postgres, running_postgres

HOMES = 60
MOST_PAGES = 400
STEP_KB = 8


def main(rounds: int = 1, *, broken: bool = False, server: Postgres | None = None, postgres: int = 1) -> Counts:
    """Fill the disk, so many times; `postgres` 0: on SQLite alone."""
    counts = Counts("disk", promised=0)
    for _ in range(rounds):
        for name, work in WORK.items():
            with copies("sqlite", _fill_small_pages) as made:
                _sqlite(name, work, made, counts, broken=broken)
        if postgres:
            _postgresql(counts, server)
    return counts


def _fill_small_pages(database: Database) -> None:
    """The small authority, on pages so small that an accept needs new ones."""
    accepting.fill(database)
    raw = database.engine.raw_connection()
    cursor = raw.cursor()
    cursor.execute("PRAGMA page_size = 512")
    cursor.execute("VACUUM")
    raw.close()


def _import(database: Database) -> None:
    homes = [a_home(ref=HomeRef(f"NEW-{number}")) for number in range(HOMES)]
    database.transact(lambda writing: save.import_homes(writing, NOTTINGHAM, homes))


WORK: dict[str, Callable[[Database], object]] = {"import": _import, "accept": accepting.accept}


def _tried(work: Callable[[Database], object], database: Database) -> str:
    """`done`, or how it was refused."""
    try:
        work(database)
    except PlacementError as error:
        return f"{error.status} {error.code}"
    except Exception as error:  # noqa: BLE001 - this would be a 500
        return type(error).__name__
    return "done"


def _judged(name: str, how: str, found: Census, before: Census, after: Census) -> list[str]:
    if how == "done":
        return [] if found == after else [f"{name}: was done, and is not there whole"]
    wrong = [] if how.startswith("503 ") else [f"{name}: refused as {how}"]
    return wrong if found == before else [*wrong, f"{name}: refused, and half of it is there"]


# -------------------------------------------------------------------------------------------------- SQLite


def _sqlite(name: str, work: Callable[[Database], object], made: Copies, counts: Counts, *, broken: bool) -> None:
    """Room for one page more each time, until it fits; then once more without a limit after a refusal."""
    before, after = _whole(work, made)
    for pages in range(MOST_PAGES):
        if counts.is_red(broken):
            return
        with made.copy() as url:
            database = without_transactions(url) if broken else Database.open(url, NOTTINGHAM)
            _limit(database, pages)
            how = _tried(work, database)
            database.close()
            counts.failures += _judged(f"sqlite, {pages} pages, {name}", how, census(url), before, after)
            counts.done += 1
            counts.promised += 1
            if how == "done":
                counts.notes[f"sqlite_{name}_fitted_with_pages"] = pages
                counts.check(pages > 0, f"sqlite, {name}: it fitted at once, so nothing was shown")
                return
            again = Database.open(url, NOTTINGHAM)
            counts.check(_tried(work, again) == "done", f"sqlite, {name}: with room again it does not go through")
            again.close()
            counts.check(census(url) == after, f"sqlite, {name}: with room again it is not there exactly once")
    counts.failures.append(f"sqlite, {name}: never fitted")


def _whole(work: Callable[[Database], object], made: Copies) -> tuple[Census, Census]:
    with made.copy() as url:
        before = census(url)
        database = Database.open(url, NOTTINGHAM)
        work(database)
        database.close()
        return before, census(url)


def _limit(database: Database, pages: int) -> None:
    """Let the file grow by so many pages and no more."""
    with database.reading() as reading:
        limit = int(reading.execute(text("PRAGMA page_count")).scalar_one()) + pages
    database.engine.dispose()

    def connected(connection: Any, _entry: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit}")

    event.listen(database.engine, "connect", connected)


# ---------------------------------------------------------------------------------------------- PostgreSQL


def _postgresql(counts: Counts, server: Postgres | None) -> None:
    counts.promised += len(WORK)
    with small_disk() as disk:
        if disk is None:
            counts.notes["postgresql"] = "not done: no small disk can be made here, as that takes the rights of root"
            return
        with running_postgres() if server is None else _given(server) as running:
            for name, work in WORK.items():
                _on_a_full_disk(name, work, running, disk, counts)


@contextmanager
def _given(server: Postgres) -> Iterator[Postgres]:
    yield server


def _on_a_full_disk(
    name: str, work: Callable[[Database], object], server: Postgres, disk: Path, counts: Counts
) -> None:
    """Tables on the small disk, the disk filled, the work refused; room again, and it goes through."""
    with copies("postgresql", accepting.fill, server) as made:
        before, after = _whole(work, made)
        with _on_disk(server, made, disk) as url:
            census(url)  # the first connection to a new database writes a file that later ones read
            database = Database.open(url, NOTTINGHAM)
            filler = disk / "filler"
            _fill_up(filler)
            refused, grown = 0, 0
            while (how := _tried(work, database)) != "done" and grown < 100:
                refused += 1
                counts.failures += _judged(f"postgresql, {name}", how, census(url), before, after)
                grown += 1
                os.truncate(filler, max(0, filler.stat().st_size - grown * STEP_KB * 1_024))
            filler.unlink()
            counts.failures += _judged(f"postgresql, {name}", how, census(url), before, after)
            database.close()
        counts.notes[f"postgresql_{name}_refused"] = refused
        counts.check(refused > 0, f"postgresql, {name}: it fitted at once, so nothing was shown")
        counts.done += 1


@contextmanager
def _on_disk(server: Postgres, made: Copies, disk: Path) -> Iterator[str]:
    """A copy of the database whose tables stand on the small disk; its log of changes stands elsewhere."""
    space = disk / "space"
    space.mkdir(exist_ok=True)
    shutil.chown(disk, server.socket_dir.owner())
    shutil.chown(space, server.socket_dir.owner())
    with psycopg.connect(host=str(server.socket_dir), user="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{space}'".encode())
        connection.execute(f"CREATE DATABASE on_disk TEMPLATE {made.template} TABLESPACE small".encode())
        yield server.url("on_disk")
        connection.execute(b"DROP DATABASE on_disk WITH (FORCE)")
        connection.execute(b"DROP TABLESPACE small")


def _fill_up(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (1_048_576, 4_096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


@contextmanager
def small_disk(megabytes: int = 64) -> Iterator[Path | None]:
    """A disk in memory, None where none can be made."""
    folder = Path(tempfile.mkdtemp(prefix="placement-disk-"))
    silent = partial(subprocess.run, capture_output=True, check=False)
    mounted = silent(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            silent(["umount", "--lazy", str(folder)])
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    sys.exit(0 if run(main, 1, postgres=1)["is_whole"] else 1)
