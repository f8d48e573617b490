"""Small random problems that use every term and every constraint, and the tools to bend them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np

from app.matching.problem import NO_HOME, AllowedPairs, LocalTarget, Problem, TargetMode

SIZES = (1, 1, 1, 2, 2, 3)


def make_pairs(rows: list[list[tuple[int, int, int, int]]]) -> AllowedPairs:
    """Allowed pairs from one list a party of (home, points, local children, weekly fee in pence)."""
    flat = [cell for row in rows for cell in sorted(row)]
    columns = np.array(flat, np.int64).reshape(-1, 4)
    return AllowedPairs(
        start=np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64),
        home=columns[:, 0].astype(np.int32),
        points=columns[:, 1].astype(np.int32),
        local_children=columns[:, 2].astype(np.uint8),
        weekly_fee_pence=columns[:, 3].astype(np.int32),
    )


def random_problem(seed: int, referrals: int = 5, homes: int = 5, sizes: tuple[int, ...] = SIZES) -> Problem:
    """One small problem; a seed gives the same one for ever. `sizes`: of the sibling groups."""
    rng = np.random.default_rng([20231101, seed])
    groups = [int(rng.choice(sizes)) for _ in range(int(rng.integers(2, referrals + 1)))]
    count = int(rng.integers(2, homes + 1))
    scale = int(rng.choice([1, 10, 1000]))
    owner = np.repeat(np.arange(len(groups)), groups).astype(np.int32)
    parties = _parties(rng, groups)
    places = rng.integers(1, 5, count).astype(np.int32)
    rows = [_row(rng, party, places, scale) for party in parties]
    pairs = make_pairs(rows)
    pinned, excluded = _fixed(rng, len(pairs))
    clashes = _clashes(rng, len(parties))
    return Problem(
        child_key=_keys(rng, owner.size),
        child_referral=owner,
        placing_points=rng.choice([0, 5, 20], owner.size).astype(np.int64) * scale,
        separated_pair=(2 * rng.integers(0, 5, len(groups)) * scale).astype(np.int64),
        party_key=_keys(rng, len(parties)),
        party_start=np.cumsum([0, *map(len, parties)]).astype(np.int64),
        party_child=np.array([child for party in parties for child in party], np.int32),
        home_key=_keys(rng, count),
        places=places,
        shared_places=np.minimum(places, rng.choice([0, 1, 2, 3, 4, 4], count)).astype(np.int32),
        arrivals=rng.choice([0, 1, 1, 2, 2, 2, 3, 3], count).astype(np.int32),
        home_price=(rng.choice([0, 0, 3], count) * scale).astype(np.int64),
        pairs=pairs,
        poses=rng.choice([0, 0, 0, 0, 1, 2], len(parties)).astype(np.uint64),
        harmed_by=rng.choice([0, 0, 0, 1, 2], len(parties)).astype(np.uint64),
        conflict_parties=clashes,
        conflict_home=rng.integers(NO_HOME, count, len(clashes)).astype(np.int32),
        unchanged_home=rng.integers(NO_HOME, count, len(parties)).astype(np.int32),
        unchanged_points=int(rng.choice([0, 1, 4])) * scale,
        pinned=pinned,
        excluded=excluded,
        weekly_budget_pence=None if rng.random() < 0.6 else int(rng.integers(300, 1500)),
        local=_target(rng, scale),
    )


def _parties(rng: np.random.Generator, groups: list[int]) -> list[tuple[int, ...]]:
    """The whole group, all its parts, or singles: as required, preferred and not required give them."""
    parties: list[tuple[int, ...]] = []
    first = 0
    for size in groups:
        children = range(first, first + size)
        first += size
        kind = rng.integers(3)
        sizes = [size] if kind == 0 else range(1, size + 1) if kind == 1 else [1]
        parties += [part for taken in sizes for part in combinations(children, taken)]
    return parties


def _row(rng: np.random.Generator, party: tuple[int, ...], places: np.ndarray, scale: int) -> list[tuple[int, ...]]:
    share = rng.choice([0.5, 0.9])
    return [
        (home, int(rng.integers(0, 12)) * scale, int(rng.integers(0, len(party) + 1)), int(rng.integers(0, 500)))
        for home in range(places.size)
        if rng.random() < share and len(party) <= places[home]
    ]


def _keys(rng: np.random.Generator, size: int) -> np.ndarray:
    return rng.permutation(size * 3)[:size].astype(np.uint64)


def _fixed(rng: np.random.Generator, pairs: int) -> tuple[np.ndarray, np.ndarray]:
    taken = rng.permutation(pairs).astype(np.int64)
    pins = int(rng.choice([0, 0, 0, 0, 1, 2])) if pairs > 2 else 0
    bars = int(rng.choice([0, 0, 1, 2])) if pairs > 4 else 0
    return taken[:pins].copy(), taken[pins : pins + bars].copy()


def _clashes(rng: np.random.Generator, parties: int) -> np.ndarray:
    count = int(rng.integers(0, 4)) if parties > 1 else 0
    chosen = [rng.choice(parties, 2, replace=False) for _ in range(count)]
    return np.array(chosen, np.int32).reshape(-1, 2)


def _target(rng: np.random.Generator, scale: int) -> LocalTarget | None:
    kind = rng.integers(4)
    if kind == 0:
        return None
    floor, ambition = sorted(int(share) for share in rng.choice([0, 3333, 5000, 8000, 8500, 10_000], 2))
    low, high = sorted(int(price) * scale for price in rng.integers(0, 15, 2))
    total = int(rng.choice([0, 3, 7]))
    mode = TargetMode.HARD if kind == 3 else TargetMode.ELASTIC
    return LocalTarget(mode, floor, ambition, high, low, int(rng.integers(0, total + 1)), total)


def permuted(problem: Problem, seed: int) -> tuple[Problem, np.ndarray]:
    """The same problem with children, referrals, parties and homes shuffled, and old pair index of each new pair."""
    rng = np.random.default_rng(seed)
    child, referral = rng.permutation(problem.children), rng.permutation(problem.referrals)
    party, home = rng.permutation(problem.parties), rng.permutation(problem.homes)
    new_child, new_referral, new_home, new_party = (np.argsort(a) for a in (child, referral, home, party))
    members = [problem.party_child[problem.party_start[p] : problem.party_start[p + 1]] for p in party]
    old, start = [], [0]
    for p in party:
        row = np.arange(problem.pairs.start[p], problem.pairs.start[p + 1])
        old.append(row[np.argsort(new_home[problem.pairs.home[row]])])
        start.append(start[-1] + row.size)
    source = np.concatenate([*old, np.zeros(0, np.int64)]).astype(np.int64)
    place = np.argsort(source)

    def homes_of(array: np.ndarray) -> np.ndarray:
        return np.where(array >= 0, new_home[np.maximum(array, 0)], NO_HOME).astype(np.int32)

    pairs = AllowedPairs(
        np.array(start, np.int64),
        new_home[problem.pairs.home[source]].astype(np.int32),
        *(getattr(problem.pairs, name)[source] for name in ("points", "local_children", "weekly_fee_pence")),
    )
    changed = replace(
        problem,
        child_key=problem.child_key[child],
        child_referral=new_referral[problem.child_referral[child]].astype(np.int32),
        placing_points=problem.placing_points[child],
        separated_pair=problem.separated_pair[referral],
        party_key=problem.party_key[party],
        party_start=np.cumsum([0, *map(len, members)]).astype(np.int64),
        party_child=np.concatenate([new_child[m][::-1] for m in members]).astype(np.int32),
        **{n: getattr(problem, n)[home] for n in ("home_key", "places", "shared_places", "arrivals", "home_price")},
        pairs=pairs,
        poses=problem.poses[party],
        harmed_by=problem.harmed_by[party],
        conflict_parties=new_party[problem.conflict_parties][:, ::-1].astype(np.int32),
        conflict_home=homes_of(problem.conflict_home),
        unchanged_home=homes_of(problem.unchanged_home[party]),
        pinned=place[problem.pinned][::-1].astype(np.int64).copy(),
        excluded=place[problem.excluded].astype(np.int64),
    )
    return changed, source
