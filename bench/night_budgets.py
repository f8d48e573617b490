"""`python -m bench.night_budgets [SEEDS]`: invented nights of Nottingham's size under weekly budgets that bind.

Each night is solved for budgets spread from nothing to what the best choice without one costs, without a local
target, with an elastic and with a hard one. What counts is how many are proven, what gap is left otherwise, and the
processor's time. Figures go to `bench/results/budgets.json`.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.demo.authority import synthetic_authority
from app.matching.batch import batch
from app.matching.problem import Problem, TargetMode
from app.matching.solve import solve
from bench.cases_matching import DAY, directory
from bench.night_cases import CASES, Records, night_of
from bench.report import Result, percentile, publish

SEEDS = 2
STEPS = 8
COMMAND = "python -m bench.night_budgets"


@dataclass(frozen=True, slots=True)
class Night:
    """One night under one budget: its gap in points and percent, and seconds of processor time."""

    name: str
    gap: int
    gap_percent: float
    seconds: float


def main(seeds: int) -> None:
    """Every night, a line each where it is not proven, then the table."""
    found = [night for seed in range(1, seeds + 1) for night in _nights(seed)]
    gaps = [night for night in found if night.gap]
    for night in gaps:
        print(f"{night.name}: gap {night.gap:,} points, {night.gap_percent:.4f} %, {night.seconds:.1f} s", flush=True)
    seconds = [night.seconds for night in found]
    publish(
        "budgets",
        [
            Result("nights with a weekly budget that binds", len(found), "nights", "", None, COMMAND),
            Result("of these proven", len(found) - len(gaps), "nights", "", None, COMMAND),
            Result("largest gap", round(max(night.gap_percent for night in found), 4), "%", "", None, COMMAND),
            Result("processor time, median", round(statistics.median(seconds), 2), "s", "", None, COMMAND),
            Result("processor time, p90", round(percentile(seconds, 0.9), 2), "s", "", None, COMMAND),
            Result("processor time, longest", round(max(seconds), 2), "s", "", None, COMMAND),
        ],
    )


def _nights(seed: int) -> Iterator[Night]:
    for name, problem in _targets(_problem(seed)):
        most = int(problem.pairs.weekly_fee_pence[solve(problem).chosen].sum())
        for step in range(STEPS):
            budget = most * step // STEPS
            begun = time.process_time()
            answer = solve(replace(problem, weekly_budget_pence=budget))
            seconds = time.process_time() - begun
            percent = 100 * answer.gap / max(1, abs(answer.bound))
            yield Night(f"seed {seed}, {name}, £{budget / 100:,.2f}", answer.gap, percent, seconds)


def _targets(problem: Problem) -> Iterator[tuple[str, Problem]]:
    yield "no target", replace(problem, local=None)
    yield "elastic target", problem
    if problem.local is not None:
        yield "hard target", replace(problem, local=replace(problem.local, mode=TargetMode.HARD))


def _problem(seed: int) -> Problem:
    case = CASES[0]
    made = synthetic_authority(case.sizes, seed, DAY, directory())
    return batch(night_of(case, Records(made.referrals, made.homes)), threads=2).problem


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
