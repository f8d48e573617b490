"""Why a proposal is not the first choice, found out by trying every exchange with the independent check alone.

Nothing of what tells the reasons is used: rooms, limits and worth are asked of `verify`, exchange by exchange.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, product

import numpy as np

from app.matching.night_report import WhyHere
from app.matching.problem import Problem, Solution
from app.matching.verify import verify

LIMITS = (WhyHere.PINNED_FOR_OTHERS, WhyHere.BUDGET, WhyHere.LOCAL_TARGET, WhyHere.RESERVED, WhyHere.UNCHANGED)


@dataclass(frozen=True)
class Exchanges:
    """A choice, one of its pairs and the party's first choice: every way to make room there."""

    problem: Problem
    solution: Solution
    pair: int
    first: int

    @cached_property
    def chosen(self) -> list[int]:
        """All that are chosen."""
        return [int(pair) for pair in self.solution.chosen]

    @cached_property
    def guests(self) -> list[int]:
        """Chosen pairs at the first choice."""
        home = self.problem.pairs.home
        return [pair for pair in self.chosen if home[pair] == home[self.first]]

    def without(self, lifted: Collection[WhyHere]) -> Problem:
        """The problem without these limits."""
        found, kept = self.problem, self.problem.pinned
        if WhyHere.PINNED_FOR_OTHERS in lifted:
            found = replace(found, pinned=kept[~np.isin(kept, self.guests)])
        if WhyHere.BUDGET in lifted:
            found = replace(found, weekly_budget_pence=None)
        if WhyHere.LOCAL_TARGET in lifted:
            found = replace(found, local=None)
        if WhyHere.RESERVED in lifted:
            found = replace(found, home_price=np.zeros_like(found.home_price))
        return replace(found, unchanged_points=0) if WhyHere.UNCHANGED in lifted else found

    @cached_property
    def rooms(self) -> Problem:
        """Rooms and company alone, and points."""
        return self.without(LIMITS)

    def fits(self, chosen: list[int]) -> bool:
        """Whether there is room for this choice."""
        return not verify(self.rooms, sorted(chosen)).breaches

    def leaving(self) -> list[tuple[int, ...]]:
        """The smallest sets of guests without whom the party could be at its first choice."""
        found: list[tuple[int, ...]] = []
        for count in range(len(self.guests) + 1):
            for who in combinations(self.guests, count):
                rest = [pair for pair in self.chosen if pair not in (self.pair, *who)]
                if not any(set(less) <= set(who) for less in found) and self.fits([*rest, self.first]):
                    found.append(who)
        return found

    def _others(self, pair: int) -> list[int]:
        """Pairs of the same party in other homes, that nobody excluded."""
        start, barred = self.problem.pairs.start, set(self.problem.excluded.tolist())
        party = _party(self.problem, pair)
        return [each for each in range(start[party], start[party + 1]) if each != pair and each not in barred]

    def made(self) -> Iterator[tuple[tuple[int, ...], list[int]]]:
        """Who leaves, and the choice after everybody went elsewhere, where there is room for it."""
        for who in self.leaving():
            rest = [pair for pair in self.chosen if pair not in (self.pair, *who)]
            for come in product(*map(self._others, who)):
                if self.fits([*rest, self.first, *come]):
                    yield who, sorted([*rest, self.first, *come])

    def joined(self) -> Iterator[list[int]]:
        """The choice after the party went along with brothers and sisters who are there."""
        problem = self.problem
        own = _members(problem, self.pair)
        for guest in self.guests:
            together = own | _members(problem, guest)
            for pair in np.flatnonzero(problem.pairs.home == problem.pairs.home[guest]).tolist():
                if _members(problem, pair) == together and pair not in set(problem.excluded.tolist()):
                    rest = [each for each in self.chosen if each not in (self.pair, guest)]
                    if guest not in problem.pinned and self.fits([*rest, pair]):
                        yield sorted([*rest, pair])

    def every(self) -> list[list[int]]:
        """All of these choices."""
        return [choice for _, choice in self.made()] + list(self.joined())

    def least_loss(self, who: Collection[int] | None = None) -> int | None:
        """Points that those who leave would give up at least together; `who`: if it is they."""
        points, losses = self.problem.pairs.points.astype(np.int64), []
        for leaving, choice in self.made():
            if who is None or set(leaving) == set(who):
                moved = int(points[choice].sum()) - int(points[self.chosen].sum())
                losses.append(int(points[self.first]) - int(points[self.pair]) - moved)
        return min(losses, default=None)

    def pays(self, choice: list[int], lifted: Collection[WhyHere] = ()) -> bool:
        """Whether the night is worth more with this choice, and breaks nothing, without these limits."""
        problem = self.without(lifted)
        need = None if problem.local is None else self.solution.most_local_balance
        now, then = verify(problem, self.chosen, need), verify(problem, choice, need)
        return not then.breaches and then.worth > now.worth

    def pay_by_points(self) -> list[list[int]]:
        """Choices that would pay if nothing but points and rooms counted."""
        return [choice for choice in self.every() if self.pays(choice, LIMITS)]


def _party(problem: Problem, pair: int) -> int:
    return int(np.searchsorted(problem.pairs.start, pair, side="right")) - 1


def _members(problem: Problem, pair: int) -> frozenset[int]:
    party = _party(problem, pair)
    return frozenset(problem.party_child[problem.party_start[party] : problem.party_start[party + 1]].tolist())
