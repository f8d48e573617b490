"""Where brothers and sisters may be parted, the best ways to do it: compared with every possibility."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import lru_cache
from random import Random

import pytest

from app.matching.codes import KeepTogether
from app.matching.home import Home
from app.matching.pool import Pool
from app.matching.shortlist import shortlist
from tests.reference.basics import metres_between
from tests.reference.listing import best_splits, judge_all
from tests.support.asked import Asked
from tests.support.policies import random_policy, real_policies
from tests.support.worlds import open_world, random_world


@lru_cache(maxsize=1)
def sibling_groups() -> tuple[Asked, ...]:
    """Groups of two to four, few homes, so that every partition and every choice of homes can be looked at."""
    found = []
    for seed in range(700, 740):
        rng = Random(seed)
        world = (open_world if seed % 5 else random_world)(rng, 4, 7)
        if seed % 3 == 0:
            world = replace(world, homes=tuple(_small(home) for home in world.homes))
        policy = rng.choice((random_policy(rng), *real_policies()))
        found += [Asked.of(world, policy, referral) for referral in world.referrals if len(referral.children) > 1]
    return tuple(found)


def _small(home: Home) -> Home:
    """The home with one free place, so that no group fits in whole."""
    return replace(home, places=len(home.residents) + home.places_held + 1)


def _price(one: Asked) -> int | None:
    """What a pair of siblings parted costs; None where no split is to be shown."""
    keep = one.referral.keep_together
    if keep is KeepTogether.REQUIRED or (keep is KeepTogether.NOT_REQUIRED and one.found.allowed):
        return None
    return one.policy.separated_pair if keep is KeepTogether.PREFERRED else 0


def test_splits_are_the_best_there_are() -> None:
    """The best three ways to part the group, each with its best homes: compared with every possibility."""
    told = Counter[str]()
    for one in sibling_groups():
        price = _price(one)
        if price is None:
            assert not one.found.splits
            told["none"] += 1
            continue
        every = best_splits(one.referral, one.world.homes, one.policy, one.world.as_of, price)
        values = [(split.points, split.pairs_apart, split.value) for split in one.found.splits]
        assert [value for *_, value in values] == [split.value for split in every[:3]]
        ways = {frozenset(frozenset(child.ref for child in part) for part in split.way): split for split in every}
        for split in one.found.splits:
            best = ways[frozenset(frozenset(part.children) for part in split.parts)]
            assert (split.points, split.pairs_apart, split.value) == (best.points, best.pairs_apart, best.value)
        told[one.referral.keep_together] += bool(values)
        told["of several"] += len(every) > 3
    assert told["none"] > 10
    assert told["of several"] > 3
    assert told[KeepTogether.PREFERRED] > 5
    assert told[KeepTogether.NOT_REQUIRED] > 0


def test_a_group_that_must_stay_together_and_cannot_is_told_what_parting_would_open() -> None:
    """The same splits as if staying together were preferred, apart from the others, and never beside a home for all."""
    told = 0
    for one in sibling_groups():
        found = one.found.splits_if_parted
        if one.referral.keep_together is not KeepTogether.REQUIRED or one.found.allowed:
            assert not found
            continue
        assert not one.found.splits
        free = replace(one.referral, keep_together=KeepTogether.PREFERRED)
        every = best_splits(free, one.world.homes, one.policy, one.world.as_of, one.policy.separated_pair)
        assert [split.value for split in found] == [split.value for split in every[:3]]
        told += bool(found)
    assert told > 3


def test_each_part_of_a_split_may_live_where_it_says() -> None:
    """Different homes, each allowed for its part, the points its own, the distances between them true."""
    parts = 0
    for one in sibling_groups():
        homes = {home.ref: home for home in one.world.homes}
        for split in one.found.splits:
            assert len({part.home for part in split.parts}) == len(split.parts)
            assert sorted(ref for part in split.parts for ref in part.children) == sorted(one.found.children)
            for part in split.parts:
                members = [child for child in one.referral.children if child.ref in part.children]
                result = judge_all(one.referral, members, one.world.homes, one.policy, one.world.as_of)[part.home]
                assert result.allowed
                assert result.points == part.points
                parts += 1
            for apart in split.apart:
                here, there = homes[apart.home].location, homes[apart.other_home].location
                assert apart.distance_m == (None if not here or not there else metres_between(here, there))
            assert len(split.apart) == len(split.parts) * (len(split.parts) - 1) // 2
    assert parts > 20


@pytest.mark.parametrize("keep", [KeepTogether.REQUIRED, KeepTogether.PREFERRED])
def test_brothers_and_sisters_are_parted_only_where_the_referral_lets_them(keep: KeepTogether) -> None:
    """`required`: no split is ever shown, whatever there is."""
    shown = 0
    for one in sibling_groups():
        referral = replace(one.referral, keep_together=keep)
        shown += len(shortlist(referral, Pool.build(one.world.homes), one.policy, one.world.as_of).splits)
    assert bool(shown) == (keep is KeepTogether.PREFERRED)
