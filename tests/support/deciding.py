"""Decisions in tests: who decides, what they saw, and a small authority in which they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import func, select, update

from app.access.principal import Kind, Principal, Role
from app.deciding import moving_in, seeing
from app.deciding.accepting import accept
from app.deciding.desk import Choice, Desk, Why
from app.deciding.holding import hold
from app.deciding.living import place
from app.errors import FactsChanged
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.matching.shortlist import shortlist
from app.settings import PROJECT
from app.store import load, placements
from app.store.clock import database_now
from app.store.follower import PoolFollower
from app.store.placement_records import Placement, State
from app.store.placement_tables import place_claims
from app.store.placement_tables import placements as placement_rows
from app.store.policies import PolicyBook, load_policies
from app.store.session import Database, Writing
from app.store.versions import Precondition
from tests.support.builders import AS_OF, NOTTINGHAM

T = TypeVar("T")

ANYTHING = Precondition(exists=True)
HERE = NOTTINGHAM

OFFICER = Principal("officer-1", Kind.PERSON, HERE, frozenset({Role.OFFICER}))
COLLEAGUE = Principal("officer-2", Kind.PERSON, HERE, frozenset({Role.OFFICER}))
APPROVER = Principal("approver-1", Kind.PERSON, HERE, frozenset({Role.APPROVER}))
DIRECTOR = Principal("director-1", Kind.PERSON, HERE, frozenset({Role.DIRECTOR}))
CASE_SYSTEM = Principal("case-system", Kind.SYSTEM, HERE, frozenset({Role.CASE_SYSTEM}))

BECAUSE = Why("local_intelligence", "The carers know the family of this child well.")


@cache
def policies() -> PolicyBook:
    """The policies in use."""
    return load_policies(PROJECT / "policies")


def a_desk(today: date = AS_OF) -> Desk:
    """Nottingham's desk on the day of the builders."""
    return Desk(HERE, policies(), today)


def see(
    database: Database, referral: str, who: Principal = OFFICER, k: int = 50, named: frozenset[ChildRef] | None = None
) -> str:
    """Show this person the shortlist of a referral; the id to decide with."""
    follower = PoolFollower(database, HERE)
    seq, pool, versions = follower.at()
    with database.reading() as reading:
        stored = load.referral(reading, HERE, ReferralRef(referral))
    assert stored is not None
    desk = a_desk()
    found = shortlist(stored.record, pool, desk.policies.pick(None, desk.today), desk.today, k=k, named=named)
    shown = database.transact(lambda w: seeing.show_shortlist(w, desk, who, stored, found, versions, seq))
    assert shown is not None
    return shown


def a_choice(seen: str, referral: str, home: str, children: Sequence[str] = (), **more: Any) -> Choice:
    """A choice of what was seen."""
    return Choice(seen, ReferralRef(referral), HomeRef(home), tuple(map(ChildRef, children)), **more)


def held(database: Database, referral: str, home: str, who: Principal = OFFICER, **more: Any) -> Placement:
    """Look at the shortlist and hold this home."""
    choice = a_choice(see(database, referral, who), referral, home, **{"why": BECAUSE} | more)
    return database.transact(lambda writing: hold(writing, a_desk(), who, choice))


def do(database: Database, step: Callable[..., T], who: Principal, placement: Placement, *given: Any, **more: Any) -> T:
    """Take a step on a placement at its version."""
    wanted = Precondition(versions=frozenset({placement.version}))
    return database.transact(lambda writing: step(writing, a_desk(), who, placement.id, wanted, *given, **more))


def moved_in(database: Database, held_place: Placement) -> Placement:
    """What is held is accepted, and the children move in."""
    return do(database, place, OFFICER, do(database, accept, OFFICER, held_place), AS_OF)


def look_at(database: Database, placement: Placement, who: Principal = OFFICER, day: date = AS_OF) -> str:
    """Show this person a placement as it is now; the id to decide with."""
    desk = a_desk(day)
    stands = now(database, placement)
    with database.reading() as reading:
        looked = moving_in.looked_at(reading, desk, stands)
    found = looked.facts
    if found is None:
        raise FactsChanged(looked.changed)
    shown = database.transact(lambda w: seeing.show_placement(w, desk, who, stands, found, looked.changed))
    assert shown is not None
    return shown


def told(database: Database, placement: Placement) -> list[str]:
    """The fields that a look at a placement says have changed."""
    with database.reading() as reading:
        looked = moving_in.looked_at(reading, a_desk(), now(database, placement))
    return [problem.field for problem in looked.changed]


def now(database: Database, placement: Placement) -> Placement:
    """The placement as it stands."""
    with database.reading() as reading:
        return placements.get(reading, HERE, placement.id)


def overdue(database: Database, placement: Placement, by: timedelta = timedelta(seconds=1)) -> None:
    """Let the time of a hold be over, by the clock of the database."""

    def work(writing: Writing) -> None:
        until = database_now(writing) - by
        writing.execute(update(placement_rows).where(placement_rows.c.id == placement.id).values(held_until=until))

    database.transact(work)


def live_claims(database: Database) -> int:
    """How many places are claimed."""
    with database.reading() as reading:
        return reading.execute(select(func.count()).where(place_claims.c.live)).scalar_one()


def states(database: Database) -> list[State]:
    """The states of all placements, the oldest first."""
    with database.reading() as reading:
        return [one.state for one in placements.page(reading, HERE, None, 10_000)][::-1]
