"""Every possible choice, tried one after another. Slow and plainly right; shares nothing with solver or checker."""

from __future__ import annotations

from math import ceil

from app.matching.problem import Problem, TargetMode

Choice = tuple[int, ...]


def best_choice(problem: Problem) -> tuple[int, int | None] | None:
    """Worth of the best valid choice and, for a hard target that cannot be met, the most that can be reached.

    None if the pinned pairs cannot all be chosen.
    """
    options = _options(problem)
    valid: list[tuple[int, int, int]] = []
    _extend(problem, options, 0, [], valid)
    if not valid:
        return None
    target = problem.local
    if target is None:
        return max(worth for worth, _, _ in valid), None
    if target.mode is TargetMode.ELASTIC:
        return max(worth - _penalty(problem, local, total) for worth, local, total in valid), None
    most = max(local * 10_000 - target.floor_per_10000 * total for _, local, total in valid)
    need = min(most, 0)
    good = [v for v in valid if v[1] * 10_000 - target.floor_per_10000 * v[2] >= need]
    if most < 0:
        return max(worth for worth, _, _ in good), most
    return max(worth - _penalty(problem, local, total) for worth, local, total in good), None


def _penalty(problem: Problem, local: int, total: int) -> int:
    target = problem.local
    assert target is not None
    floor, ambition = (ceil(share * total / 10_000) for share in (target.floor_per_10000, target.ambition_per_10000))
    assert floor * 10_000 >= target.floor_per_10000 * total > (floor - 1) * 10_000
    price = target.ambition_price * max(0, ambition - max(local, floor))
    if target.mode is TargetMode.ELASTIC:
        price += target.floor_price * max(0, floor - local)
    return price


def _options(problem: Problem) -> list[tuple[int, int, frozenset[int], int]]:
    """All pairs not excluded: (pair, home, children, party)."""
    barred = set(problem.excluded.tolist())
    found = []
    for party in range(problem.parties):
        children = frozenset(problem.party_child[problem.party_start[party] : problem.party_start[party + 1]].tolist())
        row = range(problem.pairs.start[party], problem.pairs.start[party + 1])
        found += [(pair, int(problem.pairs.home[pair]), children, party) for pair in row if pair not in barred]
    return found


def _extend(problem: Problem, options: list, at: int, taken: list, valid: list) -> None:
    """Add every valid choice that extends `taken` by options from `at` on. Breaking a limit is never undone later."""
    if not _allowed(problem, taken):
        return
    if set(problem.pinned.tolist()) <= {one[0] for one in taken}:
        valid.append(_measure(problem, taken))
    for index in range(at, len(options)):
        _extend(problem, options, index + 1, [*taken, options[index]], valid)


def _allowed(problem: Problem, taken: list) -> bool:
    if not taken:
        return True
    _, home, children, party = taken[-1]
    if any(children & other[2] for other in taken[:-1]):
        return False
    budget = problem.weekly_budget_pence
    if budget is not None and sum(int(problem.pairs.weekly_fee_pence[one[0]]) for one in taken) > budget:
        return False
    there = [one for one in taken if one[1] == home]
    count = sum(len(one[2]) for one in there)
    if count > problem.places[home] or len(there) > problem.arrivals[home]:
        return False
    if len(there) > 1 and count > problem.shared_places[home]:
        return False
    return not any(_clash(problem, party, children, other, home) for other in there[:-1])


def _clash(problem: Problem, party: int, children: frozenset[int], other: tuple, home: int) -> bool:
    referral = problem.child_referral
    if referral[min(children)] == referral[min(other[2])]:
        return True
    if problem.poses[party] & problem.harmed_by[other[3]] or problem.poses[other[3]] & problem.harmed_by[party]:
        return True
    for (one, two), where in zip(problem.conflict_parties.tolist(), problem.conflict_home.tolist(), strict=True):
        if {one, two} == {party, other[3]} and where in (-1, home):
            return True
    return False


def _measure(problem: Problem, taken: list) -> tuple[int, int, int]:
    """Worth without the local target, local children and total children (both with the existing ones)."""
    worth = 0
    home_of = {}
    for pair, home, children, party in taken:
        worth += int(problem.pairs.points[pair]) + sum(int(problem.placing_points[c]) for c in children)
        worth -= int(problem.home_price[home]) * len(children)
        worth += problem.unchanged_points if problem.unchanged_home[party] == home else 0
        home_of |= dict.fromkeys(children, home)
    for one in range(problem.children):
        for two in range(one):
            if problem.child_referral[one] == problem.child_referral[two]:
                apart = home_of.get(one, "waits") != home_of.get(two, "waits")
                waiting = (one not in home_of) + (two not in home_of)
                half = int(problem.separated_pair[problem.child_referral[one]]) // 2
                worth -= half * (2 - waiting) if apart else 0
    local = sum(int(problem.pairs.local_children[one[0]]) for one in taken)
    total = len(home_of)
    if problem.local is not None:
        return worth, local + problem.local.existing_local, total + problem.local.existing_total
    return worth, local, total
