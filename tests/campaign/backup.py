"""Backup, restore, verify, erase anew: `python -m tests.campaign.backup [--rounds N]`.

A service with children in it is backed up while it works, by each way that docs/operating.md names: on SQLite the
backup API and `VACUUM INTO`, on PostgreSQL `pg_dump` and a copy of the database. Then a child is erased. From each
backup: every table has as many rows as then, the trail is whole and fits the head that was signed then, and after
the log of erasures was replayed nothing of the child is left. `--broken`: the log is not replayed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.main import create_app
from app.settings import Settings
from app.store import audit_reading, erasure
from app.store.audit import Head
from app.store.audit_verify import verify
from app.store.session import Database
from tests.api.desk import opened
from tests.api.service import TODAY, settings_for
from tests.api.test_erasure import ADMIN, CANARIES, CHILD, everything, found_in, left_home, raw
from tests.campaign.counts import Counts, run
from tests.support.access import AUTHORITY, client_of
from tests.support.backups import backup_api, copied, pg_dump, rows_of, vacuum_into
from tests.support.postgres import running_postgres

ROUNDS = 3

Backup = Callable[[str], str]
"""Makes a backup, restores it, and gives the address of what was restored."""


def main(rounds: int = ROUNDS, *, broken: bool = False) -> Counts:
    """So many drills of each way on each database."""
    counts = Counts("backup: restored, verified, erased anew", rounds * 4)
    restoring: list[float] = []
    with tempfile.TemporaryDirectory(prefix="placement-backup-") as folder, running_postgres() as server:
        for number in range(rounds):
            at = Path(folder) / str(number)
            at.mkdir()
            on_sqlite = settings_for(f"sqlite:///{at / 'placement.db'}", erasure_log=at / "sqlite.log")
            _drill(counts, on_sqlite, {"backup_api": backup_api, "vacuum_into": vacuum_into}, restoring, broken)
            on_postgres = settings_for(server.url(server.create()), erasure_log=at / "postgresql.log")
            ways = {"pg_dump": lambda url, at=at: pg_dump(url, server, at), "copy": lambda url: copied(url, server)}
            _drill(counts, on_postgres, ways, restoring, broken)
    counts.notes["slowest_restore_ms"] = round(1_000 * max(restoring))
    return counts


def _drill(counts: Counts, settings: Settings, ways: dict[str, Backup], restoring: list[float], broken: bool) -> None:
    with opened(settings) as client:
        everything(client)
    with _open(settings) as database:
        rows, head = rows_of(database), _head(database)
    restored = {}
    for name, backup in ways.items():
        began = time.perf_counter()
        restored[name] = backup(settings.database_url.get_secret_value())
        restoring.append(time.perf_counter() - began)
    with client_of(create_app(settings, lambda: TODAY)) as client:
        left_home(client)
        answer = client.delete(f"/children/{CHILD}/personal-data", headers=ADMIN)
        counts.check(answer.status_code == 200, "the child could not be erased")
    counts.check(found_in(raw(settings)) == [], "something of the child is left in the original")
    log = settings.erasure_log
    assert log is not None
    for name, url in restored.items():
        again = settings.model_copy(update={"database_url": type(settings.database_url)(url)})
        with _open(again) as database:
            counts.check(rows_of(database) == rows, f"{name}: not as many rows as then")
            with database.reading() as reading:
                counts.check(verify(reading, AUTHORITY, [head]).is_whole, f"{name}: the trail is not whole")
            counts.check(found_in(raw(again)) == list(CANARIES), f"{name}: the backup had nothing to erase")
            if not broken:
                erased = erasure.replay(database, AUTHORITY, erasure.read_log(log), ("restoring", "system"))
                counts.check(erased == 1, f"{name}: {erased} erased anew, and not one")
                erasure.tidy(database)
            with database.reading() as reading:
                counts.check(verify(reading, AUTHORITY, [head]).is_whole, f"{name}: not whole after erasing")
        counts.check(found_in(raw(again)) == [], f"{name}: something of the child is left")
        counts.done += 1


@contextmanager
def _open(settings: Settings) -> Iterator[Database]:
    database = Database.open(settings.database_url.get_secret_value())
    try:
        yield database
    finally:
        database.close()


def _head(database: Database) -> Head:
    with database.reading() as reading:
        return audit_reading.head(reading, AUTHORITY)


if __name__ == "__main__":
    sys.exit(0 if run(main, ROUNDS)["is_whole"] else 1)
