"""Rows that say who goes together in a home: true for every company, and sharp enough to cut half choices off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pytest

from app.matching.certify import no_prices, price_of_limits
from app.matching.problem import Problem
from app.matching.rivals import counts_at_most, get_on, heaviest_company
from app.matching.solve.columns import Columns, columns_of
from app.matching.solve.crowding import RivalSet, crowded, extended, widened
from app.matching.terms import Terms, party_of, terms_of
from tests.matching.solving.random_problems import random_problem


def companies(terms: Terms, pairs: np.ndarray) -> list[tuple[int, ...]]:
    """Every company of some pairs of one home, by trying all."""
    home = int(terms.problem.pairs.home[pairs[0]])
    party = party_of(terms.problem, pairs)
    use = np.minimum(terms.size[party], terms.full[home])
    together = get_on(terms, home, party)
    most = min(int(terms.arrivals[home]), pairs.size)
    every = chain.from_iterable(combinations(range(pairs.size), count) for count in range(1, most + 1))
    return [
        group
        for group in every
        if use[list(group)].sum() <= terms.capacity[home] and all(together[i, j] for i, j in combinations(group, 2))
    ]


def homes_of(problem: Problem) -> list[np.ndarray]:
    """The open pairs of each home that has two or more."""
    columns = columns_of(terms_of(problem), np.arange(len(problem.pairs)))
    groups = [columns.pair[columns.home == home] for home in np.unique(columns.home)]
    return [pairs for pairs in groups if pairs.size > 1]


@pytest.mark.parametrize("seed", range(60))
def test_the_heaviest_company_is_found(seed: int) -> None:
    """The most that a company weighs is what trying all of them gives."""
    problem, rng = random_problem(seed, 6, 3), np.random.default_rng(seed)
    terms = terms_of(problem)
    if not terms.possible:
        return
    for pairs in homes_of(problem):
        weight = rng.integers(0, 4, pairs.size)
        home, party = int(problem.pairs.home[pairs[0]]), party_of(problem, pairs)
        use = np.minimum(terms.size[party], terms.full[home])
        found = heaviest_company(
            weight, use, get_on(terms, home, party), int(terms.capacity[home]), int(terms.arrivals[home])
        )
        assert found == max((int(weight[list(group)].sum()) for group in companies(terms, pairs)), default=0)
        assert counts_at_most(terms, pairs, weight, found)
        assert not found or not counts_at_most(terms, pairs, weight, found - 1)


def rows_found() -> Iterator[tuple[Terms, Columns, RivalSet]]:
    """Rows that cut off some choice in parts, of many small problems."""
    for seed in range(400):
        problem, rng = random_problem(seed, 7, 2), np.random.default_rng(seed)
        terms = terms_of(problem)
        if not terms.possible:
            continue
        columns = columns_of(terms, np.arange(len(problem.pairs)))
        for row in crowded(terms, columns, rng.choice([0.0, 0.5, 1.0], columns.pair.size)):
            yield terms, columns, row


def test_rows_hold_for_every_company() -> None:
    """Each row found is true for all that could live in the home."""
    found = weighted = 0
    for terms, _, row in rows_found():
        _holds(terms, row, row)
        found += 1
        weighted += row.limit > 1
    assert found > 100
    assert weighted > 5


def test_widened_rows_hold_for_every_company() -> None:
    """A row that is widened to all pairs of its home, or to new columns, is still true for all that could live there.

    It keeps what it said, and where two live together at most nobody could count for more.
    """
    wider = full = 0
    for terms, columns, row in rows_found():
        home = int(terms.problem.pairs.home[row.pairs[0]])
        there = columns.pair[columns.home == home]
        shuffled = np.random.default_rng(home).permutation(there)
        for wide in (widened(terms, row, shuffled), *extended(terms, [row], columns)):
            _holds(terms, row, wide)
            wider += wide.pairs.size > row.pairs.size
            if min(int(terms.capacity[home]), int(terms.arrivals[home])) <= 2:
                full += 1
                for pair in there.tolist():
                    more = np.append(wide.pairs, pair)
                    assert not counts_at_most(terms, more, np.ones_like(more), wide.limit)
    assert wider > 30
    assert full > 30


def _holds(terms: Terms, row: RivalSet, wide: RivalSet) -> None:
    """The wider row is in order, true, and counts whoever was in the row as before."""
    members, counts = np.unique(wide.pairs, return_counts=True)
    weight = dict(zip(members.tolist(), counts.tolist(), strict=True))
    for group in companies(terms, members):
        assert sum(weight[int(members[guest])] for guest in group) <= wide.limit
    assert (np.diff(wide.pairs) >= 0).all()
    for pair, count in zip(*np.unique(row.pairs, return_counts=True), strict=True):
        assert weight[int(pair)] == count


def test_half_of_everybody_is_cut_off() -> None:
    """One whom nobody may meet, and two others: two places take half of the first only if rows say nothing."""
    for seed in range(2_000):
        problem = random_problem(seed, 6, 2)
        terms = terms_of(problem)
        if not terms.possible:
            continue
        columns = columns_of(terms, np.arange(len(problem.pairs)))
        for pairs in homes_of(problem):
            home, party = int(problem.pairs.home[pairs[0]]), party_of(problem, pairs)
            together = get_on(terms, home, party)
            lonely = np.flatnonzero(~together.any(axis=1))
            others = np.flatnonzero(together.any(axis=1))
            alone = np.minimum(terms.size[party], terms.full[home]) == 1
            if terms.capacity[home] < 2 or terms.arrivals[home] < 2 or not lonely.size or others.size < 2:
                continue
            if not alone[lonely[0]] or not alone[others[:2]].all() or not together[others[0], others[1]]:
                continue
            x = np.zeros(columns.pair.size)
            x[np.searchsorted(columns.pair, pairs[[lonely[0], *others[:2]]])] = [0.5, 0.75, 0.75]
            rows = crowded(terms, columns, x)
            assert rows
            spot = np.searchsorted(columns.pair, rows[0].pairs)
            assert x[spot].sum() > rows[0].limit
            return
    pytest.fail("no such home among the random ones")


def test_a_row_that_says_too_much_is_refused() -> None:
    """The certificate looks through every priced set itself, whatever limit it claims."""
    for seed in range(200):
        problem = random_problem(seed, 6, 3)
        terms = terms_of(problem)
        if not terms.possible:
            continue
        for pairs in homes_of(problem):
            truth = max((len(group) for group in companies(terms, pairs)), default=0)
            if truth < 2:
                continue
            priced = replace(
                no_prices(problem),
                rival_start=np.array([0, pairs.size], np.int64),
                rival_pair=pairs,
                rival_weight=np.ones_like(pairs),
                rival_limit=np.array([truth], np.int64),
                rival_price=np.array([7], np.int64),
            )
            assert price_of_limits(terms, priced) == 7 * truth
            with pytest.raises(ValueError, match="rival"):
                price_of_limits(terms, replace(priced, rival_limit=np.array([truth - 1], np.int64)))
            return
    pytest.fail("no home takes two")
