"""From records to proposals: the optimiser's answer is the best of all choices counted off the records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from random import Random

import numpy as np
import pytest

from app.matching.batch import CannotPin, Night, Proposed, batch
from app.matching.codes import KeepTogether, LivingCompanions
from app.matching.night_check import check_night
from app.matching.night_explained import proposed, report
from app.matching.policy import Arrivals, Policy
from app.matching.pool import Pool
from app.matching.referral import Child, Referral
from app.matching.report_check import check_report
from app.matching.solve import solve
from app.matching.where import counts_as_local
from tests.reference.basics import Inventory
from tests.reference.judging import judge_pair
from tests.support.policies import real_policies
from tests.support.worlds import open_world

WORLDS = 60
Choice = tuple[Proposed, ...]


def policy_of(rng: Random) -> Policy:
    """A real policy with the prices and limits of the night drawn anew."""
    policy = rng.choice(real_policies())
    ambition = rng.choice([500, 850, 1000])
    return replace(
        policy,
        separated_pair=rng.choice([0, 40_000, 120_000]),
        changed_proposal=rng.choice([0, 5_000]),
        arrivals=replace(policy.arrivals, foster=rng.choice([1, 2]), residential=rng.choice([1, 2])),
        target=replace(
            policy.target,
            counts=rng.choice(["caseload", "batch"]),
            floor_permille=rng.choice([0, 500]),
            ambition_permille=ambition,
            floor_price=rng.choice([10_000, 60_000]),
            ambition_price=rng.choice([0, 10_000]),
        ),
    )


def night_of(rng: Random) -> Night:
    """A small night: few enough choices that all of them can be counted."""
    world = open_world(rng, referrals=3, homes=4)
    children = [r for r in world.referrals if len(r.children) <= 3]
    pool = Pool.build(world.homes)
    return Night(
        tuple(children),
        pool,
        policy_of(rng),
        world.as_of,
        local_placed=rng.choice([0, 3]),
        total_placed=rng.choice([3, 5]),
        home_price={home.ref: rng.choice([0, 20_000]) for home in world.homes},
    )


def parties(referral: Referral) -> Iterator[tuple[Child, ...]]:
    """Who of a referral may live together: everybody, or any part where that is allowed."""
    n = len(referral.children)
    sizes = [n] if referral.keep_together is KeepTogether.REQUIRED else range(1, n + 1)
    for size in sizes:
        yield from combinations(referral.children, size)


def choices(night: Night) -> Iterator[tuple[int, Choice]]:
    """Every choice that keeps all rules, with its worth, from the records alone."""
    inventory = Inventory.of(night.pool.records)
    options: list[list[tuple[tuple[Proposed, int], ...]]] = []
    for referral in night.referrals:
        pairs = [
            (Proposed(frozenset(c.ref for c in party), home.ref), found.points)
            for party in parties(referral)
            for home in night.pool.records
            if (found := judge_pair(referral, party, home, inventory, night.policy, night.as_of)).allowed
        ]
        options.append(list(ways(pairs)))

    def combined(at: int, made: tuple[tuple[Proposed, int], ...]) -> Iterator[tuple[int, Choice]]:
        if at == len(options):
            choice = tuple(pair for pair, _ in made)
            if not check_night(night, choice):
                yield worth(night, made), choice
            return
        for way in options[at]:
            yield from combined(at + 1, made + way)

    yield from combined(0, ())


def ways(pairs: Sequence[tuple[Proposed, int]]) -> Iterator[tuple[tuple[Proposed, int], ...]]:
    """Sets of pairs of one referral without a common child or home, the empty one included."""
    yield ()
    for i, (first, points) in enumerate(pairs):
        rest = [pair for pair in pairs[i + 1 :] if not pair[0].children & first.children and pair[0].home != first.home]
        for way in ways(rest):
            yield ((first, points), *way)


def worth(night: Night, made: Sequence[tuple[Proposed, int]]) -> int:
    """The objective of design section 7, written out over the records."""
    policy, total = night.policy, 0
    at_home = {child: pair.home for pair, _ in made for child in pair.children}
    of = {child.ref: referral for referral in night.referrals for child in referral.children}
    for pair, points in made:
        total += points - night.home_price.get(pair.home, 0) * len(pair.children)
    for child, referral in of.items():
        if child in at_home:
            days = (referral.needed_by - night.as_of).days
            total += policy.placing.reward(days, (night.as_of - referral.waiting_since).days)
    for referral in night.referrals:
        if referral.keep_together is KeepTogether.PREFERRED:
            for one, other in combinations([c.ref for c in referral.children], 2):
                both = at_home.get(one), at_home.get(other)
                if both[0] != both[1]:
                    total -= policy.separated_pair if None not in both else policy.separated_pair // 2
    return total - target_price(night, made)


def target_price(night: Night, made: Sequence[tuple[Proposed, int]]) -> int:
    """What missing the floor and the ambition costs."""
    target = night.policy.target
    caseload = target.counts == "caseload"
    local = night.local_placed if caseload else 0
    placed = night.total_placed if caseload else 0
    for pair, _ in made:
        row = np.array([night.pool.row_of[pair.home]])
        referral = next(r for r in night.referrals if any(c.ref in pair.children for c in r.children))
        placed += len(pair.children)
        local += len(pair.children) * int(counts_as_local(referral.family_home, night.pool, night.policy, row)[0])
    floor = -(-target.floor_permille * placed // 1000)
    ambition = -(-target.ambition_permille * placed // 1000)
    floor_price = max(target.floor_price, target.ambition_price)
    return floor_price * max(0, floor - local) + target.ambition_price * max(0, ambition - max(local, floor))


@pytest.mark.parametrize("seed", range(WORLDS))
def test_the_proposals_are_the_best_of_all_choices(seed: int) -> None:
    """Brute force over the records agrees with rules, arrays and solver together, and the bound holds."""
    night = night_of(Random(seed))
    posed = batch(night)
    found = solve(posed.problem)
    best = max(value for value, _ in choices(night))
    assert found.objective == best <= found.bound
    made = proposed(posed, found)
    assert check_night(night, made) == ()
    told = report(posed, found)
    assert check_report(night, told, found.most_local_balance) == ()
    assert told.children_placed == sum(len(one.children) for one in made)
    assert told.children_placed + sum(len(one.children) for one in told.unplaced) == told.children


def test_the_small_nights_are_not_empty() -> None:
    """Otherwise the comparison above would compare nothing with nothing."""
    placed = [len(solve(batch(night_of(Random(seed))).problem).chosen) for seed in range(20)]
    assert sum(placed) > 20


def busy_night() -> tuple[Night, Choice]:
    """A night with a few proposals, to spoil."""
    for seed in range(200):
        night = night_of(Random(seed))
        posed = batch(night)
        made = proposed(posed, solve(posed.problem))
        if len(made) >= 3:
            return night, made
    raise AssertionError("no busy night among the first 200")


def test_the_check_finds_what_was_spoilt() -> None:
    """Each constraint broken by hand is found: the guard is not decoration."""
    night, made = busy_night()
    first, second = made[0], made[1]
    assert check_night(night, (*made, first))
    one_each = replace(night, policy=replace(night.policy, arrivals=Arrivals(1, 1)))
    assert check_night(one_each, (replace(first, home=second.home), *made[1:]))
    assert check_night(night, (replace(first, children=first.children | second.children), *made[1:]))
    assert check_night(night, (replace(first, home=first.home + "?"), *made[1:]))  # type: ignore[arg-type]
    elsewhere = next(home.ref for home in night.pool.records if home.ref != first.home)
    assert check_night(replace(night, pinned=(replace(first, home=elsewhere),)), made)
    assert check_night(replace(night, excluded=(first,)), made)
    assert check_night(replace(night, weekly_budget_pence=10), made)
    full = night.pool.record(first.home)
    crowded = night.pool.changed([replace(full, places_held=full.places)])
    assert check_night(replace(night, pool=crowded), made)


def test_the_check_keeps_those_apart_who_must_not_meet() -> None:
    """A child who is to live alone does not arrive together with another."""
    night, made = busy_night()
    alone = made[0].children
    referrals = tuple(
        replace(
            r,
            children=tuple(
                replace(c, living_companions=LivingCompanions.SOLO) if c.ref in alone else c for c in r.children
            ),
        )
        for r in night.referrals
    )
    shared = (made[0], replace(made[1], home=made[0].home))
    assert any("may not share" in fault for fault in check_night(replace(night, referrals=referrals), shared))


def test_a_pin_is_kept_and_an_exclusion_is_too() -> None:
    """People's own decisions bind the night; a pin that no rule allows is refused."""
    night, made = busy_night()
    elsewhere = next(
        Proposed(made[0].children, home.ref)
        for home in night.pool.records
        if home.ref != made[0].home and not _refused(night, Proposed(made[0].children, home.ref))
    )
    pinned = batch(replace(night, pinned=(elsewhere,)))
    assert elsewhere in proposed(pinned, solve(pinned.problem))
    without = batch(replace(night, excluded=(made[0],)))
    assert made[0] not in proposed(without, solve(without.problem))
    with pytest.raises(CannotPin):
        batch(replace(night, pinned=(Proposed(made[0].children | made[1].children, made[0].home),)))


def _refused(night: Night, wanted: Proposed) -> bool:
    try:
        batch(replace(night, pinned=(wanted,)))
    except CannotPin:
        return True
    return False


def test_the_order_of_referrals_and_homes_changes_nothing() -> None:
    """The same night told in another order gives the same proposals."""
    for seed in range(10):
        night = night_of(Random(seed))
        turned = replace(night, referrals=tuple(reversed(night.referrals)))
        one, other = batch(night), batch(turned)
        assert set(proposed(one, solve(one.problem))) == set(proposed(other, solve(other.problem)))
