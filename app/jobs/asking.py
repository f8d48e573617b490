"""The service's side of the queue on PostgreSQL: it says that there is work, and does none.

A thread of its own says so, when the request that left the work is answered already: a queue that does not
answer holds nobody up. What could not be said is found by the workers, who look every quarter of a minute.
"""

from __future__ import annotations

import logging
import threading

import psycopg
from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException

from app.jobs.queue import asking_app, lock_of

log = logging.getLogger(__name__)

TASKS = ("run", "send", "import")
"""What may be waiting after a request; a job for nothing does no harm."""

STOP_S = 10.0


class AskingJobs:
    """Passes work on to the workers of an authority."""

    def __init__(self, database_url: str, authority: str) -> None:
        self._app: App = asking_app(database_url, authority)
        self._authority = authority
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._left = False
        self._thread = threading.Thread(target=self._pass_on, name="placement-asking", daemon=True)

    def start(self) -> None:
        """Begin to pass work on."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to be done."""
        self._left = True
        self._woken.set()

    def stop(self) -> None:
        """Pass on what is left, and end."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _pass_on(self) -> None:
        while not self._stopping.is_set() or self._left:
            self._woken.wait()
            self._woken.clear()
            if self._left:
                self._left = False
                self._say()
        self._app.close()

    def _say(self) -> None:
        try:
            self._app.open()
            for task in TASKS:
                self._put(task)
        except (ProcrastinateException, psycopg.Error) as error:
            log.warning("the queue could not be told of work: workers find it", extra={"error": type(error).__name__})

    def _put(self, task: str) -> None:
        lock = lock_of(task, self._authority)
        try:
            self._app.configure_task(task, queue=self._authority, queueing_lock=lock).defer()
        except AlreadyEnqueued:
            return
