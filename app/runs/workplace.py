"""What a run works with, made once by the roots."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from app.matching.batch import Night, unless_pinned
from app.matching.placed import placed_share, where_they_will_live
from app.matching.under_way import all_still_waiting, without_answered
from app.rematch.limits import Limits
from app.rematch.process import SolverProcess
from app.rematch.run import Outcome, rematch
from app.rematch.snapshot import snapshot_bytes, snapshot_of
from app.store import answered, caseload, claims, declined, living_apart, load, proposals
from app.store.follower import PoolFollower
from app.store.policies import PolicyBook, load_policies
from app.store.run_records import Run, RunOptions
from app.store.session import Database
from app.store.under_way import with_a_place

DAYS_AHEAD = 14
"""A run may judge as of today or one of so many days after it: beyond, the records say too little."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """One authority's records and policies, and how a night is solved.

    `policies` reads the documents anew, so that a run notices when they were changed under it. `rematch` is
    `app.rematch.run.rematch`; tests put others in its place. `snapshot`: all that a run works on, as bytes.
    `solver` starts a solver, which gets ready while the records are read; None where nobody needs one.
    """

    authority: str
    database: Database
    inventory: PoolFollower
    policies: Callable[[], PolicyBook]
    limits: Limits = field(default_factory=Limits)
    rematch: Callable[..., Outcome] = rematch
    snapshot: Callable[[Night], bytes] = field(kw_only=True)
    solver: Callable[[], AbstractContextManager[SolverProcess | None]] = nullcontext


def open_workplace(
    database: Database, authority: str, policies: Path, inventory: PoolFollower | None = None
) -> Workplace:
    """The workplace of an authority on an open database."""
    follower, limits = inventory or PoolFollower(database, authority), Limits()
    return Workplace(
        authority,
        database,
        follower,
        lambda: load_policies(policies),
        limits,
        snapshot=lambda night: snapshot_bytes(snapshot_of(night, policies, limits)),
        solver=lambda: SolverProcess(limits),
    )


def night_of(place: Workplace, run: Run) -> Night:
    """Everything that a run works on, as it is now. `LookupError` where there is no policy for it."""
    return night_for(place, run.options, run.as_of)


def night_for(place: Workplace, options: RunOptions, as_of: date) -> Night:
    """Everything that a run with these options would work on now. `LookupError` where there is no policy for it."""
    policy = place.policies().pick(options.policy, as_of)
    pool = place.inventory.pool()
    with place.database.reading() as reading:
        everybody = tuple(stored.record for stored in load.all_referrals(reading, place.authority))
        places = with_a_place(reading, place.authority)
        settled = answered.after_the_end(reading, place.authority)
        refused = declined.standing(reading, place.authority)
        homes = claims.homes_of(reading, place.authority)
        placed = caseload.everybody(reading, place.authority)
        last = proposals.standing(reading, place.authority)
        left = all_still_waiting(without_answered(everybody, settled), places)
        referrals = living_apart.as_judged(reading, place.authority, left)
    waiting = {child.ref for referral in referrals for child in referral.children}
    families = {child.ref: referral.family_home for referral in everybody for child in referral.children}
    share = placed_share(where_they_will_live(placed, homes, families), pool, policy, waiting)
    return Night(
        referrals=referrals,
        pool=pool,
        policy=policy,
        as_of=as_of,
        local_placed=share.local,
        total_placed=share.total,
        last=last,
        pinned=tuple(pair for pair in options.pinned if not pair.children & (places.keys() | settled)),
        excluded=options.excluded,
        declined=unless_pinned(refused, options.pinned),
        home_price=options.home_prices,
        weekly_budget_pence=options.weekly_budget_pence,
        under_way=settled | places.keys(),
    )
