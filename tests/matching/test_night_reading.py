"""What is told of random nights against the independent check of the records: room is where the check finds it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.matching.batch import Batch, Night, Proposed, batch
from app.matching.night_check import check_night
from app.matching.night_explained import report
from app.matching.night_report import NightReport, Proposal, WhyNone
from app.matching.problem import Status
from app.matching.solve import solve
from tests.rematch.nights import a_random_night

LIMITS = (WhyNone.BUDGET, WhyNone.LOCAL_TARGET, WhyNone.RESERVED, WhyNone.TRADE_OFF, WhyNone.OPEN)
IN_THE_WAY = (WhyNone.PLACES, WhyNone.ARRIVALS, WhyNone.MAY_NOT_SHARE)


def a_told_night(seed: int) -> tuple[Batch, NightReport]:
    """A random night; on every other one what would be proposed to two referrals is excluded."""
    night = a_random_night(seed)
    posed = batch(night)
    told = report(posed, solve(posed.problem))
    if seed % 2:
        posed = batch(replace(night, excluded=tuple(_as_proposed(one) for one in told.proposals[:2])))
        told = report(posed, solve(posed.problem))
    return posed, told


def _as_proposed(one: Proposal) -> Proposed:
    return Proposed(frozenset(one.children), one.home)


def _options(posed: Batch, one: Proposal) -> list[tuple[Proposed, int]]:
    """Everywhere that the rules allow these children, with the points they would have there."""
    pairs = posed.problem.pairs
    every = ((posed.proposed(pair), int(pairs.points[pair])) for pair in range(len(pairs)))
    return [(found, points) for found, points in every if found.children == frozenset(one.children)]


def _least_loss(posed: Batch, told: NightReport, one: Proposal) -> int | None:
    """What one of those in the way would lose at least, tried home by home with the independent check."""
    night: Night = replace(posed.night, weekly_budget_pence=None)
    losses = []
    for other in told.proposals:
        if other.home != one.first_home or other.referral not in one.because_of:
            continue
        rest = [_as_proposed(each) for each in told.proposals if each not in (one, other)]
        for option, points in _options(posed, other):
            if option.home != other.home and not check_night(night, [*rest, option]):
                losses.append(max(0, other.points - points))
    return min(losses, default=None)


@pytest.mark.parametrize("seed", range(16))
def test_what_others_would_lose_is_what_they_would_lose(seed: int) -> None:
    """In homes with room for them, beside whoever goes there; nothing where there is no such home."""
    posed, told = a_told_night(seed)
    for one in told.proposals:
        assert one.others_would_lose == (_least_loss(posed, told, one) if one.because_of else None), one.referral


@pytest.mark.parametrize("seed", range(16, 40))
def test_why_nobody_could_be_proposed_agrees_with_itself(seed: int) -> None:
    """A limit names a home with room, a taken home who took it, never their own; a proven night leaves none open."""
    _, told = a_told_night(seed)
    for one in told.unplaced:
        assert (one.free_home is not None) == (one.why in LIMITS)
        assert one.lost_to or one.why not in IN_THE_WAY
        assert one.referral not in one.lost_to
        assert one.why is not WhyNone.OPEN or told.status is not Status.OPTIMAL
