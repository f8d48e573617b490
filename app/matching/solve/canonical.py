"""One order for equal problems: everything sorted by its key, so that no list order can ever decide anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from app.matching.branches import Branches
from app.matching.problem import NO_HOME, AllowedPairs, Int32s, Int64s, Prices, Problem

RUN = 1 << 20
"""Pairs that are sorted at a time."""


def canonical(problem: Problem) -> tuple[Problem, Int64s | None, Int64s | None]:
    """The problem in the order of its keys; with it the old index of each new pair and of each new home.

    None stands for "unchanged"; a problem that already is in order is returned as it is, without copying.
    """
    child, party, home = (np.argsort(keys) for keys in (problem.child_key, problem.party_key, problem.home_key))
    new_child, new_home, new_party = (np.argsort(order).astype(np.int32) for order in (child, home, party))
    first_child = np.full(problem.referrals, problem.children, np.int64)
    np.minimum.at(first_child, problem.child_referral, new_child)
    referral = np.argsort(first_child, kind="stable")
    new_referral = np.argsort(referral).astype(np.int32)
    members = _sorted_members(problem, party, new_child)
    if (
        all((np.diff(order) > 0).all() for order in (child, party, home, referral))
        and (members == problem.party_child).all()
    ):
        return problem, None, None
    pairs, source = _sorted_pairs(problem, party, new_home)
    changed = replace(
        problem,
        child_key=problem.child_key[child],
        child_referral=new_referral[problem.child_referral[child]],
        placing_points=problem.placing_points[child],
        separated_pair=problem.separated_pair[referral],
        party_key=problem.party_key[party],
        party_start=np.concatenate([[0], np.cumsum(np.diff(problem.party_start)[party])]).astype(np.int64),
        party_child=members,
        home_key=problem.home_key[home],
        places=problem.places[home],
        shared_places=problem.shared_places[home],
        arrivals=problem.arrivals[home],
        home_price=problem.home_price[home],
        pairs=pairs,
        poses=problem.poses[party],
        harmed_by=problem.harmed_by[party],
        conflict_parties=new_party[problem.conflict_parties],
        conflict_home=_home_or_none(problem.conflict_home, new_home),
        unchanged_home=_home_or_none(problem.unchanged_home[party], new_home),
        pinned=_found(source, problem.pinned),
        excluded=_found(source, problem.excluded),
    )
    return changed, source, home


def _found(source: Int64s, wanted: Int64s) -> Int64s:
    """Where the wanted ones stand now, ascending."""
    places: Int64s = np.flatnonzero(np.isin(source, wanted)) if wanted.size else np.zeros(0, np.int64)
    return places


def _home_or_none(homes: Int32s, new_home: Int32s) -> Int32s:
    if not new_home.size:
        return homes
    return np.where(homes >= 0, new_home[np.maximum(homes, 0)], NO_HOME).astype(np.int32)


def _spans(start: Int64s, order: Int64s) -> Int64s:
    """Indices of the rows of a CSR array, row after row in a new order."""
    length = np.diff(start)[order]
    shift = np.repeat(start[:-1][order] - (np.cumsum(length) - length), length)
    spans: Int64s = np.arange(shift.size) + shift
    return spans


def _sorted_members(problem: Problem, party: Int64s, new_child: Int32s) -> Int32s:
    size = np.diff(problem.party_start)[party]
    row = np.repeat(np.arange(party.size), size)
    child = new_child[problem.party_child[_spans(problem.party_start, party)]] if party.size else problem.party_child
    return child[np.lexsort((child, row))].astype(np.int32)


def _sorted_pairs(problem: Problem, party: Int64s, new_home: Int32s) -> tuple[AllowedPairs, Int64s]:
    """The pairs, party after party in the new order, each party's by the new order of homes; with their old indices.

    One number says where a pair goes and where it comes from, which sorts several times as fast as two keys.
    """
    old = problem.pairs
    length = np.diff(old.start)[party]
    start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    bits = int(length.max(initial=1)).bit_length()
    home_bits = max(1, int(new_home.size)).bit_length()
    home, source = np.empty(len(old), np.int32), np.empty(len(old), np.int64)
    for first, last in _runs(start, 1 << (62 - bits - home_bits)):
        rows, begin, end = party[first:last], int(start[first]), int(start[last])
        row = np.repeat(np.arange(last - first), length[first:last])
        offset = np.arange(end - begin) - np.repeat(start[first:last] - begin, length[first:last])
        come_from = offset + np.repeat(old.start[:-1][rows], length[first:last])
        key = (((row << home_bits) + new_home[old.home[come_from]]) << bits) + offset
        key.sort()
        home[begin:end] = (key >> bits) & ((1 << home_bits) - 1)
        source[begin:end] = (key & ((1 << bits) - 1)) + np.repeat(old.start[:-1][rows], length[first:last])
    pairs = AllowedPairs(start, home, old.points[source], old.local_children[source], old.weekly_fee_pence[source])
    return pairs, source


def _runs(start: Int64s, most: int) -> Iterator[tuple[int, int]]:
    """Ranges of parties with about RUN pairs each, at most so many parties."""
    first = 0
    while first < start.size - 1:
        last = int(np.searchsorted(start, start[first] + RUN, side="right")) - 1
        last = min(max(last, first + 1), first + most, start.size - 1)
        yield first, last
        first = last


def restore_branches(branches: Branches, source: Int64s, home: Int64s) -> Branches:
    """A proof of the canonical problem in the order of the original one."""
    return replace(
        branches,
        pairs=np.sort(source[branches.pairs]),
        pair=np.where(branches.pair >= 0, source[np.maximum(branches.pair, 0)], -1),
        homes=home[branches.homes].astype(np.int64),
        rival_pair=source[branches.rival_pair],
    )


def restore(prices: Prices, source: Int64s | None, home: Int64s | None) -> Prices:
    """Prices of the canonical problem in the order of the original one."""
    if source is None or home is None:
        return prices
    charge = np.empty_like(prices.charge)
    charge[home] = prices.charge
    return replace(prices, charge=charge, rival_pair=source[prices.rival_pair])
