"""The inventory in memory, true to every change in the database, whoever made it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Lock

from app.matching.pool import Pool
from app.matching.referral import HomeRef
from app.store import load
from app.store.bulk import keeping_all
from app.store.session import Database


class PoolFollower:
    """One authority's homes as a pool. Safe to share between threads.

    Each call of `pool` looks at the inventory's clock, one small query, and reads only what changed since.
    A change is therefore in the pool from the moment its transaction was committed, in this process or in
    another. Pools never change themselves: a match in progress keeps the one it began with.
    """

    def __init__(self, database: Database, authority: str) -> None:
        self._database = database
        self._authority = authority
        self._lock = Lock()
        self._state: tuple[int, Pool, Mapping[HomeRef, int]] = (0, Pool.build(()), {})
        self.seen_at = time.monotonic()
        """When the inventory in memory was last seen to be that of the database, by the clock of the process."""

    @property
    def size(self) -> int:
        """Homes in memory, whether or not there are others by now."""
        return len(self._state[1])

    def pool(self) -> Pool:
        """The inventory as it is now."""
        return self.at()[1]

    def at(self) -> tuple[int, Pool]:
        """The inventory as it is now, and the number of the change that led to it."""
        return self._now()[:2]

    def with_versions(self) -> tuple[Pool, Mapping[HomeRef, int]]:
        """The inventory as it is now, and the version of each home's document at that same moment."""
        return self._now()[1:]

    def when_seen_at(self, seq: int) -> tuple[Pool, Mapping[HomeRef, int]]:
        """The same, for whoever has just read the clock, at `seq`: at least the inventory of that moment."""
        return self._since(seq)[1:]

    def _now(self) -> tuple[int, Pool, Mapping[HomeRef, int]]:
        with self._database.asking() as reading:
            seq = load.inventory_seq(reading, self._authority)
        return self._since(seq)

    def _since(self, seq: int) -> tuple[int, Pool, Mapping[HomeRef, int]]:
        state = self._state
        if seq == state[0]:
            self.seen_at = time.monotonic()
            return state
        with self._lock, keeping_all():
            return self._followed()

    def _followed(self) -> tuple[int, Pool, Mapping[HomeRef, int]]:
        """Bring the state up to now; another thread may just have done it.

        The clock is looked at again: while this thread waited for its turn, others may have gone beyond what
        it had seen, and must not be taken for a clock that ran backwards.
        """
        since, pool, versions = self._state
        with self._database.reading() as reading:
            changes = load.inventory_changes(reading, self._authority, since)
            if changes.seq == since:
                return self._state
            if changes.seq < since:
                # A clock that runs backwards is another database, put back from a backup: begin anew.
                since, changes = 0, load.inventory_changes(reading, self._authority, 0)
        if since == 0:
            pool, versions = Pool.build(changes.changed), changes.versions
        elif changes.changed or changes.removed:
            pool = pool.changed(changes.changed, changes.removed)
            gone = frozenset(changes.removed)
            versions = {ref: version for ref, version in versions.items() if ref not in gone} | dict(changes.versions)
        self._state = (changes.seq, pool, versions)
        self.seen_at = time.monotonic()
        return self._state
