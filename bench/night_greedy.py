"""What a good team does by hand: first come, first served, each child to the best home that is still free.

Kept within the target as a team would keep it: while the share of local children is below the floor, a local home
counts as `floor_price` points better. Whole groups first, then child by child. No home is ever overfilled.
"""

from __future__ import annotations

import numpy as np

from app.matching.problem import WHOLE, Problem

NOWHERE = -(1 << 60)


class Greedy:
    """A night filled referral by referral."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.size = np.diff(problem.party_start)
        self.first = problem.child_referral[problem.party_child[problem.party_start[:-1]]]
        self.guests: list[list[int]] = [[] for _ in range(problem.homes)]
        self.used = np.zeros(problem.homes, np.int64)
        self.came = np.zeros(problem.homes, np.int64)
        self.local = problem.local.existing_local if problem.local else 0
        self.total = problem.local.existing_total if problem.local else 0
        self.chosen: list[int] = []

    def run(self) -> list[int]:
        """Chosen pairs, ascending."""
        siblings = np.bincount(self.problem.child_referral, minlength=self.problem.referrals)
        order = np.argsort(self.first, kind="stable")
        for parties in np.split(order, np.flatnonzero(np.diff(self.first[order])) + 1):
            whole = parties[self.size[parties] == siblings[self.first[parties[0]]]]
            if not any(self._place(int(party)) for party in whole):
                for party in parties[self.size[parties] == 1]:
                    if not (whole.size and siblings[self.first[party]] == 1):
                        self._place(int(party))
        return sorted(self.chosen)

    def _place(self, party: int) -> bool:
        problem, pairs = self.problem, self.problem.pairs
        begin, end = int(pairs.start[party]), int(pairs.start[party + 1])
        home, size = pairs.home[begin:end], int(self.size[party])
        after = self.used[home] + size
        fits = (after <= problem.places[home]) & (self.came[home] < problem.arrivals[home])
        fits &= (self.came[home] == 0) | (after <= problem.shared_places[home])
        worth = np.where(fits, pairs.points[begin:end].astype(np.int64), NOWHERE)
        worth -= size * problem.home_price[home]
        target = problem.local
        if target is not None and self.local * WHOLE < target.floor_per_10000 * self.total:
            worth += pairs.local_children[begin:end] * np.int64(target.floor_price)
        for spot in np.argsort(-worth, kind="stable"):
            if worth[spot] <= NOWHERE // 2:
                return False
            if self._welcome(party, int(home[spot])):
                self._take(begin + int(spot), party, int(home[spot]))
                return True
        return False

    def _welcome(self, party: int, home: int) -> bool:
        problem = self.problem
        return all(
            not (problem.poses[party] & problem.harmed_by[guest] or problem.poses[guest] & problem.harmed_by[party])
            and self.first[guest] != self.first[party]
            for guest in self.guests[home]
        )

    def _take(self, pair: int, party: int, home: int) -> None:
        self.chosen.append(pair)
        self.guests[home].append(party)
        self.used[home] += self.size[party]
        self.came[home] += 1
        self.local += int(self.problem.pairs.local_children[pair])
        self.total += int(self.size[party])


def greedy(problem: Problem) -> list[int]:
    """Chosen pairs of the first-come-first-served night; for problems without pins, exclusions and budget."""
    return Greedy(problem).run()
