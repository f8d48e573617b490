"""The audit of readings: each is answered only once its entry is stored, and many share one transaction.

A reading changes nothing, so its entry needs a transaction of its own. One commit for each would make readers
wait for one another at the end of the trail. So whoever comes while a commit is under way leaves its entry with
the others that wait; the next of them stores all of these together, and each goes on when its own is stored. What
else must be stored of a reading, such as what a person was shown, goes into the same transaction; and a single
record is itself read there (`Trail.look`), which saves a transaction for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from app.errors import DatabaseUnavailable
from app.store.audit import AuditEntry, check
from app.store.audit_last import Look, record_last
from app.store.session import Database, Writing

T = TypeVar("T")

MOST_TOGETHER = 200
"""Readings that one transaction stores; more wait for the next, so that nobody waits for a very long one."""


def _stay() -> None:
    """Nobody is kept from anything by whoever waits."""


@dataclass(slots=True, eq=False)
class _Waiting:
    entry: AuditEntry | None = None
    also: Callable[[Writing], Any] | None = None
    look: Look[Any] | None = None
    known: Sequence[Mapping[Any, Any]] = ()
    woken: threading.Event = field(default_factory=threading.Event)
    stored: bool = False
    result: Any = None
    error: Exception | None = None


class Trail:
    """The end of one authority's trail as one process uses it. Share one between threads."""

    def __init__(self, database: Database, authority: str) -> None:
        self._database, self._authority = database, authority
        self._lock = threading.Lock()
        self._queue: list[_Waiting] = []
        self._led = False

    def record(
        self,
        entry: AuditEntry,
        also: Callable[[Writing], T] | None = None,
        step_aside: Callable[[], None] = _stay,
        known: Sequence[Mapping[Any, Any]] = (),
    ) -> T | None:
        """Return once the entry is stored for good, with what `also` gave, which ran in the same transaction.

        `step_aside` is called where another thread stores it, or has to end first: there is nothing to do but wait.
        `known`: as `record_last` takes it. Raises as a transaction does; then nothing of it is stored.
        """
        check(entry)
        return cast("T | None", self._stored(_Waiting(entry, also, known=known), step_aside))

    def look(self, look: Look[T], step_aside: Callable[[], None] = _stay) -> T:
        """What is read, once it is stored for good that it was. As `record`."""
        return cast("T", self._stored(_Waiting(look=look), step_aside))

    def share(self, work: Callable[[Writing], T]) -> T:
        """Do something small in a transaction that readings share. As `Database.transact`."""
        return cast("T", self._stored(_Waiting(also=work), _stay))

    def _stored(self, own: _Waiting, step_aside: Callable[[], None]) -> Any:
        with self._lock:
            self._queue.append(own)
            leads = not self._led
            self._led = True
        if not leads:
            step_aside()
            own.woken.wait()
        if not own.stored and own.error is None:
            self._lead()
        if own.error is not None:
            raise own.error
        return own.result

    def _lead(self) -> None:
        """Store what waits, wake those whose it was, and give the lead to the next who waits."""
        with self._lock:
            together, self._queue = self._queue[:MOST_TOGETHER], self._queue[MOST_TOGETHER:]
        try:
            self._store(together)
        finally:
            for waiting in together:
                if not waiting.stored and waiting.error is None:
                    waiting.error = DatabaseUnavailable()
                waiting.woken.set()
            with self._lock:
                self._led = bool(self._queue)
                if self._queue:
                    self._queue[0].woken.set()

    def _store(self, together: Sequence[_Waiting]) -> None:
        """All in one transaction; where that fails each by itself, so that nobody fails for another's sake."""
        try:
            results = self._database.transact(lambda writing: self._write(writing, together))
        except Exception as error:  # noqa: BLE001 - every one who waits is told
            if len(together) == 1:
                together[0].error = error
                return
            for waiting in together:
                self._store([waiting])
            return
        for waiting, result in zip(together, results, strict=True):
            waiting.stored, waiting.result = True, result

    def _write(self, writing: Writing, together: Sequence[_Waiting]) -> list[Any]:
        results = [None if waiting.also is None else waiting.also(writing) for waiting in together]
        entries = [waiting.entry for waiting in together if waiting.entry is not None]
        looks = [waiting.look for waiting in together if waiting.look is not None]
        known = [row for waiting in together for row in waiting.known]
        found = iter(record_last(writing, self._authority, entries, looks, known))
        return [
            next(found) if waiting.look is not None else result
            for waiting, result in zip(together, results, strict=True)
        ]
