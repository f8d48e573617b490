"""The best way to divide each referral's children into parties, when every party's worth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.matching.problem import Int64s, Problem

SMALL_GROUP = 6
"""Up to so many siblings all sets of parties are looked at in tables; beyond, one by one."""

NO_PARTY = -(1 << 60)


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which referrals have one party, and which have several to choose among.

    referral: int64 (P). single: int64, parties that are their referral's only one. small: for each number of children
    (children, referrals (n), table (n, 2 ** children)): the party with exactly those children, or -1. large: for each
    other referral with several parties: referral, its parties, and their children as bit sets.
    """

    referrals: int
    referral: Int64s
    single: Int64s
    small: list[tuple[int, Int64s, Int64s]]
    large: list[tuple[int, Int64s, list[int]]]


def grouping_of(problem: Problem) -> Grouping:
    """Sort the parties by referral and by the children they hold."""
    first = problem.party_child[problem.party_start[:-1]] if problem.parties else np.zeros(0, np.int32)
    referral = problem.child_referral[first].astype(np.int64)
    siblings = np.bincount(problem.child_referral, minlength=problem.referrals)
    parties = np.bincount(referral, minlength=problem.referrals)
    masks = _masks(problem)
    small = []
    for children in range(2, SMALL_GROUP + 1):
        chosen = np.flatnonzero((siblings == children) & (parties > 1))
        row = np.full(problem.referrals, -1, np.int64)
        row[chosen] = np.arange(chosen.size)
        members = np.flatnonzero(row[referral] >= 0)
        table = np.full((chosen.size, 1 << children), -1, np.int64)
        table[row[referral[members]], masks[members]] = members
        if chosen.size:
            small.append((children, chosen, table))
    large = []
    for one in np.flatnonzero((siblings > SMALL_GROUP) & (parties > 1)):
        members = np.flatnonzero(referral == one)
        large.append((int(one), members, masks[members].tolist()))
    return Grouping(problem.referrals, referral, np.flatnonzero(parties[referral] == 1), small, large)


def _masks(problem: Problem) -> Int64s:
    """Each party as a bit set of its children, counted within the referral; int64 (P)."""
    order = np.argsort(problem.child_referral, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(problem.child_referral, minlength=problem.referrals))])
    place = np.empty(problem.children, np.int64)
    place[order] = np.arange(problem.children) - start[problem.child_referral[order]]
    bits = np.int64(1) << np.minimum(place, 62)
    if not problem.parties:
        return np.zeros(0, np.int64)
    return np.bitwise_or.reduceat(bits[problem.party_child], problem.party_start[:-1])


def referral_worth(groups: Grouping, best: Int64s) -> Int64s:
    """For each referral the most that any set of its parties without a common child is worth; at least 0."""
    worth = np.zeros(groups.referrals, np.int64)
    worth[groups.referral[groups.single]] = np.maximum(0, best[groups.single])
    for children, referrals, table in groups.small:
        worth[referrals] = _best_sets(np.where(table >= 0, best[table], NO_PARTY), children)
    for referral, members, masks in groups.large:
        worth[referral] = _best_set(best[members].tolist(), masks)
    return worth


def _best_sets(part: Int64s, children: int) -> Int64s:
    """Best disjoint parts of each row; part[row, mask] is the worth of the part with those children."""
    best = np.zeros_like(part)
    for mask in range(1, 1 << children):
        low = mask & -mask
        rest = mask ^ low
        best[:, mask] = best[:, rest]
        sub = rest
        while True:
            one = sub | low
            np.maximum(best[:, mask], part[:, one] + best[:, mask ^ one], out=best[:, mask])
            if not sub:
                break
            sub = (sub - 1) & rest
    return best[:, -1]


def _best_set(worth: list[int], masks: list[int]) -> int:
    """The same for one large group, child by child."""
    best: dict[int, int] = {0: 0}
    for low in sorted({mask & -mask for mask in masks}, reverse=True):
        starting = [(w, mask) for w, mask in zip(worth, masks, strict=True) if mask & -mask == low and w > 0]
        step = dict(best)
        for used, value in best.items():
            for w, mask in starting:
                if not used & mask:
                    step[used | mask] = max(step.get(used | mask, 0), value + w)
        best = step
    return max(best.values())
