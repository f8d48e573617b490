"""Contested homes taken as the companies that could live there: true bounds, valid choices, no half choices left."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from app.matching.certify import certify, price_of_a_place, price_of_limits
from app.matching.problem import PRICE_SCALE, Problem
from app.matching.solve.columns import columns_of
from app.matching.solve.companies import Companies, beside, first_companies, owed_elsewhere, priced, unlikely
from app.matching.solve.crash import Start, first_prices
from app.matching.solve.engines import solve_linear
from app.matching.solve.integer import Rung, Search
from app.matching.solve.large import relax_large
from app.matching.solve.master import Growth, Known, Relaxed, relax
from app.matching.solve.model import build, prices_of
from app.matching.solve.night import Effort, solve
from app.matching.terms import terms_of
from tests.matching.solving.agreeing import stands_beside_brute_force
from tests.matching.solving.random_problems import random_problem

GROWTH = Growth(window=50, wide=200, rivals=2, near=0, rounds=60)


@pytest.mark.parametrize("seed", range(150))
def test_contested_homes_give_true_bounds_and_valid_choices(seed: int) -> None:
    """Brute force agrees: no choice beats the bound, and the choice keeps every rule."""
    problem = random_problem(20_000 + seed, 7, 3)
    rungs = (Rung(3, 2, 1 << 40, 50, 20, 3),)
    search = Search(whole=0, crowd=1, tight=1 << 40, rungs=rungs, aim_ppm=0)
    found = solve(problem, Effort(growth=GROWTH, search=search, exact=True))
    stands_beside_brute_force(problem, found)


def test_what_they_prove_is_what_the_certificate_says() -> None:
    """The prices stand by themselves, and companies prove no less than rows between rivals do."""
    contested = 0
    for seed in range(300):
        problem = replace(random_problem(seed, 8, 2), local=None, weekly_budget_pence=None)
        terms = terms_of(problem)
        if not terms.possible:
            continue
        begun = first_prices(terms, Start())
        known = Known(begun.pairs, [], begun.basis)
        exact = relax_large(terms, begun.prices, GROWTH, None, known)
        assert certify(terms, exact.prices) == exact.bound
        rows = relax(terms, begun.prices, GROWTH, None, known)
        contested += bool(exact.contested.size)
        if (np.minimum(terms.capacity, terms.arrivals) <= 2).all():
            assert exact.bound <= rows.bound + 1
    assert contested > 20


def nights() -> Iterator[tuple[Problem, Relaxed]]:
    """Small nights with the prices found for them."""
    for seed in range(200):
        problem = random_problem(seed, 8, 2)
        terms = terms_of(problem)
        if terms.possible:
            begun = first_prices(terms, Start())
            yield problem, relax_large(terms, begun.prices, GROWTH, None, Known(begun.pairs, [], begun.basis))


def test_a_weight_that_is_too_small_for_two_is_refused() -> None:
    """The certificate looks through the weights of every home itself."""
    refused = 0
    for problem, found in nights():
        limits = found.prices.rival_limit
        if found.contested.size and int(limits[-1]) > 0:
            price_of_limits(terms_of(problem), found.prices)
            less = limits.copy()
            less[-1] -= 1
            with pytest.raises(ValueError, match="rival"):
                price_of_limits(terms_of(problem), replace(found.prices, rival_limit=less))
            refused += 1
    assert refused > 10


def test_the_dearest_company_forgoes_nothing_and_every_other_what_it_owes_less() -> None:
    """Of each contested home somebody forgoes nothing, nobody a negative amount; checked against every company."""
    seen = 0
    for seed in range(200):
        problem = random_problem(seed, 8, 2)
        terms = terms_of(problem)
        columns = columns_of(terms, np.arange(len(problem.pairs)))
        homes = np.unique(columns.home[(np.minimum(terms.capacity, terms.arrivals) == 2)[columns.home]])
        if not terms.possible or not homes.size:
            continue
        model = build(terms, columns)
        answer = solve_linear(model.program)
        assert answer is not None
        companies = Companies()
        companies.contest(terms, homes)
        companies.add(first_companies(terms, columns, homes, columns.worth))
        elsewhere = owed_elsewhere(terms, model, answer)
        begun = prices_of(terms, model, answer, first_prices(terms, Start()).prices)
        owed = priced(terms, companies, begun, elsewhere, np.zeros(homes.size, np.int64))
        forgone = unlikely(terms, columns, owed.prices, homes)
        assert (forgone >= 0).all()
        sets = owed.prices.rival_limit.size - homes.size
        for at, home in enumerate(homes.tolist()):
            there = np.flatnonzero(columns.home == home)
            span = slice(owed.prices.rival_start[sets + at], owed.prices.rival_start[sets + at + 1])
            weight = dict(
                zip(owed.prices.rival_pair[span].tolist(), owed.prices.rival_weight[span].tolist(), strict=True)
            )
            due = np.array([weight.get(pair, 0) for pair in columns.pair[there].tolist()])
            together = beside(terms, columns, home, there, there)
            limit = int(owed.prices.rival_limit[sets + at])
            for one in range(there.size):
                most = max([int(due[one]), *(int(due[one] + due[two]) for two in np.flatnonzero(together[one]))])
                assert forgone[there[one]] == limit - most
                seen += 1
    assert seen > 100


def test_a_contested_home_has_a_price_too() -> None:
    """A place is worth its part of what the dearest company owes; elsewhere what the home charges for one."""
    told = 0
    for problem, found in nights():
        price, sets = price_of_a_place(problem, found.prices), found.prices.rival_limit.size - found.contested.size
        for at, home in enumerate(found.contested.tolist()):
            owed = int(found.prices.rival_limit[sets + at])
            assert price[home] == owed // int(problem.places[home]) // PRICE_SCALE
            told += owed > 0
        others = np.setdiff1d(np.arange(problem.homes), found.contested)
        assert (price[others] == found.prices.charge[others, 0] // PRICE_SCALE).all()
    assert told > 10
