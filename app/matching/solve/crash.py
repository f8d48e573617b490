"""First prices: a plain min-cost flow over the best homes of each referral, and the shortest-path prices it implies.

The flow is a caricature (whole groups where any home takes them, one unit a party, one fixed credit for local
children), solved in a fraction of a second at any size. It is solved a few times: each time the homes that the
prices so far make attractive join, groups pay beforehand for all the places they take, and the credit falls if the
target is met anyway. The prices are no more than a good place to start from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app.matching.certify import no_prices
from app.matching.pricing import Block, PriceList, each_block
from app.matching.problem import PRICE_SCALE, WHOLE, Int64s, Prices
from app.matching.solve.columns import Columns, columns_of
from app.matching.solve.engines import Basis, min_cost_flow
from app.matching.solve.tree import basis_of_flow
from app.matching.terms import Terms

STILL = 1_000
"""Prices that move by less than one part in so many are left as they are."""

SWEEPS = 400
"""Steps along shortest paths; beyond, prices stay a little too low, which costs nothing but time."""


@dataclass(frozen=True, slots=True)
class Start:
    """How much is spent on first prices: turns of the flow, best homes a party at first, and more in each turn."""

    turns: int = 6
    best: int = 24
    more: int = 12


@dataclass(frozen=True, slots=True)
class Begun:
    """First prices, and the tree of the last flow with the pairs that are in it; None where nothing flows."""

    prices: Prices
    pairs: Int64s
    basis: Basis | None


def first_prices(terms: Terms, start: Start) -> Begun:
    """Prices from a few turns of the flow."""
    plan = _plan(terms)
    offers = _offers(terms)
    place, extra = np.zeros(terms.full.size, np.int64), np.zeros(terms.full.size, np.int64)
    prices = _prices(terms, place, offers[0])
    pairs, basis = np.zeros(0, np.int64), None
    for turn in range(start.turns):
        pairs = np.union1d(pairs, _best_pairs(terms, prices, plan, start.more if turn else start.best))
        columns = columns_of(terms, pairs)
        if not columns.pair.size:
            break
        more = columns.use - 1
        worth = columns.worth + offers[0] * columns.local - more * place[columns.home]
        room = np.maximum(0, np.minimum(terms.capacity - extra, terms.arrivals))
        chosen = _flow(terms, columns, worth, room)
        if chosen is None:
            break
        found = _potentials(terms, columns, worth, room, chosen)
        basis = basis_of_flow(terms, columns, worth, chosen, found)
        before, place = place, (place + found) // 2 if turn > 2 else found
        used = np.bincount(columns.home[chosen], more[chosen], terms.full.size).astype(np.int64)
        extra = np.minimum((extra + used + 1) // 2, np.maximum(terms.capacity - 1, 0))
        if len(offers) > 1 and _met(terms, columns, chosen, first=len(offers) > 2):
            offers = offers[1:]
        prices = _prices(terms, place, offers[0])
        if np.abs(place - before).sum() * STILL <= place.sum():
            break
    none = np.zeros(0, np.int64)
    return Begun(prices, none if basis is None else basis.column_key, basis)


def _prices(terms: Terms, place: Int64s, credit: int) -> Prices:
    none = no_prices(terms.problem)
    target = terms.problem.local
    share = 0 if target is None else target.floor_per_10000
    sizes = np.arange(1, none.charge.shape[1] + 1)
    charge = np.minimum(sizes[None, :], terms.full[:, None]) * (place * PRICE_SCALE)[:, None]
    placed = -(share * credit * PRICE_SCALE // WHOLE)
    return replace(none, charge=charge, local=credit * PRICE_SCALE, placed=placed)


def _offers(terms: Terms) -> list[int]:
    """Credits for a local child worth trying, dearest first."""
    target = terms.problem.local
    return [0] if target is None else [target.floor_price, target.ambition_price, 0]


def _met(terms: Terms, columns: Columns, chosen: Int64s, *, first: bool) -> bool:
    """Whether the share is beyond what this credit is paid up to."""
    target = terms.problem.local
    if target is None:
        return False
    share = target.floor_per_10000 if first else target.ambition_per_10000
    local, total = int(columns.local[chosen].sum()), int(columns.size[chosen].sum())
    return (local + terms.local) * WHOLE > share * (total + terms.total)


def _plan(terms: Terms) -> Int64s:
    """One set of parties for each referral: the whole group where it has a pair, else each child."""
    problem = terms.problem
    siblings = np.bincount(problem.child_referral, minlength=problem.referrals)
    placeable = np.diff(problem.pairs.start) > 0
    whole = placeable & (terms.size == siblings[terms.referral])
    has_whole = np.zeros(problem.referrals, bool)
    has_whole[terms.referral[whole]] = True
    return np.flatnonzero(whole | (placeable & (terms.size == 1) & ~has_whole[terms.referral]))


def _best_pairs(terms: Terms, prices: Prices, plan: Int64s, best: int) -> Int64s:
    """The `best` pairs of each planned party at these prices."""
    start = terms.problem.pairs.start
    planned = np.zeros(terms.size.size, bool)
    planned[plan] = True
    listed = PriceList(terms, prices)

    def work(block: Block) -> Int64s:
        net = listed.net(block)
        found = []
        for party in np.flatnonzero(planned[block[0] : block[1]]) + block[0]:
            begin, end = int(start[party]), int(start[party + 1])
            if end - begin > best:
                row = net[begin - start[block[0]] : end - start[block[0]]]
                found.append(begin + np.argpartition(row, end - begin - best)[end - begin - best :])
            else:
                found.append(np.arange(begin, end))
        return np.concatenate([np.zeros(0, np.int64), *found])

    return np.concatenate([*each_block(terms, work), np.zeros(0, np.int64)])


def _flow(terms: Terms, columns: Columns, worth: Int64s, room: Int64s) -> Int64s | None:
    """Columns that carry the cheapest flow from parties over homes to one sink."""
    homes = terms.full.size
    parties, row = np.unique(columns.party, return_inverse=True)
    sink = parties.size + homes
    every = np.arange(parties.size)
    tail = np.concatenate([row, parties.size + np.arange(homes), every])
    head = np.concatenate([parties.size + columns.home, np.full(homes + parties.size, sink)])
    capacity = np.concatenate([np.ones(row.size, np.int64), room, np.ones(parties.size, np.int64)])
    cost = np.concatenate([-worth, np.zeros(homes + parties.size, np.int64)])
    supply = np.concatenate([np.ones(parties.size, np.int64), np.zeros(homes, np.int64), [-parties.size]])
    flow = min_cost_flow(sink + 1, tail, head, capacity, cost, supply)
    return None if flow is None else np.flatnonzero(flow[: row.size])


def _potentials(terms: Terms, columns: Columns, worth: Int64s, room: Int64s, chosen: Int64s) -> Int64s:
    """Smallest home prices under which no party would rather live elsewhere than where the flow put it."""
    order = np.argsort(columns.home, kind="stable")
    party, home, value = columns.party[order], columns.home[order], worth[order]
    stays = np.isin(order, chosen)
    edges = np.flatnonzero(np.r_[True, home[1:] != home[:-1]])
    home_of = np.full(terms.size.size, terms.full.size)
    home_of[columns.party[chosen]] = columns.home[chosen]
    worth_of = np.zeros(terms.size.size, np.int64)
    worth_of[columns.party[chosen]] = worth[chosen]
    full = np.bincount(columns.home[chosen], minlength=terms.full.size) >= room
    price = np.zeros(terms.full.size + 1, np.int64)
    for _ in range(SWEEPS):
        content = np.maximum(0, worth_of - price[home_of])
        envy = np.where(stays, 0, value - content[party])
        wanted = np.maximum.reduceat(envy, edges)
        raised = price.copy()
        raised[home[edges]] = np.where(full[home[edges]], np.maximum(price[home[edges]], wanted), 0)
        if (raised == price).all():
            break
        price = raised
    return price[:-1]
