"""Work done by threads of the service itself: on SQLite, and where one process is to do everything.

One makes runs: it looks every few seconds, and at once when it is woken. One does imports in the same way. One looks
at the clock, at holds and at what a dead worker left. One sends messages, so that an address that does not answer
keeps nothing else waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, time

from app.jobs.duties import Duties, calmly, now_utc
from app.runs.workplace import Workplace

LOOK_S = 2.0
"""Seconds between looks for a run or a message that another process left."""

TICK_S = 15.0
"""Seconds between looks at the clock and at runs whose worker may have died."""

STOP_S = 30.0
"""Seconds that the end of the service waits for a run to give up."""


class ThreadedJobs:
    """The threads of one service."""

    def __init__(self, duties: Duties) -> None:
        self._duties = duties
        self._stopping = threading.Event()
        self._wake_runs, self._wake_messages, self._wake_imports = (threading.Event() for _ in range(3))
        self._threads: list[threading.Thread] = []

    @classmethod
    def at(
        cls, place: Workplace, nightly_at: time | None = None, clock: Callable[[], datetime] = now_utc
    ) -> ThreadedJobs:
        """With runs alone to look after."""
        return cls(Duties(place, nightly_at, clock))

    def start(self) -> None:
        """Begin to work."""
        loops = [("runs", self._make_runs), ("clock", self._watch)]
        if self._duties.send is not None:
            loops.append(("messages", self._send))
        if self._duties.imports is not None:
            loops.append(("imports", self._import))
        for name, loop in loops:
            thread = threading.Thread(target=loop, name=f"placement-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def wake(self) -> None:
        """There is a run to be taken up, or a message to be sent."""
        self._wake_runs.set()
        self._wake_messages.set()
        self._wake_imports.set()

    def stop(self) -> None:
        """Give up what is under way, cleanly, and wait until it is."""
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join(STOP_S)
        self._threads.clear()

    def tick(self) -> None:
        """One look at the clock, at holds and at runs whose worker may have died."""
        if self._duties.look():
            self._wake_runs.set()

    def work_one(self) -> bool:
        """Take up the run that waits and do it; False where none waits."""
        return self._duties.make_run(self._stopping.is_set) is not None

    def _make_runs(self) -> None:
        self._whenever(self._wake_runs, self.work_one)

    def _send(self) -> None:
        self._whenever(self._wake_messages, lambda: self._duties.send_messages(self._stopping.is_set))

    def _import(self) -> None:
        self._whenever(self._wake_imports, lambda: self._duties.do_imports(self._stopping.is_set))

    def _whenever(self, woken: threading.Event, action: Callable[[], object]) -> None:
        while not self._stopping.is_set():
            woken.wait(LOOK_S)
            woken.clear()
            if not self._stopping.is_set():
                calmly(action)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            calmly(self.tick)
            self._stopping.wait(TICK_S)
