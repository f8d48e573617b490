"""What placement teams do today, as fairly as it can be written: first come, first served, kept within the target.

Referrals are served in the order of urgency and waiting. Each gets its best home that still has room: the whole
group if one will take it, else, where siblings may be parted, the largest part that finds a home, and so on. While
the local share is below its floor a local home is taken wherever there is one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.matching.problem import NO_HOME, WHOLE, Problem
from app.matching.terms import conflicting, terms_of

Int64s = npt.NDArray[np.int64]


def greedy(problem: Problem) -> Int64s:
    """Chosen pairs, ascending. Pins and budget are left aside: the nights it is compared on have none."""
    return _Served(problem).everybody()


class _Served:
    """Who has been served so far, and what room is left."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.edges = terms_of(problem).edges
        self.size = np.diff(problem.party_start)
        self.guests: dict[int, list[int]] = {}
        self.chosen: list[int] = []
        target = problem.local
        self.local = target.existing_local if target else 0
        self.total = target.existing_total if target else 0

    def everybody(self) -> Int64s:
        problem = self.problem
        first = problem.party_child[problem.party_start[:-1]]
        referral = problem.child_referral[first]
        urgency = problem.placing_points[first]
        for one in sorted(set(referral.tolist()), key=lambda r: (-int(urgency[referral == r].max()), r)):
            self._serve(np.flatnonzero(referral == one))
        return np.sort(np.array(self.chosen, dtype=np.int64))

    def _serve(self, parties: Int64s) -> None:
        """The largest party that finds a home, then the largest of the rest, until nobody else does."""
        placed: set[int] = set()
        for party in sorted(parties.tolist(), key=lambda p: (-int(self.size[p]), p)):
            members = set(self._members(party))
            if members & placed:
                continue
            pair = self._best(party)
            if pair != NO_HOME:
                placed |= members
                self._take(party, pair)

    def _members(self, party: int) -> list[int]:
        start, stop = self.problem.party_start[party : party + 2]
        members: list[int] = self.problem.party_child[start:stop].tolist()
        return members

    def _best(self, party: int) -> int:
        problem, pairs = self.problem, self.problem.pairs
        own = np.arange(pairs.start[party], pairs.start[party + 1])
        own = own[np.argsort(-pairs.points[own], kind="stable")]
        free = [int(pair) for pair in own if self._fits(party, int(pairs.home[pair]))]
        if problem.local and self.local * WHOLE < problem.local.floor_per_10000 * self.total:
            near = [pair for pair in free if pairs.local_children[pair]]
            free = near or free
        return free[0] if free else NO_HOME

    def _fits(self, party: int, home: int) -> bool:
        problem, there = self.problem, self.guests.get(home, [])
        newcomers = int(self.size[party]) + sum(int(self.size[other]) for other in there)
        limit = problem.shared_places[home] if there else problem.places[home]
        if newcomers > limit or len(there) + 1 > problem.arrivals[home]:
            return False
        mine = problem.child_referral[self._members(party)[0]]
        return not any(
            problem.child_referral[self._members(other)[0]] == mine
            or conflicting(problem, self.edges, np.array([party]), np.array([other]), np.array([home]))[0]
            for other in there
        )

    def _take(self, party: int, pair: int) -> None:
        self.chosen.append(pair)
        self.guests.setdefault(int(self.problem.pairs.home[pair]), []).append(party)
        self.local += int(self.problem.pairs.local_children[pair])
        self.total += int(self.size[party])
