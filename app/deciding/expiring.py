"""What nobody decided in time ends by itself, by the clock of the database.

Whoever accepts and whoever lets expire ask the database the same question in the same statement
(`app.store.placements.is_over`), under the lock of the placement: one of them finds it so, never both.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError

from app.deciding import steps
from app.errors import DatabaseBusy, VersionMismatch
from app.store import load, overdue, placements, seen
from app.store.clock import database_now
from app.store.placement_records import TEMPORARY, Placement, State, Step
from app.store.session import Database, Writing

log = logging.getLogger(__name__)

FORGOTTEN_AFTER = timedelta(days=30)
"""What somebody was shown is needed to decide, which nobody does a month later."""

MOST_AT_ONCE = 100
"""So many are asked for in one statement."""


def as_it_is(placement: Placement, now: datetime) -> Placement:
    """A placement as it may be told: one whose time is over holds nothing any more, though nobody has ended it yet."""
    over = placement.held_until is not None and placement.held_until <= now
    return replace(placement, state=State.EXPIRED, held_until=None) if over else placement


def expire_overdue(database: Database, authority: str, most: int = MOST_AT_ONCE, *, sparing: str | None = None) -> int:
    """Let those expire whose time is over, each in a transaction of its own; how many there were.

    Whoever decides does this first, so that a hold which is over keeps its place and its children from nobody, with
    a worker or without. `sparing`: the placement that is decided on; whether its own time is over is told there.
    `most`: so many are asked for at once, until there are no more. One that the database will not let expire keeps
    what it has, and is told in the log; it is no reason to refuse what somebody else decides.
    """
    expired, left = 0, 0
    while True:
        with database.asking() as reading:
            due = overdue.due(reading, authority, most, left)
        for placement_id in due:
            if placement_id != sparing and (ended := _expired(database, authority, placement_id)) is not None:
                expired += ended
            else:
                left += 1
        if len(due) < most:
            return expired


def _expired(database: Database, authority: str, placement_id: str) -> bool | None:
    """Whether it expired just now; None where it is still due: somebody was faster, or the database refuses."""
    try:
        return database.transact(lambda writing: expire(writing, authority, placement_id))
    except (VersionMismatch, DatabaseBusy):
        return None  # somebody was faster, or the next look will do it
    except DBAPIError:
        log.exception("a hold that is over does not expire", extra={"object": placement_id})
        return None


def forget_unseen(database: Database, authority: str, most: int = 500) -> int:
    """Forget what persons were shown and never decided on, a month later; how much it was."""
    with database.reading() as reading:
        old = seen.unused(reading, authority, database_now(reading) - FORGOTTEN_AFTER, most)
    if old:
        database.transact(lambda writing: seen.forget(writing, authority, old))
    return len(old)


def expire(writing: Writing, authority: str, placement_id: str) -> bool:
    """Let one expire, if its time is over; whether it did. Raises `VersionMismatch` where it turned out not to be."""
    load.hold_inventory(writing, authority)
    before = placements.locked(writing, authority, placement_id)
    if before.state not in TEMPORARY:
        return False
    who, after = steps.the_clock(authority), steps.moved(before, Step.EXPIRE)
    made = steps.decision(Step.EXPIRE, who, before.state, after.state)
    steps.advance(writing, authority, who, before, after, made)
    return True
