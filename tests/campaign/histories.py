"""What eight clients did and saw of one place, in order, and whether there is one line in which it all makes sense.

`python -m tests.campaign.histories`. Each history records when each hold, withdrawal and look began and ended. It is
right if the operations can be put in one line, none before one that had ended before it began, so that a register
that holds one child at a time would have given the same answers (linearisability, by search).
"""

from __future__ import annotations

import logging
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from app.deciding.answering import withdraw
from app.deciding.desk import Why
from app.deciding.holding import hold
from app.errors import ChildBeingPlaced, DatabaseBusy, FactsChanged, PlacementError, PlaceTaken
from app.store import placements
from app.store.placement_records import CLAIMING, Placement
from app.store.session import Database
from tests.campaign.copies import KINDS, copies
from tests.campaign.counts import Counts, run
from tests.campaign.unguarded import unguarded
from tests.support.at_once import at_once
from tests.support.builders import a_child, a_home, a_referral
from tests.support.deciding import BECAUSE, HERE, OFFICER, a_choice, a_desk, do, see
from tests.support.nights import store
from tests.support.postgres import Postgres

ROUNDS, CLIENTS, OPERATIONS = 250, 8, 5


@dataclass(frozen=True)
class Done:
    """One operation: what it was, by which client, from when to when, and what came of it.

    `saw`: who holds the place, after this operation or as it was looked at; None for nobody.
    """

    kind: str
    client: int
    began: float
    ended: float
    worked: bool
    saw: frozenset[int] = frozenset()


def fill(database: Database) -> None:
    """A child for each client, and one place."""
    referrals = [a_referral(a_child(ref=f"C{n}"), ref=f"R{n}") for n in range(CLIENTS)]
    store(database, [a_home(ref="ONE", places=1)], referrals)


def main(
    rounds: int = ROUNDS, *, broken: bool = False, server: Postgres | None = None, kinds: Sequence[str] = KINDS
) -> Counts:
    """So many histories on each database."""
    logging.getLogger("app").setLevel(logging.ERROR)
    counts = Counts("histories", promised=rounds * len(kinds))
    counts.notes = {"operations": 0, "holds": 0, "refused": 0}
    for kind in kinds:
        with copies(kind, fill, server) as made, unguarded(made if broken else None), made.copy() as url:
            database = Database.open(url, HERE, connections=CLIENTS + 2)
            seen = [see(database, f"R{n}") for n in range(CLIENTS)]
            for number in range(rounds):
                history = _history(database, seen, number)
                counts.notes["operations"] += len(history)
                counts.notes["holds"] += sum(one.kind == "hold" and one.worked for one in history)
                counts.notes["refused"] += sum(not one.worked for one in history)
                counts.check(in_one_line(history), f"{kind}: history {number} is in no order")
                _clear(database)
                counts.done += 1
            database.close()
    return counts


def _history(database: Database, seen: Sequence[str], seed: int) -> list[Done]:
    clients = [partial(_client, database, number, seen[number], seed) for number in range(CLIENTS)]
    found = at_once(clients)
    for one in found:
        if isinstance(one, Exception):
            raise one
    return [each for one in found for each in one]


def _client(database: Database, number: int, seen: str, seed: int) -> list[Done]:
    draw, mine, history = random.Random(f"{seed} {number}"), None, []
    choice = a_choice(seen, f"R{number}", "ONE", why=BECAUSE)
    for _ in range(OPERATIONS):
        kind = "look" if draw.random() < 0.3 else "hold" if mine is None else "withdraw"
        began, worked, saw = time.monotonic(), True, frozenset[int]()
        try:
            if kind == "look":
                saw = _holders(database)
            elif kind == "hold":
                mine = database.transact(lambda w: hold(w, a_desk(), OFFICER, choice))
            else:
                mine = _given_back(database, mine)
        except (PlaceTaken, FactsChanged, ChildBeingPlaced):
            worked = False
        except DatabaseBusy:
            continue  # nothing happened, and nobody saw anything
        history.append(Done(kind, number, began, time.monotonic(), worked, saw))
    return history


def _given_back(database: Database, mine: Placement | None) -> None:
    if mine is None:
        raise AssertionError
    do(database, withdraw, OFFICER, mine, Why("NONEED"))


def _holders(database: Database) -> frozenset[int]:
    with database.reading() as reading:
        live = placements.page(reading, HERE, None, 100, states=CLAIMING)
    return frozenset(int(one.referral[1:]) for one in live)


def _clear(database: Database) -> None:
    with database.reading() as reading:
        live = placements.page(reading, HERE, None, 100, states=CLAIMING)
    for one in live:
        try:
            do(database, withdraw, OFFICER, one, Why("NONEED"))
        except PlacementError:
            continue


def after(holder: int | None, one: Done) -> tuple[bool, int | None]:
    """Whether a register held by this client would give this answer, and who holds it then."""
    match one.kind:
        case "look":
            return one.saw == (frozenset() if holder is None else frozenset({holder})), holder
        case "hold":
            return one.worked == (holder is None), one.client if one.worked else holder
    return holder == one.client, None


def in_one_line(history: Sequence[Done]) -> bool:
    """Whether the operations can stand in one line that respects time and the register."""
    tried: set[tuple[frozenset[int], int | None]] = set()

    def search(left: frozenset[int], holder: int | None) -> bool:
        if not left:
            return True
        if (left, holder) in tried:
            return False
        tried.add((left, holder))
        first_end = min(history[n].ended for n in left)
        for n in left:
            if history[n].began <= first_end:
                fits, then = after(holder, history[n])
                if fits and search(left - {n}, then):
                    return True
        return False

    return search(frozenset(range(len(history))), None)


if __name__ == "__main__":
    sys.exit(not run(main, ROUNDS)["is_whole"])
