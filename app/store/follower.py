"""The inventory in memory, true to every change in the database, whoever made it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple

from app.matching.pool import Pool
from app.matching.referral import HomeRef
from app.store import load
from app.store.bulk import keeping_all
from app.store.session import Database


class Inventory(NamedTuple):
    """One moment: the number of the change that led to it, the homes, and the version of each home's document."""

    seq: int
    pool: Pool
    versions: Mapping[HomeRef, int]


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
        self._state = Inventory(0, Pool.build(()), {})
        self.seen_at = time.monotonic()
        """When the inventory in memory was last seen to be that of the database, by the clock of the process."""

    @property
    def size(self) -> int:
        """Homes in memory, whether or not there are others by now."""
        return len(self._state.pool)

    def pool(self) -> Pool:
        """The inventory as it is now."""
        return self.at().pool

    def at(self) -> Inventory:
        """The inventory as it is now, with its moment and versions."""
        with self._database.asking() as reading:
            seq = load.inventory_seq(reading, self._authority)
        return self.when_seen_at(seq)

    def when_seen_at(self, seq: int) -> Inventory:
        """The same, for whoever has just read the clock, at `seq`: at least the inventory of that moment."""
        state = self._state
        if seq == state.seq:
            self.seen_at = time.monotonic()
            return state
        with self._lock, keeping_all():
            return self._followed()

    def _followed(self) -> Inventory:
        """Bring the state up to now; another thread may just have done it.

        The clock is looked at again: while this thread waited for its turn, others may have gone beyond what
        it had seen, and must not be taken for a clock that ran backwards.
        """
        since, pool, versions = self._state
        changes = self._changes(since)
        if changes.seq == since:
            return self._state
        if changes.seq < since:
            # A clock that runs backwards is another database, put back from a backup: begin anew.
            since, changes = 0, self._changes(0)
        if since == 0:
            pool, versions = Pool.build(changes.changed), changes.versions
        elif changes.changed or changes.removed:
            pool = pool.changed(changes.changed, changes.removed)
            gone = frozenset(changes.removed)
            versions = {ref: version for ref, version in versions.items() if ref not in gone} | dict(changes.versions)
        self._state = Inventory(changes.seq, pool, versions)
        self.seen_at = time.monotonic()
        return self._state

    def _changes(self, since: int) -> load.Changes:
        with self._database.asking() as reading:
            return load.inventory_changes(reading, self._authority, since)
