"""A last look over every allowed pair: who can still be placed beside the choice as it is, and gains by it.

Choices are made among the pairs that prices leave in question. Where a budget prices everybody out, a pair that was
never in question may fit beside what is chosen all the same. Nobody waits beside such a home.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.matching.certify import target_price
from app.matching.pricing import blocks
from app.matching.problem import WHOLE, Flags, Int64s, TargetMode
from app.matching.solve.columns import Columns, columns_of
from app.matching.terms import Terms, conflicting, party_of


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a choice leaves. homes, guests: int64, home and party of every chosen pair, pinned ones included.

    placed: bool (C). room, arrivals: int64 (H). budget: pence a week, or None. local, total: children counted.
    """

    homes: Int64s
    guests: Int64s
    placed: Flags
    room: Int64s
    arrivals: Int64s
    budget: int | None
    local: int
    total: int


def filled(terms: Terms, chosen: Int64s, need: int | None) -> tuple[Int64s, int]:
    """The chosen pairs, pinned ones included, ascending, with all that can be added; and what that is worth.

    The pair that is worth most is added first, the first of equals; then the rest is looked at again. `need`: the
    balance at which a hard target that cannot be met has to stay.
    """
    beside = _beside(terms, _standing(terms, chosen))
    gained = 0
    while beside.pair.size:
        standing = _standing(terms, chosen)
        beside = beside.take(_fits(terms, standing, beside))
        gain = _gain(terms, standing, beside, need)
        if gain.max(initial=0) <= 0:
            break
        best = int(np.argmax(gain))
        gained += int(gain[best])
        chosen = np.append(chosen, beside.pair[best])
    return np.sort(chosen), gained


def _standing(terms: Terms, chosen: Int64s) -> _Standing:
    problem = terms.problem
    party, home = party_of(problem, chosen), problem.pairs.home[chosen].astype(np.int64)
    placed = np.zeros(problem.children, np.bool_)
    spans = [problem.party_child[problem.party_start[one] : problem.party_start[one + 1]] for one in party.tolist()]
    placed[np.concatenate([np.zeros(0, np.int32), *spans])] = True
    use = np.minimum(terms.size[party], terms.full[home])
    spent = int(problem.pairs.weekly_fee_pence[chosen].sum(dtype=np.int64))
    target = problem.local
    return _Standing(
        home,
        party,
        placed,
        room=terms.full - np.bincount(home, use, problem.homes).astype(np.int64),
        arrivals=problem.arrivals - np.bincount(home, minlength=problem.homes),
        budget=None if problem.weekly_budget_pence is None else problem.weekly_budget_pence - spent,
        local=(target.existing_local if target else 0) + int(problem.pairs.local_children[chosen].sum(dtype=np.int64)),
        total=(target.existing_total if target else 0) + int(terms.size[party].sum()),
    )


def _beside(terms: Terms, standing: _Standing) -> Columns:
    """Every open pair of a party that waits and a home with room, block by block."""
    problem = terms.problem
    pairs = problem.pairs
    waits = _waiting(terms, standing)
    room = (standing.room > 0) & (standing.arrivals > 0)
    found = [np.zeros(0, np.int64)]
    if waits.any() and room.any():
        for first, last in blocks(terms):
            if waits[first:last].any():
                begin, end = int(pairs.start[first]), int(pairs.start[last])
                open_ = room[pairs.home[begin:end]]
                open_ &= np.repeat(waits[first:last], np.diff(pairs.start[first : last + 1]))
                if standing.budget is not None:
                    open_ &= pairs.weekly_fee_pence[begin:end] <= standing.budget
                found.append(np.flatnonzero(open_) + begin)
    columns = columns_of(terms, np.concatenate(found))
    # One local child more saves the price of the floor at most; what cannot gain even so need not be kept.
    saved = 0 if problem.local is None else problem.local.floor_price
    return columns.take(columns.worth + saved * columns.local > 0)


def _waiting(terms: Terms, standing: _Standing) -> Flags:
    """Which parties have nobody placed; bool (P)."""
    problem = terms.problem
    if not problem.parties:
        return np.zeros(0, np.bool_)
    waits: Flags = np.add.reduceat(standing.placed[problem.party_child].astype(np.int64), problem.party_start[:-1]) == 0
    return waits


def _fits(terms: Terms, standing: _Standing, beside: Columns) -> Flags:
    """Which pairs break no rule beside the choice."""
    fits = _waiting(terms, standing)[beside.party] & (standing.arrivals[beside.home] > 0)
    fits &= beside.use <= standing.room[beside.home]
    if standing.budget is not None:
        fits &= beside.fee <= standing.budget
    for guest in _guests_by_rank(terms, standing):
        there = np.flatnonzero(fits & (guest[beside.home] >= 0))
        party, home = beside.party[there], beside.home[there]
        clash = conflicting(terms.problem, terms.edges, party, guest[home], home)
        fits[there] = ~clash & (terms.referral[party] != terms.referral[guest[home]])
    return fits


def _guests_by_rank(terms: Terms, standing: _Standing) -> list[Int64s]:
    """For the first, second, ... guest of every home: the party, or -1 where there are fewer; int64 (H) each."""
    order = np.argsort(standing.homes, kind="stable")
    homes, guests = standing.homes[order], standing.guests[order]
    rank = np.arange(homes.size) - np.searchsorted(homes, homes)
    ranks = []
    for number in range(int(rank.max(initial=-1)) + 1):
        guest = np.full(terms.full.size, -1, np.int64)
        guest[homes[rank == number]] = guests[rank == number]
        ranks.append(guest)
    return ranks


def _gain(terms: Terms, standing: _Standing, beside: Columns, need: int | None) -> Int64s:
    """What each pair would add to the objective; 0 where it would leave a hard target."""
    target = terms.problem.local
    if target is None:
        return beside.worth
    local, total = standing.local + beside.local, standing.total + beside.size
    now = target_price(target, np.array([standing.local]), np.array([standing.total]), need)
    gain: Int64s = beside.worth - target_price(target, local, total, need) + now
    if target.mode is TargetMode.HARD:
        balance = local * WHOLE - target.floor_per_10000 * total
        gain[balance < 0 if need is None else balance != need] = 0
    return gain
