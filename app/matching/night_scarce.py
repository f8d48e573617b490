"""Which homes are scarce tonight: full, wanted by others too, and priced by the proof of the night.

A price is one of several that prove the same, so it orders the homes of one night and is not compared from night to
night. It is never told higher than what the night would lose if whoever there is cheapest to miss stayed away: more
than that no place is worth, whatever a certificate with a gap may charge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from app.matching.certify import price_of_a_place
from app.matching.codes import HomeKind
from app.matching.columns import BoolArray, IntArray
from app.matching.night_limits import target_of
from app.matching.night_reading import Reading, Tonight
from app.matching.night_report import Scarce, ScarceKind

PARTIES_AT_ONCE = 4096


def scarce(reading: Reading) -> tuple[Scarce, ...]:
    """Every scarce home, the dearest first."""
    price = prices(reading)
    takers = wanted_by(reading, price > 0)
    records = reading.batch.night.pool.records
    order = sorted(np.flatnonzero(takers).tolist(), key=lambda home: (-int(price[home]), records[home].ref))
    return tuple(Scarce(records[home].ref, records[home].kind, int(price[home]), int(takers[home])) for home in order)


def scarce_kinds(homes: Sequence[Scarce]) -> tuple[ScarceKind, ...]:
    """The kinds of the scarce homes, that with the dearest place first."""
    found: dict[HomeKind, list[int]] = {}
    for one in homes:
        found.setdefault(one.kind, []).append(one.price_points)
    kinds = [ScarceKind(kind, len(each), max(each), sum(each) // len(each)) for kind, each in found.items()]
    return tuple(sorted(kinds, key=lambda one: (-one.dearest_points, one.kind)))


def prices(tonight: Tonight) -> IntArray:
    """Points that a place is worth in each home that is full with proposals of tonight; 0 in all others.

    Of a home that pins have filled nothing is told: no proof speaks of it.
    """
    full = _full(tonight) & ~tonight.terms.shut
    found = np.minimum(price_of_a_place(tonight.problem, tonight.solution.prices), _worth(tonight))
    return np.where(full, np.maximum(0, found), 0)


def wanted_by(tonight: Tonight, homes: BoolArray) -> IntArray:
    """Of these homes: how many referrals have no place there and would have more points there, or no home as it is."""
    problem, referral = tonight.problem, tonight.terms.referral
    found = [np.zeros(0, dtype=np.int64), *_better(tonight, homes)]
    guests = tonight.home * problem.referrals + referral[tonight.party]
    takers = np.sort(np.concatenate(found))
    others = np.diff(takers, prepend=-1) > 0  # each once, however many parties a referral could send
    at = np.searchsorted(takers, guests)
    same = at[takers[np.minimum(at, takers.size - 1)] == guests] if takers.size else at[:0]
    others[same] = False
    counts: IntArray = np.bincount(takers[others] // max(1, problem.referrals), minlength=problem.homes)
    return counts


def _better(tonight: Tonight, homes: BoolArray) -> Iterator[IntArray]:
    """Homes with referrals that would have more there, as home times the number of referrals plus referral.

    Some parties at a time: a country has more pairs than should be copied at once.
    """
    problem, now = tonight.problem, _points_now(tonight)
    pairs, referral = problem.pairs, tonight.terms.referral.astype(np.int64)
    for begin in range(0, problem.parties, PARTIES_AT_ONCE):
        rows = np.arange(begin, min(begin + PARTIES_AT_ONCE, problem.parties))
        span, count = slice(pairs.start[begin], pairs.start[rows[-1] + 1]), np.diff(pairs.start[begin : rows[-1] + 2])
        better = (pairs.points[span] > np.repeat(now[rows], count)) & homes[pairs.home[span]]
        at = np.flatnonzero(better)
        if problem.excluded.size:
            at = at[~tonight.excluded(at + pairs.start[begin])]
        yield pairs.home[span][at] * np.int64(problem.referrals) + np.repeat(referral[rows], count)[at]


def _full(tonight: Tonight) -> BoolArray:
    """Homes with proposals that can take nobody more: by places, by the fostering limit, or by arrivals."""
    problem = tonight.problem
    room = np.minimum(problem.places, problem.shared_places)
    full: BoolArray = (tonight.newcomers >= room) | (tonight.parties >= problem.arrivals)
    return full & (tonight.parties > 0)


def _worth(tonight: Tonight) -> IntArray:
    """What the night would lose at each home if the guest stayed away who is cheapest to miss."""
    problem, chosen = tonight.problem, tonight.solution.chosen
    pairs, terms = problem.pairs, tonight.terms
    lost = (
        terms.base[tonight.party] + pairs.points[chosen] + problem.unchanged_points * np.isin(chosen, terms.unchanged)
    )
    lost -= tonight.size * problem.home_price[tonight.home]
    missed, toll = target_of(tonight, -pairs.local_children[chosen].astype(np.int64), -tonight.size)
    # Nobody can do without who was pinned, or without a local child that a hard target needs: all of the night then.
    must = missed | np.isin(chosen, problem.pinned)
    whole = max(0, tonight.solution.objective)
    worth = np.full(problem.homes, whole, dtype=np.int64)
    np.minimum.at(worth, tonight.home, np.where(must, whole, lost + toll))
    return worth


def _points_now(tonight: Tonight) -> IntArray:
    """Of each party: its points as proposed; of children who are waiting none; of all others more than any home has."""
    problem = tonight.problem
    placed = np.zeros(problem.children, dtype=np.int64)
    for party in tonight.party.tolist():
        placed[problem.party_child[problem.party_start[party] : problem.party_start[party + 1]]] = 1
    some = np.concatenate([[0], np.cumsum(placed[problem.party_child])])
    waiting = some[problem.party_start[1:]] == some[problem.party_start[:-1]]
    limits = np.iinfo(problem.pairs.points.dtype)
    most, least = limits.max, limits.min
    now = np.where(waiting, least, most).astype(problem.pairs.points.dtype)
    now[tonight.party] = problem.pairs.points[tonight.solution.chosen]
    now[tonight.party[np.isin(tonight.solution.chosen, problem.pinned)]] = most
    return now
