from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.matching.certify import certify, no_prices, price_of_limits
from app.matching.problem import BUDGET_SCALE, PRICE_SCALE, Prices
from app.matching.terms import terms_of
from tests.matching.solving.brute_force import best_choice
from tests.matching.solving.random_problems import random_problem


@pytest.mark.parametrize("seed", range(60))
def test_any_prices_give_a_true_bound(seed: int) -> None:
    """However wild the prices, no choice is worth more than the certificate says."""
    rng = np.random.default_rng(seed)
    problem = random_problem(5_000 + seed, referrals=4, homes=4)
    truth = best_choice(problem)
    terms = terms_of(problem)
    if truth is None:
        assert not terms.possible
        return
    none = no_prices(problem)
    for _ in range(5):
        scale = int(rng.choice([1, 100, 10_000])) * PRICE_SCALE
        charge = rng.integers(-scale, 3 * scale, none.charge.shape)
        local, placed = (int(rng.integers(-scale, 2 * scale)) for _ in range(2))
        if problem.local is None:
            local = placed = 0
        budget = 0 if problem.weekly_budget_pence is None else int(rng.integers(0, 50)) * BUDGET_SCALE
        wild = replace(none, charge=charge, local=local, placed=placed, budget=budget)
        assert certify(terms, wild, truth[1]) >= truth[0]


def test_a_limit_with_a_negative_price_is_refused() -> None:
    """A negative price for money would fake a bound."""
    problem = replace(random_problem(1), weekly_budget_pence=500)
    with pytest.raises(ValueError, match="negative"):
        certify(terms_of(problem), replace(no_prices(problem), budget=-1))


def test_rivals_that_could_live_together_are_refused() -> None:
    """A rival set is only worth anything if no two of its pairs go together; the certificate looks itself."""
    problem = random_problem(7)
    free = replace(
        problem, pinned=np.zeros(0, np.int64), excluded=np.zeros(0, np.int64),
        places=np.full_like(problem.places, 9), shared_places=np.full_like(problem.places, 9),
        arrivals=np.full_like(problem.places, 9), poses=np.zeros_like(problem.poses),
        conflict_parties=np.zeros((0, 2), np.int32), conflict_home=np.zeros(0, np.int32),
    )  # fmt: skip
    home = free.pairs.home
    party = np.repeat(np.arange(free.parties), np.diff(free.pairs.start))
    referral = free.child_referral[free.party_child[free.party_start[party]]]
    one, other = next(
        (i, j) for i in range(home.size) for j in range(i) if home[i] == home[j] and referral[i] != referral[j]
    )
    false = Prices(
        no_prices(free).charge, 0, 0, 0,
        np.array([0, 2], np.int64), np.array([other, one], np.int64), np.array([1, 1], np.int64),
        np.array([1], np.int64), np.array([5], np.int64),
    )  # fmt: skip
    with pytest.raises(ValueError, match="rival"):
        price_of_limits(terms_of(free), false)
    siblings = replace(free, child_referral=np.zeros_like(free.child_referral))
    assert price_of_limits(terms_of(siblings), false) == 5


def test_a_credit_without_a_target_has_no_place() -> None:
    """Without a target nothing pays for local children, so the certificate must not let credits in."""
    problem = replace(random_problem(3), local=None)
    assert certify(terms_of(problem), no_prices(problem)) >= 0
    with pytest.raises(ValueError, match="credit"):
        certify(terms_of(problem), replace(no_prices(problem), local=-5))
