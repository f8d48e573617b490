"""Changed copies of a pair, judged as a list of pairs, are judged as each would be in a pool of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import numpy as np

from app.matching.assess import assess_one
from app.matching.codes import PlaceCode
from app.matching.columns import BoolArray
from app.matching.home import Home
from app.matching.pool import Pool
from app.matching.referral import PlacedSibling, Referral
from app.matching.shortlist import blocking, question_for
from app.matching.trying import outcomes, points_elsewhere
from tests.support.policies import random_policy
from tests.support.worlds import World, open_world, random_world


def _world(seed: int) -> World:
    """Children live in homes of the pool, and so do some of their brothers and sisters."""
    rng = Random(seed)
    world = (open_world if seed % 2 else random_world)(rng, 3, 8)
    living = [resident.ref for home in world.homes for resident in home.residents]

    def at_home(referral: Referral) -> Referral:
        siblings = tuple(PlacedSibling(child) for child in rng.sample(living, min(1, len(living))))
        children = tuple(
            replace(child, current_home=rng.choice(world.homes).ref, placed_siblings=siblings)
            for child in referral.children
        )
        return replace(referral, children=children)

    return replace(world, referrals=tuple(map(at_home, world.referrals)))


def _copies(rng: Random, referral: Referral, home: Home, other: Home) -> list[tuple[Referral, Home]]:
    """Changes of every kind: to what the home alone is, to who lives there and where, and to the referral."""
    later = replace(referral, needed_by=referral.needed_by + timedelta(days=30))
    named = replace(home.terms, named_children=frozenset({referral.children[0].ref}))
    return [
        (referral, replace(home, places=home.places + 3)),
        (referral, replace(home, terms=named)),
        (referral, replace(home, residents=())),
        (referral, replace(home, residents=other.residents)),
        (referral, replace(home, location=other.location)),
        (referral, replace(home, place_code=rng.choice(list(PlaceCode)))),
        (later, home),
    ]


def test_each_copy_is_judged_as_in_a_pool_of_its_own() -> None:
    """What keeps it out, its points, and the points of every other allowed home; of all children or some."""
    seen = Counter[bool]()
    for seed in range(40):
        world, rng = _world(seed), Random(seed)
        policy, pool = random_policy(rng), Pool.build(world.homes)
        for referral in world.referrals:
            lives_in = pool.record(referral.children[0].current_home or world.homes[0].ref)
            home, other = rng.choice([lives_in, *world.homes[:2]]), rng.choice(world.homes)
            named = [child.ref for child in referral.children[seed % 3 :]] or None
            question, col = question_for(referral, pool, policy, world.as_of, named=named), pool.row_of[home.ref]
            before, _, _ = assess_one(question, 0, _nowhere)
            copies = _copies(rng, referral, home, other)
            found = outcomes(copies, pool, policy, world.as_of, named)
            for (after, changed), outcome in zip(copies, found, strict=True):
                block, worth, _ = assess_one(
                    question_for(after, pool.changed([changed]), policy, world.as_of, named=named), 0, _everywhere
                )
                assert outcome.in_the_way == int(blocking(block, policy)[col])
                assert outcome.points == int(worth[col])
                allowed = block.allowed[0] & (np.arange(len(pool)) != col)
                expected = block.points[0, allowed].tolist()
                assert points_elsewhere(question, before, after, changed, outcome).tolist() == expected
                was = before.points[0, before.allowed[0] & (np.arange(len(pool)) != col)].tolist()
                seen[was == expected] += 1
    assert seen[True] > 100
    assert seen[False] > 10


def test_nothing_to_try() -> None:
    """Without a copy there is nothing to judge."""
    world = _world(1)
    assert outcomes([], Pool.build(world.homes), random_policy(Random(1)), world.as_of) == []


def _nowhere(bits: BoolArray) -> BoolArray:
    return np.zeros(len(bits), dtype=np.bool_)


def _everywhere(bits: BoolArray) -> BoolArray:
    return np.ones(len(bits), dtype=np.bool_)
