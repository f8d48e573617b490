"""A home that a person ruled out for a child is not given to that child: not alone, not with brothers or sisters."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from app.matching.batch import Night, Proposed, batch
from app.matching.codes import KeepTogether
from app.matching.night_check import check_night
from app.matching.night_explained import proposed
from app.matching.pool import Pool
from app.matching.recheck import Fallen, recheck
from app.matching.referral import ChildRef, HomeRef
from app.matching.solve import solve
from tests.matching.pairing import two_pairs
from tests.matching.test_night import choices, night_of
from tests.rematch.nights import default_policy
from tests.support.builders import AS_OF, a_child, a_home, a_referral

WORLDS = 40
A, B, C = (ChildRef(name) for name in "ABC")


def _touches(night: Night, choice: tuple[Proposed, ...]) -> bool:
    """Whether any child gets a home that was ruled out for it: the meaning of an exclusion, child by child."""
    at = {child: one.home for one in choice for child in one.children}
    return any(at.get(child) == one.home for one in night.excluded for child in one.children)


@pytest.mark.parametrize("seed", range(WORLDS))
def test_the_best_of_all_choices_that_leave_out_excluded_homes(seed: int) -> None:
    """Brute force over the records, where an exclusion speaks of each child: subsets and supersets of any party."""
    rng = Random(seed)
    night = night_of(rng)
    if not night.referrals:
        return
    night = replace(night, excluded=two_pairs(rng, night))
    free = replace(night, excluded=())
    posed = batch(night)
    found = solve(posed.problem)
    made = proposed(posed, found)
    assert not _touches(night, made)
    assert found.objective == max(value for value, choice in choices(free) if not _touches(night, choice))
    assert found.objective <= found.bound


@pytest.mark.parametrize("seed", range(WORLDS))
def test_the_check_sees_it_from_the_records(seed: int) -> None:
    """What was best before anything was excluded is a fault exactly where it touches an exclusion."""
    rng = Random(seed)
    night = night_of(rng)
    if not night.referrals:
        return
    posed = batch(night)
    made = proposed(posed, solve(posed.problem))
    barred = replace(night, excluded=two_pairs(rng, night))
    assert any("excluded" in fault for fault in check_night(barred, made)) == _touches(barred, made)


def test_exclusions_meet_parties_in_these_worlds() -> None:
    """Otherwise the laws above would say nothing of subsets and supersets."""
    met = 0
    for seed in range(WORLDS):
        rng = Random(seed)
        night = night_of(rng)
        if not night.referrals:
            continue
        posed = batch(night)
        made = proposed(posed, solve(posed.problem))
        barred = replace(night, excluded=two_pairs(rng, night))
        met += _touches(barred, made) and not any(one in made for one in barred.excluded)
    assert met >= 3


@pytest.mark.parametrize("named", [{A}, {B}, {A, B}, {A, C}])
def test_sisters_are_not_parted_nor_sent_by_a_name_left_out(named: set[ChildRef]) -> None:
    """Whichever of them is named: neither she alone nor any group with her goes to the excluded home."""
    group = a_referral(*(a_child(ref=ref) for ref in (A, B, C)), keep_together=KeepTogether.PREFERRED)
    homes = [a_home(ref=HomeRef(f"H{n}"), places=4) for n in (1, 2)]
    barred = (Proposed(frozenset(named), HomeRef("H1")),)
    night = Night((group,), Pool.build(homes), default_policy(), AS_OF, excluded=barred)
    posed = batch(night)
    made = proposed(posed, solve(posed.problem))
    assert made == (Proposed(frozenset({A, B, C}), HomeRef("H2")),)


@pytest.mark.parametrize("named", [{A}, {A, B}, {A, B, C}])
def test_a_standing_proposal_falls_with_it(named: set[ChildRef]) -> None:
    """Last night's proposal does not stand on where a person has excluded the home for one of its children."""
    group = a_referral(*(a_child(ref=ref) for ref in (A, B)), keep_together=KeepTogether.PREFERRED)
    night = Night((group,), Pool.build([a_home(ref=HomeRef("H"), places=4)]), default_policy(), AS_OF)
    last = [Proposed(frozenset({A, B}), HomeRef("H"))]
    assert recheck(night, last)[0].fallen is None
    barred = replace(night, excluded=(Proposed(frozenset(named), HomeRef("H")),))
    assert [verdict.fallen for verdict in recheck(barred, last)] == [Fallen.EXCLUDED]
