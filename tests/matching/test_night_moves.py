"""The reason that is told is the true one: what it names is lifted, and the exchange it speaks of would pay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations
from random import Random

import numpy as np
import pytest

from app.matching.batch import Batch, Night, batch
from app.matching.night_explained import report
from app.matching.night_moves import MOST_LEAVING, Why, why_here
from app.matching.night_reading import Tonight
from app.matching.night_report import WhyHere
from app.matching.problem import Problem, Status
from app.matching.solve import solve
from tests.matching.solving.random_problems import random_problem
from tests.matching.swaps import LIMITS, Exchanges
from tests.rematch.nights import a_random_night

OTHERS = (WhyHere.PLACES, WhyHere.ARRIVALS, WhyHere.MAY_NOT_SHARE, WhyHere.SIBLINGS)
BY_A_PERSON = (WhyHere.PINNED, WhyHere.EXCLUDED, WhyHere.FIRST_CHOICE)
EACH = 40


def told_of(problem: Problem, chosen: int | None = None) -> Iterator[tuple[Exchanges, Why]]:
    """Every reason of a night; `chosen`: of so many of the pairs that were chosen."""
    found = solve(problem)
    if found.status is Status.INFEASIBLE:
        return
    tonight = Tonight.look(problem, found)
    for i, pair in enumerate(found.chosen.tolist()[:chosen]):
        own = np.arange(problem.pairs.start[tonight.party[i]], problem.pairs.start[tonight.party[i] + 1])
        points = problem.pairs.points[own]
        first = pair if problem.pairs.points[pair] == points.max() else int(own[points.argmax()])
        yield Exchanges(problem, found, pair, first), why_here(tonight, i, first)


@cache
def reasons(begin: int) -> tuple[tuple[int, Exchanges, Why], ...]:
    """Of so many random nights, every reason that is more than a person's word."""
    return tuple(
        (seed, *each)
        for seed in range(begin, begin + EACH)
        for each in told_of(random_problem(seed, 7, 5))
        if each[1].code not in BY_A_PERSON
    )


def untrue(exchanges: Exchanges, why: Why) -> list[str]:
    """What is wrong with a reason."""
    if why.code in OTHERS:
        return list(_untrue_others(exchanges, why))
    if why.code is WhyHere.TRADE_OFF:
        return [] if min(map(len, exchanges.leaving())) > MOST_LEAVING else ["fewer could leave"]
    if why.code is WhyHere.OPEN:
        return [] if any(map(exchanges.pays, exchanges.every())) else ["something speaks against it"]
    return list(_untrue_limits(exchanges, why, (why.code, *why.besides)))


def _untrue_limits(exchanges: Exchanges, why: Why, named: tuple[WhyHere, ...]) -> Iterator[str]:
    """Without the limits that are named an exchange with those who are named would pay; without fewer none would."""
    if not set(named) <= set(LIMITS):
        yield f"{named} is no limit"
        return
    who = {exchanges.chosen[j] for j in why.others}
    theirs = [choice for leaving, choice in exchanges.made() if set(leaving) == who]
    if not any(exchanges.pays(choice, named) for choice in (*theirs, *exchanges.joined())):
        yield f"without {named} it would not pay"
    for fewer in (less for count in range(len(named)) for less in combinations(LIMITS, count)):
        if any(exchanges.pays(choice, fewer) for choice in exchanges.every()):
            yield f"lifting {fewer} would be enough"
    if why.loss is not None and why.loss < (exchanges.least_loss(who) or 0):
        yield "they would lose more"


def _untrue_others(exchanges: Exchanges, why: Why) -> Iterator[str]:
    """No exchange would pay by points alone; who is in the way and what they would lose at least is as told."""
    leaving = exchanges.leaving()
    if exchanges.pay_by_points():
        yield "by points alone an exchange would pay"
    if {exchanges.chosen[j] for j in why.others} != {pair for each in leaving for pair in each}:
        yield "who is in the way"
    if why.loss != exchanges.least_loss():
        yield f"they would lose {exchanges.least_loss()}"
    if why.must_leave not in (set(map(len, leaving)) or {0}):
        yield "how many must leave"


@pytest.mark.parametrize("begin", range(0, 400, EACH))
def test_every_reason_is_true(begin: int) -> None:
    """In nights with every kind of limit, the reason and the points at stake are those found by trying."""
    for seed, exchanges, why in reasons(begin):
        assert untrue(exchanges, why) == [], (seed, why)


def test_every_kind_of_reason_occurs() -> None:
    """So that the law above says something about each."""
    seen = Counter(why.code for begin in range(0, 400, EACH) for _, _, why in reasons(begin))
    assert set(seen) >= {*LIMITS, *OTHERS}, seen


@pytest.mark.parametrize("begin", range(0, 120, 20))
def test_no_other_reason_would_be_true(begin: int) -> None:
    """A lie about a limit, a loss or who is in the way is noticed: the law tells one reason from another."""
    lies = 0
    for _, exchanges, why in (each for each in reasons(begin // EACH * EACH) if begin <= each[0] < begin + 20):
        wrong = [replace(why, code=code) for code in LIMITS if code not in (why.code, *why.besides)]
        wrong = [lie for lie in wrong if not _as_true(exchanges, lie)]
        if why.code in OTHERS:
            wrong += [replace(why, must_leave=why.must_leave + 1), replace(why, loss=(why.loss or 0) + 1)]
        else:
            wrong += [replace(why, code=WhyHere.PLACES), replace(why, code=WhyHere.OPEN)]
        for lie in wrong:
            lies += 1
            assert untrue(exchanges, lie) != [], (why, lie)
    assert lies > 20


def _as_true(exchanges: Exchanges, why: Why) -> bool:
    """Of several limits each of which would do, one is told; another would be as true."""
    return any(exchanges.pays(choice, (why.code, *why.besides)) for choice in exchanges.every())


@pytest.mark.parametrize("seed", range(12))
def test_reasons_of_nights_from_records_are_true(seed: int) -> None:
    """From referrals and homes to the report, with last night, money, pins and reserve prices."""
    night, posed = _a_night(seed)
    found = solve(posed.problem)
    told = report(posed, found)
    pairs = ((posed.proposed(pair), pair) for pair in range(len(posed.problem.pairs)))
    every = {(named.children, named.home): pair for named, pair in pairs}
    for one in told.proposals:
        who = frozenset(one.children)
        exchanges = Exchanges(posed.problem, found, every[who, one.home], every[who, one.first_home])
        others = [exchanges.chosen.index(pair) for pair in exchanges.guests]
        named = {posed.proposed(exchanges.chosen[j]): j for j in others}
        owner = {child.ref: referral.ref for referral in night.referrals for child in referral.children}
        there = [j for pair, j in named.items() if owner[min(pair.children)] in {*one.because_of, one.referral}]
        why = Why(one.why, one.besides, tuple(there), one.must_leave, one.others_would_lose)
        if one.why not in BY_A_PERSON:
            assert untrue(exchanges, why) == [], one


def _a_night(seed: int) -> tuple[Night, Batch]:
    """A random night: last night some went elsewhere, money is short, a place is kept, somebody is pinned."""
    rng, night = Random(seed), a_random_night(seed)
    first = batch(night)
    pairs = range(len(first.problem.pairs))
    some = [first.proposed(pair) for pair in rng.sample(pairs, min(6, len(pairs)))]
    night = replace(
        night,
        last=tuple(some[:5]),
        weekly_budget_pence=rng.choice([None, 300_000, 500_000]),
        home_price={home.ref: rng.choice([0, 0, 20_000]) for home in night.pool.records},
        pinned=tuple(some[5:]) if seed % 3 == 0 else (),
    )
    return night, batch(night)
