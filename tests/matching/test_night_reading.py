"""What is told of random nights against the independent check of the records: room is where the check finds it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.demo.authority import Sizes, synthetic_authority
from app.matching.batch import Batch, Night, Proposed, batch
from app.matching.night_check import check_night
from app.matching.night_explained import report
from app.matching.night_report import NightReport, Proposal, WhyNone
from app.matching.pool import Pool
from app.matching.problem import Solution, Status
from app.matching.solve import solve
from tests.matching.reasons import LIMITS, Told, untrue_reasons
from tests.rematch.nights import a_random_night
from tests.support.geo import baked_directory
from tests.support.policies import real_policies

DAY = date(2026, 3, 2)
IN_THE_WAY = (WhyNone.PLACES, WhyNone.ARRIVALS, WhyNone.MAY_NOT_SHARE)


def a_told_night(seed: int) -> tuple[Batch, NightReport]:
    """A random night; on every other one what would be proposed to two referrals is excluded."""
    posed, told, _ = a_solved_night(seed)
    return posed, told


def a_solved_night(seed: int) -> tuple[Batch, NightReport, Solution]:
    """The same with what was chosen; on every third night money is short."""
    night = a_random_night(seed)
    if not seed % 3:
        night = replace(night, weekly_budget_pence=150_000)
    posed = batch(night)
    found = solve(posed.problem)
    told = report(posed, found)
    if seed % 2:
        posed = batch(replace(night, excluded=tuple(_as_proposed(one) for one in told.proposals[:2])))
        found = solve(posed.problem)
        told = report(posed, found)
    return posed, told, found


def _as_proposed(one: Proposal) -> Proposed:
    return Proposed(frozenset(one.children), one.home)


def _options(posed: Batch, one: Proposal) -> list[tuple[Proposed, int]]:
    """Everywhere that the rules allow these children, with the points they would have there."""
    pairs = posed.problem.pairs
    every = ((posed.proposed(pair), int(pairs.points[pair])) for pair in range(len(pairs)))
    return [(found, points) for found, points in every if found.children == frozenset(one.children)]


def _least_loss(posed: Batch, told: NightReport, one: Proposal) -> int | None:
    """What one of those in the way would lose at least, tried home by home with the check of the records."""
    night: Night = replace(posed.night, weekly_budget_pence=None)
    losses = []
    for other in told.proposals:
        if other.home != one.first_home or other.referral not in one.because_of:
            continue
        rest = [_as_proposed(each) for each in told.proposals if each not in (one, other)]
        for option, points in _options(posed, other):
            if option.home != other.home and not check_night(night, [*rest, option]):
                losses.append(other.points - points)
    return min(losses, default=None)


@pytest.mark.parametrize("seed", range(16))
def test_what_others_would_lose_is_what_they_would_lose(seed: int) -> None:
    """In homes with room for them, beside whoever goes there; nothing where there is no such home."""
    posed, told = a_told_night(seed)
    for one in told.proposals:
        if one.must_leave == 1 and one.because_of:
            assert one.others_would_lose == _least_loss(posed, told, one), one.referral


@pytest.mark.parametrize("seed", range(16, 40))
def test_the_reason_for_waiting_is_true(seed: int) -> None:
    """Of everybody who waits, whatever keeps them: rules, others, a limit, a person."""
    posed, told, found = a_solved_night(seed)
    assert untrue_reasons(Told(posed, found, told)) == []
    for one in told.unplaced:
        assert (one.free_home is not None) == (one.why in LIMITS)
        assert one.why is not WhyNone.OPEN or told.status is not Status.OPTIMAL


@pytest.mark.parametrize("seed", range(16, 30))
def test_no_other_reason_would_be_true(seed: int) -> None:
    """Only of a home that is taken several things may be true; a number or a name that is not so is noticed as well."""
    posed, told, found = a_solved_night(seed)
    for one in told.unplaced:
        siblings = any(proposal.referral == one.referral for proposal in told.proposals)
        true = IN_THE_WAY if one.why in IN_THE_WAY else (one.why,)
        lies = [replace(one, homes_allowed=one.homes_allowed + 1), replace(one, homes_excluded=one.homes_excluded + 1)]
        lies += [replace(one, why=why) for why in WhyNone if why not in true and not siblings]
        lies += [replace(one, lost_to=(one.referral,))] if one.homes_allowed else []
        lies += [replace(one, lost_to=())] if one.why in IN_THE_WAY else []
        lies += [replace(one, out_by_rule={}, not_known_by_rule={})] if one.why is WhyNone.NO_HOME else []
        lies += [replace(one, splits_if_parted=(replace(each, parts=each.parts[1:]),)) for each in one.splits_if_parted]
        for lie in lies:
            others = tuple(each for each in told.unplaced if each is not one)
            assert untrue_reasons(Told(posed, found, replace(told, unplaced=(*others, lie)))) != [], lie


@pytest.mark.parametrize("way", ["budget", "reserved", "excluded", "hard", "full"])
def test_reasons_in_a_whole_authority_are_true(way: str) -> None:
    """A night of fifty children and hundreds of homes, with something that is short."""
    night = a_night_short_of(way)
    posed = batch(night)
    found = solve(posed.problem)
    assert untrue_reasons(Told(posed, found, report(posed, found))) == []


def a_night_short_of(way: str) -> Night:
    """The night of an invented authority in which money, homes, places or local homes are short."""
    made = synthetic_authority(Sizes(40, 200, 50), 1, DAY, baked_directory())
    policy = next(policy for policy in real_policies() if policy.version == "nottingham-2023")
    night = Night(made.referrals, Pool.build(made.homes), policy, DAY, local_placed=40, total_placed=50)
    if way == "budget":
        return replace(night, weekly_budget_pence=1_500_000)
    if way == "reserved":
        return replace(night, home_price={home.ref: 150_000 for home in made.homes[::2]})
    if way == "excluded":
        told = report(posed := batch(night), solve(posed.problem))
        return replace(night, excluded=tuple(_as_proposed(one) for one in told.proposals))
    if way == "hard":
        strict = replace(policy.target, hard=True, floor_permille=960, ambition_permille=960)
        return replace(night, policy=replace(policy, target=strict))
    return replace(night, pool=Pool.build(made.homes[:60]))
