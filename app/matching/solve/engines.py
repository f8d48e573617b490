"""The only place that knows the solvers: linear programs, integer programs and flows, arrays in and arrays out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow
from ortools.linear_solver.python import model_builder_helper as helper
from ortools.math_opt.callback_pb2 import CallbackRegistrationProto
from ortools.math_opt.core.python.solver import solve as math_solve
from ortools.math_opt.model_parameters_pb2 import ModelSolveParametersProto
from ortools.math_opt.model_pb2 import ModelProto
from ortools.math_opt.parameters_pb2 import (
    EMPHASIS_OFF,
    LP_ALGORITHM_DUAL_SIMPLEX,
    SOLVER_TYPE_GLOP,
    SolveParametersProto,
    SolverInitializerProto,
)
from ortools.math_opt.result_pb2 import TERMINATION_REASON_OPTIMAL
from ortools.math_opt.solution_pb2 import (
    BASIS_STATUS_AT_LOWER_BOUND as AT_LOWER,
)
from ortools.math_opt.solution_pb2 import (
    BASIS_STATUS_AT_UPPER_BOUND as AT_UPPER,
)
from ortools.math_opt.solution_pb2 import (
    BASIS_STATUS_BASIC as BASIC,
)
from ortools.math_opt.solution_pb2 import (
    BASIS_STATUS_FIXED_VALUE as FIXED,
)
from pybind11_abseil.status import StatusNotOk
from scipy.sparse import csr_matrix

Floats = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]


DUAL_BELOW = 20_000
"""Smaller programs go on faster by the dual simplex after rows were added, larger ones slower."""


@dataclass(frozen=True, slots=True)
class Program:
    """Maximise worth @ x subject to rows @ x <= high and 0 <= x <= upper.

    column_key, row_key: int64, names by which columns and rows are known again in a later, larger program.
    """

    worth: Floats
    upper: Floats
    rows: csr_matrix
    high: Floats
    column_key: Int64s
    row_key: Int64s


@dataclass(frozen=True, slots=True)
class Basis:
    """Where a linear program ended: the status of each column and row, by key."""

    column_key: Int64s
    column: Int64s
    row_key: Int64s
    row: Int64s


@dataclass(frozen=True, slots=True)
class Answer:
    """x, the price of each row and the basis (not for integer programs), and the solver's own bound."""

    x: Floats
    row_price: Floats
    bound: float
    basis: Basis | None = None


def solve_linear(program: Program, before: Basis | None = None) -> Answer | None:
    """Solve the linear program, from the basis of an earlier one if there is one; None unless solved to the end."""
    settings, start = SolveParametersProto(), ModelSolveParametersProto()
    if before is not None:
        columns = _carried(program.column_key, before.column_key, before.column, AT_LOWER)
        rows = _carried(program.row_key, before.row_key, before.row, BASIC)
        if int((columns == BASIC).sum() + (rows == BASIC).sum()) == rows.size:
            settings.presolve = EMPHASIS_OFF
            if program.worth.size < DUAL_BELOW:
                settings.lp_algorithm = LP_ALGORITHM_DUAL_SIMPLEX
            for place, status in (
                (start.initial_basis.variable_status, columns),
                (start.initial_basis.constraint_status, rows),
            ):
                place.ids.extend(range(status.size))
                place.values.extend(status.tolist())
    model = _linear_model(program)
    try:
        result = math_solve(
            model,
            SOLVER_TYPE_GLOP,
            SolverInitializerProto(),
            settings,
            start,
            None,
            CallbackRegistrationProto(),
            None,
            None,
        )
    except StatusNotOk:  # it gave up in the middle, mostly over a basis that leads nowhere
        return None if before is None else solve_linear(program)
    if result.termination.reason != TERMINATION_REASON_OPTIMAL:
        return None if before is None else solve_linear(program)
    best = result.solutions[0]
    x, price = np.zeros(program.upper.size), np.zeros(program.high.size)
    primal, dual = best.primal_solution.variable_values, best.dual_solution.dual_values
    x[np.array(primal.ids, np.int64)] = primal.values
    price[np.array(dual.ids, np.int64)] = dual.values
    basis = Basis(
        program.column_key, np.array(best.basis.variable_status.values, np.int64),
        program.row_key, np.array(best.basis.constraint_status.values, np.int64),
    )  # fmt: skip
    return Answer(x, price, float(best.primal_solution.objective_value), basis)


def basis_of(columns: Int64s, rows: Int64s) -> Basis:
    """A basis of these columns, by key, with these rows at their limits; all others are as they begin."""
    return Basis(columns, np.full(columns.size, BASIC), rows, np.full(rows.size, AT_UPPER))


def _carried(keys: Int64s, old_keys: Int64s, old: Int64s, otherwise: int) -> Int64s:
    """Each status carried over by key; what is new starts `otherwise`."""
    order = np.argsort(old_keys)
    status = np.full(keys.size, otherwise, np.int64)
    if old_keys.size:
        spot = np.minimum(np.searchsorted(old_keys[order], keys), old_keys.size - 1)
        known = old_keys[order][spot] == keys
        status[known] = old[order][spot[known]]
    status[status == FIXED] = AT_LOWER
    return status


def _linear_model(program: Program) -> ModelProto:
    model = ModelProto()
    columns, rows = program.upper.size, program.high.size
    model.variables.ids.extend(range(columns))
    model.variables.lower_bounds.extend([0.0] * columns)
    model.variables.upper_bounds.extend(program.upper.tolist())
    model.variables.integers.extend([False] * columns)
    model.linear_constraints.ids.extend(range(rows))
    model.linear_constraints.lower_bounds.extend([-np.inf] * rows)
    model.linear_constraints.upper_bounds.extend(program.high.tolist())
    model.objective.maximize = True
    paid = np.flatnonzero(program.worth)
    model.objective.linear_coefficients.ids.extend(paid.tolist())
    model.objective.linear_coefficients.values.extend(program.worth[paid].tolist())
    matrix = program.rows.copy()
    matrix.sum_duplicates()
    cells = matrix.tocoo()
    model.linear_constraint_matrix.row_ids.extend(cells.row.tolist())
    model.linear_constraint_matrix.column_ids.extend(cells.col.tolist())
    model.linear_constraint_matrix.coefficients.extend(cells.data.tolist())
    return model


def solve_integer(program: Program, nodes: int, hint: Int64s | None = None) -> Answer | None:
    """Solve with all variables whole, within a number of search nodes; None if no solution was found.

    `hint` are the variables that are 1 in a known solution.
    """
    model = _integer_model(program)
    if hint is not None:
        for variable in hint:
            model.add_hint(int(variable), 1.0)
    solver = helper.ModelSolverHelper("scip")
    solver.set_solver_specific_parameters(
        f"limits/nodes = {nodes}\nlimits/gap = 0\nlimits/absgap = 0.9\nrandomization/randomseedshift = 0\n"
        "parallel/maxnthreads = 1\nlp/threads = 1\n"
    )
    solver.solve(model)
    if not solver.has_solution():
        return None
    x = np.asarray(solver.variable_values())
    return Answer(x, np.zeros(0), float(solver.best_objective_bound()))


def _integer_model(program: Program) -> Any:
    model: Any = helper.ModelBuilderHelper()
    low = np.full_like(program.high, -np.inf)
    zeros = np.zeros_like(program.upper)
    model.fill_model_from_sparse_data(zeros, program.upper, program.worth, low, program.high, program.rows)
    model.set_maximize(True)
    for variable in range(program.upper.size):
        model.set_var_integrality(variable, True)
    return model


def min_cost_flow(
    nodes: int, tail: Int64s, head: Int64s, capacity: Int64s, cost: Int64s, supply: Int64s
) -> Int64s | None:
    """Cheapest flow that meets all supplies; flow on each arc, or None if there is none."""
    flow = SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        tail.astype(np.int32), head.astype(np.int32), capacity.astype(np.int64), cost.astype(np.int64)
    )
    flow.set_nodes_supplies(np.arange(nodes, dtype=np.int32), supply.astype(np.int64))
    if flow.solve() != flow.OPTIMAL:
        return None
    return np.asarray(flow.flows(arcs), dtype=np.int64)
