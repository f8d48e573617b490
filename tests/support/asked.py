"""One shortlist asked for: what the engine answers, and what the second implementation finds for every home."""

from __future__ import annotations

from dataclasses import dataclass

from app.matching.listed import Shortlist
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import Referral
from app.matching.shortlist import shortlist
from tests.reference.listing import Results, judge_all
from tests.support.worlds import World


@dataclass(frozen=True)
class Asked:
    """One question, the engine's answer, and what the second implementation finds for every home."""

    world: World
    policy: Policy
    referral: Referral
    found: Shortlist
    results: Results

    @classmethod
    def of(cls, world: World, policy: Policy, referral: Referral, **size: int) -> Asked:
        """Ask both."""
        found = shortlist(referral, Pool.build(world.homes), policy, world.as_of, **size)
        return cls(
            world, policy, referral, found, judge_all(referral, referral.children, world.homes, policy, world.as_of)
        )
