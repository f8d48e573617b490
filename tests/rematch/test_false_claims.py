"""Claims made to deceive: sums that would run over, proofs without an end, a target said to be out of reach."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.matching.branches import LARGEST, MOST_CASES, Branches, Claim, magnitude
from app.matching.certify import no_prices
from app.matching.problem import Problem, Solution, Status, TargetMode
from app.matching.verify import verify
from app.rematch.checking import Checked, Checker
from app.rematch.crossing import read_claim, read_problem, write_claim, write_problem
from app.rematch.packing import NotWhole
from app.rematch.solving import solved
from tests.matching.solving.random_problems import random_problem

LEAST = np.iinfo(np.int64).min
NONE = np.zeros(0, np.int64)


def handed_over(problem: Problem, claim: Claim, folder: Path) -> Claim:
    """The claim as it comes back from the solver's process."""
    write_problem(problem, folder / "problem")
    _, digest = read_problem(folder / "problem")
    write_claim(claim, digest, folder / "claim")
    return read_claim((folder / "claim").read_bytes(), problem, digest)


def one_case(problem: Problem, cases: int = 1, **prices: np.ndarray) -> Branches:
    """A tree of undivided cases with no prices but these."""
    zero = np.zeros(cases, np.int64)
    largest = int(np.diff(problem.party_start).max(initial=1))
    bare = Branches(
        pairs=np.arange(len(problem.pairs), dtype=np.int64), above=zero - 1, pair=zero - 1, taken=zero, most=zero,
        homes=NONE, charge=np.zeros((cases, 0, largest), np.int64), local=zero, placed=zero, budget=zero,
        rival_of=NONE, rival_start=np.zeros(1, np.int64), rival_pair=NONE, rival_weight=NONE,
        rival_limit=NONE, rival_price=NONE,
    )  # fmt: skip
    return replace(bare, **prices)


def with_target() -> Problem:
    """A problem with an elastic target and nothing pinned, of which to choose nobody is not the best choice."""
    for seed in range(200):
        problem = random_problem(seed, 4, 4)
        elastic = problem.local is not None and problem.local.mode is TargetMode.ELASTIC
        if elastic and not problem.pinned.size and verify(problem, []).worth < solved(problem).solution.objective:
            return problem
    raise AssertionError


def nothing_chosen(problem: Problem) -> Solution:
    """The claim that nothing is better than to choose nobody."""
    worth = verify(problem, []).worth
    return Solution(Status.OPTIMAL, NONE, worth, worth, no_prices(problem))


@pytest.mark.parametrize("name", ["local", "placed", "budget"])
def test_a_number_without_a_positive_of_its_own(name: str, tmp_path: Path) -> None:
    """The least number of 64 bits is as large as any."""
    problem = with_target()
    branches = one_case(problem, **{name: np.array([LEAST], np.int64)})
    with pytest.raises(NotWhole, match="proof"):
        handed_over(problem, Claim(nothing_chosen(problem), branches), tmp_path)


def test_charges_of_many_guests(tmp_path: Path) -> None:
    """Homes with many places sum their charges over all of them, so the sum must not run over."""
    problem = with_target()
    many = np.full(problem.homes, 16, np.int32)
    problem = replace(problem, places=many, shared_places=many, arrivals=many)
    bare = no_prices(problem)
    dear = replace(bare, charge=np.full_like(bare.charge, (LARGEST >> 4) // (problem.homes + problem.parties)))
    assert magnitude(dear, (0, 0, 0), problem) > magnitude(dear, (0, 0, 0), replace(problem, places=many // 16))
    too_dear = replace(bare, charge=np.full_like(bare.charge, (1 << 62) // (16 * problem.homes)))
    with pytest.raises(NotWhole, match="answer"):
        handed_over(problem, Claim(replace(nothing_chosen(problem), prices=too_dear)), tmp_path)


def test_a_proof_without_an_end(tmp_path: Path) -> None:
    """The parent reads a proof without a limit of time, so a proof has a limit of length."""
    problem = with_target()
    claim = Claim(nothing_chosen(problem), one_case(problem, MOST_CASES + 1))
    with pytest.raises(NotWhole, match="proof"):
        handed_over(problem, claim, tmp_path)


def test_a_target_falsely_out_of_reach_is_not_proven() -> None:
    """Who says that a hard target cannot be met, and does not prove it, has proven nothing else."""
    found = 0
    for seed in range(400):
        problem = random_problem(seed, 4, 4)
        target = problem.local
        if target is None or target.mode is not TargetMode.HARD or problem.pinned.size:
            continue
        honest, loose = solved(problem).solution, solved(replace(problem, local=None)).solution
        verdict = verify(problem, loose.chosen.tolist())
        balance = verdict.local * 10_000 - target.floor_per_10000 * verdict.total
        if honest.most_local_balance is not None or honest.status is not Status.OPTIMAL or balance >= 0 or loose.gap:
            continue
        worth = verify(problem, loose.chosen.tolist(), balance).worth
        lie = replace(loose, objective=worth, bound=worth, status=Status.OPTIMAL, most_local_balance=balance)

        def lazily(asked: Problem, lie: Solution = lie, chosen: np.ndarray = loose.chosen) -> Claim:
            return Claim(lie if asked.local is not None else replace(solved(asked).solution, chosen=chosen))

        answer = Checker(lazily, None).answer(problem)
        assert isinstance(answer, Checked)
        assert not answer.most_proven
        assert answer.solution.status is Status.FEASIBLE
        found += 1
    assert found >= 3
