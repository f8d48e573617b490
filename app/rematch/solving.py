"""What the child process does with one job. Nobody else imports this: it brings the solver along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from app.matching.problem import Int64s, Problem
from app.matching.solve import Effort, effort_for, solve
from app.matching.solve.canonical import canonical, restore
from app.rematch.branches import Branches, Claim
from app.rematch.branching import by_cases
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
    ordered, source, home = canonical(problem)
    effort = effort_of(strength, problem)
    found, branches = solve(ordered, replace(effort, branches=0, provable=0)), None
    if effort.branches:
        found, branches = by_cases(ordered, found, effort.provable, effort.branches)
    if source is None or home is None:
        return Claim(found, branches)
    chosen, prices = np.sort(source[found.chosen]), restore(found.prices, source, home)
    return Claim(replace(found, chosen=chosen, prices=prices), branches and _restored(branches, source, home))


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


def _restored(branches: Branches, source: Int64s, home: Int64s) -> Branches:
    """The proof in the order of the original problem."""
    return replace(
        branches,
        pairs=np.sort(source[branches.pairs]),
        pair=np.where(branches.pair >= 0, source[np.maximum(branches.pair, 0)], -1),
        homes=home[branches.homes].astype(np.int64),
        rival_pair=source[branches.rival_pair],
    )
