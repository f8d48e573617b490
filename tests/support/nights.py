"""Small nights for tests of runs: a workplace on a database, solved in this process or by whatever a test brings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from app.matching.batch import Night, batch
from app.matching.home import Home
from app.matching.night_explained import proposed, report
from app.matching.problem import Status
from app.matching.referral import Referral
from app.matching.solve import solve
from app.rematch.run import Outcome, RunStatus
from app.runs.workplace import Workplace, open_workplace
from app.settings import PROJECT
from app.store import runs, save
from app.store.run_records import Run, RunKind, RunOptions, Wanted
from app.store.session import Database
from app.store.versions import Precondition
from tests.support.builders import AS_OF, NOTTINGHAM

ANYTHING = Precondition(exists=True)


def solved_here(night: Night, _limits: Any = None, **_rest: Any) -> Outcome:
    """What a rematch answers, without a child process and without its price and frontier."""
    posed = batch(night)
    found = solve(posed.problem)
    status = RunStatus.PROVEN if found.status is Status.OPTIMAL else RunStatus.FEASIBLE
    return Outcome(night, status, report(posed, found), proposed(posed, found))


def a_workplace(database: Database, rematch: Callable[..., Outcome] = solved_here, **changes: Any) -> Workplace:
    """Nottingham's workplace on a database, with the policies in use."""
    place = open_workplace(database, NOTTINGHAM, PROJECT / "policies")
    return replace(place, rematch=rematch, solver=nullcontext, **changes)


def store(database: Database, homes: Sequence[Home] = (), referrals: Sequence[Referral] = ()) -> None:
    """Store these, whatever was there of the same references."""
    with database.writing() as writing:
        save.import_homes(writing, NOTTINGHAM, homes)
        for referral in referrals:
            try:
                save.save_referral(writing, NOTTINGHAM, referral, ANYTHING)
            except Exception:  # noqa: BLE001 - it is new
                save.save_referral(writing, NOTTINGHAM, referral, Precondition())


def wanted(kind: RunKind = RunKind.MANUAL, **changes: Any) -> Wanted:
    """A run for `AS_OF`; options by name."""
    days = {name: changes.pop(name) for name in ("business_date", "as_of") if name in changes}
    return replace(Wanted(kind, AS_OF, AS_OF, RunOptions(**changes)), **days)


def asked(database: Database, kind: RunKind = RunKind.MANUAL, **changes: Any) -> Run:
    """A run that was asked for and waits."""
    return database.transact(lambda writing: runs.request(writing, NOTTINGHAM, wanted(kind, **changes)))


def taken_up(database: Database, **changes: Any) -> Run:
    """A run that was asked for and taken up."""
    asked(database, **changes)
    run = database.transact(lambda writing: runs.take_up(writing, NOTTINGHAM))
    assert run is not None
    return run


def now(database: Database, run: Run) -> Run:
    """The run as it stands."""
    with database.reading() as reading:
        return runs.get(reading, NOTTINGHAM, run.id)
