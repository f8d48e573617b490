"""An answer that need not be the best, held against every possible choice."""

from app.matching.problem import Problem, Solution, Status
from app.matching.verify import verify
from tests.matching.solving.brute_force import best_choice


def stands_beside_brute_force(problem: Problem, found: Solution) -> None:
    """It keeps every rule, is worth what it says, and nothing is worth more than its bound.

    Where a hard target is out of reach, only answers that come as near as any choice can be compared.
    """
    truth = best_choice(problem)
    if truth is None:
        assert found.status is Status.INFEASIBLE
    elif found.most_local_balance == truth[1]:
        verdict = verify(problem, found.chosen.tolist(), found.most_local_balance)
        assert verdict.breaches == ()
        assert verdict.worth == found.objective <= truth[0] <= found.bound
