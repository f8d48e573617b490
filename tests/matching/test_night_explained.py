"""Why a child does not get the home that suits best: the reason that binds first is the one that is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.matching.batch import Night, Proposed, batch
from app.matching.codes import HomeKind, KeepTogether
from app.matching.night_explained import report
from app.matching.night_report import NightReport, Proposal, ScarceKind, Unplaced, WhyHere, WhyNone
from app.matching.pool import Pool
from app.matching.problem import PRICE_SCALE
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.matching.solve import solve
from app.matching.verify import verify
from tests.rematch.nights import FAR, NEAR, default_policy
from tests.support.builders import AS_OF, a_child, a_home, a_referral


def two_at_odds(places: int) -> Night:
    """Two children who must live apart, one home near by with so many free places, and one far away."""
    one = a_child(ref=ChildRef("C-1"))
    other = a_child(ref=ChildRef("C-2"), live_apart_from=frozenset({one.ref}))
    referrals = [a_referral(one, ref=ReferralRef("R-1")), a_referral(other, ref=ReferralRef("R-2"))]
    homes = [
        a_home(ref=HomeRef("H-near"), location=NEAR, places=places),
        a_home(ref=HomeRef("H-far"), location=FAR, places=1),
    ]
    return Night(tuple(referrals), Pool.build(homes), default_policy(), AS_OF)


@pytest.mark.parametrize(("places", "why"), [(1, WhyHere.PLACES), (2, WhyHere.MAY_NOT_SHARE)])
def test_a_home_that_is_full_is_said_to_be_full(places: int, why: WhyHere) -> None:
    """Whether two could share a home with one place is no matter; in a home with room for both it is."""
    posed = batch(two_at_odds(places))
    told = report(posed, solve(posed.problem)).proposals
    assert {one.home for one in told} == {"H-near", "H-far"}
    [away] = [one for one in told if one.home == "H-far"]
    assert (away.first_home, away.why, len(away.because_of)) == ("H-near", why, 1)


def told(night: Night) -> NightReport:
    """The night solved and explained."""
    posed = batch(night)
    return report(posed, solve(posed.problem))


def pair(child: str, home: str) -> Proposed:
    """A child of its own and a home, as somebody pins or excludes them."""
    return Proposed(frozenset({ChildRef(child)}), HomeRef(home))


def three_for_two(*excluded: Proposed, places: int = 1) -> Night:
    """Three alike who must live apart; two homes near by, the second with so many places, and one far away."""
    refs = [ChildRef(f"C-{n}") for n in (1, 2, 3)]
    children = [a_child(ref=ref, live_apart_from=frozenset(refs) - {ref}) for ref in refs]
    referrals = [a_referral(child, ref=ReferralRef(f"R-{n}")) for n, child in enumerate(children, 1)]
    homes = [
        a_home(ref=HomeRef("H-near-1"), location=NEAR, places=1),
        a_home(ref=HomeRef("H-near-2"), location=NEAR, places=places),
        a_home(ref=HomeRef("H-far"), location=FAR, places=1),
    ]
    return Night(tuple(referrals), Pool.build(homes), default_policy(), AS_OF, excluded=excluded)


def far_away(night: Night) -> Proposal:
    """The one who goes far away."""
    [away] = [one for one in told(night).proposals if one.home == "H-far"]
    return away


@pytest.mark.parametrize("places", [1, 2])
def test_nobody_would_do_as_well_in_a_home_that_is_taken(places: int) -> None:
    """The other home near by is full, or taken by somebody they may not live with: all that is left is far away."""
    away = far_away(three_for_two(places=places))
    assert away.behind_first > 0
    assert away.others_would_lose == away.behind_first


def test_who_could_go_nowhere_else_is_said_to_have_nowhere() -> None:
    """The home far away is excluded for the others, and the other one near by is taken."""
    away = far_away(three_for_two(pair("C-2", "H-far"), pair("C-3", "H-far")))
    assert (away.referral, away.others_would_lose) == ("R-1", None)


def test_a_pin_is_told_as_a_pin() -> None:
    """Who is somewhere because a person said so is not told that it is best for all, better or not."""
    for home, behind in (("H-far", True), ("H-near-1", False)):
        night = replace(three_for_two(), pinned=(pair("C-2", home),))
        [one] = [one for one in told(night).proposals if one.referral == "R-2"]
        assert (one.home, one.why, one.behind_first > 0) == (home, WhyHere.PINNED, behind)


def test_a_better_home_that_a_person_excluded_is_told() -> None:
    """Both homes near by have more points, and neither is the first choice by anything but a person's word."""
    away = far_away(three_for_two(pair("C-2", "H-near-1"), pair("C-2", "H-near-2")))
    assert (away.referral, away.why, away.because_of) == ("R-2", WhyHere.EXCLUDED, ())
    assert (away.first_home, away.behind_first > 0) == ("H-near-1", True)


def test_an_excluded_home_is_not_told_where_another_is_as_good() -> None:
    """Of two homes with the most points the one that nobody excluded is the first choice: it is full."""
    away = far_away(three_for_two(pair("C-2", "H-near-1"), pair("C-1", "H-far"), pair("C-3", "H-far")))
    assert (away.referral, away.why, away.first_home) == ("R-2", WhyHere.PLACES, "H-near-2")


def one_home(*children: tuple[str, str], places: int = 1, **changes: Any) -> Night:
    """Children by referral and reference, in the order of how long they wait, and one home near by."""
    groups: dict[str, list[str]] = {}
    for referral, child in children:
        groups.setdefault(referral, []).append(child)
    referrals = [
        a_referral(
            *(a_child(ref=ChildRef(child)) for child in members),
            ref=ReferralRef(ref),
            keep_together=KeepTogether.PREFERRED,
        )
        for ref, members in groups.items()
    ]
    homes = [a_home(ref=HomeRef("H-1"), location=NEAR, places=places)]
    return replace(Night(tuple(referrals), Pool.build(homes), default_policy(), AS_OF), **changes)


def left_out(night: Night) -> Unplaced:
    """The only referral without a proposal."""
    [one] = told(night).unplaced
    return one


def test_only_who_fills_a_home_has_got_it() -> None:
    """A full home went to somebody; nothing is said of room that there is not."""
    one = left_out(replace(one_home(("R-1", "C-1"), ("R-2", "C-2")), pinned=(pair("C-1", "H-1"),)))
    assert (one.why, one.lost_to, one.free_home) == (WhyNone.PLACES, ("R-1",), None)


def test_company_that_is_not_allowed_is_told_as_that() -> None:
    """There is a place beside the other child, but the two must live apart."""
    night = one_home(("R-1", "C-1"), places=2, pinned=(pair("C-1", "H-1"),))
    other = a_referral(
        a_child(ref=ChildRef("C-2"), live_apart_from=frozenset({ChildRef("C-1")})), ref=ReferralRef("R-2")
    )
    one = left_out(replace(night, referrals=(*night.referrals, other)))
    assert (one.why, one.lost_to, one.free_home) == (WhyNone.MAY_NOT_SHARE, ("R-1",), None)


def test_a_home_that_welcomes_nobody_more_is_told_as_that() -> None:
    """There is a place, and one arrival a night."""
    night = one_home(("R-1", "C-1"), ("R-2", "C-2"), places=2, pinned=(pair("C-1", "H-1"),))
    arrivals = replace(night.policy.arrivals, foster=1, residential=1)
    one = left_out(replace(night, policy=replace(night.policy, arrivals=arrivals)))
    assert (one.why, one.lost_to) == (WhyNone.ARRIVALS, ("R-1",))


def test_nobody_loses_a_home_to_their_own_sister() -> None:
    """A sister was pinned to a home with a place beside her: that is no other referral's doing."""
    one = left_out(one_home(("R-1", "C-1"), ("R-1", "C-2"), places=2, pinned=(pair("C-1", "H-1"),)))
    assert (one.children, one.why, one.lost_to) == (("C-2",), WhyNone.SIBLINGS, ())


def test_what_keeps_a_child_from_going_along_with_a_sister_is_told() -> None:
    """Together they would be beyond the budget."""
    night = one_home(("R-1", "C-1"), ("R-1", "C-2"), places=2)
    one = left_out(replace(night, weekly_budget_pence=130_000))
    assert (len(one.children), one.why, one.free_home, one.lost_to) == (1, WhyNone.BUDGET, "H-1", ())


def test_the_home_of_a_sister_with_room_is_named_before_one_far_away() -> None:
    """Both have room, and neither can be paid for: together is what they need."""
    night = one_home(("R-1", "C-1"), ("R-1", "C-2"), places=2)
    far = a_home(ref=HomeRef("H-2"), location=FAR, places=1)
    one = left_out(replace(night, pool=night.pool.changed([far]), weekly_budget_pence=130_000))
    assert (len(one.children), one.why, one.free_home) == (1, WhyNone.BUDGET, "H-1")


@pytest.mark.parametrize("hard", [False, True])
def test_a_limit_of_the_night_is_told_by_its_name(hard: bool) -> None:
    """A place is free: the budget, the target, a reserve price or a person speaks against it, and nobody got it."""
    night = one_home(("R-1", "C-1"))
    target = replace(night.policy.target, hard=hard, floor_permille=800, counts="caseload")
    dear = replace(target, floor_price=10_000_000, ambition_price=0)
    far = Pool.build([replace(night.pool.records[0], location=FAR)])
    away = replace(night, pool=far, local_placed=8, total_placed=10, policy=replace(night.policy, target=dear))
    for tight, why in (
        (replace(night, weekly_budget_pence=89_999), WhyNone.BUDGET),
        (away, WhyNone.LOCAL_TARGET),
        (replace(night, home_price={HomeRef("H-1"): 10_000_000}), WhyNone.RESERVED),
    ):
        one = left_out(tight)
        assert (one.why, one.free_home, one.lost_to) == (why, "H-1", ()), why


def test_a_home_that_a_person_excluded_is_not_one_that_breaks_a_rule() -> None:
    """The rules allow it: nothing is said of near misses."""
    one = left_out(one_home(("R-1", "C-1"), excluded=(pair("C-1", "H-1"),)))
    assert (one.why, one.homes_allowed, one.homes_excluded, one.near_misses) == (WhyNone.EXCLUDED, 0, 1, ())


def test_a_place_that_was_overlooked_is_said_to_be_open() -> None:
    """Of a choice that was cut short it is never said that all together would be worse off."""
    posed = batch(one_home(("R-1", "C-1")))
    found = solve(posed.problem)
    [one] = report(posed, replace(found, chosen=found.chosen[:0])).unplaced
    assert (one.why, one.free_home) == (WhyNone.OPEN, "H-1")


def test_kinds_of_home_have_prices_too() -> None:
    """Of all scarce homes of a kind: how many, the dearest place, and the mean of their prices."""
    summary = priced(three_for_two(), {"H-near-1": 900, "H-near-2": 401})
    told = [(one.home, one.price_points, one.wanted_by) for one in summary.scarce]
    assert told == [("H-near-1", 900, 1), ("H-near-2", 401, 1)]
    assert summary.scarce_kinds == (ScarceKind(HomeKind.FOSTER, 2, 900, 650),)


def priced(night: Night, prices: Mapping[str, int]) -> NightReport:
    """The night told with these prices of a place, whatever the proof says."""
    posed = batch(night)
    found = solve(posed.problem)
    charge = np.zeros_like(found.prices.charge)
    for home, price in prices.items():
        charge[posed.night.pool.row_of[HomeRef(home)], 0] = price * PRICE_SCALE
    return report(posed, replace(found, prices=replace(found.prices, charge=charge)))


def test_only_a_full_home_that_others_want_is_scarce() -> None:
    """Not the one far away, which nobody would rather have; nor one with a place left; nor one that stays empty."""
    every = {"H-near-1": 900, "H-near-2": 900, "H-far": 900}
    assert {one.home for one in priced(three_for_two(), every).scarce} == {"H-near-1", "H-near-2"}
    roomy = three_for_two(places=3)
    arrivals = replace(roomy.policy.arrivals, foster=3)
    roomy = replace(roomy, policy=replace(roomy.policy, arrivals=arrivals))
    assert {one.home for one in priced(roomy, every).scarce} == {"H-near-1"}
    barred = (pair("C-2", "H-near-1"), pair("C-3", "H-near-1"))
    assert {one.home for one in priced(three_for_two(*barred), every).scarce} == {"H-near-2"}
    nobody = tuple(pair(f"C-{n}", "H-near-1") for n in (1, 2, 3))
    assert "H-near-1" not in {one.home for one in priced(three_for_two(*nobody), every).scarce}


def test_a_home_that_a_pin_filled_has_no_price() -> None:
    """Its charge costs a certificate nothing, so any price would prove as much: none is told."""
    night = replace(three_for_two(), pinned=(pair("C-1", "H-near-1"),))
    assert [one.home for one in priced(night, {"H-near-1": 1 << 40, "H-near-2": 7}).scarce] == ["H-near-2"]


def test_no_price_is_higher_than_what_would_be_lost_without_whoever_is_there() -> None:
    """Prices of a certificate with a wide gap can be anything; what an officer reads is not."""
    night = three_for_two()
    target = replace(night.policy.target, floor_price=0, ambition_price=0)
    night = replace(night, policy=replace(night.policy, target=target))
    posed = batch(night)
    found = solve(posed.problem)
    dear = priced(night, {"H-near-1": 1 << 40})
    (one,) = dear.scarce
    guest = [pair for pair in found.chosen.tolist() if posed.proposed(pair).home == "H-near-1"]
    rest = sorted(set(found.chosen.tolist()) - set(guest))
    assert one.price_points == found.objective - verify(posed.problem, rest).worth


def test_a_free_home_is_told_of_though_the_best_one_went_to_somebody() -> None:
    """Both are true and both are said: who got the best home, and that the one with room is beyond the budget."""
    night = one_home(("R-1", "C-1"), ("R-2", "C-2"), pinned=(pair("C-1", "H-1"),), weekly_budget_pence=100_000)
    dearer = a_home(ref=HomeRef("H-2"), location=FAR, places=1)
    one = left_out(replace(night, pool=night.pool.changed([dearer])))
    assert (one.why, one.best_home, one.free_home, one.lost_to) == (WhyNone.BUDGET, "H-1", "H-2", ("R-1",))
