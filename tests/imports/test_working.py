"""Imports beside the requests whose workers die, are late, are stopped or lose the database: each is done once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from procrastinate.worker import Worker as QueueWorker
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from app.documents.examples import A_HOME, A_RESIDENT
from app.errors import DatabaseUnavailable, ImportOvertaken, ImportsWaiting, ImportUnderWay, StillLivesInHome
from app.imports.working import Unloading
from app.jobs import queue
from app.jobs.duties import Duties
from app.matching.referral import HomeRef
from app.runs.working import never
from app.store import erasure, imports, load, queue_layout, save
from app.store.audit_tables import audit_entries
from app.store.erasure import Erasure
from app.store.import_records import Import, ImportKind, ImportStatus, WantedImport
from app.store.import_tables import imports as rows
from app.store.session import Database
from app.store.tables import homes
from tests.support.builders import NOTTINGHAM
from tests.support.geo import baked_directory
from tests.support.nights import a_workplace

ROOT = Path(__file__).parents[2]
DAY = date(2026, 3, 2)
WHO = ("case-system", "system")
LIVES_THERE = A_RESIDENT["ref"]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A laid out database, as a service of Nottingham has it."""
    opened = Database.open(database_url, NOTTINGHAM)
    yield opened
    opened.close()


@pytest.fixture
def work(database: Database) -> Unloading:
    """Where its imports are done."""
    return Unloading(NOTTINGHAM, database, baked_directory())


def _asked(database: Database, *refs: str, kind: ImportKind = ImportKind.HOMES, **changes: Any) -> str:
    body = json.dumps({"homes": [A_HOME | {"ref": ref} | changes for ref in refs]}).encode()
    wanted = WantedImport.of(kind, WHO, DAY, body)
    return database.transact(lambda writing: imports.request(writing, NOTTINGHAM, wanted)).id


def _taken(database: Database) -> Import:
    taken = database.transact(lambda writing: imports.take_up(writing, NOTTINGHAM))
    assert taken is not None
    return taken


def _now(database: Database, import_id: str) -> Import:
    with database.reading() as reading:
        return imports.get(reading, NOTTINGHAM, import_id)


def _set(database: Database, **values: Any) -> None:
    database.transact(lambda writing: writing.execute(update(rows).values(values)))


def _long_ago(database: Database) -> None:
    _set(database, heartbeat_at=datetime.now(UTC) - 2 * imports.LEASE)


def _stored(database: Database) -> list[tuple[str, int]]:
    with database.reading() as reading:
        found = reading.execute(select(homes.c.ref, homes.c.version).order_by(homes.c.ref)).all()
    return [tuple(row) for row in found]  # type: ignore[misc]


def _entries(database: Database) -> list[str]:
    with database.reading() as reading:
        return list(reading.execute(select(audit_entries.c.action)).scalars())


def _body(database: Database) -> list[bytes | None]:
    with database.reading() as reading:
        return list(reading.execute(select(rows.c.packed)).scalars())


CHILD = """
    import sys, time
    from app.imports.working import Unloading
    from app.runs.working import never
    from app.store import imports
    from app.store.session import Database
    from tests.support.builders import NOTTINGHAM
    from tests.support.geo import baked_directory

    def wait(*given):
        ended(*given)
        print("stored, not committed", flush=True)
        time.sleep(3600)

    ended, imports.finish = imports.finish, wait
    Unloading(NOTTINGHAM, Database.open(sys.argv[1], NOTTINGHAM), baked_directory()).work_all(never)
"""


def test_killed_before_the_commit_it_is_whole_and_done_once(
    database: Database, work: Unloading, database_url: str
) -> None:
    """Killed with everything written and nothing committed: the body is there, another worker does it, once."""
    import_id = _asked(database, "A", "B")
    database.engine.dispose()
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), database_url],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "stored, not committed"
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert _now(database, import_id).status is ImportStatus.RUNNING
    assert (_stored(database), _entries(database)) == ([], [])
    work.recover()
    assert work.work_all(never)
    assert _now(database, import_id).status is ImportStatus.RUNNING, "its lease is not over"
    assert database.transact(lambda w: imports.recover(w, NOTTINGHAM, timedelta(seconds=-1))) == (import_id,)
    assert work.work_all(never)
    found = _now(database, import_id)
    assert (found.status, found.tries, found.told and found.told["created"]) == (ImportStatus.DONE, 1, 2)
    assert (_stored(database), _entries(database), _body(database)) == ([("A", 1), ("B", 1)], ["homes.import"], [None])


def test_who_was_away_too_long_changes_nothing(database: Database, work: Unloading) -> None:
    """A worker whose import was given to another stores nothing, however far it was."""
    _asked(database, "A")
    late = _taken(database)
    _long_ago(database)
    work.recover()
    assert work.work_all(never)
    before = _stored(database), _entries(database)
    assert work.work(late, never)
    with pytest.raises(ImportOvertaken):
        database.transact(lambda writing: imports.finish(writing, NOTTINGHAM, late, {}))
    assert (_stored(database), _entries(database)) == before == ([("A", 1)], ["homes.import"])


def test_overtaken_while_it_stores_it_is_undone(
    database: Database, work: Unloading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fence is looked at in the transaction itself: what was written before goes with it."""
    _asked(database, "A")
    taken, store = _taken(database), save.import_homes

    def overtaken(writing: Any, authority: str, new: Any) -> Any:
        writing.execute(update(rows).values(fence=taken.fence + 1))
        return store(writing, authority, new)

    monkeypatch.setattr(save, "import_homes", overtaken)
    assert work.work(taken, never)
    assert (_stored(database), _entries(database)) == ([], [])
    assert _now(database, taken.id).status is ImportStatus.RUNNING


def test_one_at_a_time_and_in_turn(database: Database) -> None:
    """While one is at work, or waits for its next try, those behind it wait."""
    first, second = _asked(database, "A"), _asked(database, "B")
    taken = _taken(database)
    assert taken.id == first
    assert database.transact(lambda writing: imports.take_up(writing, NOTTINGHAM)) is None
    database.transact(lambda writing: imports.put_off(writing, NOTTINGHAM, taken, "internal"))
    assert database.transact(lambda writing: imports.take_up(writing, NOTTINGHAM)) is None
    _set(database, due_at=datetime.now(UTC) - timedelta(seconds=1))
    again = _taken(database)
    assert (again.id, again.fence) == (first, 2)
    database.transact(lambda writing: imports.finish(writing, NOTTINGHAM, again, {}))
    assert _taken(database).id == second
    with pytest.raises(IntegrityError):
        _set(database, status="running", packed=b"", told=None)


def test_what_did_not_work_is_tried_again_later_and_not_for_ever(
    database: Database, work: Unloading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After pauses that double; five times in all; then it has failed, and its body is gone."""
    import_id, pauses = _asked(database, "A"), []

    def broken(*_given: Any) -> Any:
        raise ZeroDivisionError("CANARY")

    monkeypatch.setattr(save, "import_homes", broken)
    for _ in range(imports.MOST_TRIES - 1):
        assert not work.work_all(never)
        found = _now(database, import_id)
        assert found.status is ImportStatus.QUEUED
        pauses.append(round((found.due_at - datetime.now(UTC)).total_seconds()))
        _set(database, due_at=datetime.now(UTC) - timedelta(seconds=1))
    assert all(abs(pause - wanted) <= 1 for pause, wanted in zip(pauses, (2, 4, 8, 16), strict=True)), pauses
    assert not work.work_all(never)
    found = _now(database, import_id)
    assert (found.status, found.failure, found.tries) == (ImportStatus.FAILED, "internal", 5)
    assert (_body(database), _stored(database)) == ([None], [])


def test_an_import_that_kills_its_workers_is_not_given_out_for_ever(database: Database, work: Unloading) -> None:
    """Five that fell silent over it are enough."""
    import_id = _asked(database, "A")
    for _ in range(imports.MOST_TRIES):
        _taken(database)
        _long_ago(database)
        work.recover()
    found = _now(database, import_id)
    assert (found.status, found.failure) == (ImportStatus.FAILED, imports.INTERRUPTED)
    assert _body(database) == [None]


def test_told_to_stop_it_hands_back(database: Database, work: Unloading) -> None:
    """It waits again at once, and that is no failed try."""
    import_id = _asked(database, "A")
    asked = iter([False, True, True])
    assert work.work_all(lambda: next(asked))
    found = _now(database, import_id)
    assert (found.status, found.tries, _stored(database)) == (ImportStatus.QUEUED, 0, [])
    assert work.work_all(never)
    assert _stored(database) == [("A", 1)]


def test_too_many_may_not_wait(database: Database) -> None:
    """Each keeps its body in the database: there is a most."""
    for _ in range(imports.MOST_WAITING):
        _asked(database, "A")
    with pytest.raises(ImportsWaiting):
        _asked(database, "A")


def test_nobody_is_erased_while_an_import_waits(database: Database, work: Unloading) -> None:
    """Its body may name the child, who lives in a home once it was done; when they have left they are erased."""

    def erase() -> Any:
        wanted = Erasure.of(NOTTINGHAM, LIVES_THERE)
        return database.transact(lambda writing: erasure.erase(writing, LIVES_THERE, wanted, WHO))

    _asked(database, "A")
    with pytest.raises(ImportUnderWay):
        erase()
    taken = _taken(database)
    with pytest.raises(ImportUnderWay):
        erase()
    assert work.work(taken, never)
    with pytest.raises(StillLivesInHome):
        erase()
    with database.writing() as writing:
        home = load.home(writing, NOTTINGHAM, HomeRef("A"))
        assert home is not None
        save.import_homes(writing, NOTTINGHAM, [replace(home.record, residents=())])
    assert erase().startswith("erased-")


def test_an_import_of_a_backup_brings_nobody_back(database: Database, work: Unloading) -> None:
    """Whoever was erased since is erased anew, and what waited in the backup is given up before."""
    import_id = _asked(database, "A")
    assert erasure.replay(database, NOTTINGHAM, [Erasure.of(NOTTINGHAM, LIVES_THERE)], WHO) == 0
    found = _now(database, import_id)
    assert (found.status, found.failure) == (ImportStatus.FAILED, imports.RESTORED)
    assert work.work_all(never)
    assert (_body(database), _stored(database)) == ([None], [])


def _drained(url: str, duties: Duties, task: str) -> None:
    async def drained() -> None:
        app = queue.working_app(url, duties, never)
        app.periodic_registry.periodic_tasks.clear()
        async with app.open_async():
            await queue.put(app, task, NOTTINGHAM)
            worker = QueueWorker(
                app, queues=[NOTTINGHAM], wait=False, delete_jobs="successful", install_signal_handlers=False
            )
            await worker.run()  # type: ignore[no-untyped-call]

    asyncio.run(drained())


@pytest.fixture
def of_workers(postgres_url: str) -> Iterator[tuple[Database, Callable[[str], None]]]:
    """A database of workers, and a worker that does a task and whatever follows from it."""
    opened = Database.open(postgres_url, NOTTINGHAM)
    duties = Duties(a_workplace(opened), imports=Unloading(NOTTINGHAM, opened, baked_directory()))
    yield opened, lambda task: _drained(postgres_url, duties, task)
    opened.close()


@pytest.mark.parametrize("task", ["import", "look"])
def test_a_worker_does_it(of_workers: tuple[Database, Callable[[str], None]], task: str) -> None:
    """Told of it, or finding it when it looks; every one that waits."""
    database, drain = of_workers
    _asked(database, "A")
    _asked(database, "B")
    drain(task)
    assert _stored(database) == [("A", 1), ("B", 1)]


def test_a_job_that_fails_waits_in_the_queue(
    of_workers: tuple[Database, Callable[[str], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue tries it again too, so that it does not wait for the next look."""
    database, drain = of_workers
    _asked(database, "A")

    def away(*_given: Any) -> Any:
        raise DatabaseUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(save, "import_homes", away)
        drain("import")
    jobs = f"SELECT task_name, status::text, attempts FROM {queue_layout.QUEUE_SCHEMA}.procrastinate_jobs"
    with database.reading() as reading:
        assert [tuple(row) for row in reading.execute(text(jobs))] == [("import", "todo", 1)]
    _set(database, due_at=datetime.now(UTC) - timedelta(seconds=1))
    with database.writing() as writing:
        writing.execute(text(f"SET LOCAL search_path TO {queue_layout.QUEUE_SCHEMA}"))
        writing.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now()"))
    drain("look")
    assert _stored(database) == [("A", 1)]
