"""What a run works with, made once by the roots."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.matching.batch import Night
from app.matching.home import Home
from app.matching.placed import placed_share
from app.matching.referral import Referral
from app.rematch.limits import Limits
from app.rematch.run import Outcome, rematch
from app.store import caseload, load, proposals
from app.store.codec import encoder
from app.store.follower import PoolFollower
from app.store.policies import PolicyBook, load_policies
from app.store.run_records import Run
from app.store.session import Database


def snapshot_of(night: Night, run: Run) -> bytes:
    """All that a run works on, as bytes."""
    return json.dumps(
        {
            "as_of": night.as_of.isoformat(),
            "seed": run.seed,
            "policy": night.policy.sha256,
            "referrals": [encoder(Referral)(referral) for referral in night.referrals],
            "homes": [encoder(Home)(home) for home in night.pool.records],
        },
        sort_keys=True,
    ).encode()


@dataclass(frozen=True, slots=True)
class Workplace:
    """One authority's records and policies, and how a night is solved.

    `policies` reads the documents anew, so that a run notices when they were changed under it. `rematch` is
    `app.rematch.run.rematch`; tests put others in its place.
    """

    authority: str
    database: Database
    inventory: PoolFollower
    policies: Callable[[], PolicyBook]
    limits: Limits = field(default_factory=Limits)
    rematch: Callable[..., Outcome] = rematch
    snapshot: Callable[[Night, Run], bytes] = snapshot_of


def open_workplace(
    database: Database, authority: str, policies: Path, inventory: PoolFollower | None = None
) -> Workplace:
    """The workplace of an authority on an open database."""
    follower = inventory or PoolFollower(database, authority)
    return Workplace(authority, database, follower, lambda: load_policies(policies))


def night_of(place: Workplace, run: Run) -> Night:
    """Everything that a run works on, as it is now. `LookupError` where there is no policy for it."""
    policy = place.policies().pick(run.options.policy, run.as_of)
    pool = place.inventory.pool()
    with place.database.reading() as reading:
        referrals = tuple(stored.record for stored in load.all_referrals(reading, place.authority))
        placed = caseload.everybody(reading, place.authority)
        last = proposals.standing(reading, place.authority)
    waiting = {child.ref for referral in referrals for child in referral.children}
    share = placed_share(placed, pool, policy, waiting)
    options = run.options
    return Night(
        referrals=referrals,
        pool=pool,
        policy=policy,
        as_of=run.as_of,
        local_placed=share.local,
        total_placed=share.total,
        last=last,
        pinned=options.pinned,
        excluded=options.excluded,
        home_price=options.home_prices,
        weekly_budget_pence=options.weekly_budget_pence,
    )
