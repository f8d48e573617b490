"""The only place that knows the solvers: linear programs, integer programs and flows, arrays in and arrays out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow
from ortools.linear_solver.python import model_builder_helper as helper
from scipy.sparse import csr_matrix

Floats = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Program:
    """Maximise worth @ x subject to rows @ x <= high and 0 <= x <= upper."""

    worth: Floats
    upper: Floats
    rows: csr_matrix
    high: Floats


@dataclass(frozen=True, slots=True)
class Answer:
    """x, the price of each row (not for integer programs), and the solver's own bound."""

    x: Floats
    row_price: Floats
    bound: float


def solve_linear(program: Program, engine: str = "glop") -> Answer | None:
    """Solve the linear program; None unless the engine calls it optimal."""
    model = _model(program, integer=False)
    solver = helper.ModelSolverHelper(engine)
    solver.solve(model)
    if solver.status() != helper.SolveStatus.OPTIMAL:
        return None
    return Answer(
        np.asarray(solver.variable_values()), np.asarray(solver.dual_values()), float(solver.objective_value())
    )


def solve_integer(program: Program, nodes: int, hint: Int64s | None = None) -> Answer | None:
    """Solve with all variables whole, within a number of search nodes; None if no solution was found.

    `hint` are the variables that are 1 in a known solution.
    """
    model = _model(program, integer=True)
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


def _model(program: Program, *, integer: bool) -> Any:
    model: Any = helper.ModelBuilderHelper()
    model.fill_model_from_sparse_data(
        np.zeros_like(program.upper),
        program.upper,
        program.worth,
        np.full_like(program.high, -np.inf),
        program.high,
        program.rows,
    )
    model.set_maximize(True)
    if integer:
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
