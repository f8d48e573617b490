"""What is left to choose once the pinned pairs stand: worths, limits and exclusions, worked out once for everyone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.matching.partitions import Grouping, grouping_of
from app.matching.problem import NO_HOME, Flags, Int64s, Problem

NEVER = -(1 << 60)
"""Worth of a pair that cannot be chosen."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A problem with its pinned pairs already placed: what is left to choose, and what that is worth.

    base: int64 (P), worth of a party apart from the pair (placing, less the cost of siblings elsewhere), NEVER where
    a pin shuts the party out. size: int64 (P). capacity, arrivals: int64 (H), what is left. full: int64 (H), the
    capacity before pins; a party of k children takes min(k, full) of it, which says both limits of rule 2 at once:
    a party that fits only by being alone takes all there is. shut: bool (H), nobody more can come.
    unchanged: int64, ascending indices of the pairs that earn unchanged_points. barred: int64, indices of pairs that
    are excluded or that a pin rules out. fixed: worth of the pins; local and total: children counted with them;
    budget_left: pennies, or None. waiting: children who could
    still be placed. possible: False if the pins contradict each other or a limit.
    edges: int64, ascending codes of the listed conflicts, for `conflicting`.
    """

    problem: Problem
    base: Int64s
    size: Int64s
    groups: Grouping
    referral: Int64s
    full: Int64s
    capacity: Int64s
    arrivals: Int64s
    shut: Flags
    unchanged: Int64s
    barred: Int64s
    fixed: int
    local: int
    total: int
    waiting: int
    budget_left: int | None
    possible: bool
    edges: Int64s


def terms_of(problem: Problem) -> Terms:
    """Work out worths and limits once, with the pinned pairs placed."""
    size = np.diff(problem.party_start)
    groups = grouping_of(problem)
    referral = groups.referral
    siblings = np.bincount(problem.child_referral, minlength=problem.referrals)[referral]
    placing = np.concatenate([[0], np.cumsum(problem.placing_points[problem.party_child])])
    base = np.diff(placing[problem.party_start]) - problem.separated_pair[referral] // 2 * size * (siblings - size)
    full = np.maximum(1, np.minimum(problem.places, problem.shared_places)).astype(np.int64)
    full[problem.arrivals <= 1] = 1
    pinned_party = party_of(problem, problem.pinned)
    pinned_home = problem.pairs.home[problem.pinned].astype(np.int64)
    taken = np.minimum(size[pinned_party], full[pinned_home])
    capacity = full - np.bincount(pinned_home, taken, problem.homes).astype(np.int64)
    arrivals = problem.arrivals - np.bincount(pinned_home, minlength=problem.homes)
    unchanged = _unchanged_pairs(problem)
    worth = _worth(problem, base, size, unchanged, problem.pinned)
    placed = np.zeros(problem.children, np.int64)
    np.add.at(placed, _members(problem, pinned_party), 1)
    out = np.add.reduceat(placed[problem.party_child], problem.party_start[:-1]) > 0 if problem.parties else base > 0
    open_base = np.where(out, NEVER, base)
    fee = int(problem.pairs.weekly_fee_pence[problem.pinned].sum(dtype=np.int64))
    budget_left = None if problem.weekly_budget_pence is None else problem.weekly_budget_pence - fee
    local = problem.local.existing_local if problem.local else 0
    total = problem.local.existing_total if problem.local else 0
    possible = bool(
        (capacity >= 0).all()
        and (arrivals >= 0).all()
        and (placed <= 1).all()
        and (budget_left is None or budget_left >= 0)
        and not _pins_clash(problem, pinned_party, pinned_home, referral)
    )
    shut = (capacity <= 0) | (arrivals <= 0)
    barred = _barred(problem, pinned_party, pinned_home, (size, full, capacity, referral))
    return Terms(
        problem, open_base, size, groups, referral, full, capacity, arrivals.astype(np.int64), shut, unchanged, barred,
        fixed=int(worth.sum()),
        local=local + int(problem.pairs.local_children[problem.pinned].sum(dtype=np.int64)),
        total=total + int(size[pinned_party].sum()),
        waiting=_waiting(problem, open_base, shut, barred, placed),
        budget_left=budget_left,
        possible=possible,
        edges=_edge_keys(problem),
    )  # fmt: skip


def _waiting(problem: Problem, base: Int64s, shut: Flags, barred: Int64s, placed: Int64s) -> int:
    """Number of children who are not pinned and have at least one open pair."""
    open_pair = ~shut[problem.pairs.home]
    open_pair[barred] = False
    some = np.zeros(problem.parties, bool)
    rows = np.flatnonzero(np.diff(problem.pairs.start))
    if rows.size:
        some[rows] = np.logical_or.reduceat(open_pair, problem.pairs.start[rows])
    open_ = np.repeat(some & (base > NEVER), np.diff(problem.party_start))
    return int(np.unique(problem.party_child[open_ & (placed[problem.party_child] == 0)]).size)


def party_of(problem: Problem, pairs: Int64s) -> Int64s:
    """The party that each pair belongs to."""
    return (np.searchsorted(problem.pairs.start, pairs, side="right") - 1).astype(np.int64)


def pair_worth(terms: Terms, pairs: Int64s) -> Int64s:
    """Worth in points of each of some pairs, apart from the local target."""
    return _worth(terms.problem, terms.base, terms.size, terms.unchanged, pairs)


def conflicting(problem: Problem, edges: Int64s, one: Int64s, other: Int64s, home: Int64s) -> Flags:
    """Whether the parties one[i] and other[i] must not both live in home[i]; edges as in Terms."""
    clash = (problem.poses[one] & problem.harmed_by[other]) | (problem.poses[other] & problem.harmed_by[one])
    found: Flags = clash != 0
    if edges.size:
        for where in (home, np.full_like(home, NO_HOME)):
            key = _edge_key(problem, one, other, where)
            spot = np.minimum(np.searchsorted(edges, key), edges.size - 1)
            found |= edges[spot] == key
    return found


def _edge_keys(problem: Problem) -> Int64s:
    pairs = problem.conflict_parties.astype(np.int64)
    return np.unique(_edge_key(problem, pairs[:, 0], pairs[:, 1], problem.conflict_home.astype(np.int64)))


def _edge_key(problem: Problem, one: Int64s, other: Int64s, home: Int64s) -> Int64s:
    low, high = np.minimum(one, other), np.maximum(one, other)
    return (low * problem.parties + high) * (problem.homes + 1) + home + 1


def _worth(problem: Problem, base: Int64s, size: Int64s, unchanged: Int64s, pairs: Int64s) -> Int64s:
    party = party_of(problem, pairs)
    worth = base[party] + problem.pairs.points[pairs]
    worth -= size[party] * problem.home_price[problem.pairs.home[pairs]]
    return worth + problem.unchanged_points * np.isin(pairs, unchanged)


def _members(problem: Problem, parties: Int64s) -> Int64s:
    spans = [np.arange(problem.party_start[p], problem.party_start[p + 1]) for p in parties]
    members: Int64s = problem.party_child[np.concatenate([np.zeros(0, np.int64), *spans])].astype(np.int64)
    return members


def _unchanged_pairs(problem: Problem) -> Int64s:
    """Indices of the pairs proposed last night."""
    if not problem.unchanged_points:
        return np.zeros(0, np.int64)
    found = []
    for party in np.flatnonzero(problem.unchanged_home >= 0):
        begin, end = problem.pairs.start[party], problem.pairs.start[party + 1]
        row = problem.pairs.home[begin:end]
        spot = int(np.searchsorted(row, problem.unchanged_home[party]))
        if spot < row.size and row[spot] == problem.unchanged_home[party]:
            found.append(int(begin) + spot)
    return np.array(found, np.int64)


def _pins_clash(problem: Problem, party: Int64s, home: Int64s, referral: Int64s) -> bool:
    one, other = np.triu_indices(party.size, 1)
    together = home[one] == home[other]
    one, other, there = party[one[together]], party[other[together]], home[one[together]]
    return bool(
        conflicting(problem, _edge_keys(problem), one, other, there).any() or (referral[one] == referral[other]).any()
    )


def _barred(
    problem: Problem, pinned_party: Int64s, pinned_home: Int64s, sizes: tuple[Int64s, Int64s, Int64s, Int64s]
) -> Int64s:
    """Pairs that are excluded, or do not go together with a pin in the same home."""
    if not pinned_party.size:
        return np.sort(problem.excluded)
    size, full, capacity, referral = sizes
    edges = _edge_keys(problem)
    touched = np.zeros(problem.homes, bool)
    touched[pinned_home] = True
    pairs = np.flatnonzero(touched[problem.pairs.home])
    party, home = party_of(problem, pairs), problem.pairs.home[pairs].astype(np.int64)
    bad = np.minimum(size[party], full[home]) > capacity[home]
    for guest, where in zip(pinned_party, pinned_home, strict=True):
        here = np.flatnonzero(home == where)
        guests = np.full(here.size, guest)
        bad[here] |= conflicting(problem, edges, party[here], guests, home[here]) | (
            referral[party[here]] == referral[guest]
        )
    return np.union1d(problem.excluded, pairs[bad])
