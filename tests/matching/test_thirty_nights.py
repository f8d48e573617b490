"""Thirty nights in a row: nobody waits without a reason, and proposals do not flap."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

import pytest

from app.demo.authority import Authority, Sizes, synthetic_authority
from app.matching.batch import Night, Proposed, batch
from app.matching.home import Home, Resident
from app.matching.night_check import check_night
from app.matching.night_explained import proposed, report
from app.matching.night_report import NightReport
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import Referral, ReferralRef
from app.matching.solve import solve
from tests.matching.reasons import Told, untrue_reasons
from tests.support.geo import baked_directory
from tests.support.policies import real_policies

BEGIN = date(2026, 3, 2)
NIGHTS = 30
WAITING, ARRIVING = 25, 2
MOST_LOST = 10
"""Nights in a row or not that a referral may lose all of its homes to others."""


@dataclass
class Council:
    """What changes from day to day. `lost`: nights on which others got every home that would take a referral."""

    homes: dict[str, Home]
    waiting: list[Referral]
    coming: list[Referral]
    last: tuple[Proposed, ...] = ()
    lost: Counter[ReferralRef] = field(default_factory=Counter)


def made() -> Authority:
    """Enough searches for thirty nights of two new ones."""
    return synthetic_authority(Sizes(WAITING + NIGHTS * ARRIVING, 300, 450), 3, BEGIN, baked_directory())


def policy() -> Policy:
    """The default policy."""
    return next(policy for policy in real_policies() if policy.version == "nottingham-2023")


def night_of(council: Council, day: date) -> Night:
    """The council's night, with last night's proposals."""
    return Night(tuple(council.waiting), Pool.build(council.homes.values()), policy(), day, last=council.last)


def proposals_of(night: Night) -> tuple[tuple[Proposed, ...], NightReport]:
    """What the run proposes, checked, and every reason for waiting with it."""
    posed = batch(night)
    found = solve(posed.problem)
    told, summary = proposed(posed, found), report(posed, found)
    assert check_night(night, told) == ()
    assert untrue_reasons(Told(posed, found, summary)) == []
    return told, summary


def decide(council: Council, rng: Random, told: tuple[Proposed, ...]) -> None:
    """Officers accept some of the proposals; the children move in."""
    for proposal in told:
        referral = next(r for r in council.waiting if any(c.ref in proposal.children for c in r.children))
        if len(proposal.children) == len(referral.children) and rng.random() < 0.3:
            home = council.homes[proposal.home]
            moved = tuple(
                Resident(
                    c.ref,
                    c.date_of_birth,
                    c.sex,
                    c.risks,
                    c.vulnerabilities,
                    c.living_companions,
                    c.live_apart_from,
                )
                for c in referral.children
            )
            council.homes[home.ref] = replace(home, residents=home.residents + moved)
            council.waiting.remove(referral)


def next_day(council: Council, rng: Random, day: date) -> None:
    """Vacancies are confirmed, somebody moves on, new searches begin."""
    for ref, home in council.homes.items():
        confirmed = day if home.confirmed_on and rng.random() < 0.5 else home.confirmed_on
        residents = home.residents[1:] if rng.random() < 0.01 else home.residents
        council.homes[ref] = replace(home, confirmed_on=confirmed, residents=residents)
    new, council.coming = council.coming[:ARRIVING], council.coming[ARRIVING:]
    shift = day - BEGIN
    council.waiting += [replace(r, needed_by=r.needed_by + shift, waiting_since=day) for r in new]


@pytest.mark.slow
def test_thirty_nights() -> None:
    """Every night: all constraints hold, who waits is told a reason that is true, few proposals change."""
    world, rng = made(), Random(7)
    council = Council(
        {home.ref: home for home in world.homes}, list(world.referrals[:WAITING]), list(world.referrals[WAITING:])
    )
    kept = changed = 0
    for n in range(NIGHTS):
        day = BEGIN + timedelta(days=n)
        told, summary = proposals_of(night_of(council, day))
        before = {proposal.children: proposal.home for proposal in council.last}
        for proposal in told:
            if proposal.children in before:
                kept += before[proposal.children] == proposal.home
                changed += before[proposal.children] != proposal.home
        for without in summary.unplaced:
            council.lost[without.referral] += bool(without.homes_allowed)
        decide(council, rng, told)
        waiting = {c.ref for r in council.waiting for c in r.children}
        council.last = tuple(proposal for proposal in told if proposal.children <= waiting)
        next_day(council, rng, day)
    assert kept > 100
    assert changed * 10 < kept, f"{changed} of {kept + changed} standing proposals changed"
    assert max(council.lost.values(), default=0) <= MOST_LOST, council.lost.most_common(3)


def test_a_night_on_which_nothing_changed_changes_nothing() -> None:
    """The same facts the next morning give the same proposals."""
    world = made()
    council = Council({home.ref: home for home in world.homes}, list(world.referrals[:WAITING]), [])
    told, _ = proposals_of(night_of(council, BEGIN))
    council.last = told
    again, _ = proposals_of(night_of(council, BEGIN))
    assert set(again) == set(told)


def test_a_small_gain_does_not_change_a_standing_proposal() -> None:
    """What stood last night stays unless something is better by more than the policy asks; then it goes."""
    world = made()
    council = Council({home.ref: home for home in world.homes}, list(world.referrals[:WAITING]), [])
    night = night_of(council, BEGIN)
    told, _ = proposals_of(night)
    best = solve(batch(night).problem).objective
    elsewhere, cost = cheapest_change(night, told, best)
    standing = replace(night, last=elsewhere)
    asks_more = replace(night.policy, changed_proposal=cost + 1)
    asks_less = replace(night.policy, changed_proposal=cost // 2)
    assert set(proposals_of(replace(standing, policy=asks_more))[0]) == set(elsewhere)
    assert set(proposals_of(replace(standing, policy=asks_less))[0]) != set(elsewhere)


def cheapest_change(night: Night, told: tuple[Proposed, ...], best: int) -> tuple[tuple[Proposed, ...], int]:
    """Proposals that differ from the best in one home only, and how many points they are worth less."""
    for proposal in told:
        without = solve(batch(replace(night, excluded=(proposal,))).problem)
        posed = batch(replace(night, excluded=(proposal,)))
        other = proposed(posed, without)
        if len(other) == len(told) and len(set(other) - set(told)) == 1 and best > without.objective:
            return other, best - without.objective
    raise AssertionError("no proposal can be changed alone")
