"""Imports beside the requests: each taken up in its turn, and done once, whoever dies on the way.

What an import brings, what came of it, the entry of the audit trail and the end of the stored body are one
transaction, which counts only where nobody took the import away meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from app.errors import DatabaseBusy, DatabaseUnavailable, ImportOvertaken, Internal, PlacementError
from app.geo.postcodes import PostcodeDirectory
from app.imports.bringing import Store, errors_of, read_body
from app.observing import faults
from app.observing.correlation import correlated
from app.store import audit, imports
from app.store.import_records import Import
from app.store.session import Database, Writing

log = logging.getLogger(__name__)

BEAT_S = 5.0
"""Seconds between signs of life of an import at work."""

MOST_ERRORS = 100
"""Errors told of an import that failed, as in the answer of the synchronous form."""

LATER = (DatabaseBusy, DatabaseUnavailable)
"""What passes; there is then no way to say anything either, but by the lease."""


@dataclass(frozen=True, slots=True)
class Unloading:
    """Where an authority's imports are done."""

    authority: str
    database: Database
    postcodes: PostcodeDirectory

    def is_waiting(self) -> bool:
        """Whether an import is to be taken up now."""
        with self.database.reading() as reading:
            return imports.is_waiting(reading, self.authority)

    def recover(self) -> None:
        """Take away what silent workers had taken up."""
        for import_id in self.database.transact(lambda writing: imports.recover(writing, self.authority)):
            with correlated(import_id):
                log.warning("an import waits again: its worker was silent for too long")

    def work_all(self, stopping: Callable[[], bool]) -> bool:
        """Do every import that is due, in order; False where one has to be tried again."""
        while not stopping() and self.is_waiting():
            taken = self.database.transact(lambda writing: imports.take_up(writing, self.authority))
            if taken is None:
                return True
            if not self.work(taken, stopping):
                return False
        return True

    def work(self, taken: Import, stopping: Callable[[], bool]) -> bool:
        """Do an import that was taken up; False where it has to be tried again."""
        with correlated(taken.id), self._alive(taken):
            try:
                store = self._read(taken)
                if stopping():
                    self._end(lambda writing: imports.hand_back(writing, self.authority, taken))
                    return True
                self.database.transact(lambda writing: self._do(writing, taken, store))
            except ImportOvertaken:
                log.warning("an import was taken away: nothing of it counts")
            except PlacementError as error:
                return self._failed(taken, error)
            except Exception as error:  # noqa: BLE001 - it never ends without saying so; the text may hold data
                log.error("an import did not work", extra=faults.told(error))  # noqa: TRY400
                return self._failed(taken, Internal())
        return True

    def _read(self, taken: Import) -> Store:
        with self.database.reading() as reading:
            body = imports.body(reading, self.authority, taken)
        return read_body(taken.kind, body, self.postcodes, taken.read_on)

    def _do(self, writing: Writing, taken: Import, store: Store) -> None:
        brought = store(writing, self.authority)
        imports.finish(writing, self.authority, taken, brought.told)
        audit.record(writing, self.authority, brought.entry(taken.actor, taken.actor_kind))

    def _failed(self, taken: Import, error: PlacementError) -> bool:
        """Say for good what its sender has to mend, and put off what may pass; False where it was put off."""
        log.warning("an import failed", extra={"failure": error.code})
        if error.status < 500:
            errors = errors_of(error.problems[:MOST_ERRORS])
            told = {"errors": errors, "more_errors": max(0, len(error.problems) - MOST_ERRORS)}
            self._end(lambda writing: imports.fail(writing, self.authority, taken, error.code, told))
            return True
        self._end(lambda writing: imports.put_off(writing, self.authority, taken, error.code))
        return False

    def _end(self, action: Callable[[Writing], None]) -> None:
        """Say what became of it. Where even that cannot be said, its lease will run out."""
        with suppress(ImportOvertaken, *LATER):
            self.database.transact(action)

    @contextmanager
    def _alive(self, taken: Import) -> Iterator[None]:
        """Signs of life meanwhile, from a thread of its own."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(BEAT_S):
                with suppress(*LATER):
                    try:
                        self.database.transact(lambda w: imports.keep_alive(w, self.authority, taken))
                    except ImportOvertaken:
                        return

        thread = threading.Thread(target=beat, name="import-pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
