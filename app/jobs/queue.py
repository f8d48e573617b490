"""The job queue on PostgreSQL: its connections, its tasks, and when they are tried again.

A job carries nothing but its name: what is to be done stands in our own tables. So a job too many does no harm,
and a job that got lost is made up for by the next look. Each authority has a queue of its own, called like it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from procrastinate import App, BaseRetryStrategy, RetryDecision
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status
from sqlalchemy import make_url

from app.jobs.connecting import Asking, Working
from app.jobs.duties import Duties, calmly
from app.runs.working import Stopping
from app.store.queue_layout import QUEUE_SCHEMA
from app.store.session import APP_ROLE, TIMEOUTS

log = logging.getLogger(__name__)

LOOK = "* * * * * */15"
"""When to look at the clock, at holds and at dead workers: every quarter of a minute, once for all workers."""

SEND = "* * * * * */5"
"""When to look for messages that are due, beside being told of them."""

TIDY = "17 4 * * *"
"""When to take old jobs away."""

SILENCE_S = 30.0
"""A worker that was silent for so long is taken for dead, and its jobs are given to others."""

TRIES = 8
LONGEST_PAUSE_S = 60
"""A job that fails is tried again after 2, 4, 8 ... seconds, so many times; then it stays as a failed one."""

ASK_WAIT_S = 5.0
"""Seconds that the service waits for the queue before it leaves the work for the workers to find."""

KEPT_H = 30 * 24
"""Jobs that failed for good can be looked at for so many hours."""


class JobFailed(Exception):
    """A job did not work; the log says what went wrong. It carries no text that could hold anybody's data."""


class Again(BaseRetryStrategy):
    """Pauses that double, up to a minute: by then whatever is wrong is wrong for longer."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again, None for never."""
        if not isinstance(exception, JobFailed) or job.attempts >= TRIES:
            return None
        return RetryDecision(retry_in={"seconds": min(2 ** (job.attempts + 1), LONGEST_PAUSE_S)})


def connection_of(database_url: str, authority: str, name: str) -> dict[str, Any]:
    """What a pool of the queue's connections needs: an address, the queue's schema, our role, whose it is, limits."""
    url = make_url(database_url)
    given: dict[str, Any] = {**url.translate_connect_args(username="user", database="dbname"), **url.query}
    options = f"-c search_path={QUEUE_SCHEMA} -c role={APP_ROLE} -c placement.authority={authority} {TIMEOUTS}"
    return given | {"options": options, "application_name": name, "connect_timeout": 5}


def asking_app(database_url: str, authority: str) -> App:
    """The queue for a process that only says that there is work: one connection, opened when it is needed."""
    kwargs = connection_of(database_url, authority, "placement-asking")
    return App(connector=Asking(kwargs=kwargs, min_size=0, max_size=1, timeout=ASK_WAIT_S))


def working_app(database_url: str, duties: Duties, giving_up: Stopping, ending: Stopping | None = None) -> App:
    """The queue for a worker: a few connections, and the tasks.

    `giving_up`: whether a run is to be given up now; `ending`: whether messages that are due are left to others.
    """
    authority = duties.place.authority
    kwargs = connection_of(database_url, authority, "placement-worker")
    app = App(connector=Working(kwargs=kwargs, min_size=1, max_size=4, timeout=10))

    @app.task(name="run", queue=authority, queueing_lock=lock_of("run", authority), retry=Again())
    async def make_run() -> None:
        done = await asyncio.to_thread(calmly, lambda: duties.make_run(giving_up))
        if not done and not await is_put(app, "run", authority):
            raise JobFailed

    @app.periodic(cron=SEND, periodic_id=authority)
    @app.task(name="send", queue=authority, queueing_lock=lock_of("send", authority))
    async def send(timestamp: int = 0) -> None:  # noqa: ARG001 - the moment it is for
        await asyncio.to_thread(calmly, lambda: duties.send_messages(ending or giving_up))

    @app.periodic(cron=LOOK, periodic_id=authority)
    @app.task(name="look", queue=authority, queueing_lock=lock_of("look", authority), priority=10)
    async def look(timestamp: int = 0) -> None:  # noqa: ARG001 - the moment it is for
        await recover(app, authority)
        waiting: dict[str, bool] = {}
        await asyncio.to_thread(calmly, lambda: waiting.update(run=duties.look()))
        await asyncio.to_thread(calmly, lambda: waiting.update({"import": duties.is_import_waiting()}))
        for task in sorted(name for name, is_due in waiting.items() if is_due):
            await put(app, task, authority)

    @app.periodic(cron=TIDY, periodic_id=authority)
    @app.task(name="tidy", queue=authority, queueing_lock=lock_of("tidy", authority))
    async def tidy(timestamp: int = 0) -> None:  # noqa: ARG001 - the moment it is for
        await app.job_manager.delete_old_jobs(KEPT_H, queue=authority, include_failed=True, include_cancelled=True)

    _with_imports(app, duties, ending or giving_up)
    return app


def _with_imports(app: App, duties: Duties, stopping: Stopping) -> None:
    authority = duties.place.authority

    @app.task(name="import", queue=authority, queueing_lock=lock_of("import", authority), retry=Again())
    async def do_imports() -> None:
        worked: list[bool] = []
        await asyncio.to_thread(calmly, lambda: worked.append(duties.do_imports(stopping)))
        if worked != [True] and not await is_put(app, "import", authority):
            raise JobFailed


def lock_of(task: str, authority: str) -> str:
    """The lock that keeps a second job of a kind from waiting beside the first."""
    return f"{task}:{authority}"


async def put(app: App, task: str, authority: str) -> None:
    """Put a job into the queue, unless one waits there already."""
    deferrer = app.configure_task(task, queue=authority, queueing_lock=lock_of(task, authority))
    with contextlib.suppress(AlreadyEnqueued):
        await deferrer.defer_async()


async def is_put(app: App, task: str, authority: str) -> bool:
    """Whether a job waits in the queue."""
    found = await app.job_manager.list_jobs_async(status=Status.TODO.value, queueing_lock=lock_of(task, authority))
    return bool(list(found))


async def recover(app: App, authority: str) -> int:
    """Give the jobs of dead workers to the living; how many there were.

    A job beside which another of its kind waits by now is dropped: the other does the same.
    """
    stalled = list(await app.job_manager.get_stalled_jobs(queue=authority, seconds_since_heartbeat=SILENCE_S))
    for job in stalled:
        log.warning("a job was taken from a worker that was silent for too long", extra={"task": job.task_name})
        try:
            await app.job_manager.retry_job(job)
        except ConnectorException:
            with contextlib.suppress(ConnectorException):  # somebody else was quicker
                await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
    return len(stalled)
