"""Nothing that the solver says is believed: choice, worth and bound are worked out again here, without it.

Three looks, none of which shares code with the solver's search: `verify` on the arrays, `certify` from the prices
alone (and where they leave a gap, from a proof by cases), and `check_night` from the records themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from app.matching.batch import Batch
from app.matching.branches import Claim, bound_by_cases
from app.matching.certify import certify
from app.matching.columns import IntArray
from app.matching.night_check import Told, check_each, check_night
from app.matching.night_count import Counted
from app.matching.night_explained import proposed
from app.matching.party_fees import fees_known
from app.matching.problem import WHOLE, AllowedPairs, Problem, Solution, Status, TargetMode
from app.matching.terms import terms_of
from app.matching.verify import verify
from app.rematch.faults import SolverWrong

SPREAD = 500
"""So many pairs of a night are counted again before anybody chooses among them."""

Answering = Callable[[Problem], Claim]
"""Who solves: a problem in, an unchecked answer out. Raises `SolverFault` or `RunCancelled`."""


def at_leisure() -> None:
    """Nobody waits."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer that holds. `solution.bound` is the certificate's, and its status what that certificate proves.

    local, total: children counted by the target, caseload included. claimed_bound: the solver's own, never above the
    certificate's; where it is lower, the solver has searched the difference and found nothing, which is its word
    alone. most_proven: a hard target is out of reach, and no choice comes nearer than this one.
    """

    problem: Problem
    solution: Solution
    local: int
    total: int
    claimed_bound: int
    most_proven: bool = False

    @property
    def points(self) -> int:
        """Worth of the choice apart from what the local target charges."""
        return verify(replace(self.problem, local=None), self.solution.chosen.tolist()).worth

    @property
    def weekly_cost_pence(self) -> int:
        """Fees of the choice."""
        return int(self.problem.pairs.weekly_fee_pence[self.solution.chosen].sum(dtype=np.int64))

    @property
    def children_placed(self) -> int:
        """Children of the night who would have a home."""
        return self.total - (self.problem.local.existing_total if self.problem.local else 0)

    @property
    def children_local(self) -> int:
        """Children of the night who would live locally."""
        return int(self.problem.pairs.local_children[self.solution.chosen].sum(dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Contradiction:
    """No choice exists: the pins break a rule or a limit. `breaches` as `verify` words them, on the arrays."""

    breaches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The largest local balance, L * WHOLE - floor * T of the children chosen: reached, and at the very most."""

    reached: int
    at_most: int


@dataclass(frozen=True, slots=True)
class Checker:
    """Has problems solved, and lets through what holds. `batch`: whose records a choice is read against, if any.

    `between` is called between the looks at an answer; it raises where time is up or nobody wants the answer any more.
    """

    answering: Answering
    batch: Batch | None
    between: Callable[[], None] = at_leisure

    def answer(self, problem: Problem) -> Checked | Contradiction:
        """Solve and check a problem: the batch's own, or the same with another local target.

        Raises `SolverWrong` where anything does not hold, and whatever `answering` raises.
        """
        claim = self.answering(problem)
        solution = claim.solution
        if solution.status is Status.INFEASIBLE:
            return _contradiction(problem)
        verdict = verify(problem, solution.chosen.tolist(), solution.most_local_balance)
        _need(not verdict.breaches, "; ".join(verdict.breaches[:5]))
        _need(verdict.worth == solution.objective, "the choice is not worth what was claimed")
        self.between()
        certified = _certified(problem, claim, solution.objective)
        self.between()
        _need(solution.objective <= solution.bound, "the bound is below the objective")
        _need(solution.bound <= certified, "the proof gives a better bound than was claimed")
        optimal = solution.bound == solution.objective
        _need((solution.status is Status.OPTIMAL) == optimal, "status and bound do not agree")
        if self.batch is not None:
            faults = check_night(self.batch.night, proposed(self.batch, solution), _told(self.batch, problem, solution))
            _need(not faults, f"{len(faults)} faults from the records")
        proven = solution.most_local_balance is not None and self._is_most(problem, solution.most_local_balance)
        # "Out of reach" lowers the target: where nobody proved it, nothing is proven.
        settled = certified == solution.objective and (solution.most_local_balance is None or proven)
        status = Status.OPTIMAL if settled else Status.FEASIBLE
        held = replace(solution, bound=certified, status=status)
        return Checked(problem, held, verdict.local, verdict.total, solution.bound, proven)

    def nearest(self, problem: Problem, floor_per_10000: int) -> Nearest:
        """How near to a share a choice can come. A problem of its own, checked and certified like any other.

        Raises as `answer` does.
        """
        posed = _balance_alone(problem, floor_per_10000)
        claim = self.answering(posed)
        verdict = verify(posed, claim.solution.chosen.tolist())
        _need(not verdict.breaches, "; ".join(verdict.breaches[:5]))
        self.between()
        certified = _certified(posed, claim, verdict.worth)
        self.between()
        _need(verdict.worth <= certified, "the certificate is below the choice")
        return Nearest(verdict.worth, certified)

    def _is_most(self, problem: Problem, claimed: int) -> bool:
        """Whether no choice comes nearer to the hard target; refuses a claim that is too modest.

        The claim that a target is out of reach lowers it, so it is not taken on trust.
        """
        target = problem.local
        if target is None or target.mode is not TargetMode.HARD:
            return False
        already = target.existing_local * WHOLE - target.floor_per_10000 * target.existing_total
        found = self.nearest(problem, target.floor_per_10000)
        _need(found.reached + already <= claimed, "a choice comes nearer to the target than was claimed to be possible")
        return found.at_most + already == claimed


def check_spread(batch: Batch) -> tuple[str, ...]:
    """What is wrong in the arrays, of pairs spread over all of them: chosen or not, they decide who goes where.

    A choice can keep every limit and still be made of wrong figures, where those of the pairs left out are wrong.
    """
    count = len(batch.problem.pairs)
    spread = np.unique(np.linspace(0, max(count - 1, 0), min(count, SPREAD)).astype(np.int64))
    proposals = [batch.proposed(int(pair)) for pair in spread]
    return check_each(batch.night, proposals, _counted(batch, batch.problem, spread))


def _counted(batch: Batch, problem: Problem, chosen: IntArray) -> tuple[Counted, ...]:
    """What the arrays say of each of these pairs."""
    pairs = problem.pairs
    party = np.searchsorted(pairs.start, chosen, side="right") - 1
    figures = (
        pairs.weekly_fee_pence[chosen].tolist(),
        fees_known(batch.question, party, pairs.home[chosen]).tolist(),
        pairs.local_children[chosen].tolist(),
        pairs.points[chosen].tolist(),
    )
    return tuple(Counted(*one) for one in zip(*figures, strict=True))


def _told(batch: Batch, problem: Problem, solution: Solution) -> Told:
    """What the arrays say of a choice, to be held against the records."""
    chosen = solution.chosen
    alone = verify(replace(problem, local=None), chosen.tolist())
    own, target = problem is batch.problem, batch.problem.local
    return Told(
        each=_counted(batch, problem, chosen),
        worth=alone.worth,
        local=alone.local + (target.existing_local if target else 0),
        total=alone.total + (target.existing_total if target else 0),
        objective=solution.objective if own else None,
        nearest=solution.most_local_balance if own else None,
    )


def _certified(problem: Problem, claim: Claim, objective: int) -> int:
    """The bound that the claim's prices prove, and where they leave a gap, its cases."""
    prices, need = claim.solution.prices, claim.solution.most_local_balance
    try:
        certified = certify(terms_of(problem), prices, need)
        if claim.branches is None or certified <= objective:
            return certified
        return bound_by_cases(problem, prices, certified, objective, need, claim.branches)
    except (ValueError, IndexError, OverflowError) as error:
        raise SolverWrong(f"the prices are no certificate ({type(error).__name__})") from error


def _contradiction(problem: Problem) -> Contradiction:
    breaches = verify(replace(problem, local=None), problem.pinned.tolist()).breaches
    _need(breaches, "nothing contradicts, and yet no choice was found")
    return Contradiction(breaches)


def _balance_alone(problem: Problem, floor_per_10000: int) -> Problem:
    """The problem in which a choice is worth its local balance and nothing else."""
    pairs = problem.pairs
    size = np.repeat(np.diff(problem.party_start), np.diff(pairs.start))
    points = (WHOLE * pairs.local_children.astype(np.int64) - floor_per_10000 * size).astype(np.int32)
    return replace(
        problem,
        placing_points=np.zeros_like(problem.placing_points),
        separated_pair=np.zeros_like(problem.separated_pair),
        home_price=np.zeros_like(problem.home_price),
        unchanged_points=0,
        local=None,
        pairs=AllowedPairs(pairs.start, pairs.home, points, pairs.local_children, pairs.weekly_fee_pence),
    )


def _need(holds: object, otherwise: str) -> None:
    if not holds:
        raise SolverWrong(otherwise)
