"""What a why-not says would be different is different when it is done: by somebody else, on the records."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from random import Random

import pytest

from app.matching.codes import HomeKind, PlaceCode
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import HomeRef, Referral
from app.matching.rules import RULES
from app.matching.unit import no_remedies
from app.matching.why_not import Counterfactual, Needed, WhyNot, why_not
from tests.reference.basics import Inventory
from tests.reference.changing import changed
from tests.reference.judging import PlainResult, judge_pair
from tests.support.policies import random_policy, real_policies
from tests.support.worlds import World, open_world, random_world

WITH_REMEDIES = {rule.code for rule in RULES if rule.remedies is not no_remedies} - {"siblings_together"}
"""A why-not is asked of all brothers and sisters together, who are together."""


def judged(referral: Referral, world: World, policy: Policy, only: HomeRef | None = None) -> dict[HomeRef, PlainResult]:
    """The whole party with every home, or with one, by the second implementation."""
    inventory = Inventory.of(world.homes)
    return {
        home.ref: judge_pair(referral, referral.children, home, inventory, policy, world.as_of, points_always=True)
        for home in world.homes
        if only in (None, home.ref)
    }


def in_the_way(result: PlainResult, policy: Policy) -> set[str]:
    """Rules that keep the home out."""
    return set(result.failed) | {code for code in result.not_known if policy.setting_of(code).blocks}


def rank(points: int, results: dict[HomeRef, PlainResult]) -> int:
    """One more than how many allowed homes have more points."""
    return 1 + sum(result.allowed and result.points > points for result in results.values())


def _nearly_sixteen(world: World) -> World:
    """Everybody will be 16 in a few weeks, and every other home is supported accommodation."""
    soon = world.as_of + timedelta(days=32)
    born = soon.replace(year=soon.year - 16, day=1)
    referrals = tuple(
        replace(r, needed_by=world.as_of, children=tuple(replace(c, date_of_birth=born) for c in r.children))
        for r in world.referrals
    )
    homes = tuple(
        replace(home, kind=HomeKind.SUPPORTED_ACCOMMODATION, place_code=PlaceCode.K3) if i % 2 else home
        for i, home in enumerate(world.homes)
    )
    return replace(world, referrals=referrals, homes=homes)


@lru_cache(maxsize=1)
def asked() -> tuple[tuple[World, Policy, Referral, HomeRef, WhyNot], ...]:
    """Many questions why not, with the engine's answers."""
    found = []
    for seed in range(300, 312):
        rng = Random(seed)
        world = (open_world if seed % 2 else random_world)(rng, 4, 12)
        if seed % 5 == 0:
            world = _nearly_sixteen(world)
        policy = rng.choice((random_policy(rng), random_policy(rng), *real_policies()))
        pool = Pool.build(world.homes)
        found += [
            (world, policy, referral, home.ref, why_not(referral, home.ref, pool, policy, world.as_of))
            for referral in world.referrals
            for home in rng.sample(world.homes, 6)
        ]
    return tuple(found)


def done(
    world: World, policy: Policy, referral: Referral, home: HomeRef, claim: Counterfactual
) -> tuple[PlainResult, int | None]:
    """The home judged again by the second implementation after the changes were made, and its rank if allowed."""
    record = next(each for each in world.homes if each.ref == home)
    after, other = changed(referral, record, claim.changes)
    homes = tuple(other if each.ref == home else each for each in world.homes)
    changed_world = replace(world, homes=homes)
    result = judged(after, changed_world, policy, only=home)[home]
    return result, rank(result.points, judged(after, changed_world, policy)) if result.allowed else None


def _is_new(needed: Needed, referral: Referral, home: HomeRef, world: World) -> bool:
    """Whether a change changes anything by itself."""
    record = next(each for each in world.homes if each.ref == home)
    return changed(referral, record, [needed]) != (referral, record)


def test_every_counterfactual_is_true() -> None:
    """The rules it names are met, the home is allowed or not, with these points and this rank, as it says."""
    told = Counter[str]()
    for world, policy, referral, home, answer in asked():
        for claim in (*answer.counterfactuals, *((answer.together,) if answer.together else ())):
            result, now_ranked = done(world, policy, referral, home, claim)
            assert all(_is_new(needed, referral, home, world) for needed in claim.changes)
            assert not set(claim.rules) & in_the_way(result, policy)
            assert claim.allowed == result.allowed
            assert claim.points == result.points
            assert claim.rank == now_ranked
            told.update(claim.rules)
            told["allowed"] += claim.allowed
            told["claims"] += 1
    assert told["claims"] > 200
    assert told["allowed"] > 30
    assert {code for code in WITH_REMEDIES if not told[code]} == set()


def test_what_is_offered_is_one_remedy_a_rule_that_is_in_the_way() -> None:
    """Each counterfactual names one rule that keeps the home out now, and none is named twice."""
    for world, policy, referral, home, answer in asked():
        now = judged(referral, world, policy)[home]
        named = [rule for claim in answer.counterfactuals for rule in claim.rules]
        assert len(named) == len(set(named))
        assert set(named) <= in_the_way(now, policy) & WITH_REMEDIES
        if answer.together:
            assert set(answer.together.rules) == in_the_way(now, policy)
            assert answer.together.allowed


def test_one_rule_away_means_the_remedy_opens_the_home() -> None:
    """Where one rule alone is in the way, what meets it lets the home in, unless it breaks another rule."""
    opened = 0
    for _, _, _, _, answer in asked():
        if len(answer.explanation.blocked_by) == 1 and answer.counterfactuals:
            (claim,) = answer.counterfactuals
            assert claim == answer.together or not claim.allowed
            opened += claim.allowed
    assert opened > 10


def test_rank_and_lead_if_the_rules_were_met_are_true() -> None:
    """Points as if no rule were in the way, the rank they would have, and how far the first is ahead."""
    blocked = 0
    for world, policy, referral, home, answer in asked():
        results = judged(referral, world, policy)
        mine, allowed = results[home], [r for r in results.values() if r.allowed]
        assert answer.allowed == mine.allowed
        assert answer.points_if_met == mine.points == answer.explanation.points
        assert answer.rank_if_met == rank(mine.points, results)
        assert answer.homes_allowed == len(allowed)
        best = max((result.points for result in allowed), default=None)
        assert (answer.first_home is None) == (best is None)
        if answer.first_home is not None and best is not None:
            assert results[answer.first_home].allowed
            assert results[answer.first_home].points == best
            assert answer.behind_first_by == best - mine.points
        blocked += not mine.allowed
    assert blocked > 100


@pytest.mark.parametrize("code", ["live_apart", "exclusion_zone"])
def test_no_way_round_safety_is_offered(code: str) -> None:
    """People and places to keep away from: the fact is changed where it is recorded, never offered as a remedy."""
    assert code not in WITH_REMEDIES


def test_a_false_claim_is_noticed() -> None:
    """The check above is a real one: a counterfactual with other changes does not come true."""
    wrong = right = 0
    for world, policy, referral, home, answer in asked():
        for claim in answer.counterfactuals:
            if claim.rules == ("usable_places",):
                needed = claim.changes[0]
                less = replace(needed, change=replace(needed.change, value=needed.change.value - 1))
                result, _ = done(world, policy, referral, home, replace(claim, changes=(less,)))
                wrong += "usable_places" in in_the_way(result, policy)
                right += 1
    assert right == wrong > 0
