"""What the child process does with one job. Nobody else imports this: it brings the solver along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.matching.branches import Claim
from app.matching.problem import Problem
from app.matching.solve import Effort, effort_for, solve_with_proof
from app.rematch.crossing import read_problem, write_claim
from app.rematch.limits import Strength


def answer(problem_file: Path, solution_file: Path, strength: str) -> None:
    """Solve the problem in a file, write what is claimed to another."""
    problem, digest = read_problem(problem_file)
    write_claim(solved(problem, Strength(strength)), digest, solution_file)


def solved(problem: Problem, strength: Strength = Strength.FULL) -> Claim:
    """The best choice that the effort allows, with a proof that can be read again.

    Equal problems give equal claims, whatever the order of the arrays.
    """
    return Claim(*solve_with_proof(problem, effort_of(strength, problem)))


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
        again=0,
    )
