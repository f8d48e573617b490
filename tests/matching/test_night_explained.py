"""Why a child does not get the home that suits best: the reason that binds first is the one that is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.matching.batch import Night, Proposed, batch
from app.matching.night_explained import report
from app.matching.night_report import NightReport, Proposal, WhyHere
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.matching.solve import solve
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
