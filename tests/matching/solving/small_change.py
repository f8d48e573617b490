"""Nights of middling size on which money runs out, and some of it is left over for those who cost little."""

from __future__ import annotations

import numpy as np

from app.matching.problem import NO_HOME, Problem
from tests.matching.solving.random_problems import make_pairs

SEARCHES, HOMES = 150, 150
PLACED = 40
DEAR, TOO_DEAR = 600, 500
"""Pence a week: of whoever is worth a million points, and of everybody else's best homes."""


def small_change_left(seed: int) -> Problem:
    """One child a search, one place a home, and money for forty of the children who are worth most, and a little more.

    For the others that little is too little in the homes that suit them best, and enough in a tenth of the homes,
    which at the price of money are further from paying than the best ones.
    """
    rng = np.random.default_rng([20261122, seed])
    rows = [_row(rng, first=bool(rng.random() < 0.5)) for _ in range(SEARCHES)]
    none, each = np.zeros(0, np.int64), np.arange(SEARCHES, dtype=np.uint64)
    one = np.ones(HOMES, np.int32)
    return Problem(
        child_key=each,
        child_referral=np.arange(SEARCHES, dtype=np.int32),
        placing_points=np.zeros(SEARCHES, np.int64),
        separated_pair=np.zeros(SEARCHES, np.int64),
        party_key=each.copy(),
        party_start=np.arange(SEARCHES + 1, dtype=np.int64),
        party_child=np.arange(SEARCHES, dtype=np.int32),
        home_key=np.arange(HOMES, dtype=np.uint64),
        places=one,
        shared_places=one.copy(),
        arrivals=one.copy(),
        home_price=np.zeros(HOMES, np.int64),
        pairs=make_pairs(rows),
        poses=np.zeros(SEARCHES, np.uint64),
        harmed_by=np.zeros(SEARCHES, np.uint64),
        conflict_parties=np.zeros((0, 2), np.int32),
        conflict_home=np.zeros(0, np.int32),
        unchanged_home=np.full(SEARCHES, NO_HOME, np.int32),
        unchanged_points=0,
        pinned=none,
        excluded=none.copy(),
        weekly_budget_pence=PLACED * DEAR + TOO_DEAR - 1,
    )


def _row(rng: np.random.Generator, *, first: bool) -> list[tuple[int, int, int, int]]:
    """Where one child could live: (home, points, local children, weekly fee in pence)."""
    if first:
        return [(home, int(rng.integers(900_000, 1_000_000)), 0, DEAR) for home in range(HOMES)]
    cheap = rng.random(HOMES) < 0.1
    return [
        (home, 60_000, 0, int(rng.integers(400, 490))) if cheap[home] else (home, 300_000, 0, TOO_DEAR)
        for home in range(HOMES)
    ]
