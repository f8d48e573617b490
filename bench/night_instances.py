"""Invented nights of any size for the optimiser's benchmark: geography, sibling groups, scarce and ample supply.

Towns lie scattered over a square; children and homes gather around them. What a pair is worth falls with distance
and depends on the home's quality and on how well child and home happen to fit. A home is open to a child or not
(age, sex, needs and kind of home, drawn as a few hidden traits); about one pair in ten is allowed. A child is local
within 20 miles of the centre of its own authority. One target counts for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from app.matching.problem import NO_HOME, AllowedPairs, LocalTarget, Problem, TargetMode

LOCAL_M = 32_187
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Night:
    """Size and kind of an invented night. `arrivals` False lets homes fill in one night."""

    children: int
    homes: int
    places: int
    authorities: int = 1
    allowed: float = 0.10
    arrivals: bool = True
    seed: int = 1


NIGHTS = {
    "nottingham": Night(55, 450, 620, 1, 0.16),
    "region-ample": Night(1_000, 3_000, 4_800, 9, 0.16),
    "region-scarce": Night(1_000, 3_000, 900, 9, 0.16),
    "country-ample": Night(10_000, 12_000, 22_000, 150, 0.28),
    "country-scarce": Night(10_000, 12_000, 9_000, 150, 0.28),
    "stress": Night(5_000, 25_000, 40_000, 150, 0.16),
}


def make_night(night: Night) -> Problem:
    """The problem of one invented night; equal nights give equal problems."""
    rng = np.random.default_rng([1989, night.seed, night.children, night.homes, night.places])
    groups = _groups(rng, night.children)
    width = 60_000.0 * np.sqrt(night.authorities)
    centre = rng.uniform(0.1 * width, 0.9 * width, (night.authorities, 2))
    authority = np.sort(rng.integers(0, night.authorities, groups.size))
    origin = centre[authority] + rng.normal(0, 9_000, (groups.size, 2))
    where = centre[rng.integers(0, night.authorities, night.homes)] + rng.normal(0, 22_000, (night.homes, 2))
    places, foster = _places(rng, night)
    owner = np.repeat(np.arange(groups.size), groups).astype(np.int32)
    parties = _parties(rng, groups)
    trait = rng.integers(0, 4, night.homes)
    openness = rng.beta(1.2, 1.2, night.homes)
    rows = _Rows(rng, where, places, trait, openness, night.allowed, rng.integers(0, 22_000, night.homes))
    pairs = rows.fill(parties, owner, origin, centre[authority])
    urgency = rng.choice([2_000_000, 1_000_000, 500_000], groups.size, p=[0.15, 0.35, 0.5])
    urgency += 1_000 * rng.geometric(0.05, groups.size)
    count = len(parties)
    shared = np.where(foster, np.minimum(places, rng.choice([1, 2, 3], night.homes, p=[0.3, 0.4, 0.3])), places)
    limit = np.where(foster, 1, 2) if night.arrivals else np.maximum(places, 1)
    last_night = np.where(rng.random(count) < 0.3, _any_home(rng, pairs), NO_HOME)
    keep = rng.choice([0, 1, 2], groups.size, p=[0.3, 0.5, 0.2])
    return Problem(
        child_key=np.arange(night.children, dtype=np.uint64),
        child_referral=owner,
        placing_points=urgency[owner].astype(np.int64),
        separated_pair=np.where(keep > 0, 40_000, 0).astype(np.int64),
        party_key=np.arange(count, dtype=np.uint64),
        party_start=np.cumsum([0, *map(len, parties)]).astype(np.int64),
        party_child=np.array([child for party in parties for child in party], np.int32),
        home_key=np.arange(night.homes, dtype=np.uint64),
        places=places.astype(np.int32),
        shared_places=shared.astype(np.int32),
        arrivals=limit.astype(np.int32),
        home_price=np.zeros(night.homes, np.int64),
        pairs=pairs,
        poses=_risks(rng, count, 0.12),
        harmed_by=_risks(rng, count, 0.25),
        conflict_parties=np.zeros((0, 2), np.int32),
        conflict_home=np.zeros(0, np.int32),
        unchanged_home=last_night.astype(np.int32),
        unchanged_points=5_000,
        pinned=np.zeros(0, np.int64),
        excluded=np.zeros(0, np.int64),
        local=LocalTarget(TargetMode.ELASTIC, 8_000, 8_500, 30_000, 6_000, 11 * night.children, 15 * night.children),
    )


def _groups(rng: np.random.Generator, children: int) -> npt.NDArray[np.int64]:
    """Sizes of referrals: one in four is a sibling group."""
    sizes: list[int] = []
    while sum(sizes) < children:
        size = 1 if rng.random() < 0.75 else int(rng.choice([2, 3, 4, 5], p=[0.66, 0.24, 0.07, 0.03]))
        sizes.append(min(size, children - sum(sizes)))
    return np.array(sizes, np.int64)


def _places(rng: np.random.Generator, night: Night) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Usable places of each home, `night.places` in all; and which homes foster."""
    foster = rng.random(night.homes) < 0.72
    most = np.where(foster, 4, 5)
    busy = rng.permutation(night.homes)[: min(night.homes, round(night.places / 1.6))]
    places = np.zeros(night.homes, np.int64)
    places[busy] = 1
    while (missing := night.places - int(places.sum())) > 0:
        room = np.flatnonzero((places < most) & (places > 0))
        places[rng.choice(room, min(missing, room.size), replace=False)] += 1
    return places, foster


def _parties(rng: np.random.Generator, groups: npt.NDArray[np.int64]) -> list[tuple[int, ...]]:
    """The whole group (required) or every part of it (preferred and not required)."""
    parties: list[tuple[int, ...]] = []
    first = 0
    for size in groups.tolist():
        children = range(first, first + size)
        sizes = [size] if rng.random() < 0.4 else range(1, size + 1)
        parties += [part for taken in sizes for part in combinations(children, taken)]
        first += size
    return parties


@dataclass(frozen=True, slots=True)
class _Rows:
    rng: np.random.Generator
    where: Floats
    places: npt.NDArray[np.int64]
    trait: npt.NDArray[np.int64]
    openness: Floats
    allowed: float
    quality: npt.NDArray[np.int64]

    def fill(
        self, parties: list[tuple[int, ...]], owner: npt.NDArray[np.int32], origin: Floats, centre: Floats
    ) -> AllowedPairs:
        """Allowed pairs of all parties, home by home."""
        seeds = self.rng.integers(0, 1 << 62, owner.size)
        start, home, points, local, fee = [0], [], [], [], []
        seen: dict[int, tuple[npt.NDArray[np.bool_], npt.NDArray[np.int32]]] = {}
        fees = self.rng.integers(40_000, 600_000, self.places.size).astype(np.int32)
        for party in parties:
            seen = {
                child: seen.get(child) or self._child(int(seeds[child]), origin[owner[child]]) for child in party
            } | {child: kept for child, kept in seen.items() if owner[child] == owner[party[0]]}
            fits = self.places >= len(party)
            for child in party:
                fits = fits & seen[child][0]
            row = np.flatnonzero(fits).astype(np.int32)
            home.append(row)
            points.append(sum(seen[child][1][row] for child in party))
            near = np.hypot(*(self.where[row] - centre[owner[party[0]]]).T) <= LOCAL_M
            local.append((near * len(party)).astype(np.uint8))
            fee.append(fees[row] * np.int32(len(party)))
            start.append(start[-1] + row.size)
        return AllowedPairs(np.array(start, np.int64), *(np.concatenate(part) for part in (home, points, local, fee)))

    def _child(self, seed: int, origin: Floats) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int32]]:
        rng = np.random.default_rng(seed)
        taste = np.array([1.9, 1.2, 0.6, 0.3])[rng.permutation(4)]
        fits = rng.random(self.places.size) < self.allowed * taste[self.trait] * 2 * self.openness
        distance = np.hypot(*(self.where - origin).T)
        near = 36_000 * np.clip((64_000 - distance) / 59_000, 0, 1)
        fit = rng.integers(0, 300, self.places.size) * 100
        return fits, (near.astype(np.int32) // 30 * 30 + self.quality // 100 * 100 + fit).astype(np.int32)


def _any_home(rng: np.random.Generator, pairs: AllowedPairs) -> npt.NDArray[np.int64]:
    """One allowed home of each party, or NO_HOME."""
    width = np.diff(pairs.start)
    pick = pairs.start[:-1] + (rng.random(width.size) * width).astype(np.int64)
    return np.where(width > 0, pairs.home[np.minimum(pick, len(pairs) - 1)], NO_HOME)


def _risks(rng: np.random.Generator, count: int, share: float) -> npt.NDArray[np.uint64]:
    bits = rng.random((count, 6)) < share / 3
    return (bits @ (1 << np.arange(6))).astype(np.uint64)
