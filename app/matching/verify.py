"""An independent check of a choice: every constraint and the worth, in plain Python.

Nothing of the solver is used here, neither its code nor its numbers. Each rule of `problem.py` is written out once
more in the most obvious way, so that a mistake over there has to be made twice, differently, to go unseen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations

from app.matching.problem import WHOLE, Problem, TargetMode


@dataclass(frozen=True, slots=True)
class Placed:
    """One chosen pair, looked up."""

    pair: int
    party: int
    home: int
    children: frozenset[int]
    referral: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check found. `breaches` is empty for a valid choice; `worth` is its objective in points."""

    breaches: tuple[str, ...]
    worth: int
    local: int
    total: int


def verify(problem: Problem, chosen: list[int], most_local_balance: int | None = None) -> Verdict:
    """Check a choice, given as pair indices.

    `most_local_balance` is the solver's claim that a hard target cannot be met and that this is the most that can be
    reached; a choice must then reach exactly that. Whether the claim is true is not decided here.
    """
    if len(set(chosen)) != len(chosen) or any(not 0 <= pair < len(problem.pairs) for pair in chosen):
        return Verdict(("a pair does not exist or is chosen twice",), 0, 0, 0)
    placed = [_look_up(problem, pair) for pair in chosen]
    by_home: dict[int, list[Placed]] = defaultdict(list)
    for one in placed:
        by_home[one.home].append(one)
    local, total = _count_local(problem, placed)
    listed = _listed_conflicts(problem)
    siblings = Counter(problem.child_referral.tolist())
    breaches = [
        *_children_once(placed),
        *(fault for home in sorted(by_home) for fault in _home_faults(problem, home, by_home[home], listed)),
        *_fixed_faults(problem, set(chosen)),
        *_budget_faults(problem, chosen),
        *_target_faults(problem, local, total, most_local_balance),
    ]
    worth = sum(_worth_of(problem, one, siblings[one.referral]) for one in placed) - (
        _target_price(problem, local, total) if most_local_balance is None else 0
    )
    return Verdict(tuple(breaches), worth, local, total)


def _look_up(problem: Problem, pair: int) -> Placed:
    low, high = 0, problem.parties
    while high - low > 1:
        middle = (low + high) // 2
        if int(problem.pairs.start[middle]) <= pair:
            low = middle
        else:
            high = middle
    begin, end = int(problem.party_start[low]), int(problem.party_start[low + 1])
    children = [int(child) for child in problem.party_child[begin:end]]
    return Placed(pair, low, int(problem.pairs.home[pair]), frozenset(children), _referral(problem, children[0]))


def _referral(problem: Problem, child: int) -> int:
    return int(problem.child_referral[child])


def _children_once(placed: list[Placed]) -> list[str]:
    seen: set[int] = set()
    faults = []
    for one in placed:
        if seen & one.children:
            faults.append(f"party {one.party}: a child is placed twice")
        seen |= one.children
    return faults


Conflicts = dict[frozenset[int], set[int]]


def _listed_conflicts(problem: Problem) -> Conflicts:
    """The homes in which each two parties must not live together; -1 stands for all."""
    found: Conflicts = defaultdict(set)
    for (one, other), where in zip(problem.conflict_parties.tolist(), problem.conflict_home.tolist(), strict=True):
        found[frozenset((one, other))].add(where)
    return found


def _home_faults(problem: Problem, home: int, guests: list[Placed], listed: Conflicts) -> list[str]:
    faults = []
    newcomers = sum(len(guest.children) for guest in guests)
    if newcomers > int(problem.places[home]):
        faults.append(f"home {home}: {newcomers} newcomers, more than its places")
    if len(guests) > 1 and newcomers > int(problem.shared_places[home]):
        faults.append(f"home {home}: {newcomers} newcomers of several parties, more than its shared places")
    if len(guests) > int(problem.arrivals[home]):
        faults.append(f"home {home}: {len(guests)} arrivals, more than its limit")
    if len({guest.referral for guest in guests}) < len(guests):
        faults.append(f"home {home}: two parties of one referral")
    for one, other in combinations(guests, 2):
        if listed.get(frozenset((one.party, other.party)), set()) & {-1, home} or _harm(
            problem, one.party, other.party
        ):
            faults.append(f"home {home}: parties {one.party} and {other.party} must not live together")
    return faults


def _harm(problem: Problem, one: int, other: int) -> bool:
    there = int(problem.poses[one]) & int(problem.harmed_by[other])
    back = int(problem.poses[other]) & int(problem.harmed_by[one])
    return bool(there or back)


def _fixed_faults(problem: Problem, chosen: set[int]) -> list[str]:
    missing = [int(pair) for pair in problem.pinned if int(pair) not in chosen]
    barred = [int(pair) for pair in problem.excluded if int(pair) in chosen]
    return [f"pair {pair}: pinned, but not chosen" for pair in missing] + [
        f"pair {pair}: excluded, but chosen" for pair in barred
    ]


def _budget_faults(problem: Problem, chosen: list[int]) -> list[str]:
    if problem.weekly_budget_pence is None:
        return []
    cost = sum(int(problem.pairs.weekly_fee_pence[pair]) for pair in chosen)
    over = cost - problem.weekly_budget_pence
    return [f"budget: {over} pence a week over"] if over > 0 else []


def _count_local(problem: Problem, placed: list[Placed]) -> tuple[int, int]:
    local = sum(int(problem.pairs.local_children[one.pair]) for one in placed)
    total = sum(len(one.children) for one in placed)
    if problem.local is not None:
        local += problem.local.existing_local
        total += problem.local.existing_total
    return local, total


def _target_faults(problem: Problem, local: int, total: int, most: int | None) -> list[str]:
    target = problem.local
    if target is None or target.mode is not TargetMode.HARD:
        return [] if most is None else ["local target: it is not hard, so nothing is unreachable"]
    balance = local * WHOLE - target.floor_per_10000 * total
    if most is None:
        return [] if balance >= 0 else ["local target: the hard floor is missed"]
    return [] if balance == most and most < 0 else ["local target: not the most that can be reached"]


def _target_price(problem: Problem, local: int, total: int) -> int:
    target = problem.local
    if target is None:
        return 0
    floor = -(-target.floor_per_10000 * total // WHOLE)
    ambition = -(-target.ambition_per_10000 * total // WHOLE)
    price = 0
    for missing in range(local + 1, ambition + 1):
        if missing > floor:
            price += target.ambition_price
        elif target.mode is TargetMode.ELASTIC:
            price += target.floor_price
    return price


def _worth_of(problem: Problem, one: Placed, siblings: int) -> int:
    size = len(one.children)
    worth = int(problem.pairs.points[one.pair])
    worth += sum(int(problem.placing_points[child]) for child in one.children)
    worth -= size * int(problem.home_price[one.home])
    if int(problem.unchanged_home[one.party]) == one.home:
        worth += problem.unchanged_points
    for _ in one.children:
        elsewhere = siblings - size
        worth -= elsewhere * (int(problem.separated_pair[one.referral]) // 2)
    return worth
