"""Ethnicity never matters, and religion, language, culture and sex only where somebody asks or a home minds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from app.matching.codes import CulturalNeeds, Ethnicity, Religion, Sex, SexAccepted
from app.matching.listed import Shortlist
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import Child
from app.matching.shortlist import shortlist
from tests.support.answers import answers, worlds_and_policies
from tests.support.worlds import World


def _flipped(world: World, change: Callable[[Child], Child]) -> World:
    referrals = [replace(r, children=tuple(change(child) for child in r.children)) for r in world.referrals]
    return replace(world, referrals=tuple(referrals))


def _shortlists(world: World, policy: Policy) -> list[Shortlist]:
    pool = Pool.build(world.homes)
    return [shortlist(referral, pool, policy, world.as_of) for referral in world.referrals]


def test_ethnicity_changes_nothing_at_all() -> None:
    """Not a rule, not a point, not a word of an explanation."""
    rng = Random(3)
    for world, policy in worlds_and_policies(4, referrals=5, homes=15):
        for _ in range(3):
            other = _flipped(world, lambda child: replace(child, ethnicity=rng.choice((None, *Ethnicity))))
            assert _shortlists(other, policy) == _shortlists(world, policy)


def _another_religion(child: Child, rng: Random) -> Child:
    return child if child.asks_for_same_religion else replace(child, religion=rng.choice(list(Religion)))


def _another_language(child: Child, rng: Random) -> Child:
    return child if child.asks_for_same_language else replace(child, languages=(rng.choice(("en", "pl", "zu")),))


def _another_culture(child: Child, rng: Random) -> Child:
    if child.cultural_needs is CulturalNeeds.REQUIRED:
        return child
    silent = [need for need in CulturalNeeds if need is not CulturalNeeds.REQUIRED]
    return replace(child, cultural_needs=rng.choice(silent))


@pytest.mark.parametrize("change", [_another_religion, _another_language, _another_culture])
def test_what_the_child_does_not_ask_for_changes_nothing(change: Callable[[Child, Random], Child]) -> None:
    """Religion, language and culture count only for a child who asks."""
    rng = Random(4)
    for world, policy in worlds_and_policies(6, referrals=5, homes=15):
        other = _flipped(world, lambda child: change(child, rng))
        assert other != world
        assert _shortlists(other, policy) == _shortlists(world, policy)


def test_sex_changes_nothing_where_no_home_minds() -> None:
    """With homes for any child, a boy, a girl and a child of unknown sex get the same list."""
    for world, policy in worlds_and_policies(6, referrals=5, homes=15):
        homes = tuple(replace(home, terms=replace(home.terms, sex=SexAccepted.ANY)) for home in world.homes)
        lists = [
            _shortlists(_flipped(replace(world, homes=homes), lambda child, sex=sex: replace(child, sex=sex)), policy)
            for sex in Sex
        ]
        assert lists[0] == lists[1] == lists[2]


def test_sex_matters_where_a_home_minds() -> None:
    """The flip above is a real one: with homes for boys or girls it does change lists."""
    changed = 0
    for world, policy in worlds_and_policies(6, referrals=5, homes=15):
        boys = answers(_flipped(world, lambda child: replace(child, sex=Sex.MALE)), policy)
        girls = answers(_flipped(world, lambda child: replace(child, sex=Sex.FEMALE)), policy)
        changed += boys != girls
    assert changed == 6
