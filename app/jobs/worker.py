"""A worker: a process that does nothing but an authority's work beside the requests, on PostgreSQL.

As many as wanted, on as many machines; the database decides which of them does what. It survives the loss of its
database by beginning anew. Told to stop (SIGTERM, SIGINT), it takes up nothing more and finishes what it is at; after
a grace, or told a second time, it hands the run back, for another worker to make.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable

import psycopg
from procrastinate import App
from procrastinate.exceptions import ProcrastinateException
from procrastinate.worker import Worker as QueueWorker

from app.jobs.duties import Duties
from app.jobs.queue import SILENCE_S, working_app

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Jobs that a worker does at a time. One of them at most is a run: an authority has one at work."""

PAUSES_S = (1.0, 2.0, 5.0)
"""Pauses before a worker that lost its database begins anew; the last one again and again."""

STEADY_S = 60.0
"""Who worked for so long begins again with the shortest pause."""

POLL_S = 5.0
"""Seconds between looks for a job, beside being told of each by the database."""

BEAT_S = 10.0


class Worker:
    """One worker process. `grace_s`: seconds that a run may still take once the worker was told to stop."""

    def __init__(self, database_url: str, duties: Duties, grace_s: float) -> None:
        self._url, self._duties, self._grace_s = database_url, duties, grace_s
        self._giving_up = threading.Event()
        self._told = asyncio.Event()
        self._at_work: QueueWorker | None = None

    def run(self, tell: Callable[[str], None] = log.info) -> None:
        """Work until told to stop."""
        asyncio.run(self._run(tell))

    async def _run(self, tell: Callable[[str], None]) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, loop)
        failures = 0
        while not self._told.is_set():
            tell("The worker is at work." if not failures else "The worker begins anew.")
            began = loop.time()
            try:
                await self._work_on(working_app(self._url, self._duties, self._giving_up.is_set, self._told.is_set))
            except (ProcrastinateException, psycopg.Error) as error:
                log.warning("the worker lost its database", extra={"error": type(error).__name__})
            failures = 1 if loop.time() - began > STEADY_S else failures + 1
            await self._pause(PAUSES_S[min(failures, len(PAUSES_S)) - 1])
        tell("The worker has stopped.")

    async def _work_on(self, app: App) -> None:
        async with app.open_async():
            self._at_work = QueueWorker(
                app,
                queues=[self._duties.place.authority],
                name="placement",
                concurrency=AT_ONCE,
                fetch_job_polling_interval=POLL_S,
                delete_jobs="successful",
                install_signal_handlers=False,
                update_heartbeat_interval=BEAT_S,
                stalled_worker_timeout=SILENCE_S,
            )
            if not self._told.is_set():
                await self._at_work.run()  # type: ignore[no-untyped-call]

    def _stop(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._told.is_set():
            self._giving_up.set()
            return
        self._told.set()
        if self._at_work is not None:
            self._at_work.stop()  # type: ignore[no-untyped-call]
        loop.call_later(self._grace_s, self._giving_up.set)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._told.wait(), seconds)
        except TimeoutError:
            return
