"""The solver's side of a proof by cases: branch on single pairs, and keep the prices of every case."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack

from app.matching.certify import no_prices
from app.matching.problem import PRICE_SCALE, Int64s, Prices, Problem, Solution, Status
from app.matching.solve.columns import Columns, columns_of, rival_sets
from app.matching.solve.engines import Answer, Floats, Program, solve_linear
from app.matching.solve.model import build, prices_of
from app.matching.terms import Terms, terms_of
from app.rematch.branches import LARGEST, ROOT, Branches, Posed, alive, magnitude, only

NEAR_WHOLE = 0.01
EXTRA_ROWS = np.array([-2, -1], np.int64)
"""Keys of the rows for the number of children placed."""

MISSING = -(1 << 40)
ROOM = 16
"""Of the largest prices of all cases together, those of one may take so much less than could be exact."""

DEAR = 4
"""What a child too few costs, in the largest worth of any pair."""


@dataclass(slots=True)
class _Case:
    """One case: which it divides and how, the problem it poses, what it could be worth, and by which prices.

    pair, taken, most: as in `Branches`, but with pairs of the small problem. split: how to divide it, as (pair, most);
    None where it cannot be.
    """

    above: int
    how: tuple[int, int]
    taken: int
    posed: Posed
    bound: int
    prices: Prices
    split: tuple[int, int] | None = None


def by_cases(
    problem: Problem, solution: Solution, most_pairs: int, most_cases: int
) -> tuple[Solution, Branches | None]:
    """The solution with the bound that a proof by cases gives it, and the proof; as it was where there is none.

    most_pairs: the proof is attempted where at most so many pairs are in question. most_cases: its size.
    """
    if solution.status is Status.INFEASIBLE or not solution.gap:
        return solution, None
    terms, need = terms_of(problem), solution.most_local_balance
    pairs = np.flatnonzero(alive(terms, solution.prices, solution.bound, solution.objective)).astype(np.int64)
    if pairs.size > most_pairs:
        return solution, None
    cases = _grow(only(problem, pairs), solution, need, most_cases)
    divided = {case.above for case in cases}
    open_ = [case.bound for number, case in enumerate(cases) if number not in divided]
    bound = min(solution.bound, max([solution.objective, *open_]))
    status = Status.OPTIMAL if bound == solution.objective else Status.FEASIBLE
    return replace(solution, bound=bound, status=status), _packed(problem, pairs, cases)


def _grow(small: Problem, solution: Solution, need: int | None, most: int) -> list[_Case]:
    """Divide the case that could be worth most, until none could be worth more than the choice that is known."""
    cases = [_judged(_Case(ROOT, (-1, -1), 0, Posed(small), solution.bound, no_prices(small)), need)]
    queue = [(-cases[0].bound, 0)]
    while queue and -queue[0][0] > solution.objective and len(cases) < most:
        _, number = heapq.heappop(queue)
        case = cases[number]
        if case.split is None:
            break
        for taken in (1, 0):
            half = _Case(number, case.split, taken, _half(case, taken), case.bound, no_prices(small))
            if _judged(half, need).bound > solution.objective:
                heapq.heappush(queue, (-half.bound, len(cases)))
            cases.append(half)
    return cases


def _half(case: _Case, taken: int) -> Posed:
    pair, most = case.split or (-1, -1)
    if pair < 0:
        return case.posed.with_total(most, more=bool(taken))
    return case.posed.with_pair(np.array([pair], np.int64), taken=bool(taken))


def _judged(case: _Case, need: int | None) -> _Case:
    """Find prices for a case, what they prove, and how to divide it."""
    terms = terms_of(case.posed.problem)
    columns = columns_of(terms, np.arange(len(case.posed.problem.pairs)))
    room = (max(0, case.posed.totals[0] - terms.total), min(case.posed.totals[1] - terms.total, terms.waiting))
    if terms.possible and columns.pair.size and room[0] <= room[1]:
        model = build(terms, columns, need, rival_sets(terms, columns))
        answer = solve_linear(_within(model.program, columns, room))
        if answer is None:
            return case
        found = prices_of(terms, model, answer, no_prices(case.posed.problem))
        fewer, more = np.rint(np.maximum(answer.row_price[-2:], 0) * PRICE_SCALE).astype(np.int64).tolist()
        found = replace(found, placed=found.placed - fewer + more) if terms.problem.local else found
        case.prices = found if _exact(found, case.posed.problem) else case.prices
        case.split = _division(terms, columns, answer, room)
    case.bound = min(case.bound, case.posed.bound(case.prices, need))
    return case


def _exact(prices: Prices, problem: Problem) -> bool:
    """Whether sums over these prices stay exact."""
    single = (prices.local, prices.placed, prices.budget)
    return magnitude(prices.charge, prices.rival_price, single, problem) < LARGEST // ROOM


def _within(program: Program, columns: Columns, room: tuple[int, int]) -> Program:
    """The program with two rows more: so many children at most, and at least.

    Each one missing is dear and not forbidden: a program without an answer would have no prices.
    """
    placed = np.zeros((2, program.worth.size + 1))
    placed[0, : columns.size.size] = columns.size
    placed[1, : columns.size.size] = -columns.size
    placed[1, -1] = -1
    dear = DEAR * (1 + float(np.abs(program.worth[: columns.size.size]).max()))
    wider = csr_matrix((program.rows.shape[0], 1))
    return replace(
        program,
        worth=np.append(program.worth, -dear),
        upper=np.append(program.upper, np.inf),
        rows=vstack([hstack([program.rows, wider]), csr_matrix(placed)], format="csr"),
        high=np.append(program.high, [room[1], -room[0]]),
        column_key=np.append(program.column_key, MISSING),
        row_key=np.append(program.row_key, EXTRA_ROWS),
    )


def _division(terms: Terms, columns: Columns, answer: Answer, room: tuple[int, int]) -> tuple[int, int]:
    """How to divide: by the number placed where the target's whole children are what is left, else by a pair."""
    x = answer.x[: columns.pair.size]
    placed = float(x @ columns.size)
    least, most = room
    settled = bool((np.abs(x - np.rint(x)) < NEAR_WHOLE).all()) or abs(placed - round(placed)) > NEAR_WHOLE
    if terms.problem.local is not None and least < most and settled:
        return -1, terms.total + max(least, min(math.floor(placed + NEAR_WHOLE), most - 1))
    return _least_whole(columns.pair, x), -1


def _least_whole(pair: Int64s, x: Floats) -> int:
    """The pair whose variable is nearest to a half; where all are whole, one that is taken."""
    doubt = np.abs(x - 0.5)
    spot = int(np.lexsort((pair, doubt))[0])
    if doubt[spot] > 0.5 - NEAR_WHOLE:
        taken = np.flatnonzero(x > 0.5)
        spot = int(taken[0]) if taken.size else spot
    return int(pair[spot])


def _packed(problem: Problem, pairs: Int64s, cases: list[_Case]) -> Branches:
    every = [case.prices for case in cases]
    charging = np.zeros(problem.homes, np.bool_)
    for prices in every:
        charging |= prices.charge.any(axis=1)
    homes = np.flatnonzero(charging).astype(np.int64)
    sizes = [prices.rival_price.size for prices in every]
    lengths = np.concatenate([np.diff(prices.rival_start) for prices in every])
    return Branches(
        pairs=pairs,
        above=np.array([case.above for case in cases], np.int64),
        pair=np.array([pairs[case.how[0]] if case.how[0] >= 0 else -1 for case in cases], np.int64),
        most=np.array([case.how[1] for case in cases], np.int64),
        taken=np.array([case.taken for case in cases], np.int64),
        homes=homes,
        charge=np.stack([prices.charge[homes] for prices in every]),
        local=np.array([prices.local for prices in every], np.int64),
        placed=np.array([prices.placed for prices in every], np.int64),
        budget=np.array([prices.budget for prices in every], np.int64),
        rival_of=np.repeat(np.arange(len(every), dtype=np.int64), sizes),
        rival_start=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        rival_pair=pairs[np.concatenate([prices.rival_pair for prices in every])],
        rival_price=np.concatenate([prices.rival_price for prices in every]),
    )
