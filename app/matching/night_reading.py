"""A night's choice read against its problem: who goes where, and what keeps a party out of a home tonight."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TypeAlias

import numpy as np

from app.matching.batch import Batch
from app.matching.columns import BoolArray, IntArray
from app.matching.night_report import WhyHere
from app.matching.problem import Problem, Solution
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.matching.terms import Terms, conflicting, terms_of

Bar = tuple[WhyHere, list[int]]
"""What keeps a party out of a home: SIBLINGS, PLACES, MAY_NOT_SHARE or ARRIVALS, and which chosen pairs do."""

_Parts: TypeAlias = tuple[
    Problem, Solution, Terms, IntArray, IntArray, IntArray, Mapping[int, tuple[int, ...]], IntArray, IntArray
]


@dataclass(frozen=True)
class Tonight:
    """A choice read against its problem, by indices alone.

    party, home, size: of each chosen pair. guests: of each home, the positions of the chosen pairs that go there.
    newcomers, parties: int64 (H), how many children and parties each home receives.
    """

    problem: Problem
    solution: Solution
    terms: Terms
    party: IntArray
    home: IntArray
    size: IntArray
    guests: Mapping[int, tuple[int, ...]]
    newcomers: IntArray
    parties: IntArray

    @classmethod
    def look(cls, problem: Problem, solution: Solution) -> Tonight:
        """Read a choice; it must have been verified."""
        return cls(*_parts(problem, solution))

    @cached_property
    def pinned(self) -> frozenset[int]:
        """Pairs that a person pinned."""
        return frozenset(self.problem.pinned.tolist())

    @cached_property
    def place_of(self) -> Mapping[int, int]:
        """The position of each chosen pair by its party."""
        return {party: i for i, party in enumerate(self.party.tolist())}

    @cached_property
    def spent(self) -> int:
        """Weekly fees of the whole choice, in pence."""
        return int(self.problem.pairs.weekly_fee_pence[self.solution.chosen].sum(dtype=np.int64))

    @cached_property
    def local_and_total(self) -> tuple[int, int]:
        """Children placed locally and at all, as the local target counts them."""
        local = int(self.problem.pairs.local_children[self.solution.chosen].sum(dtype=np.int64))
        total, target = int(self.size.sum()), self.problem.local
        return (local, total) if target is None else (local + target.existing_local, total + target.existing_total)

    def party_of(self, pair: int) -> int:
        """Whose pair it is."""
        return int(np.searchsorted(self.problem.pairs.start, pair, side="right")) - 1

    def size_of(self, party: int) -> int:
        """Children of a party."""
        return int(self.problem.party_start[party + 1] - self.problem.party_start[party])

    def siblings(self, one: int, other: int) -> bool:
        """Whether two parties are of one referral."""
        return bool(self.terms.referral[one] == self.terms.referral[other])

    def joined(self, one: int, other: int) -> int | None:
        """The party of the children of two; None where the rules of their referral make none."""
        return self._by_members.get(self._members(one) | self._members(other))

    @cached_property
    def _by_members(self) -> Mapping[frozenset[int], int]:
        return {self._members(party): party for party in range(self.problem.parties)}

    def _members(self, party: int) -> frozenset[int]:
        start = self.problem.party_start
        return frozenset(self.problem.party_child[start[party] : start[party + 1]].tolist())

    def by_rules(self, party: int) -> IntArray:
        """Pairs of a party: the homes that the rules allow it, those too that somebody excluded."""
        start = self.problem.pairs.start
        return np.arange(start[party], start[party + 1])

    def own_pairs(self, party: int) -> IntArray:
        """Pairs of a party that are not excluded."""
        own = self.by_rules(party)
        return own[~self.excluded(own)] if self.problem.excluded.size else own

    def excluded(self, pairs: IntArray) -> BoolArray:
        """Which of these pairs a person excluded, or declined before."""
        return np.isin(pairs, self.problem.excluded)

    def bar(self, party: int, home: int, gone: Collection[int] = ()) -> Bar | None:
        """What keeps the party out of the home, given where everybody else goes. None: there is room for it.

        `gone`: chosen pairs, by position, that are taken to have left; the party's own is one of them.
        """
        problem = self.problem
        there = [j for j in self.guests.get(home, ()) if j not in gone]
        siblings = [j for j in there if self.siblings(int(self.party[j]), party)]
        if siblings:
            return WhyHere.SIBLINGS, siblings
        newcomers = self.size_of(party) + sum(int(self.size[j]) for j in there)
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
        problem = self.problem
        party = np.searchsorted(problem.pairs.start, pairs, side="right") - 1
        home, size = problem.pairs.home[pairs], np.diff(problem.party_start)[party]
        total, others = size + self.newcomers[home], self.parties[home]
        for j in gone:
            left = home == self.home[j]
            total[left] -= self.size[j]
            others[left] -= 1
        room = (total <= problem.places[home]) & (others < problem.arrivals[home])
        room &= (others == 0) | (total <= problem.shared_places[home])
        for at in np.flatnonzero(room):
            if self.bar(int(party[at]), int(home[at]), gone) is None:
                yield int(pairs[at])

    def fit(self, home: int, parties: Collection[int]) -> bool:
        """Whether these parties, and nobody else, could be in the home together tonight."""
        problem, size = self.problem, sum(map(self.size_of, parties))
        if size > int(problem.places[home]) or len(parties) > int(problem.arrivals[home]):
            return False
        if len(parties) > 1 and size > int(problem.shared_places[home]):
            return False
        return not any(
            self.siblings(one, other) or self._clash(one, other, home) for one, other in combinations(parties, 2)
        )

    def _clash(self, one: int, other: int, home: int) -> bool:
        where = np.array([home], dtype=np.int64)
        found = conflicting(self.problem, self.terms.edges, np.array([one]), np.array([other]), where)
        return bool(found[0])


@dataclass(frozen=True)
class Reading(Tonight):
    """The same with its people: who they are and what the homes are called."""

    batch: Batch

    @classmethod
    def of(cls, batch: Batch, solution: Solution) -> Reading:
        """Read a choice; it must have been verified."""
        return cls(*_parts(batch.problem, solution), batch)

    def declined(self, pairs: IntArray) -> BoolArray:
        """Which of these pairs were declined before."""
        return np.isin(pairs, self.batch.declined)

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


def _parts(problem: Problem, solution: Solution) -> _Parts:
    party = np.searchsorted(problem.pairs.start, solution.chosen, side="right") - 1
    home = problem.pairs.home[solution.chosen].astype(np.int64)
    size = np.diff(problem.party_start)[party]
    newcomers = np.zeros(problem.homes, dtype=np.int64)
    np.add.at(newcomers, home, size)
    guests: dict[int, tuple[int, ...]] = {}
    for i, where in enumerate(home.tolist()):
        guests[where] = (*guests.get(where, ()), i)
    parties = np.bincount(home, minlength=problem.homes).astype(np.int64)
    return problem, solution, terms_of(problem), party, home, size, guests, newcomers, parties
