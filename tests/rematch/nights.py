"""Small nights for the tests of a run, and other ways to answer them."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from app.geo.grid import Location
from app.matching.batch import Night
from app.matching.codes import KeepTogether
from app.matching.policy import Policy, parse_policy
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.rematch.limits import Limits, Share
from app.rematch.process import SolverProcess, _Child
from tests.support.builders import AS_OF, NOTTINGHAM, a_child, a_home, a_referral
from tests.support.worlds import open_world

PROJECT = Path(__file__).parents[2]
FAKE = Path(__file__).with_name("fake_solver.py")
NEAR = Location(459000, 342000, NOTTINGHAM)
FAR = Location(530000, 180000, "E09000033")


@cache
def default_policy() -> Policy:
    """The council's own policy."""
    path = PROJECT / "policies" / "nottingham-2023.toml"
    return parse_policy(path.read_bytes(), path.name)


def a_night(**changes: Any) -> Night:
    """Three girls and two sisters; two homes near by, two far away, one place each but for a home of two."""
    referrals = [
        a_referral(a_child(ref=ChildRef(f"C-{name}")), ref=ReferralRef(f"R-{name}")) for name in ("1", "2", "3")
    ]
    sisters = [a_child(ref=ChildRef(f"C-{name}")) for name in ("4", "5")]
    referrals.append(a_referral(*sisters, ref=ReferralRef("R-4"), keep_together=KeepTogether.PREFERRED))
    homes = [
        a_home(ref=HomeRef("H-near-1"), location=NEAR, places=1),
        a_home(ref=HomeRef("H-near-2"), location=NEAR, places=2),
        a_home(ref=HomeRef("H-far-1"), location=FAR, places=1),
        a_home(ref=HomeRef("H-far-2"), location=FAR, places=1),
    ]
    usual = Night(tuple(referrals), Pool.build(homes), default_policy(), AS_OF, local_placed=7, total_placed=10)
    return replace(usual, **changes)


def a_random_night(seed: int) -> Night:
    """A small world in which most homes could take most children."""
    rng = Random(seed)
    world = open_world(rng, referrals=5, homes=6)
    policy = default_policy()
    target = replace(
        policy.target,
        counts=rng.choice(["caseload", "batch"]),
        hard=rng.random() < 0.3,
        floor_price=rng.choice([0, 2_000, 30_000]),
        ambition_price=rng.choice([0, 2_000]),
    )
    return Night(
        world.referrals,
        Pool.build(world.homes),
        replace(policy, target=target),
        world.as_of,
        local_placed=rng.choice([0, 3]),
        total_placed=rng.choice([3, 5]),
        weekly_budget_pence=rng.choice([None, None, 500_000]),
    )


def fake(*ways: str, limits: Limits | None = None) -> SolverProcess:
    """A solver that meets each job in the next of these ways, the last one for ever."""
    return SolverProcess(limits or Limits(Share(20, 600), Share(20, 600)), (sys.executable, str(FAKE), *ways))


class BadAtFirst(SolverProcess):
    """A solver whose first process behaves in some way to every problem; those that take its place are honest."""

    def __init__(self, limits: Limits, way: str) -> None:
        super().__init__(limits, (sys.executable, str(FAKE), way))

    def _start(self, share: Share) -> _Child:
        child = super()._start(share)
        self._command = (sys.executable, str(FAKE), "honest")
        return child
