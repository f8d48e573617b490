"""Points add up exactly, and weights do what a person who edits a policy expects of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.assess import assess_all
from app.matching.explain import explain
from app.matching.policy import MOST_WEIGHT, Policy
from app.matching.pool import Pool
from app.matching.shortlist import points_regardless, question_for, shortlist
from tests.support.agreement import Inquiry
from tests.support.policies import a_policy, random_policy, real_policies, with_weights
from tests.support.worlds import World, random_world, worlds

CODES = [setting.criterion.code for setting in a_policy().criteria]


def some(count: int, **size: int) -> list[tuple[World, Policy]]:
    """Random worlds and policies, the same every time."""
    return [(random_world(rng, **size), random_policy(rng)) for rng in map(Random, range(900, 900 + count))]


def test_parts_add_up_exactly() -> None:
    """Points of a home are the sum of weight times value, whoever looks: list, explanation, grid."""
    seen = 0
    for world, policy in [*some(3, referrals=5, homes=20), *((some(1)[0][0], p) for p in real_policies())]:
        pool = Pool.build(world.homes)
        for referral in world.referrals:
            asked = question_for(referral, pool, policy, world.as_of)
            block = assess_all(asked)
            for col, pair in enumerate(explain(asked, 0, np.arange(len(pool)))):
                assert all(part.points == part.weight * part.value for part in pair.parts)
                assert all(part.points_low <= part.points <= part.points_high for part in pair.parts)
                assert pair.points == sum(part.weight * part.value for part in pair.parts)
                assert pair.points <= policy.most_points * len(referral.children)
                if block.allowed[0, col]:
                    assert pair.points == block.points[0, col]
                    seen += 1
            for option in shortlist(referral, pool, policy, world.as_of).options:
                assert option.explanation.points == sum(part.points for part in option.explanation.parts)
    assert seen > 20


@settings(max_examples=40)
@given(worlds(referrals=3, homes=8), st.lists(st.integers(0, 600), min_size=len(CODES), max_size=len(CODES)))
def test_a_blocked_home_is_never_listed_whatever_the_weights(world: World, weights: list[int]) -> None:
    """No weights, however odd, buy a home onto the list that a rule keeps out."""
    policy = with_weights(a_policy(), dict(zip(CODES, weights, strict=True)))
    pool = Pool.build(world.homes)
    for referral in world.referrals:
        found = shortlist(referral, pool, policy, world.as_of, k=100)
        block = assess_all(question_for(referral, pool, policy, world.as_of))
        allowed = {home.ref for col, home in enumerate(pool.records) if block.allowed[0, col]}
        assert {option.explanation.home for option in found.options} == allowed
        assert all(not option.explanation.blocked_by for option in found.options)
        assert found.homes - found.allowed == len(pool) - len(allowed)


def test_weights_decide_nobody_is_allowed() -> None:
    """Under any weights, the heaviest included, exactly the same homes are allowed."""
    inquiry = Inquiry.drawn(31, referrals=10, homes=40)
    expected = assess_all(inquiry.question()).allowed
    for heavy in CODES:
        weights = {code: MOST_WEIGHT if code == heavy else 0 for code in CODES}
        allowed = assess_all(inquiry.question(with_weights(inquiry.policy, weights))).allowed
        assert np.array_equal(allowed, expected)


@pytest.mark.parametrize("code", CODES)
def test_raising_a_weight_never_hurts_the_better_home(code: str) -> None:
    """The home that is better on a criterion gains on the other, by the difference of their values, exactly."""
    gained = 0
    for world, policy in some(3, referrals=4, homes=14):
        setting = next(s for s in policy.criteria if s.criterion.code == code)
        heavier = with_weights(policy, {code: setting.weight + 7})
        pool = Pool.build(world.homes)
        everywhere = np.arange(len(pool))
        for referral in world.referrals:
            asked = question_for(referral, pool, policy, world.as_of)
            values = [
                sum(part.value for part in pair.parts if part.code == code) for pair in explain(asked, 0, everywhere)
            ]
            before = points_regardless(asked, 0, everywhere)
            after = points_regardless(replace(asked, policy=heavier), 0, everywhere)
            lead, new_lead = before[:, None] - before, after[:, None] - after
            better = np.subtract.outer(values, values)
            assert np.array_equal(new_lead - lead, 7 * better)
            assert (new_lead[better > 0] > lead[better > 0]).all()
            gained += int(np.count_nonzero(better > 0))
    assert gained


@pytest.mark.parametrize("code", CODES)
def test_a_weight_of_nothing_takes_the_criterion_away(code: str) -> None:
    """Zero weight and a criterion switched off: the same points, ranks and homes."""
    for world, policy in some(2, referrals=4, homes=20):
        weightless = with_weights(policy, {code: 0})
        off = replace(
            policy,
            criteria=tuple(
                replace(s, enabled=False, weight=0, params=None) if s.criterion.code == code else s
                for s in policy.criteria
            ),
        )
        pool = Pool.build(world.homes)
        for referral in world.referrals:
            one, other = (shortlist(referral, pool, p, world.as_of, k=100) for p in (weightless, off))
            assert [(o.rank, o.explanation.home, o.explanation.points) for o in one.options] == [
                (o.rank, o.explanation.home, o.explanation.points) for o in other.options
            ]


def test_doubling_every_weight_keeps_the_ranking() -> None:
    """All weights times k: all points times k, the same ranks, the same near misses."""
    ranked = 0
    for world, policy in some(5, referrals=5, homes=30):
        for k in (2, 3, 17):
            scaled = with_weights(policy, {s.criterion.code: s.weight * k for s in policy.criteria})
            pool = Pool.build(world.homes)
            for referral in world.referrals:
                one, other = (shortlist(referral, pool, p, world.as_of, k=100) for p in (policy, scaled))
                assert [(o.rank, o.explanation.home, o.explanation.points * k) for o in one.options] == [
                    (o.rank, o.explanation.home, o.explanation.points) for o in other.options
                ]
                assert [(n.home, n.rank_if_met) for n in one.near_misses] == [
                    (n.home, n.rank_if_met) for n in other.near_misses
                ]
                ranked += len({o.rank for o in one.options}) > 1
    assert ranked > 5


def test_the_heaviest_policy_stays_within_32_bits() -> None:
    """The points of a party of twelve at the greatest weights a policy may have do not overflow."""
    world, policy = some(1, referrals=1, homes=6)[0]
    children = tuple(replace(world.referrals[0].children[0], ref=f"child-{i}") for i in range(12))
    referral = replace(world.referrals[0], children=children)
    heavy = with_weights(policy, dict.fromkeys(CODES, 0) | {"quality": MOST_WEIGHT})
    quality_alone = tuple(
        replace(s, params=replace(s.params, **dict.fromkeys(s.params.__dataclass_fields__, 1000)), stand_in=1000)
        if s.criterion.code == "quality"
        else s
        for s in heavy.criteria
    )
    asked = question_for(referral, Pool.build(world.homes), replace(heavy, criteria=quality_alone), world.as_of)
    points = points_regardless(asked, 0, np.arange(6))
    assert points.tolist() == [12 * 1000 * MOST_WEIGHT] * 6


def test_more_on_one_criterion_is_never_less_in_all() -> None:
    """Where one home is at least as good on every criterion it has at least as many points."""
    for world, policy in some(4, referrals=4, homes=15):
        pool = Pool.build(world.homes)
        for referral in world.referrals:
            pairs = explain(question_for(referral, pool, policy, world.as_of), 0, np.arange(len(pool)))
            table = sorted((tuple(part.value for part in pair.parts), pair.points) for pair in pairs)
            for (values, points), (others, more) in pairwise(table):
                if all(a <= b for a, b in zip(values, others, strict=True)):
                    assert points <= more
