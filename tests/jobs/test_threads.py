"""Work beside the requests: taken up, followed, given up, and recovered after a death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import update

from app.errors import DatabaseUnavailable
from app.jobs import threads as jobs
from app.jobs.threads import ThreadedJobs
from app.matching.batch import Night
from app.rematch.faults import RunCancelled
from app.rematch.run import Outcome
from app.store import proposals, runs
from app.store.run_records import Run, RunStatus
from app.store.run_tables import runs as run_rows
from app.store.session import Database
from tests.support.builders import NOTTINGHAM, a_child, a_home, a_referral
from tests.support.nights import a_workplace, asked, now, solved_here, store

ROOT = Path(__file__).parents[2]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database at the newest revision, with a child and a home."""
    opened = Database.open(database_url)
    store(opened, [a_home()], [a_referral(a_child())])
    yield opened
    opened.close()


def _until(database: Database, run: Run, *wanted: RunStatus) -> Run:
    end = time.monotonic() + 60
    while (found := now(database, run)).status not in wanted:
        assert time.monotonic() < end, f"the run is still {found.status}"
        time.sleep(0.02)
    return found


def test_a_run_is_taken_up_and_done(database: Database) -> None:
    """Woken, the service takes up the run that waits, and ends cleanly."""
    service = ThreadedJobs.at(a_workplace(database))
    service.start()
    run = asked(database)
    service.wake()
    assert _until(database, run, RunStatus.PUBLISHED).proposed == 1
    service.stop()


def test_a_run_that_another_process_asked_for(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody wakes the service, and it looks all the same."""
    monkeypatch.setattr(jobs, "LOOK_S", 0.05)
    service = ThreadedJobs.at(a_workplace(database))
    service.start()
    assert _until(database, asked(database), RunStatus.PUBLISHED)
    service.stop()


def test_the_end_of_the_service(database: Database) -> None:
    """A run at work is given up when the service stops; what waits goes on waiting for the next service."""
    begun = Event()

    def endless(_night: Night, *_rest: Any, cancelled: Any, **_more: Any) -> Outcome:
        begun.set()
        while not cancelled():
            time.sleep(0.01)
        raise RunCancelled

    service = ThreadedJobs.at(a_workplace(database, endless))
    service.start()
    run = asked(database)
    service.wake()
    assert begun.wait(60)
    service.stop()
    assert (now(database, run).status, now(database, run).failure) == (RunStatus.FAILED, "service_stopped")
    waiting = asked(database)
    assert now(database, waiting).status is RunStatus.QUEUED
    assert ThreadedJobs.at(a_workplace(database)).work_one()
    assert now(database, waiting).status is RunStatus.PUBLISHED


def test_trouble_is_survived(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away for a moment, and what nobody foresaw, do not end the threads."""
    monkeypatch.setattr(jobs, "LOOK_S", 0.02)
    troubles: list[Exception] = [DatabaseUnavailable(), ZeroDivisionError("C1")]
    waiting = runs.is_waiting

    def troubled(*given: Any) -> bool:
        if troubles:
            raise troubles.pop()
        return waiting(*given)

    monkeypatch.setattr(runs, "is_waiting", troubled)
    service = ThreadedJobs.at(a_workplace(database))
    service.start()
    assert _until(database, asked(database), RunStatus.PUBLISHED)
    service.stop()
    assert not troubles


def test_a_run_of_a_dead_worker_is_recovered_at_start(database: Database) -> None:
    """A service that starts gives up the runs whose worker is silent, and a new run can be made at once."""
    asked(database)
    run = database.transact(lambda w: runs.take_up(w, NOTTINGHAM))
    assert run is not None
    long_ago = datetime.now(UTC) - 2 * runs.LEASE
    database.transact(lambda w: w.execute(update(run_rows).values(heartbeat_at=long_ago)))
    service = ThreadedJobs.at(a_workplace(database))
    service.start()
    assert _until(database, run, RunStatus.FAILED).failure == "interrupted"
    newer = asked(database)
    service.wake()
    assert _until(database, newer, RunStatus.PUBLISHED)
    service.stop()


CHILD = """
    import sys, threading
    from app.store.session import Database
    from app.runs import working
    from app.store import runs
    from tests.support.nights import NOTTINGHAM, a_workplace, solved_here

    database = Database.open(sys.argv[1])

    working.BEAT_S = 3600  # no lock is held when it is stopped

    def slow(night, *rest, **more):
        found = solved_here(night)
        print("solved", flush=True)
        sys.stdin.readline()
        return found

    run = database.transact(lambda w: runs.take_up(w, NOTTINGHAM))
    print(working.work(a_workplace(database, slow), run).status, flush=True)
"""


@pytest.fixture
def worker(database_url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has solved the run that waited, and waits for a line before it publishes."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    yield process
    process.kill()
    process.communicate()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.slow
def test_a_worker_that_is_killed(database: Database, request: pytest.FixtureRequest) -> None:
    """Killed between answer and publication: nothing is published, and after its lease the run has failed."""
    run = asked(database)
    worker: subprocess.Popen[str] = request.getfixturevalue("worker")
    assert _line(worker) == "solved"
    worker.kill()
    worker.wait()
    assert now(database, run).status is RunStatus.RUNNING
    assert database.transact(lambda w: runs.recover(w, NOTTINGHAM)) == ()
    long_ago = datetime.now(UTC) - 2 * runs.LEASE
    database.transact(lambda w: w.execute(update(run_rows).values(heartbeat_at=long_ago)))
    assert database.transact(lambda w: runs.recover(w, NOTTINGHAM)) == (run.id,)
    with database.reading() as reading:
        assert proposals.of_run(reading, NOTTINGHAM, run.id) == []
        assert runs.published(reading, NOTTINGHAM) is None


@pytest.mark.slow
def test_a_worker_that_was_paused_past_its_lease(database: Database, request: pytest.FixtureRequest) -> None:
    """Stopped, given up for dead, overtaken by another run, awake again: it publishes nothing."""
    run = asked(database)
    worker: subprocess.Popen[str] = request.getfixturevalue("worker")
    assert _line(worker) == "solved"
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        long_ago = datetime.now(UTC) - 2 * runs.LEASE
        database.transact(lambda w: w.execute(update(run_rows).values(heartbeat_at=long_ago)))
        assert database.transact(lambda w: runs.recover(w, NOTTINGHAM)) == (run.id,)
        newer = asked(database)
        assert ThreadedJobs.at(a_workplace(database, solved_here)).work_one()
    finally:
        os.kill(worker.pid, signal.SIGCONT)
    assert worker.stdin is not None
    worker.stdin.write("\n")
    worker.stdin.flush()
    assert _line(worker) == "failed"
    with database.reading() as reading:
        assert runs.published(reading, NOTTINGHAM).id == newer.id  # type: ignore[union-attr]
        assert proposals.of_run(reading, NOTTINGHAM, run.id) == []
