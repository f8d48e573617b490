"""Many book one place, one child or one key at the same moment, on both databases.

`python -m tests.campaign.booking`. Three parts: 64 acceptances of one place, round after round; 100 identical
requests; brothers and sisters who are accepted crosswise. Each time one effect, and everybody else is told so.
"""

from __future__ import annotations

import logging
import sys
from functools import partial
from typing import Any

from app.deciding.accepting import accept
from app.deciding.answering import withdraw
from app.deciding.desk import Choice, Why
from app.deciding.holding import accept_at_once, hold
from app.errors import ChildBeingPlaced, FactsChanged, PlaceTaken
from app.matching.codes import KeepTogether
from app.store import placements
from app.store import seen as seen_rows
from app.store.idempotency import Answer, Done, Keyed, write_once
from app.store.placement_records import CLAIMING, Placement
from app.store.session import Database, Writing
from app.store.versions import Precondition
from tests.campaign.copies import KINDS, Copies, copies
from tests.campaign.counts import ALL, Counts, run
from tests.campaign.unguarded import ALONE, unguarded
from tests.support.at_once import at_once
from tests.support.builders import a_child, a_home, a_referral
from tests.support.deciding import BECAUSE, HERE, OFFICER, a_choice, a_desk, do, held, live_claims, see
from tests.support.nights import store
from tests.support.postgres import Postgres

ROUNDS, CLIENTS, SAME = 200, 64, 100
LOST = (PlaceTaken, FactsChanged, ChildBeingPlaced)
GIVEN_UP = Why("NONEED")


def fill(database: Database) -> None:
    """As many children as clients and one place; two brothers, and two homes for them."""
    referrals = [a_referral(a_child(ref=f"C{n}"), ref=f"R{n}") for n in range(CLIENTS)]
    brothers = a_referral(a_child(ref="S1"), a_child(ref="S2"), ref="S", keep_together=KeepTogether.PREFERRED)
    store(database, [a_home(ref="ONE", places=1)], [*referrals, brothers])


def main(
    rounds: int = ROUNDS,
    clients: int = CLIENTS,
    *,
    broken: bool = False,
    without: str = ALL,
    server: Postgres | None = None,
) -> Counts:
    """So many rounds of so many clients on each database, and a tenth of the rounds of the two other parts."""
    logging.getLogger("app").setLevel(logging.ERROR)
    fewer = max(1, rounds // 10)
    counts = Counts("booking", promised=len(KINDS) * (rounds + 2 * fewer))
    counts.notes = {"acceptances": 0, "won": 0, "others": {}}
    for kind in KINDS:
        with copies(kind, fill, server) as made, unguarded(made if broken else None, without), made.copy() as url:
            database = Database.open(url, HERE, connections=clients + 4)
            _one_place(database, rounds, clients, counts)
            _one_key(database, fewer, counts)
            _crosswise(database, made, fewer, counts)
            database.close()
    return counts


def _one_place(database: Database, rounds: int, clients: int, counts: Counts) -> None:
    choices = [a_choice(see(database, f"R{n}"), f"R{n}", "ONE", why=BECAUSE) for n in range(clients)]
    for _ in range(rounds):
        found = at_once([partial(_book, database, choice) for choice in choices])
        winners = _winners(found, counts)
        counts.notes["acceptances"] += clients
        counts.notes["won"] += len(winners)
        counts.check(len(winners) == 1, f"{len(winners)} children in one place")
        counts.check(live_claims(database) == len(winners), "claims are not those of the winners")
        _clear(database)
        counts.done += 1


def _one_key(database: Database, rounds: int, counts: Counts) -> None:
    for number in range(rounds):
        first = held(database, "R0", "ONE")
        answers = at_once([partial(_once, database, first, f"k{number}")] * SAME)
        wanted = Answer(200, 2, first.id.encode())
        others = sum(getattr(one, "answer", None) != wanted for one in answers)
        counts.check(not others, f"{others} answers are others")
        first_hand = sum(isinstance(one, Done) and not one.is_replayed for one in answers)
        counts.check(first_hand == 1, f"{first_hand} were told that they had done it")
        counts.check(_state(database, first).version == 2, "more than one effect")
        _clear(database)
        counts.done += 1


def _once(database: Database, placement: Placement, key: str) -> Done:
    """An acceptance through the function by which the API writes once for a key."""

    def work(writing: Writing) -> Answer:
        made = accept(writing, a_desk(), OFFICER, placement.id, Precondition(versions=frozenset({1})))
        return Answer(200, made.version, made.id.encode())

    return write_once(database, Keyed(HERE, key, b"same"), work)


def _crosswise(database: Database, made: Copies, rounds: int, counts: Counts) -> None:
    """Both brothers to either home, and each alone to either, in every way that is shown, all at the same moment."""
    store(database, [a_home(ref="LEFT", places=2), a_home(ref="RIGHT", places=2)])
    seen = see(database, "S")
    with database.reading() as reading:
        shown = seen_rows.get(reading, HERE, seen)
    options = () if shown is None else shown.options
    choices = [a_choice(seen, "S", one.home, one.children, why=BECAUSE) for one in options]
    counts.notes["ways"] = len(choices)
    for _ in range(rounds):
        found = at_once([partial(_book, database, choice) for choice in choices])
        winners = _winners(found, counts)
        placed = [child for one in winners for child in one.children]
        counts.check(len(placed) == len(set(placed)), f"{made.kind}: a child in two homes")
        counts.check(bool(placed), f"{made.kind}: nobody was placed")
        _clear(database)
        counts.done += 1


def _book(database: Database, choice: Choice) -> Placement:
    """Accept at once where nobody else must agree; hold where somebody must."""
    step = hold if choice.children else accept_at_once
    return database.transact(lambda writing: step(writing, a_desk(), OFFICER, choice))


def _winners(found: list[Any], counts: Counts) -> list[Placement]:
    others = [one for one in found if not isinstance(one, Placement)]
    for one in others:
        name = type(one).__name__
        counts.notes["others"][name] = counts.notes["others"].get(name, 0) + 1
        counts.check(isinstance(one, LOST), f"refused with {name}")
    return [one for one in found if isinstance(one, Placement)]


def _clear(database: Database) -> None:
    with database.reading() as reading:
        live = placements.page(reading, HERE, None, 1_000, states=CLAIMING)
    for one in live:
        do(database, withdraw, OFFICER, one, GIVEN_UP)


def _state(database: Database, placement: Placement) -> Placement:
    with database.reading() as reading:
        return placements.get(reading, HERE, placement.id)


if __name__ == "__main__":
    sys.exit(not run(main, ROUNDS, guards=ALONE["booking"], clients=CLIENTS)["is_whole"])
