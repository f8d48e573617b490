"""Homes whose guests exclude each other, taken exactly: one variable for each company that could live there.

A home that takes two at most has companies of one and of two. Where each company is a variable of its own and at most
one is chosen, the linear program knows the home as it is, and no row has to be found that cuts half choices off. On
large nights, where hundreds of homes are contested, this ends after a few programs, and hardly anything is left in
parts.

The prices follow from what each party could have elsewhere: to a contested home a pair owes whatever it is worth
beyond that, and the home takes what its dearest company owes. That is a set of rivals with weights, over every pair
of the home, so nobody is left out and the bound is as tight as the program.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack

from app.matching.problem import PRICE_SCALE, Flags, Int64s, Prices
from app.matching.rivals import may_meet
from app.matching.solve.charges import after_charges
from app.matching.solve.columns import Columns, Floats, columns_of
from app.matching.solve.engines import Answer, Program
from app.matching.solve.model import Model
from app.matching.solve.target_rows import CHILD, COMPANY, KIND_BITS, PART
from app.matching.terms import Terms

KEEN, MOST_NEW = 60, 20
"""Of each home so many pairs are looked at for new companies, the dearest first, and so many companies are added."""

ALONE = 5
"""New columns of a home for those who would live there alone."""

AT_ONCE = 32
"""Guests that are compared with all others at once."""

PAIR_BITS = 31
COMPANY_KEYS = -1_000_000
"""Keys of companies start here and fall."""


@dataclass(slots=True)
class Companies:
    """Contested homes, int64, ascending; all their pairs as columns, by home; companies of two as pairs (n, 2)."""

    homes: Int64s = field(default_factory=lambda: np.zeros(0, np.int64))
    every: Columns | None = None
    two: Int64s = field(default_factory=lambda: np.zeros((0, 2), np.int64))

    def contest(self, terms: Terms, homes: Int64s) -> None:
        """Take these homes in."""
        if not homes.size:
            return
        self.homes = np.union1d(self.homes, homes).astype(np.int64)
        there = np.zeros(terms.full.size, np.bool_)
        there[self.homes] = True
        every = columns_of(terms, np.flatnonzero(there[terms.problem.pairs.home]))
        self.every = every.take(np.argsort(every.home, kind="stable"))

    def add(self, two: Int64s) -> None:
        """More companies of two, each an ascending row of pairs."""
        self.two = np.unique(np.concatenate([self.two, two]), axis=0)


def beside(terms: Terms, columns: Columns, home: int, some: Int64s, more: Int64s) -> Flags:
    """Which of some columns of a home can be chosen beside which of more; bool (some, more)."""
    fit = columns.use[some][:, None] + columns.use[more][None, :] <= terms.capacity[home]
    together: Flags = fit & may_meet(terms, home, columns.party[some], columns.party[more])
    return together


def with_companies(model: Model, companies: Companies) -> Program:
    """The program with a variable for each company of two, and a row that lets each contested home have one company."""
    program, columns = model.program, model.columns
    one, two = (np.searchsorted(columns.pair, companies.two[:, side]) for side in (0, 1))
    by_column = program.rows.tocsc()
    row_of = np.full(int(columns.home.max(initial=0)) + 1, -1)
    homes = companies.homes[companies.homes < row_of.size]
    row_of[homes] = np.arange(homes.size)
    alone = np.flatnonzero(row_of[columns.home] >= 0)
    row = np.concatenate([row_of[columns.home[alone]], row_of[columns.home[one]]])
    place = np.concatenate([alone, program.worth.size + np.arange(one.size)])
    shape = (companies.homes.size, program.worth.size + one.size)
    own = csr_matrix((np.ones(row.size), (row, place)), shape=shape)
    keys = COMPANY_KEYS - ((companies.two[:, 0] << PAIR_BITS) | companies.two[:, 1])
    return Program(
        np.concatenate([program.worth, program.worth[one] + program.worth[two]]),
        np.concatenate([program.upper, np.full(one.size, np.inf)]),
        vstack([hstack([program.rows, by_column[:, one] + by_column[:, two]]), own]).tocsr(),
        np.concatenate([program.high, np.ones(companies.homes.size)]),
        np.concatenate([program.column_key, keys]),
        np.concatenate([program.row_key, (COMPANY << KIND_BITS) + companies.homes]),
    )


def chosen_in_parts(model: Model, companies: Companies, answer: Answer) -> Floats:
    """How much of each column is chosen, alone and in companies."""
    columns = model.columns
    x = answer.x[: columns.pair.size].copy()
    for side in (0, 1):
        np.add.at(x, np.searchsorted(columns.pair, companies.two[:, side]), answer.x[model.program.worth.size :])
    return x


def owed_elsewhere(terms: Terms, model: Model, answer: Answer) -> Int64s:
    """What each party's children cost in the program, in 1/PRICE_SCALE points, rounded up; int64 (P)."""
    kind = model.program.row_key >> KIND_BITS
    rows = np.flatnonzero((kind == CHILD) | (kind == PART))
    cost = model.program.rows[rows].T @ np.maximum(answer.row_price[rows], 0)
    found = np.zeros(terms.size.size)
    found[model.columns.party] = cost[: model.columns.pair.size]
    return np.ceil(found * PRICE_SCALE).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Owed:
    """Prices with a weighted set for each contested home; columns and companies of two that should join for them."""

    prices: Prices
    pairs: Int64s
    two: Int64s


def priced(terms: Terms, companies: Companies, prices: Prices, elsewhere: Int64s, paid: Int64s) -> Owed:
    """Charge in contested homes by what each pair is worth beyond what its party has elsewhere.

    prices: of all other homes; those of contested homes say what the program charges there beside its companies.
    elsewhere: see `owed_elsewhere`. paid: what the program charges for each home's company, int64 (contested homes).
    """
    every = companies.every
    if every is None:
        return Owed(prices, np.zeros(0, np.int64), companies.two[:0])
    charge = prices.charge.copy()
    charge[companies.homes] = 0
    free = replace(prices, charge=charge)
    owed = np.maximum(after_charges(every, free) - elsewhere[every.party], 0)
    beyond = owed - prices.charge[every.home, every.size - 1]
    begin, end = (np.searchsorted(every.home, companies.homes, side=side).tolist() for side in ("left", "right"))
    needed, two, members = [np.zeros(0, np.int64)], [companies.two[:0]], [np.zeros(0, np.int64)]
    limits = []
    for at, home in enumerate(companies.homes.tolist()):
        there = np.arange(begin[at], end[at])
        there = there[owed[there] > 0]
        there = there[np.argsort(-owed[there], kind="stable")]
        limit, best = _dearest(terms, every, home, there, owed)
        members.append(there)
        limits.append(limit)
        least = int(paid[at]) + PRICE_SCALE
        keen = there[np.argsort(-beyond[there], kind="stable")[:KEEN]]
        new = _companies_beyond(terms, every, home, keen, (beyond, least))
        if best.size == 2 and int(beyond[best].sum()) > least:
            new = np.concatenate([new, best[None, :]])
        needed += [every.pair[new].ravel(), every.pair[keen[beyond[keen] > least][:ALONE]]]
        two.append(np.sort(every.pair[new], axis=1))
    listed = np.concatenate(members)
    ends = prices.rival_pair.size + np.cumsum([one.size for one in members[1:]])
    weighted = replace(
        free,
        rival_start=np.concatenate([prices.rival_start, ends]).astype(np.int64),
        rival_pair=np.concatenate([prices.rival_pair, every.pair[listed]]),
        rival_weight=np.concatenate([prices.rival_weight, owed[listed]]),
        rival_limit=np.concatenate([prices.rival_limit, np.array(limits, np.int64)]),
        rival_price=np.concatenate([prices.rival_price, np.ones(len(limits), np.int64)]),
    )
    return Owed(weighted, np.unique(np.concatenate(needed)), np.concatenate(two))


def first_companies(terms: Terms, columns: Columns, homes: Int64s, keen: Int64s) -> Int64s:
    """For homes newly contested every company among the keenest of their columns; keen: by which they are ordered."""
    found = [np.zeros((0, 2), np.int64)]
    for home in homes.tolist():
        there = np.flatnonzero(columns.home == home)
        there = there[np.argsort(-keen[there], kind="stable")][:KEEN]
        one, two = np.nonzero(np.triu(beside(terms, columns, home, there, there), 1))
        found.append(np.sort(np.stack([columns.pair[there[one]], columns.pair[there[two]]], axis=1), axis=1))
    return np.concatenate(found)


def _dearest(terms: Terms, every: Columns, home: int, guests: Int64s, owed: Int64s) -> tuple[int, Int64s]:
    """The most that one of the guests owes, or two who can live there together, and who; guests: the dearest first."""
    owing = owed[guests]
    most, best = (int(owing[0]), guests[:1]) if guests.size else (0, guests)
    for begin in range(0, guests.size, AT_ONCE):
        if 2 * int(owing[begin]) <= most:
            break
        some, more = guests[begin : begin + AT_ONCE], guests[begin : np.searchsorted(-owing, owing[begin] - most)]
        # Nobody is beside itself: may_meet knows parties of one referral apart.
        sums = np.where(beside(terms, every, home, some, more), owed[some][:, None] + owed[more][None, :], 0)
        if sums.size and int(sums.max()) > most:
            spot = int(sums.argmax())
            most, best = int(sums.flat[spot]), np.array([some[spot // more.size], more[spot % more.size]])
    return most, best


def _companies_beyond(terms: Terms, every: Columns, home: int, keen: Int64s, beyond: tuple[Int64s, int]) -> Int64s:
    """Companies of two among the keen who are worth more than the home charges, the best first.

    beyond: worth of each pair, and the charge.
    """
    worth, least = beyond
    if not keen.size:
        return np.zeros((0, 2), np.int64)
    together = np.triu(beside(terms, every, home, keen, keen), 1)
    sums = np.where(together, worth[keen][:, None] + worth[keen][None, :], 0).ravel()
    spots = np.flatnonzero(sums > max(least, 0))
    spots = spots[np.argsort(-sums[spots], kind="stable")[:MOST_NEW]]
    return np.stack([keen[spots // keen.size], keen[spots % keen.size]], axis=1)


def unlikely(terms: Terms, columns: Columns, prices: Prices, homes: Int64s) -> Int64s:
    """What each column of a contested home forgoes against its dearest company, in 1/PRICE_SCALE points; else 0.

    prices: with one weighted set for each of these homes, behind all others and in their order.
    """
    found = np.zeros(columns.pair.size, np.int64)
    first = prices.rival_limit.size - homes.size
    order = np.argsort(columns.home, kind="stable")
    begin, end = (np.searchsorted(columns.home[order], homes, side=side).tolist() for side in ("left", "right"))
    for at, home in enumerate(homes.tolist()):
        there = order[begin[at] : end[at]]
        span = slice(prices.rival_start[first + at], prices.rival_start[first + at + 1])
        rank = np.argsort(prices.rival_pair[span])
        pairs, weights = prices.rival_pair[span][rank], prices.rival_weight[span][rank]
        spot = np.minimum(np.searchsorted(pairs, columns.pair[there]), max(0, pairs.size - 1))
        owed = np.where(pairs[spot] == columns.pair[there], weights[spot], 0) if pairs.size else found[there]
        with_one = np.where(beside(terms, columns, home, there, there), owed[None, :], 0).max(axis=1, initial=0)
        found[there] = np.maximum(prices.rival_limit[first + at] - owed - with_one, 0)
    return found
