"""A hold is accepted at the very moment at which it expires, and swept by two at once.

`python -m tests.campaign.expiry`. One of the two it is, never both and never neither; the place is then taken or free.
"""

from __future__ import annotations

import logging
import random
import sys
import time
from datetime import timedelta
from typing import Any

from app.deciding.accepting import accept
from app.deciding.answering import withdraw
from app.deciding.desk import Choice, Why
from app.deciding.expiring import expire_overdue
from app.deciding.holding import hold
from app.errors import HoldExpired, PlacementError, StepNotOpen, VersionMismatch
from app.store.placement_records import Placement, State
from app.store.session import Database
from tests.campaign.copies import KINDS, copies
from tests.campaign.counts import ALL, Counts, run
from tests.campaign.unguarded import ALONE, unguarded
from tests.support.at_once import at_once
from tests.support.builders import a_child, a_home, a_referral
from tests.support.deciding import HERE, OFFICER, a_choice, a_desk, do, live_claims, now, overdue, see
from tests.support.nights import store
from tests.support.postgres import Postgres

ROUNDS = 2_500
LATE = (HoldExpired, StepNotOpen, VersionMismatch)
MOST_MS = 30


def fill(database: Database) -> None:
    """One child, one place."""
    store(database, [a_home(ref="ONE", places=1)], [a_referral(a_child(ref="C1"), ref="R1")])


def main(rounds: int = ROUNDS, *, broken: bool = False, without: str = ALL, server: Postgres | None = None) -> Counts:
    """So many races on each database."""
    logging.getLogger("app").setLevel(logging.ERROR)
    counts = Counts("expiry", promised=rounds * len(KINDS))
    counts.notes = {"accepted": 0, "expired": 0}
    draw = random.Random(4)
    for kind in KINDS:
        with copies(kind, fill, server) as made, unguarded(made if broken else None, without), made.copy() as url:
            database = Database.open(url, HERE)
            choice = a_choice(see(database, "R1"), "R1", "ONE")
            for _ in range(rounds):
                after_ms = draw.uniform(0, MOST_MS)
                try:
                    _race(database, choice, (after_ms, draw.uniform(0, after_ms)), counts)
                except PlacementError as error:  # the round before left something behind
                    counts.failures.append(f"{kind}: {error.code}")
                    counts.done += 1
                    break
                counts.done += 1
            database.close()
    return counts


def _race(database: Database, choice: Choice, when_ms: tuple[float, float], counts: Counts) -> None:
    """`when_ms`: after so many milliseconds the hold is over, and after so many it is accepted."""
    after_ms, accept_ms = when_ms
    first = database.transact(lambda writing: hold(writing, a_desk(), OFFICER, choice))
    overdue(database, first, -timedelta(milliseconds=after_ms))

    def accepting() -> Any:
        time.sleep(accept_ms / 1_000)
        return do(database, accept, OFFICER, first)

    def sweeping() -> int:
        time.sleep(after_ms / 1_000)
        return expire_overdue(database, HERE)

    found, *_ = at_once([accepting, sweeping, sweeping])
    time.sleep(0.002)
    expire_overdue(database, HERE)
    is_accepted, after = isinstance(found, Placement), now(database, first)
    counts.check(is_accepted or isinstance(found, LATE), f"refused with {type(found).__name__}")
    counts.check(after.state is (State.ACCEPTED if is_accepted else State.EXPIRED), f"it is {after.state}")
    counts.check(live_claims(database) == is_accepted, "the place is neither taken nor free")
    counts.notes["accepted" if is_accepted else "expired"] += 1
    if after.state is not State.EXPIRED:
        do(database, withdraw, OFFICER, after, Why("NONEED"))


if __name__ == "__main__":
    sys.exit(not run(main, ROUNDS, guards=ALONE["expiry"])["is_whole"])
