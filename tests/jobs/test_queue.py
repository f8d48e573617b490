"""The queue on PostgreSQL: told once, done once, tried again, taken from the dead, handed back."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

import psycopg
import pytest
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Job
from procrastinate.worker import Worker as QueueWorker
from sqlalchemy import text, update

from app.errors import DatabaseUnavailable
from app.jobs import queue
from app.jobs.asking import AskingJobs
from app.jobs.choosing import jobs_for
from app.jobs.duties import Duties
from app.jobs.queue import TRIES, Again, JobFailed
from app.jobs.threads import ThreadedJobs
from app.runs.working import never
from app.store import migrate, queue_layout, runs
from app.store.run_records import Run, RunKind, RunStatus
from app.store.run_tables import runs as run_rows
from app.store.session import Database
from tests.support.builders import NOTTINGHAM, a_child, a_home, a_referral
from tests.support.nights import a_workplace, asked, now, store, taken_up

ROOT = Path(__file__).parents[2]
Q = queue_layout.QUEUE_SCHEMA


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    """The database as its owner has it, laid out, with a child and a home."""
    opened = Database.open(postgres_url)
    store(opened, [a_home()], [a_referral(a_child())])
    yield opened
    opened.close()


@pytest.fixture
def ours(database: Database, postgres_url: str) -> Iterator[Database]:
    """The same as a service or worker of Nottingham has it."""
    opened = Database.open(postgres_url, NOTTINGHAM)
    yield opened
    opened.close()


def _jobs(database: Database, columns: str = "task_name, status::text") -> list[tuple[Any, ...]]:
    with database.reading() as reading:
        found = reading.execute(text(f"SELECT {columns} FROM {Q}.procrastinate_jobs ORDER BY id")).all()
    return [tuple(row) for row in found]


def _drain(url: str, duties: Duties, *tasks: str) -> None:
    """A worker that ends when the queue is empty, after these tasks were put into it."""

    async def drained() -> None:
        app = queue.working_app(url, duties, never)
        app.periodic_registry.periodic_tasks.clear()
        async with app.open_async():
            for task in tasks:
                await queue.put(app, task, NOTTINGHAM)
            worker = QueueWorker(
                app,
                queues=[NOTTINGHAM],
                wait=False,
                listen_notify=False,
                delete_jobs="successful",
                install_signal_handlers=False,
            )
            await worker.run()  # type: ignore[no-untyped-call]

    asyncio.run(drained())


def test_told_often_it_is_put_once(database: Database, postgres_url: str) -> None:
    """However often the service says so, one job of a kind waits, and it says nothing of anybody."""
    for _ in range(3):
        asking = AskingJobs(postgres_url, NOTTINGHAM)
        asking.start()
        for _ in range(5):
            asking.wake()
        asking.stop()
    assert _jobs(database, "task_name, status::text, queue_name, args::text") == [
        ("run", "todo", NOTTINGHAM, "{}"),
        ("send", "todo", NOTTINGHAM, "{}"),
        ("import", "todo", NOTTINGHAM, "{}"),
    ]


def test_what_was_asked_for_is_done(database: Database, ours: Database, postgres_url: str) -> None:
    """A worker behind the wall makes the run; nothing is left in the queue."""
    run = asked(database)
    asking = AskingJobs(postgres_url, NOTTINGHAM)
    asking.start()
    asking.wake()
    asking.stop()
    sent: list[bool] = []
    _drain(postgres_url, Duties(a_workplace(ours), send=lambda _stopping: sent.append(True)))
    assert now(database, run).status is RunStatus.PUBLISHED
    assert sent == [True]
    assert _jobs(database) == []


def test_a_queue_that_does_not_answer_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """To say that there is work fails quietly, and the service ends all the same."""
    monkeypatch.setattr(queue, "ASK_WAIT_S", 0.3)
    asking = AskingJobs("postgresql+psycopg://postgres@/nothing?host=/nonexistent", NOTTINGHAM)
    asking.start()
    began = time.monotonic()
    asking.wake()
    assert time.monotonic() - began < 1
    asking.stop()


def test_a_look_finds_what_nobody_told_of(database: Database, ours: Database, postgres_url: str) -> None:
    """A run whose job got lost is found by the next look."""
    run = asked(database)
    _drain(postgres_url, Duties(a_workplace(ours)), "look")
    assert now(database, run).status is RunStatus.PUBLISHED


def test_where_work_is_done(ours: Database) -> None:
    """With the address of a queue the service only says that there is work; without, it works itself."""
    duties = Duties(a_workplace(ours))
    assert isinstance(jobs_for(duties, None), ThreadedJobs)
    assert isinstance(jobs_for(duties, "postgresql+psycopg://postgres@/x"), AskingJobs)


def test_one_nightly_run_however_many_workers(database: Database, ours: Database, postgres_url: str) -> None:
    """Four workers that look at the same moment, and each again later, make one run of the night."""
    at = datetime.now(UTC)
    duties = Duties(a_workplace(ours), time_of_day(0, 30), lambda: at.replace(hour=3))

    async def all_look() -> None:
        await asyncio.gather(*(asyncio.to_thread(duties.look) for _ in range(4)))

    asyncio.run(all_look())
    for _ in range(3):
        _drain(postgres_url, duties, "look")
    with database.reading() as reading:
        made = [run for run in runs.page(reading, NOTTINGHAM, None, 10) if run.kind is RunKind.NIGHTLY]
    assert [run.status for run in made] == [RunStatus.PUBLISHED]


@pytest.mark.parametrize(("attempts", "pause"), [(0, 2), (1, 4), (4, 32), (5, 60), (7, 60), (8, None)])
def test_pauses_between_tries(attempts: int, pause: int | None) -> None:
    """They double up to a minute; after the last try the job stays as failed. Mistakes of ours are not tried again."""
    job = Job(id=1, queue="q", lock=None, queueing_lock=None, task_name="run", attempts=attempts)
    decision = Again().get_retry_decision(exception=JobFailed(), job=job)
    assert (decision is None) == (pause is None)
    if decision is not None and decision.retry_at is not None:
        assert abs((decision.retry_at - datetime.now(UTC)).total_seconds() - (pause or 0)) < 5
    assert Again().get_retry_decision(exception=ZeroDivisionError(), job=job) is None
    assert TRIES == 8


def test_a_job_that_fails_is_tried_again(
    database: Database, ours: Database, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trouble with the database leaves the job waiting for a later try, beside a run that still waits too."""
    run = asked(database)

    def away(*_given: Any) -> Any:
        raise DatabaseUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(runs, "take_up", away)
        _drain(postgres_url, Duties(a_workplace(ours)), "run")
    later = "task_name, status::text, attempts, scheduled_at > now()"
    assert _jobs(database, later) == [("run", "todo", 1, True)]
    assert now(database, run).status is RunStatus.QUEUED
    with database.writing() as writing:
        writing.execute(text(f"SET LOCAL search_path TO {Q}"))
        writing.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now()"))
    _drain(postgres_url, Duties(a_workplace(ours)))
    assert now(database, run).status is RunStatus.PUBLISHED


DEAD = f"""
    WITH dead AS (INSERT INTO {Q}.procrastinate_workers (authority, last_heartbeat)
                  VALUES (:authority, now() - :silence * interval '1 second') RETURNING id)
    INSERT INTO {Q}.procrastinate_jobs (queue_name, task_name, queueing_lock, status, worker_id)
    SELECT :authority, 'run', :lock, 'doing', id FROM dead
"""


def _taken_by_the_dead(database: Database, silence_s: int) -> None:
    named = {"silence": silence_s, "authority": NOTTINGHAM, "lock": queue.lock_of("run", NOTTINGHAM)}
    with database.writing() as writing:
        writing.execute(text(DEAD), named)


async def _recovered(url: str, duties: Duties) -> int:
    app = queue.working_app(url, duties, never)
    async with app.open_async():
        return await queue.recover(app, NOTTINGHAM)


@pytest.mark.parametrize(("silence_s", "taken"), [(25, 0), (35, 1)])
def test_jobs_of_the_dead_are_given_to_the_living(
    database: Database, ours: Database, postgres_url: str, silence_s: int, taken: int
) -> None:
    """After half a minute of silence a worker's job waits again, and not before."""
    _taken_by_the_dead(database, silence_s)
    assert asyncio.run(_recovered(postgres_url, Duties(a_workplace(ours)))) == taken
    assert _jobs(database) == [("run", "todo" if taken else "doing")]


def test_a_look_gives_the_jobs_of_the_dead_to_the_living(database: Database, ours: Database, postgres_url: str) -> None:
    """Nobody else does it: after a worker's look its dead colleague's job is done, by whoever lives."""
    _taken_by_the_dead(database, 60)
    _drain(postgres_url, Duties(a_workplace(ours)), "look")
    assert _jobs(database) == []


def test_a_job_of_the_dead_beside_one_that_waits_is_dropped(
    database: Database, ours: Database, postgres_url: str
) -> None:
    """Two of a kind never wait beside each other; the one that is left does the work of both."""
    _taken_by_the_dead(database, 60)
    asking = AskingJobs(postgres_url, NOTTINGHAM)
    asking.start()
    asking.wake()
    asking.stop()
    assert asyncio.run(_recovered(postgres_url, Duties(a_workplace(ours)))) == 1
    assert _jobs(database) == [("run", "todo"), ("send", "todo"), ("import", "todo")]


def test_the_queue_is_out_of_reach_without_the_role(
    database: Database, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another login may not even put a job into the queue."""
    monkeypatch.setattr(queue, "ASK_WAIT_S", 0.3)
    with database.engine.begin() as connection:
        connection.execute(text("CREATE ROLE passer_by LOGIN"))
    app = queue.asking_app(postgres_url.replace("postgres@", "passer_by@"), NOTTINGHAM)
    with pytest.raises((psycopg.Error, ProcrastinateException)), app.open():
        app.configure_task("run", queue=NOTTINGHAM).defer()
    assert _jobs(database) == []
    with database.engine.begin() as connection:
        connection.execute(text("DROP ROLE passer_by"))


# ------------------------------------------------------------------------------------------------ its layout


def test_steps_of_the_queue_are_taken_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer version brings a step: the next migration takes it, and the one after that does not."""
    known = queue_layout.steps()
    step = {"99.00.00_01_more.sql": "CREATE TABLE more (ref TEXT); INSERT INTO more VALUES ('100%')"}
    monkeypatch.setattr(queue_layout, "steps", lambda: known | step)
    migrate.upgrade(database)
    migrate.upgrade(database)
    with database.reading() as reading:
        assert reading.execute(text(f"SELECT ref FROM {Q}.more")).scalars().all() == ["100%"]
        taken = reading.execute(text(f"SELECT step FROM {Q}.applied")).scalars().all()
        assert set(taken) == {*known, *step, queue_layout.WALLS_STEP}
        assert reading.execute(text("SELECT current_setting('search_path')")).scalar_one() == '"$user", public'


# ----------------------------------------------------------------------------------------------- handing back


def _long_ago(database: Database) -> None:
    long_ago = datetime.now(UTC) - 2 * runs.LEASE
    database.transact(lambda w: w.execute(update(run_rows).values(heartbeat_at=long_ago)))


def _newest(database: Database) -> Run:
    with database.reading() as reading:
        return runs.page(reading, NOTTINGHAM, None, 1)[0]


@pytest.mark.parametrize("kind", [RunKind.MANUAL, RunKind.NIGHTLY])
def test_a_run_of_a_dead_worker_is_asked_for_anew(database: Database, ours: Database, kind: RunKind) -> None:
    """With the same wishes, by the first look after its lease, so that another worker makes it."""
    run = taken_up(database, kind=kind, frontier=True)
    duties = Duties(a_workplace(ours), hands_back=True)
    assert not duties.look()
    _long_ago(database)
    assert duties.look()
    newer = _newest(database)
    assert (now(database, run).status, now(database, run).failure) == (RunStatus.FAILED, "interrupted")
    assert (newer.status, newer.kind, newer.options) == (RunStatus.QUEUED, kind, run.options)


def test_a_run_that_kills_its_workers_is_not_asked_for_for_ever(database: Database, ours: Database) -> None:
    """Interrupted three times in a row it stays failed, until somebody asks for it again."""
    duties = Duties(a_workplace(ours), hands_back=True)
    asked(database)
    for attempt in range(3):
        assert database.transact(lambda w: runs.take_up(w, NOTTINGHAM)) is not None
        _long_ago(database)
        assert duties.look() is (attempt < 2)
    assert _newest(database).status is RunStatus.FAILED
    assert _newest(database).number == 3


CHILD = """
    import sys, time
    from app.jobs import queue
    from app.jobs.duties import Duties
    from app.jobs.worker import Worker
    from app.rematch.faults import RunCancelled
    from app.store.session import Database
    from tests.support.nights import NOTTINGHAM, a_workplace, solved_here

    url, grace, lasts = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    queue.LOOK = queue.SEND = "* * * * * *"
    database = Database.open(url, NOTTINGHAM)

    def slow(night, *rest, cancelled, **more):
        print("begun", flush=True)
        end = time.monotonic() + lasts
        while time.monotonic() < end:
            if cancelled():
                raise RunCancelled
            time.sleep(0.02)
        return solved_here(night)

    Worker(url, Duties(a_workplace(database, slow), hands_back=True), grace).run(lambda what: None)
    print("ended", flush=True)
"""


@pytest.fixture
def started(postgres_url: str) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts workers; none outlives the test."""
    processes = []

    def start(grace_s: float, lasts_s: float) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(CHILD), postgres_url, str(grace_s), str(lasts_s)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize(("grace_s", "lasts_s", "told"), [(30, 1, 1), (0, 3_600, 1), (3_600, 3_600, 2)])
def test_a_worker_that_is_told_to_stop(
    database: Database,
    started: Callable[..., subprocess.Popen[str]],
    grace_s: float,
    lasts_s: float,
    told: int,
) -> None:
    """It finishes its run where it can; after its grace, or told twice, it hands the run back."""
    run = asked(database)
    worker = started(grace_s, lasts_s)
    assert _line(worker) == "begun"
    for _ in range(told):
        worker.send_signal(signal.SIGTERM)
        time.sleep(0.2)
    assert _line(worker) == "ended"
    assert worker.wait(20) == 0
    found, newest = now(database, run), _newest(database)
    if lasts_s == 1:
        assert found.status is RunStatus.PUBLISHED
        assert newest.id == run.id
    else:
        assert (found.status, found.failure) == (RunStatus.FAILED, "service_stopped")
        assert (newest.status, newest.number) == (RunStatus.QUEUED, run.number + 1)
    with database.reading() as reading:
        assert reading.execute(text(f"SELECT count(*) FROM {Q}.procrastinate_workers")).scalar_one() == 0


def test_a_worker_begins_anew_when_its_connections_are_cut(
    database: Database, started: Callable[..., subprocess.Popen[str]]
) -> None:
    """All connections of the worker are ended by the server: it comes back by itself and makes the next run."""
    worker = started(5, 0)
    asked(database)
    assert _line(worker) == "begun"
    cut = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'placement-worker'")
    with database.engine.connect() as connection:
        assert connection.execute(cut).all()
    end = time.monotonic() + 20
    while _newest(database).status is not RunStatus.PUBLISHED and time.monotonic() < end:
        time.sleep(0.05)
    run = asked(database)
    while now(database, run).status is not RunStatus.PUBLISHED and time.monotonic() < end:
        time.sleep(0.05)
    assert now(database, run).status is RunStatus.PUBLISHED
    assert worker.poll() is None
