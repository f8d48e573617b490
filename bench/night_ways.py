"""The plain alternatives to the optimiser, on the same problem and with a stated limit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ortools.linear_solver.python import model_builder_helper as helper

from app.matching.problem import Problem
from app.matching.solve.columns import columns_of, rival_sets
from app.matching.solve.crowding import RivalSet
from app.matching.solve.model import build
from app.matching.terms import terms_of
from bench.night_greedy import greedy

BEST = 30
DENSE = "CP-SAT, all pairs"
DENSE_PAIRS = 2_000_000
"""A program over more pairs than this is not even built: it would not fit into memory."""

Way = Callable[[Problem, float], list[int]]


def first_come(problem: Problem, limit: float) -> list[int]:
    """First come, first served, kept within the target as a team would."""
    del limit
    return greedy(problem)


def cp_sat_dense(problem: Problem, limit: float) -> list[int]:
    """CP-SAT over every allowed pair."""
    if len(problem.pairs) > DENSE_PAIRS:
        return []
    return _program(problem, np.arange(len(problem.pairs)), "sat", limit)


def cp_sat_best(problem: Problem, limit: float) -> list[int]:
    """CP-SAT over the 30 best homes of each party."""
    return _program(problem, _best_pairs(problem), "sat", limit)


def scip_best(problem: Problem, limit: float) -> list[int]:
    """SCIP over the 30 best homes of each party."""
    return _program(problem, _best_pairs(problem), "scip", limit)


WAYS: dict[str, Way] = {
    "first come, first served": first_come,
    DENSE: cp_sat_dense,
    "CP-SAT, 30 best": cp_sat_best,
    "SCIP, 30 best": scip_best,
}


def _best_pairs(problem: Problem) -> np.ndarray:
    """The 30 best pairs of each party, a local child counting as much as the target pays at most."""
    credit = problem.local.floor_price if problem.local else 0
    pairs, found = problem.pairs, [np.zeros(0, np.int64)]
    for begin, end in zip(pairs.start[:-1].tolist(), pairs.start[1:].tolist(), strict=True):
        worth = pairs.points[begin:end] + np.int64(credit) * pairs.local_children[begin:end]
        found.append(begin + np.argsort(-worth, kind="stable")[:BEST])
    return np.concatenate(found)


def _program(problem: Problem, pairs: np.ndarray, engine: str, limit: float) -> list[int]:
    terms = terms_of(problem)
    columns = columns_of(terms, pairs)
    program = build(terms, columns, None, [RivalSet(one) for one in rival_sets(terms, columns)], strict=True).program
    model = helper.ModelBuilderHelper()
    low, upper = np.full_like(program.high, -np.inf), np.minimum(program.upper, 1 << 20)
    upper[: columns.pair.size] = 1.0
    model.fill_model_from_sparse_data(np.zeros_like(upper), upper, program.worth, low, program.high, program.rows)
    model.set_maximize(True)
    for variable in range(upper.size):
        model.set_var_integrality(variable, True)
    solver = helper.ModelSolverHelper(engine)
    solver.set_time_limit_in_seconds(limit)
    if engine == "sat":
        solver.set_solver_specific_parameters("num_workers:2")
    solver.solve(model)
    if not solver.has_solution():
        return []
    x = np.asarray(solver.variable_values())[: columns.pair.size]
    return np.sort(columns.pair[x > 0.5]).tolist()
