"""What the child process does with one job. Nobody else imports this: it brings the solver along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.matching.problem import Problem
from app.matching.solve import Effort, effort_for, solve
from app.rematch.crossing import read_problem, write_solution
from app.rematch.limits import Strength


def answer(problem_file: Path, solution_file: Path, strength: str) -> None:
    """Solve the problem in a file, write the solution to another."""
    problem, digest = read_problem(problem_file)
    write_solution(solve(problem, effort_of(Strength(strength), problem)), digest, solution_file)


def effort_of(strength: Strength, problem: Problem) -> Effort:
    """How much work: all that is worth it, or flow and repair alone, without improvement and proof."""
    full = effort_for(problem)
    if strength is Strength.FULL:
        return full
    return replace(
        full,
        growth=replace(full.growth, rounds=min(full.growth.rounds, 4)),
        search=replace(full.search, whole=0, rungs=()),
        branches=0,
        provable=0,
    )
