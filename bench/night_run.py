"""`python -m bench.night_run [CASE ...] [--limit SECONDS]`: the optimiser beside its plain alternatives.

Every row runs in a process of its own and is checked by `verify`. The alternatives get the same problem and a stated
limit of seconds: first come, first served; CP-SAT on all pairs; CP-SAT and SCIP on the 30 best homes of each party.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from ortools.linear_solver.python import model_builder_helper as helper
from rich.console import Console
from rich.table import Table

from app.matching.problem import Problem
from app.matching.solve import solve
from app.matching.solve.columns import columns_of, rival_sets
from app.matching.solve.crowding import RivalSet
from app.matching.solve.model import build
from app.matching.terms import terms_of
from app.matching.verify import verify
from bench.night_greedy import greedy
from bench.night_instances import NIGHTS, make_night
from bench.report import RESULTS

BEST = 30
DENSE_PAIRS = 2_000_000
"""A program over more pairs than this is not even built."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way of solving one night. gap_percent: against the bound certified by the optimiser, where known."""

    case: str
    way: str
    seconds: float
    cpu_seconds: float
    points: int
    bound: int | None
    placed: int
    local_percent: float
    memory_mb: int
    valid: bool


def ours(problem: Problem, limit: float) -> tuple[list[int], int | None]:
    """The optimiser; its effort is counted in steps, so the limit is not used."""
    del limit
    found = solve(problem)
    return found.chosen.tolist(), found.bound


def first_come(problem: Problem, limit: float) -> tuple[list[int], int | None]:
    """First come, first served."""
    del limit
    return greedy(problem), None


def cp_sat_dense(problem: Problem, limit: float) -> tuple[list[int], int | None]:
    """CP-SAT over every allowed pair."""
    if len(problem.pairs) > DENSE_PAIRS:
        return [], None
    return _program(problem, np.arange(len(problem.pairs)), "sat", limit), None


def cp_sat_best(problem: Problem, limit: float) -> tuple[list[int], int | None]:
    """CP-SAT over the 30 best homes of each party."""
    return _program(problem, _best_pairs(problem), "sat", limit), None


def scip_best(problem: Problem, limit: float) -> tuple[list[int], int | None]:
    """SCIP over the 30 best homes of each party."""
    return _program(problem, _best_pairs(problem), "scip", limit), None


WAYS: tuple[Callable[[Problem, float], tuple[list[int], int | None]], ...] = (
    ours, first_come, cp_sat_dense, cp_sat_best, scip_best,
)  # fmt: skip


def _best_pairs(problem: Problem) -> np.ndarray:
    """The 30 best pairs of each party, a local child counting as much as the target pays at most."""
    credit = problem.local.floor_price if problem.local else 0
    pairs, found = problem.pairs, []
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


def measure(case: str, way: int, limit: float) -> Row:
    """Run one way on one night, in the process it is called in."""
    problem = make_night(NIGHTS[case])
    run = WAYS[way]
    begun, cpu = time.perf_counter(), time.process_time()
    chosen, bound = run(problem, limit)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    verdict = verify(problem, chosen)
    existing = problem.local.existing_total if problem.local else 0
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    share = 100 * verdict.local / max(1, verdict.total)
    return Row(
        case, run.__name__, round(seconds, 2), round(cpu, 2), verdict.worth, bound,
        verdict.total - existing, round(share, 2), memory, not verdict.breaches,
    )  # fmt: skip


def main() -> None:
    """Measure the cases asked for, print them side by side and write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=["nottingham", "region-ample", "region-scarce"])
    parser.add_argument("--limit", type=float, default=20.0, help="seconds for each alternative")
    parser.add_argument("--ours", action="store_true", help="leave the alternatives out")
    given = parser.parse_args()
    rows: list[Row] = []
    for case in given.cases:
        for way in range(1 if given.ours else len(WAYS)):
            with multiprocessing.get_context("spawn").Pool(1) as alone:
                rows.append(alone.apply(measure, (case, way, given.limit)))
    _show(rows, given.limit)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "night.json").write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")


def _show(rows: list[Row], limit: float) -> None:
    table = Table(title=f"One night, alternatives limited to {limit:g} s")
    for heading in ("case", "way", "s", "cpu s", "points", "below bound %", "placed", "local %", "MB", "valid"):
        table.add_column(heading, justify="left" if heading in {"case", "way"} else "right")
    bounds = {row.case: row.bound for row in rows if row.bound is not None}
    for row in rows:
        bound = bounds.get(row.case)
        below = "" if bound is None else f"{100 * (bound - row.points) / bound:.5f}"
        cells = (row.seconds, row.cpu_seconds, f"{row.points:,}", below, row.placed, row.local_percent, row.memory_mb)
        table.add_row(row.case, row.way, *map(str, cells), "yes" if row.valid else "NO")
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
