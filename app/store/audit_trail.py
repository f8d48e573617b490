"""The audit of readings: each is answered only once its entry is stored, and many share one transaction.

A reading changes nothing, so its entry needs a transaction of its own. One commit for each would make readers
wait for one another at the end of the trail. So whoever comes while a commit is under way leaves its entry with
the others that wait; the next of them stores all of these together, and each goes on when its own is stored.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from app.errors import DatabaseUnavailable
from app.store.audit import AuditEntry, check, record_all
from app.store.session import Database

MOST_TOGETHER = 200
"""Entries that one transaction stores; more wait for the next, so that nobody waits for a very long one."""


@dataclass(slots=True, eq=False)
class _Waiting:
    entry: AuditEntry
    woken: threading.Event = field(default_factory=threading.Event)
    stored: bool = False
    error: Exception | None = None


class Trail:
    """The end of one authority's trail as one process uses it. Share one between threads."""

    def __init__(self, database: Database, authority: str) -> None:
        self._database, self._authority = database, authority
        self._lock = threading.Lock()
        self._queue: list[_Waiting] = []
        self._led = False

    def record(self, entry: AuditEntry) -> None:
        """Return once the entry is stored for good. Raises as a transaction does; then it is not stored."""
        check(entry)
        own = _Waiting(entry)
        with self._lock:
            self._queue.append(own)
            leads = not self._led
            self._led = True
        if not leads:
            own.woken.wait()
        if not own.stored and own.error is None:
            self._lead()
        if own.error is not None:
            raise own.error

    def _lead(self) -> None:
        """Store what waits, wake those whose entries it was, and give the lead to the next who waits."""
        with self._lock:
            together, self._queue = self._queue[:MOST_TOGETHER], self._queue[MOST_TOGETHER:]
        entries = [waiting.entry for waiting in together]
        stored, error = False, None
        try:
            self._database.transact(lambda writing: record_all(writing, self._authority, entries))
            stored = True
        except Exception as raised:  # noqa: BLE001 - every one who waits is told
            error = raised
        finally:
            for waiting in together:
                waiting.stored, waiting.error = stored, error if stored or error else DatabaseUnavailable()
                waiting.woken.set()
            with self._lock:
                self._led = bool(self._queue)
                if self._queue:
                    self._queue[0].woken.set()
