"""A night's choice read against its problem: who goes where, and what keeps a party out of a home tonight."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from app.matching.batch import Batch
from app.matching.columns import BoolArray, IntArray
from app.matching.night_report import WhyHere
from app.matching.problem import Solution
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.matching.terms import Terms, conflicting, terms_of

Bar = tuple[WhyHere, list[int]]
"""What keeps a party out of a home: SIBLINGS, PLACES, MAY_NOT_SHARE or ARRIVALS, and which chosen pairs do."""


@dataclass(frozen=True)
class Reading:
    """A choice read against its problem.

    party, home, size: of each chosen pair. guests: of each home, the positions of the chosen pairs that go there.
    newcomers, parties: int64 (H), how many children and parties each home receives.
    """

    batch: Batch
    solution: Solution
    terms: Terms
    party: IntArray
    home: IntArray
    size: IntArray
    guests: Mapping[int, tuple[int, ...]]
    newcomers: IntArray
    parties: IntArray

    @classmethod
    def of(cls, batch: Batch, solution: Solution) -> Reading:
        """Read a choice; it must have been verified."""
        problem = batch.problem
        party = np.searchsorted(problem.pairs.start, solution.chosen, side="right") - 1
        home = problem.pairs.home[solution.chosen].astype(np.int64)
        size = np.diff(problem.party_start)[party]
        newcomers = np.zeros(problem.homes, dtype=np.int64)
        np.add.at(newcomers, home, size)
        guests: dict[int, tuple[int, ...]] = {}
        for i, where in enumerate(home.tolist()):
            guests[where] = (*guests.get(where, ()), i)
        parties = np.bincount(home, minlength=problem.homes).astype(np.int64)
        return cls(batch, solution, terms_of(problem), party, home, size, guests, newcomers, parties)

    def referral(self, party: int) -> ReferralRef:
        """Whose party it is."""
        return self.batch.question.parties.parties[party].referral.ref

    def names(self, party: int) -> tuple[ChildRef, ...]:
        """The children of a party."""
        children = self.batch.question.children.entries
        return tuple(children[row].child.ref for row in self.batch.question.parties.parties[party].members)

    def home_ref(self, home: int) -> HomeRef:
        """The reference of a home by its index."""
        return self.batch.night.pool.records[home].ref

    def by_rules(self, party: int) -> IntArray:
        """Pairs of a party: the homes that the rules allow it, those too that somebody excluded."""
        start = self.batch.problem.pairs.start
        return np.arange(start[party], start[party + 1])

    def own_pairs(self, party: int) -> IntArray:
        """Pairs of a party that are not excluded."""
        own = self.by_rules(party)
        return own[~self.excluded(own)]

    def excluded(self, pairs: IntArray) -> BoolArray:
        """Which of these pairs a person excluded."""
        return np.isin(pairs, self.batch.problem.excluded)

    def bar(self, party: int, home: int, gone: Collection[int] = ()) -> Bar | None:
        """What keeps the party out of the home, given where everybody else goes. None: there is room for it.

        `gone`: chosen pairs, by position, that are taken to have left; the party's own is one of them.
        """
        problem = self.batch.problem
        there = [j for j in self.guests.get(home, ()) if j not in gone]
        siblings = [j for j in there if self.referral(int(self.party[j])) == self.referral(party)]
        if siblings:
            return WhyHere.SIBLINGS, siblings
        size = int(problem.party_start[party + 1] - problem.party_start[party])
        newcomers = size + sum(int(self.size[j]) for j in there)
        full = newcomers > int(problem.places[home])  # who may share it with whom is then no matter
        clashing = [] if full else [j for j in there if self._clash(party, int(self.party[j]), home)]
        if clashing:
            return WhyHere.MAY_NOT_SHARE, clashing
        if full or (there and newcomers > int(problem.shared_places[home])):
            return WhyHere.PLACES, there
        if len(there) + 1 > int(problem.arrivals[home]):
            return WhyHere.ARRIVALS, there
        return None

    def with_room(self, pairs: IntArray, gone: Collection[int] = ()) -> Iterator[int]:
        """Those of the pairs, in their order, whose home has room for the party; `gone` as in `bar`."""
        problem = self.batch.problem
        party = np.searchsorted(problem.pairs.start, pairs, side="right") - 1
        home, size = problem.pairs.home[pairs], np.diff(problem.party_start)[party]
        newcomers, parties = self.newcomers.copy(), self.parties.copy()
        for j in gone:
            newcomers[self.home[j]] -= self.size[j]
            parties[self.home[j]] -= 1
        total, others = size + newcomers[home], parties[home]
        room = (total <= problem.places[home]) & (others < problem.arrivals[home])
        room &= (others == 0) | (total <= problem.shared_places[home])
        for at in np.flatnonzero(room):
            if self.bar(int(party[at]), int(home[at]), gone) is None:
                yield int(pairs[at])

    def _clash(self, one: int, other: int, home: int) -> bool:
        where = np.array([home], dtype=np.int64)
        found = conflicting(self.batch.problem, self.terms.edges, np.array([one]), np.array([other]), where)
        return bool(found[0])
