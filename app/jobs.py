"""Work beside the requests: the one place that decides where and when a run is done.

The database is the queue: whoever wants a run stores it as `queued`, and any service on that database may take
it up. Here that is a thread of the service, which looks every few seconds and at once when it is woken; a
second one gives up runs whose worker died, and asks for the nightly run when it is due.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, time

from app.errors import PlacementError
from app.nightly import ask_if_owed
from app.runs.working import work
from app.runs.workplace import Workplace
from app.store import runs

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""Seconds between looks for a run that another process asked for."""

TICK_S = 15.0
"""Seconds between looks at the clock and at runs whose worker may have died."""

STOP_S = 30.0
"""Seconds that the end of the service waits for a run to give up."""


def now_utc() -> datetime:
    """This instant."""
    return datetime.now(UTC)


class Jobs:
    """The threads of one service. `nightly_at`: time of day in England, None for no nightly run."""

    def __init__(
        self, place: Workplace, nightly_at: time | None = None, clock: Callable[[], datetime] = now_utc
    ) -> None:
        self._place, self._at, self._clock = place, nightly_at, clock
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to work."""
        for name, loop in (("runs", self._work), ("nightly", self._watch)):
            thread = threading.Thread(target=loop, name=f"placement-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def wake(self) -> None:
        """There is a run to be taken up."""
        self._woken.set()

    def stop(self) -> None:
        """Give up what is under way, cleanly, and wait until it is."""
        self._stopping.set()
        self._woken.set()
        for thread in self._threads:
            thread.join(STOP_S)
        self._threads.clear()

    def tick(self) -> None:
        """One look at the clock and at runs whose worker may have died."""
        place = self._place
        given_up = place.database.transact(lambda writing: runs.recover(writing, place.authority))
        for run_id in given_up:
            log.warning("run %s was given up: its worker was silent for too long", run_id)
        if self._at is not None and ask_if_owed(place, self._at, self._clock()):
            self.wake()

    def work_one(self) -> bool:
        """Take up the run that waits and do it; False where none waits."""
        place = self._place
        with place.database.reading() as reading:
            if not runs.is_waiting(reading, place.authority):
                return False
        run = place.database.transact(lambda writing: runs.take_up(writing, place.authority))
        if run is None:
            return False
        work(place, run, self._stopping.is_set)
        return True

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(LOOK_S)
            self._woken.clear()
            if not self._stopping.is_set():
                _calmly(self.work_one)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            _calmly(self.tick)
            self._stopping.wait(TICK_S)


def _calmly(action: Callable[[], object]) -> None:
    """Whatever goes wrong is said in the log, and the thread goes on: the next look may find things mended."""
    try:
        action()
    except PlacementError as error:
        log.warning("background work: %s", error.code)
    except Exception as error:  # noqa: BLE001 - the text may hold data
        log.error("background work failed with %s", type(error).__name__)  # noqa: TRY400
