"""The same objective written out once more, plainly, for CP-SAT: one Boolean a pair, one sum a rule."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

from ortools.sat.python import cp_model

from app.matching.problem import Problem, TargetMode


def best_by_second_model(problem: Problem) -> int:
    """Worth of the best choice. Hard targets must be reachable."""
    model = cp_model.CpModel()
    pairs = range(len(problem.pairs))
    take = [model.new_bool_var(f"pair{pair}") for pair in pairs]
    party_of = [party for party in range(problem.parties) for _ in range(*_row(problem, party))]
    children = [_children(problem, party) for party in party_of]
    referral = [int(problem.child_referral[members[0]]) for members in children]
    by_home: dict[int, list[int]] = defaultdict(list)
    by_child: dict[int, list[int]] = defaultdict(list)
    for pair in pairs:
        by_home[int(problem.pairs.home[pair])].append(pair)
        for child in children[pair]:
            by_child[child].append(pair)
    for group in by_child.values():
        model.add(sum(take[pair] for pair in group) <= 1)
    for home, group in by_home.items():
        _home(model, problem, home, group, take, party_of, children, referral)
    for pair in problem.pinned.tolist():
        model.add(take[pair] == 1)
    for pair in problem.excluded.tolist():
        model.add(take[pair] == 0)
    if problem.weekly_budget_pence is not None:
        fees = problem.pairs.weekly_fee_pence.tolist()
        model.add(sum(fees[pair] * take[pair] for pair in pairs) <= problem.weekly_budget_pence)
    worth = sum(_worth(problem, pair, party_of[pair], children[pair], referral[pair]) * take[pair] for pair in pairs)
    model.maximize(worth - _target(model, problem, take, children))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2  # with less, one of these problems takes it many minutes
    status = solver.solve(model)
    assert status == cp_model.OPTIMAL, solver.status_name(status)
    return round(solver.objective_value)


def _row(problem: Problem, party: int) -> tuple[int, int]:
    return int(problem.pairs.start[party]), int(problem.pairs.start[party + 1])


def _children(problem: Problem, party: int) -> list[int]:
    return problem.party_child[problem.party_start[party] : problem.party_start[party + 1]].tolist()


def _home(model, problem, home, group, take, party_of, children, referral) -> None:  # noqa: ANN001
    newcomers = sum(len(children[pair]) * take[pair] for pair in group)
    arrivals = sum(take[pair] for pair in group)
    model.add(newcomers <= int(problem.places[home]))
    model.add(arrivals <= int(problem.arrivals[home]))
    several = model.new_bool_var(f"several{home}")
    model.add(arrivals <= 1).only_enforce_if(several.negated())
    model.add(newcomers <= int(problem.shared_places[home])).only_enforce_if(several)
    edges = zip(problem.conflict_parties.tolist(), problem.conflict_home.tolist(), strict=True)
    listed = {frozenset(parties) for parties, where in edges if where in (-1, home)}
    for one, two in combinations(group, 2):
        p, q = party_of[one], party_of[two]
        harm = (int(problem.poses[p]) & int(problem.harmed_by[q])) | (int(problem.poses[q]) & int(problem.harmed_by[p]))
        if harm or referral[one] == referral[two] or frozenset((p, q)) in listed:
            model.add(take[one] + take[two] <= 1)


def _worth(problem: Problem, pair: int, party: int, members: list[int], referral: int) -> int:
    home = int(problem.pairs.home[pair])
    siblings = int((problem.child_referral == referral).sum())
    worth = int(problem.pairs.points[pair]) - len(members) * int(problem.home_price[home])
    worth += sum(int(problem.placing_points[child]) for child in members)
    worth += problem.unchanged_points if int(problem.unchanged_home[party]) == home else 0
    return worth - int(problem.separated_pair[referral]) * len(members) * (siblings - len(members)) // 2


def _target(model, problem, take, children):  # noqa: ANN001, ANN202
    target = problem.local
    if target is None:
        return 0
    local = target.existing_local + sum(int(problem.pairs.local_children[i]) * take[i] for i in range(len(take)))
    total = target.existing_total + sum(len(children[i]) * take[i] for i in range(len(take)))
    most = target.existing_total + problem.children
    floor, ambition = model.new_int_var(0, most, "floor"), model.new_int_var(0, most, "ambition")
    for level, share in ((floor, target.floor_per_10000), (ambition, target.ambition_per_10000)):
        model.add(10_000 * level >= share * total)
        model.add(10_000 * level <= share * total + 9_999)
    low, high = model.new_int_var(0, most, "low"), model.new_int_var(0, most, "high")
    reached = model.new_int_var(0, 2 * most, "reached")
    model.add_max_equality(reached, [floor, local])
    model.add(high >= ambition - reached)
    model.add(low >= floor - local)
    if target.mode is TargetMode.HARD:
        model.add(low == 0)
    return target.floor_price * low + target.ambition_price * high
