"""An officer decides while a run works: at each of six moments of the run, holding, accepting or giving back.

`python -m tests.campaign.officer_and_run`. The officer wins: what was decided before the run publishes is dropped from
it and counted; what is decided afterwards stands beside a proposal that can then no longer be accepted. No place
is taken twice, no child placed twice, and neither ever waits for the other to solve.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice, product
from typing import Any
from unittest.mock import patch

from app.deciding import seeing
from app.deciding.accepting import accept_proposal
from app.deciding.answering import withdraw
from app.deciding.desk import Why
from app.deciding.holding import accept_at_once, hold
from app.errors import PlacementError
from app.matching import recheck
from app.runs import publishing, working
from app.runs.working import run_now
from app.store import claims, placements, proposals, runs
from app.store.placement_records import CLAIMING, Placement
from app.store.run_records import ProposalStatus, Run, StoredProposal
from app.store.session import Database
from app.store.under_way import with_a_place
from tests.campaign.copies import KINDS, copies
from tests.campaign.counts import Counts, run
from tests.support.builders import a_child, a_home, a_referral
from tests.support.deciding import BECAUSE, HERE, OFFICER, a_choice, a_desk, do, held, live_claims, see
from tests.support.nights import a_workplace, store, wanted
from tests.support.postgres import Postgres

ROUNDS = 250
PLACES = 3
MOMENTS = ("night_of", "publish", "_policy_now", "hold_fence", "recheck", "_check")
"""Before it reads, before it publishes, then four on the way; from `recheck` on the run holds the lock."""

LOCKED = ("recheck", "_check")
ACTIONS = ("hold", "accept", "give_back", "accept_proposal")


def fill(database: Database) -> None:
    """Four children, three places in two homes."""
    homes = [a_home(ref="ONE", places=1), a_home(ref="TWO", places=2)]
    store(database, homes, [a_referral(a_child(ref=f"C{n}"), ref=f"R{n}") for n in range(4)])


def main(
    rounds: int = ROUNDS,
    *,
    broken: bool = False,
    server: Postgres | None = None,
    kinds: Sequence[str] = KINDS,
    every: int = 1,
) -> Counts:
    """So many interleavings on each database, over all moments and actions, or over every so manieth of them."""
    logging.getLogger("app").setLevel(logging.ERROR)
    counts = Counts("officer_and_run", promised=rounds * len(kinds))
    counts.notes = {"dropped": 0, "stood": 0, "decided": 0}
    for kind in kinds:
        with copies(kind, fill, server) as made, made.copy() as url, _broken(broken):
            database = Database.open(url, HERE)
            for moment, action in islice(_for_ever(), 0, rounds * every, every):
                wrong = _interleaved(database, moment, action, counts)
                counts.failures += [f"{kind}, {action} at {moment}: {what}" for what in wrong]
                counts.done += 1
            database.close()
    return counts


def _for_ever() -> Iterator[tuple[str, str]]:
    while True:
        yield from product(MOMENTS, ACTIONS)


class Officer:
    """Decides once, in a thread, when told to. `finished`: before the run went on."""

    def __init__(self, decide: Callable[[], Any], *, waits: bool) -> None:
        self.found: Any = None
        self._decide, self._waits = decide, waits
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.begun = False

    def _run(self) -> None:
        try:
            self.found = self._decide()
        except PlacementError as error:
            self.found = error

    def act(self) -> None:
        """Decide now; wait for the end where no lock of the run is in the way."""
        if not self.begun:
            self.begun = True
            self._thread.start()
            self._thread.join(60 if self._waits else 0.02)

    def join(self) -> None:
        """The end of it, whenever it came."""
        self.act()
        self._thread.join(60)
        if self._thread.is_alive():
            raise AssertionError("the officer waits for ever")


def _interleaved(database: Database, moment: str, action: str, counts: Counts) -> list[str]:
    """One run with one decision in it; what is wrong afterwards."""
    before, last = _prepared(database, action)
    officer = Officer(lambda: _decided(database, action, before, last), waits=moment not in LOCKED)
    with _at(moment, officer.act):
        made = run_now(a_workplace(database), wanted())
    officer.join()
    found = officer.found
    counts.notes["decided"] += isinstance(found, Placement)
    wrong = _wrong(database, made, found, counts, sure=moment not in LOCKED and action != "give_back")
    _clear(database)
    return wrong


def _prepared(database: Database, action: str) -> tuple[Any, StoredProposal | None]:
    """What the officer has before the run begins: a look, a hold, or a proposal of the run before."""
    if action == "give_back":
        return held(database, "R0", "ONE"), None
    if action == "accept_proposal":
        first = run_now(a_workplace(database), wanted())
        with database.reading() as reading:
            made = proposals.of_run(reading, HERE, first.id)
        one = made[0]
        return database.transact(lambda w: seeing.show_proposal(w, a_desk(), OFFICER, one)), one
    return see(database, "R0"), None


def _decided(database: Database, action: str, before: Any, last: StoredProposal | None) -> Placement:
    if action == "give_back":
        return do(database, withdraw, OFFICER, before, Why("NONEED"))
    if action == "accept_proposal" and last is not None:
        return database.transact(lambda w: accept_proposal(w, a_desk(), OFFICER, last.id, before))
    step, choice = (hold if action == "hold" else accept_at_once), a_choice(before, "R0", "ONE", why=BECAUSE)
    return database.transact(lambda w: step(w, a_desk(), OFFICER, choice))


def _wrong(database: Database, made: Run, found: Any, counts: Counts, *, sure: bool) -> list[str]:
    with database.reading() as reading:
        stored = proposals.of_run(reading, HERE, made.id)
        live = claims.live(reading, HERE)
    standing = [one for one in stored if one.status is ProposalStatus.PROPOSED]
    counts.notes["stood"] += len(standing)
    counts.notes["dropped"] += len(stored) - len(standing)
    wrong = []
    if len(live) > PLACES or len({claim.child for claim in live}) < len(live):
        wrong.append("a place or a child is taken twice")
    proposed = {child for one in standing for child in one.proposal.children}
    if sure and isinstance(found, Placement):
        if proposed & set(found.children):
            wrong.append("a child with a place is proposed")
        if len(live) + len(proposed) > PLACES:
            wrong.append("more is proposed than is free")
    wrong += [f"proposal accepted against a claim: {one}" for one in _accepted_too(database, standing)]
    if live_claims(database) > PLACES:
        wrong.append("more places are taken than there are")
    return wrong


def _accepted_too(database: Database, standing: list[StoredProposal]) -> list[str]:
    """Every standing proposal is accepted now: those whose child or place is gone must be refused."""
    twice = []
    for one in standing:
        with database.reading() as reading:
            taken = with_a_place(reading, HERE, one.proposal.children)
        shown = database.transact(lambda w, one=one: seeing.show_proposal(w, a_desk(), OFFICER, one))  # type: ignore[misc]
        try:
            database.transact(lambda w, one=one, shown=shown: accept_proposal(w, a_desk(), OFFICER, one.id, shown))  # type: ignore[misc]
        except PlacementError:
            continue
        if taken:
            twice.append(one.id)
    return twice


def _clear(database: Database) -> None:
    with database.reading() as reading:
        live = placements.page(reading, HERE, None, 100, states=CLAIMING)
    for one in live:
        do(database, withdraw, OFFICER, one, Why("NONEED"))


@contextmanager
def _at(moment: str, act: Callable[[], None]) -> Iterator[None]:
    """Let something happen at a moment of the run."""
    owner = working if moment in ("night_of", "publish") else runs if moment == "hold_fence" else publishing
    whole = getattr(owner, moment)

    def first(*given: Any, **more: Any) -> Any:
        if moment != "hold_fence" or given[2].fence is not None:
            act()
        return whole(*given, **more)

    with patch.object(owner, moment, first):
        yield


@contextmanager
def _broken(broken: bool) -> Iterator[None]:
    """The broken build: the run does not look again at what was decided while it worked."""
    with ExitStack() as stack:
        if broken:

            def believes(_night: Any, made: Any) -> Any:
                return tuple(recheck.Verdict(one) for one in made)

            stack.enter_context(patch.object(publishing, "recheck", believes))
            stack.enter_context(patch.object(publishing, "_check", lambda *_all: None))
        yield


if __name__ == "__main__":
    sys.exit(not run(main, ROUNDS)["is_whole"])
