from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pybind11_abseil.status import Status as Status_
from pybind11_abseil.status import StatusCode, StatusNotOk
from scipy.sparse import csr_matrix

from app.matching.problem import AllowedPairs, LocalTarget, Problem, Status, TargetMode
from app.matching.solve import Effort, engines, solve
from app.matching.solve.engines import Program, solve_linear
from app.matching.solve.integer import Rung, Search
from app.matching.solve.master import Growth
from app.matching.verify import verify
from bench.night_instances import Night, make_night
from tests.matching.solving.agreeing import stands_beside_brute_force
from tests.matching.solving.brute_force import best_choice
from tests.matching.solving.random_problems import make_pairs, random_problem
from tests.matching.solving.second_model import best_by_second_model


def bare(children: int, parties: list[tuple[int, ...]], rows: list, homes: int, **changes: object) -> Problem:
    """One referral of some children, and homes with plenty of room."""
    base = Problem(
        child_key=np.arange(children, dtype=np.uint64),
        child_referral=np.zeros(children, np.int32),
        placing_points=np.full(children, 100, np.int64),
        separated_pair=np.full(1 if children else 0, 4, np.int64),
        party_key=np.arange(len(parties), dtype=np.uint64),
        party_start=np.cumsum([0, *map(len, parties)]).astype(np.int64),
        party_child=np.array([child for party in parties for child in party], np.int32),
        home_key=np.arange(homes, dtype=np.uint64),
        places=np.full(homes, 40, np.int32),
        shared_places=np.full(homes, 40, np.int32),
        arrivals=np.full(homes, 40, np.int32),
        home_price=np.zeros(homes, np.int64),
        pairs=make_pairs(rows),
        poses=np.zeros(len(parties), np.uint64),
        harmed_by=np.zeros(len(parties), np.uint64),
        conflict_parties=np.zeros((0, 2), np.int32),
        conflict_home=np.zeros(0, np.int32),
        unchanged_home=np.full(len(parties), -1, np.int32),
        unchanged_points=0,
        pinned=np.zeros(0, np.int64),
        excluded=np.zeros(0, np.int64),
    )
    return replace(base, **changes)


def test_nobody_waits() -> None:
    """No child, no party, no pair: an empty choice, proven best."""
    found = solve(bare(0, [], [], 3))
    assert (found.status, found.objective, found.bound, found.chosen.size) == (Status.OPTIMAL, 0, 0, 0)


def test_no_home_at_all() -> None:
    """Children but no homes."""
    found = solve(bare(2, [(0,), (1,)], [[], []], 0))
    assert (found.status, found.objective, found.bound) == (Status.OPTIMAL, 0, 0)


def test_nowhere_allowed_with_a_target() -> None:
    """No allowed pair: the target's price stands for the caseload alone, and that is proven."""
    target = LocalTarget(TargetMode.ELASTIC, 8_000, 8_000, 10, 10, existing_local=3, existing_total=10)
    found = solve(bare(1, [(0,)], [[]], 2, local=target))
    assert (found.status, found.objective, found.bound) == (Status.OPTIMAL, -50, -50)


def test_a_hard_target_nobody_can_help() -> None:
    """A hard target missed by the caseload, with no child to place: the most reachable is what is there."""
    target = LocalTarget(TargetMode.HARD, 8_000, 8_000, 10, 10, existing_local=3, existing_total=10)
    found = solve(bare(1, [(0,)], [[]], 2, local=target))
    assert (found.status, found.most_local_balance) == (Status.OPTIMAL, 3 * 10_000 - 8_000 * 10)
    assert verify(bare(1, [(0,)], [[]], 2, local=target), [], found.most_local_balance).breaches == ()


def test_a_large_group_and_large_homes() -> None:
    """Eight siblings as parts of many sizes, in homes with forty places: the looser sums are still true."""
    parties = [tuple(range(8)), (0, 1, 2, 3), (4, 5, 6, 7), *((child,) for child in range(8))]
    rows = [[], *([(0, 30 + i, 0, 0), (1, 20 + 2 * i, 0, 0)] for i in range(10))]
    problem = bare(8, parties, rows, 2)
    found = solve(problem)
    assert (found.status, found.objective) == (Status.OPTIMAL, best_choice(problem)[0])


def test_pins_that_contradict_each_other_are_infeasible() -> None:
    """Two pins for one child, or pins beyond the budget: no choice exists, and the status says so."""
    problem = bare(2, [(0,), (0, 1)], [[(0, 1, 0, 50)], [(1, 1, 0, 60)]], 2)
    assert solve(replace(problem, pinned=np.array([0, 1], np.int64))).status is Status.INFEASIBLE
    dear = replace(problem, pinned=np.array([1], np.int64), weekly_budget_pence=59)
    assert solve(dear).status is Status.INFEASIBLE
    assert solve(replace(dear, weekly_budget_pence=60)).status is Status.OPTIMAL


@pytest.mark.parametrize("seed", range(30))
def test_the_ways_of_large_problems_on_small_ones(seed: int) -> None:
    """Few columns, little patience, a crowd and rungs give valid choices and true bounds, however small the effort."""
    problem = random_problem(7_000 + seed)
    rungs = (Rung(2, 2, 1 << 40, 50, 20, 3), Rung(4, 2, 1 << 40, 50, 20, 3))
    search = Search(whole=0, crowd=1, tight=1 << 40, rungs=rungs, aim_ppm=0)
    found = solve(
        problem,
        Effort(
            growth=Growth(window=5, wide=20, rivals=1, near=1_000, patient=False, rounds=4), search=search, branches=3
        ),
    )
    stands_beside_brute_force(problem, found)


def test_a_large_budget_holds_to_the_penny() -> None:
    """A budget of millions is kept exactly, however coarse a solver's tolerance is."""
    problem = make_night(Night(12, 24, 20, allowed=0.4, seed=5))
    free = solve(problem)
    spent = int(problem.pairs.weekly_fee_pence[free.chosen].sum())
    for budget in (spent, spent - 1, spent // 2):
        tight = replace(problem, weekly_budget_pence=budget)
        found = solve(tight)
        assert verify(tight, found.chosen.tolist()).breaches == ()
        assert found.objective <= best_by_second_model(tight) <= found.bound
    assert solve(replace(problem, weekly_budget_pence=spent)).objective == free.objective


def test_arrays_are_checked_and_frozen() -> None:
    """A wrong type, a party too large for a home and a home named twice are refused; arrays cannot be written."""
    with pytest.raises(TypeError, match="places"):
        bare(1, [(0,)], [[]], 1, places=np.array([1], np.int64))
    with pytest.raises(ValueError, match="larger than the places"):
        bare(2, [(0, 1)], [[(0, 1, 0, 0)]], 1, places=np.array([1], np.int32))
    twice = make_pairs([[(0, 1, 0, 0), (0, 2, 0, 0)]])
    with pytest.raises(ValueError, match="ascend"):
        bare(1, [(0,)], [[]], 1, pairs=twice)
    problem = bare(1, [(0,)], [[(0, 1, 0, 0)]], 1)
    with pytest.raises(ValueError, match="read-only"):
        problem.pairs.points[0] = 5
    assert isinstance(problem.pairs, AllowedPairs)


def test_a_solver_that_gives_up_over_a_basis_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A basis that leads nowhere costs time and not the answer; without one there is none."""
    program = Program(
        np.array([2.0, 1.0]), np.array([np.inf, np.inf]), csr_matrix(np.ones((1, 2))), np.ones(1),
        np.arange(2), np.arange(1),
    )  # fmt: skip
    answer = solve_linear(program)
    assert answer is not None
    real, asked = engines.math_solve, list[int]()

    def giving_up(*given: Any) -> Any:
        asked.append(len(given[4].initial_basis.variable_status.ids))
        if asked[-1] or len(asked) > 2:
            raise StatusNotOk(Status_(StatusCode.INTERNAL, "abnormal"))
        return real(*given)

    monkeypatch.setattr(engines, "math_solve", giving_up)
    again = solve_linear(program, answer.basis)
    assert again is not None
    assert again.bound == answer.bound == 2
    assert asked == [2, 0]
    assert solve_linear(program) is None
