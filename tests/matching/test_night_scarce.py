"""A scarce home is full, and wanted by somebody who has no place there: counted party by party."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from app.matching import night_scarce
from app.matching.night_reading import Tonight
from app.matching.night_scarce import prices, wanted_by
from app.matching.problem import Problem, Status
from app.matching.solve import solve
from tests.matching.solving.random_problems import random_problem


def members(problem: Problem, party: int) -> frozenset[int]:
    """The children of a party."""
    return frozenset(problem.party_child[problem.party_start[party] : problem.party_start[party + 1]].tolist())


def referral(problem: Problem, party: int) -> int:
    """Whose party it is."""
    return int(problem.child_referral[min(members(problem, party))])


def takers(problem: Problem, chosen: dict[int, int]) -> Iterator[tuple[int, int]]:
    """Homes and the referrals that would have more points there, or have no home for some of their children."""
    placed = frozenset().union(*(members(problem, party) for party in chosen))
    barred, pinned = set(problem.excluded.tolist()), set(problem.pinned.tolist())
    for party in range(problem.parties):
        now = chosen.get(party)
        if now in pinned or (now is None and members(problem, party) & placed):
            continue
        for pair in set(range(problem.pairs.start[party], problem.pairs.start[party + 1])) - barred:
            if now is None or problem.pairs.points[pair] > problem.pairs.points[now]:
                yield int(problem.pairs.home[pair]), referral(problem, party)


@pytest.mark.parametrize("at_once", [1, 3, 4096])
@pytest.mark.parametrize("begin", range(0, 40, 10))
def test_scarce_homes_are_full_and_wanted(begin: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wants a home has no place there, and more points there than where they go, or no home at all."""
    monkeypatch.setattr(night_scarce, "PARTIES_AT_ONCE", at_once)
    for seed in range(begin, begin + 10):
        problem = random_problem(seed, 7, 4)
        found = solve(problem)
        if found.status is Status.INFEASIBLE:
            continue
        tonight = Tonight.look(problem, found)
        chosen = dict(zip(tonight.party.tolist(), found.chosen.tolist(), strict=True))
        wanting = set(takers(problem, chosen))
        price, wanted = prices(tonight), wanted_by(tonight, np.ones(problem.homes, dtype=np.bool_))
        for home in range(problem.homes):
            there = [party for party, pair in chosen.items() if problem.pairs.home[pair] == home]
            guests = {(home, referral(problem, party)) for party in there}
            assert wanted[home] == len({each for each in wanting if each[0] == home} - guests)
            size, most = sum(len(members(problem, party)) for party in there), problem.arrivals[home]
            full = size >= min(problem.places[home], problem.shared_places[home]) or len(there) >= most
            assert price[home] == 0 or (there and full)
