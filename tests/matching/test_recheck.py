"""What has become impossible is found with its reason; what is left always keeps every rule and limit."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from app.matching.batch import Night, Proposed, batch
from app.matching.codes import HomeKind, KeepTogether, LivingCompanions, PlaceCode, Risk, Vulnerability
from app.matching.home import Home
from app.matching.night_check import check_fees, check_night
from app.matching.night_explained import proposed
from app.matching.pool import Pool
from app.matching.recheck import Fallen, recheck
from app.matching.referral import Child, ChildRef, HomeRef, Referral
from app.matching.solve import solve
from tests.support.builders import AS_OF, a_child, a_home, a_referral, a_resident, risks
from tests.support.policies import real_policies
from tests.support.worlds import open_world

POLICY = next(policy for policy in real_policies() if policy.version == "nottingham-2023")
HOUSE = a_home(ref=HomeRef("H"), kind=HomeKind.CHILDRENS_HOME, places=4)


def _night(*referrals: Referral, home: Any = HOUSE, **changes: Any) -> Night:
    return replace(Night(referrals, Pool.build([home]), POLICY, AS_OF), **changes)


def _to_house(*referrals: Referral) -> list[Proposed]:
    return [Proposed(frozenset(child.ref for child in referral.children), HomeRef("H")) for referral in referrals]


def _fallen(night: Night, made: list[Proposed]) -> list[Fallen | None]:
    return [verdict.fallen for verdict in recheck(night, made)]


def test_what_is_as_it_was_stands() -> None:
    """Nothing changed: every proposal stands, with its fee."""
    one, two = a_referral(), a_referral()
    verdicts = recheck(_night(one, two), _to_house(one, two))
    assert [verdict.fallen for verdict in verdicts] == [None, None]
    assert [verdict.weekly_fee_pence for verdict in verdicts] == [90_000, 90_000]
    assert recheck(_night(one), []) == ()


def test_people_and_homes_that_are_gone() -> None:
    """A withdrawn referral, one that lost a child, one that must now stay together, a home that is gone."""
    group = a_referral(a_child(ref=ChildRef("A")), a_child(ref=ChildRef("B")))
    (whole,) = _to_house(group)
    part = Proposed(frozenset({ChildRef("A")}), HomeRef("H"))
    assert _fallen(_night(a_referral()), [whole]) == [Fallen.REFERRAL_WITHDRAWN]
    assert _fallen(_night(replace(group, children=group.children[:1])), [whole]) == [Fallen.CHILDREN_CHANGED]
    assert _fallen(_night(replace(group, keep_together=KeepTogether.REQUIRED)), [part]) == [Fallen.MUST_STAY_TOGETHER]
    assert _fallen(_night(group, home=replace(HOUSE, ref=HomeRef("X"))), [whole]) == [Fallen.HOME_GONE]
    moved = [replace(group, children=group.children[:1]), a_referral(group.children[1])]
    assert _fallen(_night(*moved), [whole]) == [Fallen.CHILDREN_CHANGED]


def test_a_child_is_placed_once() -> None:
    """Of two proposals for one child, to two homes, the first stands."""
    one, other = a_referral(), replace(HOUSE, ref=HomeRef("H2"))
    night = replace(_night(one), pool=Pool.build([HOUSE, other]))
    (first,) = _to_house(one)
    assert _fallen(night, [first, replace(first, home=other.ref)]) == [None, Fallen.CHILDREN_CHANGED]


def test_a_rule_that_is_no_longer_met_is_named() -> None:
    """The codes of the rules stand with the verdict."""
    one = a_referral()
    (verdict,) = recheck(_night(one, home=replace(HOUSE, available_from=AS_OF + timedelta(days=90))), _to_house(one))
    assert (verdict.fallen, verdict.rules) == (Fallen.RULES_NOT_MET, ("available_by",))


def test_the_first_get_the_places_that_are_left() -> None:
    """Where a home filled up, those that come first stay."""
    one, two = a_referral(), a_referral()
    full = replace(HOUSE, places_held=3)
    assert _fallen(_night(one, two, home=full), _to_house(one, two)) == [None, Fallen.NO_PLACE_LEFT]
    assert _fallen(_night(one, two, home=full), _to_house(two, one)) == [None, Fallen.NO_PLACE_LEFT]


def test_the_fostering_limit_counts_everybody() -> None:
    """Two residents, two newcomers of two referrals: over the usual limit, though there are places."""
    one, two = a_referral(), a_referral()
    arrivals = replace(POLICY.arrivals, foster=2)
    home = a_home(ref=HomeRef("H"), places=6, residents=(a_resident(), a_resident()))
    night = _night(one, two, home=home, policy=replace(POLICY, arrivals=arrivals))
    assert _fallen(night, _to_house(one, two)) == [None, Fallen.FOSTERING_LIMIT]


def test_the_fostering_limit_follows_the_place_too() -> None:
    """A home of another kind whose place is coded as foster care has the same limit; so says `night_check`."""
    one, two = a_referral(), a_referral()
    policy = replace(POLICY, arrivals=replace(POLICY.arrivals, residential=2))
    coded = replace(HOUSE, places=6, residents=(a_resident(), a_resident()), place_code=PlaceCode.U6)
    night = _night(one, two, home=coded, policy=policy)
    assert _fallen(night, _to_house(one, two)) == [None, Fallen.FOSTERING_LIMIT]
    assert any("fostering limit" in fault for fault in check_night(night, _to_house(one, two)))


def test_arrivals_in_one_night() -> None:
    """A policy that allows fewer arrivals than before drops the last."""
    three = [a_referral(), a_referral(), a_referral()]
    assert _fallen(_night(*three), _to_house(*three)) == [None, None, Fallen.TOO_MANY_ARRIVALS]


@pytest.mark.parametrize(
    "changes",
    [
        {"live_apart_from": frozenset({ChildRef("A")})},
        {"living_companions": LivingCompanions.SOLO},
        {"risks": risks(Risk.TO_OTHERS_SEXUAL)},
    ],
)
def test_who_may_not_live_together(changes: dict[str, Any]) -> None:
    """Something was learned about one of two newcomers: the second does not come."""
    one = a_referral(a_child(ref=ChildRef("A"), vulnerabilities=frozenset({Vulnerability.SEXUAL_HARM})))
    other = a_referral(a_child(**changes))
    assert _fallen(_night(one, other), _to_house(one, other)) == [None, Fallen.MAY_NOT_SHARE]


def test_the_budget_is_kept() -> None:
    """The last that would overrun it falls; one that still fits stands."""
    one, two = a_referral(), a_referral()
    night = _night(one, two, weekly_budget_pence=179_999)
    assert _fallen(night, _to_house(one, two)) == [None, Fallen.OVER_BUDGET]
    assert _fallen(replace(night, weekly_budget_pence=180_000), _to_house(one, two)) == [None, None]


def _meanwhile(rng: Random, night: Night) -> Night:
    """Another world: homes that filled or closed, children who left or of whom something was learned, a budget."""

    def home(before: Home) -> Home:
        taken = len(before.residents) + before.places_held
        return replace(before, places=min(before.places, taken + rng.randint(0, 3)))

    def child(before: Child) -> Child:
        solo = rng.random() < 0.2
        return replace(before, living_companions=LivingCompanions.SOLO) if solo else before

    homes = [home(each) for each in night.pool.records if rng.random() < 0.95]
    referrals = tuple(
        replace(each, children=tuple(map(child, each.children))) for each in night.referrals if rng.random() < 0.95
    )
    arrivals = replace(night.policy.arrivals, foster=rng.randint(1, 3), residential=rng.randint(1, 3))
    budget = rng.choice((None, rng.randint(0, 10) * 100_000))
    policy = replace(night.policy, arrivals=arrivals)
    return replace(night, referrals=referrals, pool=Pool.build(homes), policy=policy, weekly_budget_pence=budget)


@pytest.mark.slow
def test_what_is_left_passes_the_independent_check() -> None:
    """Choices made in one world and checked in another: what stands there keeps every rule and limit."""
    seen: Counter[Fallen | None] = Counter()
    for seed in range(60):
        rng = Random(seed)
        world = open_world(rng, referrals=10, homes=4)
        roomy = [replace(home, places=home.places + 3) for home in world.homes]
        policy = replace(POLICY, arrivals=replace(POLICY.arrivals, foster=3, residential=4))
        night = Night(world.referrals, Pool.build(roomy), policy, world.as_of)
        posed = batch(night)
        made = list(proposed(posed, solve(posed.problem)))
        assert _fallen(night, made) == [None] * len(made)
        now = _meanwhile(rng, night)
        verdicts = recheck(now, made)
        standing = [verdict for verdict in verdicts if verdict.fallen is None]
        left = [verdict.proposed for verdict in standing]
        assert check_night(now, left) == ()
        assert check_fees(now, left, [(verdict.weekly_fee_pence, verdict.fee_known) for verdict in standing]) == ()
        seen.update(verdict.fallen for verdict in verdicts)
    enough = {None, Fallen.NO_PLACE_LEFT, Fallen.TOO_MANY_ARRIVALS, Fallen.OVER_BUDGET, Fallen.MAY_NOT_SHARE}
    assert all(seen[fallen] >= 3 for fallen in enough), seen
