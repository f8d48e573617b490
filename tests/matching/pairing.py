"""Pairs of children and a home, as somebody declines or rules them out: drawn at random for a night."""

from __future__ import annotations

from random import Random

from app.matching.batch import Night, Proposed


def two_pairs(rng: Random, night: Night) -> tuple[Proposed, ...]:
    """Two homes, each with one or two children, mostly brothers and sisters, as often not a whole party."""
    found = []
    for _ in range(2):
        referral = max(rng.sample(night.referrals, min(2, len(night.referrals))), key=lambda one: len(one.children))
        who = rng.sample(referral.children, rng.randint(1, min(2, len(referral.children))))
        found.append(Proposed(frozenset(child.ref for child in who), rng.choice(night.pool.records).ref))
    return tuple(found)
