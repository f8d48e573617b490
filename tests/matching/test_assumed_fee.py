"""A fee that is not known is never another home's, never told as known, and never overruns a budget unseen."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from app.matching.batch import Night, Proposed, batch
from app.matching.codes import HomeKind, Package
from app.matching.home import Home
from app.matching.night_explained import proposed, report
from app.matching.pool import Pool
from app.matching.recheck import Fallen, recheck
from app.matching.referral import ChildRef, HomeRef
from app.matching.report_check import check_report
from app.matching.solve import solve
from tests.rematch.nights import a_random_night, default_policy
from tests.support.builders import AS_OF, a_child, a_home, a_referral

CORE, ENHANCED, COMPLEX = Package
UNKNOWN = a_child(ref=ChildRef("A"), package=None, needs={})
SISTER = a_child(ref=ChildRef("B"), package=CORE)
DEAR = a_home(
    ref=HomeRef("Z"), kind=HomeKind.CHILDRENS_HOME, places=1, places_held=1, weekly_fee_pence={CORE: 1_200_000}
)


def _home(**prices: int) -> Home:
    listed = {Package[name]: pence for name, pence in prices.items()}
    return a_home(ref=HomeRef("H"), places=3, weekly_fee_pence=listed)


def _night(*homes: Home, budget: int | None = None, sisters: bool = False) -> Night:
    group = a_referral(UNKNOWN, SISTER) if sisters else a_referral(UNKNOWN)
    return Night((group,), Pool.build(homes), default_policy(), AS_OF, weekly_budget_pence=budget)


def _fees(night: Night) -> list[tuple[int | None, int | None]]:
    posed = batch(night)
    told = report(posed, solve(posed.problem))
    counted = sum((one.weekly_fee_pence or 0) + (one.assumed_weekly_fee_pence or 0) for one in told.proposals)
    assert told.weekly_cost_pence == counted
    assert told.assumed_weekly_cost_pence == sum(one.assumed_weekly_fee_pence or 0 for one in told.proposals)
    return [(one.weekly_fee_pence, one.assumed_weekly_fee_pence) for one in told.proposals]


def test_the_homes_own_dearest_price_is_assumed() -> None:
    """However dear other homes are, of this kind or another."""
    other = a_home(ref=HomeRef("Y"), places=1, places_held=1, weekly_fee_pence={CORE: 500_000})
    assert _fees(_night(_home(CORE=70_000, ENHANCED=90_000), DEAR, other)) == [(None, 90_000)]


def test_a_known_part_counts_as_it_is() -> None:
    """Of two sisters one's fee is known: the sum is not known, and counts the one as listed, the other as dearest."""
    assert _fees(_night(_home(CORE=70_000, ENHANCED=90_000), DEAR, sisters=True)) == [(None, 160_000)]


def test_a_package_that_has_no_price() -> None:
    """The home prices less than is needed: not known, and its own dearest price stands in."""
    needy = a_referral(a_child(package=COMPLEX))
    night = replace(_night(_home(CORE=70_000, ENHANCED=90_000), DEAR), referrals=(needy,))
    assert _fees(night) == [(None, 90_000)]


def test_without_any_price_its_kind_stands_in() -> None:
    """Not the dearest of all; where no home of the kind has a price, the dearest of all rather than nothing."""
    other = a_home(ref=HomeRef("Y"), places=1, places_held=1, weekly_fee_pence={CORE: 80_000})
    assert _fees(_night(_home(), DEAR, other)) == [(None, 80_000)]
    assert _fees(_night(_home(), DEAR)) == [(None, 1_200_000)]
    assert _fees(_night(_home())) == [(None, 0)]


def test_a_budget_is_kept_by_what_is_assumed() -> None:
    """A penny too little: nobody is proposed. The budget that reaches for the home's own price is enough."""
    home = _home(CORE=70_000, ENHANCED=90_000)
    assert _fees(_night(home, DEAR, budget=90_000)) == [(None, 90_000)]
    assert _fees(_night(home, DEAR, budget=89_999)) == []


@pytest.mark.parametrize("budget", [89_999, 90_000])
def test_the_recheck_counts_alike(budget: int) -> None:
    """At publication the same is assumed, and said to be."""
    night = _night(_home(CORE=70_000, ENHANCED=90_000), DEAR, budget=budget)
    (verdict,) = recheck(night, [Proposed(frozenset({ChildRef("A")}), HomeRef("H"))])
    assert (verdict.weekly_fee_pence, verdict.fee_known) == (90_000, False)
    assert verdict.fallen == (None if budget == 90_000 else Fallen.OVER_BUDGET)


@pytest.mark.parametrize("seed", range(40))
def test_arrays_records_and_recheck_agree(seed: int) -> None:
    """In random worlds with prices left out: what is posed, told, checked and published is one and the same."""
    rng, night = Random(seed), a_random_night(seed)
    homes = [replace(home, weekly_fee_pence={}) if rng.random() < 0.3 else home for home in night.pool.records]
    night = replace(night, pool=Pool.build(homes))
    posed = batch(night)
    found = solve(posed.problem)
    told = report(posed, found)
    assert check_report(night, told, found.most_local_balance) == ()
    made = proposed(posed, found)
    verdicts = recheck(night, made)
    assert [verdict.weekly_fee_pence for verdict in verdicts] == posed.problem.pairs.weekly_fee_pence[
        found.chosen
    ].tolist()
    known = {(frozenset(one.children), one.home): one.weekly_fee_pence is not None for one in told.proposals}
    assert [verdict.fee_known for verdict in verdicts] == [known[one.children, one.home] for one in made]
    own = [max(home.weekly_fee_pence.values(), default=None) for home in night.pool.records]
    for one in told.proposals:
        dearest = own[night.pool.row_of[one.home]]
        if one.assumed_weekly_fee_pence is not None and dearest is not None:
            assert one.assumed_weekly_fee_pence <= dearest * len(one.children)
    assert np.all(posed.problem.pairs.weekly_fee_pence >= 0)
