"""Proofs by cases: never below the best of all choices, closed where they can be, and refused when anything is cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from app.matching.branches import Branches, Claim, NoProof, bound_by_cases
from app.matching.certify import certify
from app.matching.problem import Problem, Status
from app.matching.terms import terms_of
from app.rematch.checking import Checked, Checker
from app.rematch.faults import SolverWrong
from app.rematch.solving import solved
from tests.matching.solving.brute_force import best_choice
from tests.matching.solving.random_problems import permuted, random_problem

PROBLEMS = [random_problem(seed, 4, 4) for seed in range(240)]


@cache
def claim_of(number: int) -> Claim:
    """What is claimed of a problem."""
    return solved(PROBLEMS[number])


def proofs() -> list[tuple[Problem, Claim, Branches]]:
    """Problems where prices alone leave a gap, with their proofs."""
    claims = [(problem, claim_of(number)) for number, problem in enumerate(PROBLEMS)]
    return [(problem, claim, claim.branches) for problem, claim in claims if claim.branches is not None]


def certified(problem: Problem, claim: Claim) -> int:
    """What the prices prove by themselves."""
    return certify(terms_of(problem), claim.solution.prices, claim.solution.most_local_balance)


def read(problem: Problem, claim: Claim, branches: Branches) -> int:
    """The bound that a proof gives when it is read again."""
    solution = claim.solution
    bound = certified(problem, claim)
    return bound_by_cases(problem, solution.prices, bound, solution.objective, solution.most_local_balance, branches)


def test_what_is_read_is_what_was_claimed() -> None:
    """The bound is found again from the tree, is never below the best of all choices, and mostly closes the gap."""
    found = proofs()
    assert len(found) >= 30
    closed = 0
    for problem, claim, branches in found:
        bound = read(problem, claim, branches)
        best = best_choice(problem)
        assert best is not None
        assert bound == claim.solution.bound >= best[0]
        assert bound < certified(problem, claim) or branches.above.size == 1
        closed += bound == claim.solution.objective
    assert closed >= 0.9 * len(found)


def test_some_proofs_go_by_the_number_placed() -> None:
    """Both kinds of division occur, so both are tested here."""
    kinds = [(branches.pair[1:] < 0).tolist() for _, _, branches in proofs()]
    assert any(any(kind) for kind in kinds)
    assert any(not all(kind) for kind in kinds if kind)


def test_the_checker_takes_the_proof() -> None:
    """A gap that cases close is called proven."""
    checker = Checker(solved, None)
    for problem, claim, _ in proofs()[:10]:
        held = checker.answer(problem)
        assert isinstance(held, Checked)
        assert held.solution.bound == claim.solution.bound
        assert (held.solution.status is Status.OPTIMAL) == (claim.solution.gap == 0)


def test_order_changes_nothing() -> None:
    """The same problem in another order has the same bound, and its proof can be read in that order."""
    for problem, claim, _ in proofs()[:10]:
        other, source = permuted(problem, 5)
        again = solved(other)
        assert again.solution.bound == claim.solution.bound
        assert np.array_equal(np.sort(source[again.solution.chosen]), claim.solution.chosen)
        assert again.branches is not None
        assert read(other, again, again.branches) == claim.solution.bound


def last_half_missing(tree: Branches) -> Branches:
    """The last case is cut off."""
    names = ("above", "pair", "taken", "most", "local", "placed", "budget", "charge")
    return replace(tree, **{name: getattr(tree, name)[:-1] for name in names})


def both_halves_alike(tree: Branches) -> Branches:
    """Both halves take the pair; nobody looks at what happens without it."""
    return replace(tree, taken=np.ones_like(tree.taken))


def another_pair(tree: Branches) -> Branches:
    """One half is about another pair or number than the other."""
    pair, most = tree.pair.copy(), tree.most.copy()
    pair[-1], most[-1] = (pair[-1], most[-1] + 1) if pair[-1] < 0 else (tree.pairs[tree.pairs != pair[-1]][0], -1)
    return replace(tree, pair=pair, most=most)


def circle(tree: Branches) -> Branches:
    """A case divides itself."""
    above = tree.above.copy()
    above[-1] = above.size - 1
    return replace(tree, above=above)


def no_root(tree: Branches) -> Branches:
    """The first case is not the whole."""
    above = tree.above.copy()
    above[0] = 0
    return replace(tree, above=above)


def no_cases(tree: Branches) -> Branches:
    """An empty tree."""
    names = ("above", "pair", "taken", "most", "local", "placed", "budget", "charge")
    return replace(tree, **{name: getattr(tree, name)[:0] for name in names})


def pairs_missing(tree: Branches) -> Branches:
    """Not all living pairs are in question, but one of those that are divided upon."""
    wanted = tree.pair[tree.pair >= 0]
    return replace(tree, pairs=np.setdiff1d(tree.pairs, wanted[:1] if wanted.size else tree.pairs[:1]))


def no_pairs(tree: Branches) -> Branches:
    """Nothing is said to matter."""
    return replace(tree, pairs=tree.pairs[:0])


def pairs_in_disorder(tree: Branches) -> Branches:
    """The pairs do not ascend."""
    return replace(tree, pairs=tree.pairs[::-1].copy())


@pytest.mark.parametrize(
    "cut",
    [
        last_half_missing, both_halves_alike, another_pair, circle, no_root, no_cases, pairs_missing, no_pairs,
        pairs_in_disorder,
    ],
)  # fmt: skip
def test_a_tree_that_misses_something_proves_nothing(cut: Callable[[Branches], Branches]) -> None:
    """Whatever is cut or bent is noticed, and the answer refused."""
    tried = 0
    for problem, claim, branches in proofs():
        if branches.above.size < 3 or branches.pairs.size < 2:
            continue
        tried += 1
        with pytest.raises(NoProof):
            read(problem, claim, cut(branches))
        spoilt = Claim(claim.solution, cut(branches))
        with pytest.raises(SolverWrong):
            Checker(lambda _, spoilt=spoilt: spoilt, None).answer(problem)
    assert tried >= 10


def test_wrong_prices_prove_less_and_never_more() -> None:
    """Prices of a case may be anything: the bound they give stays above the best of all choices."""
    rng = np.random.default_rng(3)
    for problem, claim, branches in proofs()[:40]:
        best = best_choice(problem)
        assert best is not None
        noise = rng.integers(-(1 << 20), 1 << 20, branches.charge.shape)
        local = branches.local + (rng.integers(-(1 << 20), 1 << 20, branches.local.shape) if problem.local else 0)
        assert read(problem, claim, replace(branches, charge=branches.charge + noise, local=local)) >= best[0]


def test_a_bound_below_what_the_cases_prove() -> None:
    """A claim beyond its own proof is not believed: the gap is the proof's."""
    problem, claim, branches = next(p for p in proofs() if p[2].above.size >= 3)
    bare = replace(branches, **{f.name: getattr(branches, f.name)[:1] for f in fields(Branches) if f.name in CASES})
    bare = replace(bare, rival_of=branches.rival_of[:0], rival_start=branches.rival_start[:1],
                   rival_pair=branches.rival_pair[:0], rival_price=branches.rival_price[:0])  # fmt: skip
    held = Checker(lambda _: Claim(claim.solution, bare), None).answer(problem)
    assert isinstance(held, Checked)
    assert held.solution.bound > held.claimed_bound
    assert held.solution.status is Status.FEASIBLE


CASES = ("above", "pair", "taken", "most", "local", "placed", "budget", "charge")
