"""Refuses problems that could not be solved rightly, naming the field that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from app.matching.problem import Problem

MAX_POINTS = 1 << 36
"""Largest magnitude of any one worth or price; keeps every sum of the optimiser within 63 bits."""

MAX_CHARGED = 1 << 48
"""Most points that a local target may charge in all: times 4,096 parts of a point, and twice, within 62 bits."""

KINDS: dict[str, type] = {
    "child_key": np.uint64,
    "child_referral": np.int32,
    "placing_points": np.int64,
    "separated_pair": np.int64,
    "party_key": np.uint64,
    "party_start": np.int64,
    "party_child": np.int32,
    "home_key": np.uint64,
    "places": np.int32,
    "shared_places": np.int32,
    "arrivals": np.int32,
    "home_price": np.int64,
    "poses": np.uint64,
    "harmed_by": np.uint64,
    "conflict_parties": np.int32,
    "conflict_home": np.int32,
    "unchanged_home": np.int32,
    "pinned": np.int64,
    "excluded": np.int64,
}


def freeze(name: str, array: npt.NDArray[np.generic], kind: type) -> None:
    """Make an array read-only; its type must be exactly the documented one."""
    if array.dtype != np.dtype(kind):
        raise TypeError(f"{name}: expected {np.dtype(kind)}, found {array.dtype}.")
    array.flags.writeable = False


def _need(met: object, message: str) -> None:
    if not met:
        raise ValueError(message)


def check_shapes(problem: Problem) -> None:
    """Every array has the length its field documents, and keys differ."""
    shapes = {
        "child_referral": problem.children,
        "placing_points": problem.children,
        "party_start": problem.parties + 1,
        "poses": problem.parties,
        "harmed_by": problem.parties,
        "unchanged_home": problem.parties,
        "places": problem.homes,
        "shared_places": problem.homes,
        "arrivals": problem.homes,
        "home_price": problem.homes,
        "conflict_home": problem.conflict_parties.shape[0],
    }
    for name, size in shapes.items():
        _need(getattr(problem, name).shape == (size,), f"{name}: expected {size} entries.")
    _need(problem.conflict_parties.shape[1:] == (2,), "conflict_parties: expected two columns.")
    for name in ("child_key", "party_key", "home_key"):
        keys = getattr(problem, name)
        _need(np.unique(keys).size == keys.size, f"{name}: keys must differ.")


def _inside(array: npt.NDArray[np.signedinteger], low: int, high: int) -> bool:
    return not array.size or (int(array.min()) >= low and int(array.max()) < high)


def check_parties(problem: Problem) -> None:
    """Parties are made of existing children of one referral; worths are within range."""
    _need(_inside(problem.child_referral, 0, problem.referrals), "child_referral: no such referral.")
    _need(_inside(problem.party_child, 0, problem.children), "party_child: no such child.")
    sizes = np.diff(problem.party_start)
    _need(problem.party_start[0] == 0, "party_start: must begin with 0.")
    _need(problem.party_start[-1] == problem.party_child.size, "party_start: must end with the last child.")
    _need(not sizes.size or (sizes.min() >= 1 and sizes.max() < 256), "party_start: 1 to 255 children a party.")
    owner = problem.child_referral[problem.party_child]
    first = np.repeat(owner[problem.party_start[:-1]], sizes) if sizes.size else owner
    _need((owner == first).all(), "party_child: children of one party must belong to one referral.")
    whole = np.bincount(problem.child_referral, minlength=problem.referrals)
    parts = first[:0] if not sizes.size else owner[problem.party_start[:-1]][sizes > 0]
    busy = np.bincount(parts, minlength=problem.referrals) > 1 if parts.size else np.zeros(problem.referrals, bool)
    _need(not (busy & (whole > 62)).any(), "party_child: a referral with several parties has at most 62 children.")
    _need(_inside(problem.placing_points, 0, MAX_POINTS), "placing_points: out of range.")
    _need(_inside(problem.separated_pair, 0, MAX_POINTS), "separated_pair: out of range.")
    _need(not (problem.separated_pair % 2).any(), "separated_pair: must be even.")
    _need(_inside(problem.unchanged_home, -1, problem.homes), "unchanged_home: no such home.")
    _need(0 <= problem.unchanged_points <= MAX_POINTS, "unchanged_points: out of range.")
    _need(_inside(problem.conflict_parties, 0, problem.parties), "conflict_parties: no such party.")
    _need(_inside(problem.conflict_home, -1, problem.homes), "conflict_home: no such home.")


def check_homes(problem: Problem) -> None:
    """Limits and prices are within range."""
    for name in ("places", "shared_places", "arrivals"):
        _need(_inside(getattr(problem, name), 0, 1 << 20), f"{name}: must be 0 to 1048575.")
    _need(_inside(problem.home_price, -MAX_POINTS, MAX_POINTS), "home_price: out of range.")
    budget = problem.weekly_budget_pence
    _need(budget is None or 0 <= budget <= MAX_POINTS, "weekly_budget_pence: out of range.")


def check_target(problem: Problem) -> None:
    """Whatever the local target could charge and credit for all children together stays within 63 bits."""
    target = problem.local
    if target is None:
        return
    counted = target.existing_total + problem.children
    most = max(target.floor_price, target.ambition_price) * counted
    _need(most <= MAX_CHARGED, f"local: its prices for {counted} children together are too large to stay exact.")


def check_pairs(problem: Problem) -> None:
    """Pairs name existing homes in ascending order, fit into them, and are pinned or excluded at most once."""
    pairs = problem.pairs
    _need(pairs.start.size == problem.parties + 1, "pairs.start: expected one entry a party and one more.")
    _need(_inside(pairs.home, 0, problem.homes), "pairs.home: no such home.")
    _need(_inside(pairs.weekly_fee_pence, 0, 1 << 31), "pairs.weekly_fee_pence: must not be negative.")
    sizes = np.diff(problem.party_start)
    block = 1 << 20
    for begin in range(0, len(pairs), block):
        part = slice(max(begin - 1, 0), min(begin + block, len(pairs)))
        _check_pair_block(problem, part, sizes)
    for name in ("pinned", "excluded"):
        index = getattr(problem, name)
        _need(_inside(index, 0, len(pairs)), f"{name}: no such pair.")
        _need(np.unique(index).size == index.size, f"{name}: a pair is named twice.")
    _need(not np.intersect1d(problem.pinned, problem.excluded).size, "pinned: a pair is also excluded.")


def _check_pair_block(problem: Problem, part: slice, sizes: npt.NDArray[np.int64]) -> None:
    pairs = problem.pairs
    first, last = (np.searchsorted(pairs.start, [part.start, part.stop - 1], side="right") - 1).tolist()
    edges = np.clip(pairs.start[first : last + 2], part.start, part.stop)
    party = np.repeat(np.arange(first, last + 1), np.diff(edges))
    size = sizes[party]
    home = pairs.home[part]
    same_row = party[1:] == party[:-1]
    _need((home[1:] > home[:-1])[same_row].all(), "pairs.home: homes of one party must ascend.")
    _need((size <= problem.places[home]).all(), "pairs: a party is larger than the places of the home.")
    _need((pairs.local_children[part] <= size).all(), "pairs.local_children: more than the party's children.")
