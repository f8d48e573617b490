"""The solver's side of a proof by cases: divide, and keep the prices of every case.

A case in which the linear program chooses whole pairs by itself is a choice, and often a better one than was known.
"""

from __future__ import annotations

import heapq
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from app.matching.branches import (
    LARGEST,
    MOST_RIVAL_SETS,
    NOTHING,
    ROOT,
    Branches,
    Posed,
    alive,
    dearest_fee,
    grain,
    magnitude_of_sums,
    only,
)
from app.matching.certify import no_prices
from app.matching.problem import Int64s, Prices, Problem, Solution, Status
from app.matching.solve.crowding import RivalSet
from app.matching.solve.dividing import division, whole
from app.matching.solve.engines import Basis
from app.matching.solve.fill import filled
from app.matching.solve.master import Growth, Known, Relaxed, relax
from app.matching.solve.model import DEAR
from app.matching.terms import Terms, party_of, terms_of
from app.matching.verify import verify

LEAST_CASES = 7
WORK = 120_000
"""Cases times pairs that may be looked at, though a few cases always are."""

BUDGET_WORK = 1_200_000
"""The same for a small night with a budget, which is spent in lumps and so leaves more to ask."""

FEW_PARTIES = 200
"""So few parties are looked at closely from the start."""

GROWTH = Growth(near=0)
"""How the program of a case grows."""

HALF = 0.5
MISSING = 1e-6
DEARER = (8 * DEAR, 64 * DEAR)
"""What missing a limit costs in a case that it only just misses, tried in turn."""

ROOM = 16
"""Of the largest prices of all cases together, those of one may take so much less than could be exact."""


@dataclass(slots=True)
class _Case:
    """One case: which it divides and how, the problem it poses, what it could be worth, and by which prices.

    pair, taken, most: as in `Branches`, but with pairs of the small problem. split: how to divide it, as (pair, most);
    None where it cannot be. known: columns and rows to begin with; a row may
    hold only below the case that it was found in. choice: what the linear program chose, if it chose whole pairs.
    """

    above: int
    how: tuple[int, int]
    taken: int
    posed: Posed
    bound: int
    prices: Prices
    known: Known
    split: tuple[int, int] | None = None
    choice: Int64s | None = None


def by_cases(
    problem: Problem, solution: Solution, most_pairs: int, most_cases: int, known: Known
) -> tuple[Solution, Branches | None]:
    """The solution, or a better one, with the bound that a proof by cases gives it, and the proof, if there is one.

    most_pairs: the proof is attempted where at most so many pairs are in question. most_cases: its size. known: what
    the search for prices has left.
    """
    if solution.status is Status.INFEASIBLE or not solution.gap:
        return solution, None
    terms, need = terms_of(problem), solution.most_local_balance
    pairs = np.flatnonzero(alive(terms, solution.prices, solution.bound, solution.objective)).astype(np.int64)
    if pairs.size > most_pairs:
        return solution, None
    lumps = problem.weekly_budget_pence is not None and problem.parties <= FEW_PARTIES
    work = BUDGET_WORK if lumps else WORK
    most_cases = min(most_cases, max(LEAST_CASES, work // max(1, int(pairs.size))))
    prices = _prices_among(solution.prices, pairs)
    tree = _Tree(only(problem, pairs), replace(solution, prices=prices), need, _among(known, pairs))
    cases = tree.grown(most_cases, _total(problem, solution))
    divided = {case.above for case in cases}
    open_ = [case.bound for number, case in enumerate(cases) if number not in divided]
    if tree.better is not None:
        chosen, gained = filled(terms, pairs[tree.better], need)
        solution = _held(replace(solution, chosen=chosen, objective=tree.objective + gained), solution.bound)
    if sum(case.prices.rival_price.size for case in cases) > MOST_RIVAL_SETS:
        return solution, None
    bound = min(solution.bound, max([solution.objective, *open_]))
    return _held(solution, bound), _packed(problem, pairs, cases)


def _held(solution: Solution, bound: int) -> Solution:
    """The solution with a bound, and the status that follows from it."""
    status = Status.OPTIMAL if bound == solution.objective else Status.FEASIBLE
    return replace(solution, bound=bound, status=status)


def _total(problem: Problem, solution: Solution) -> int:
    """Children placed by a choice, existing ones included; 0 where no target counts them."""
    if problem.local is None:
        return 0
    size = np.diff(problem.party_start)[party_of(problem, solution.chosen)]
    return problem.local.existing_total + int(size.sum())


def _among(known: Known, pairs: Int64s) -> Known:
    """What is known, as far as it is about these pairs, by their places among them."""
    inside = [RivalSet(_places(one.pairs, pairs), one.limit) for one in known.rivals]
    return Known(_places(known.pairs, pairs), inside, None if known.basis is None else _basis_among(known.basis, pairs))


def _basis_among(basis: Basis, pairs: Int64s) -> Basis:
    """Where the last program ended, with pairs named by their places."""
    is_pair = basis.column_key >= 0
    kept = ~is_pair | np.isin(basis.column_key, pairs)
    keys = basis.column_key[kept]
    keys[keys >= 0] = np.searchsorted(pairs, keys[keys >= 0])
    return replace(basis, column_key=keys, column=basis.column[kept])


def _prices_among(prices: Prices, pairs: Int64s) -> Prices:
    """The same prices for these pairs alone, by their places among them."""
    sets = np.repeat(np.arange(prices.rival_price.size), np.diff(prices.rival_start))
    inside = np.isin(prices.rival_pair, pairs)
    sets = sets[inside]
    start = np.searchsorted(sets, np.arange(prices.rival_price.size + 1)).astype(np.int64)
    return replace(
        prices,
        rival_start=start,
        rival_pair=_places(prices.rival_pair, pairs),
        rival_weight=prices.rival_weight[inside],
    )


def _places(wanted: Int64s, pairs: Int64s) -> Int64s:
    """Where those of the wanted stand that are among the pairs."""
    if not pairs.size:
        return np.zeros(0, np.int64)
    spot = np.minimum(np.searchsorted(pairs, wanted), pairs.size - 1)
    places: Int64s = spot[pairs[spot] == wanted].astype(np.int64)
    return places


class _Tree:
    """Cases of one small problem. objective: of the best choice known; better: its pairs, if a case brought it."""

    def __init__(self, small: Problem, solution: Solution, need: int | None, known: Known) -> None:
        self.small, self.solution, self.need, self.known = small, solution, need, known
        self.grain = grain(small)
        self.objective = solution.objective
        self.better: Int64s | None = None

    def grown(self, most: int, total: int) -> list[_Case]:
        """Divide the case that could be worth most, until none could be worth more than the choice that is known."""
        with ThreadPoolExecutor(2) as pool:
            return self._grown(most, total, pool)

    def _grown(self, most: int, total: int, pool: Executor) -> list[_Case]:
        none = no_prices(self.small)
        cases = [self._whole(total)]
        self._take(cases[0])
        queue = [(-cases[0].bound, 0)]
        while queue and -queue[0][0] > self.objective and len(cases) < most:
            _, number = heapq.heappop(queue)
            case = cases[number]
            if case.split is None:
                break
            halves = [
                _Case(number, case.split, taken, _half(case, taken), case.bound, none, case.known) for taken in (1, 0)
            ]
            # The two know nothing of each other, so who is done first decides nothing.
            for half in pool.map(self._judged, halves):
                self._take(half)
                if half.bound > self.objective:
                    heapq.heappush(queue, (-half.bound, len(cases)))
                cases.append(half)
        return cases

    def _take(self, case: _Case) -> None:
        """Keep what a case chose, if it keeps every rule and is better than what is known."""
        if case.choice is None or case.bound <= self.objective:
            return
        verdict = verify(self.small, case.choice.tolist(), self.need)
        if not verdict.breaches and verdict.worth > self.objective:
            self.objective, self.better = verdict.worth, case.choice

    def _whole(self, total: int) -> _Case:
        """The case that is not divided yet; `total` children are placed by the choice that is known.

        Where a large night pays for parts of a child, its prices need not be sought again to say how to divide it.
        """
        case = _Case(ROOT, (-1, -1), 0, Posed(self.small), self.solution.bound, no_prices(self.small), self.known)
        if self.small.parties <= FEW_PARTIES or not self.solution.prices.local or not total:
            return self._judged(case)
        case.prices, case.split = self.solution.prices, (-1, total)
        return case

    def _judged(self, case: _Case) -> _Case:
        """Find prices for a case, what they prove, and how to divide it."""
        problem = case.posed.problem
        terms = terms_of(problem)
        room = (max(0, case.posed.totals[0] - terms.total), min(case.posed.totals[1] - terms.total, terms.waiting))
        if not terms.possible or room[0] > room[1]:
            case.bound = NOTHING
            return case
        relaxed = self._relaxed(terms, case, room)
        if relaxed.model is None:  # nothing is left to choose, and so nothing is scarce
            case.bound = self._rounded(min(case.bound, case.posed.bound(case.prices, self.need)))
            return case
        if relaxed.x.size == relaxed.model.columns.pair.size:
            case.known = relaxed.known
            columns, x = relaxed.model.columns, relaxed.x
            case.split = division(terms, columns, x, room, charged=relaxed.prices.local > 0)
            if whole(x):
                case.choice = np.union1d(problem.pinned, columns.pair[x > HALF])
        if _exact(relaxed.prices, problem):
            case.prices, case.bound = relaxed.prices, self._rounded(min(case.bound, relaxed.bound))
        return case

    def _relaxed(self, terms: Terms, case: _Case, room: tuple[int, int]) -> Relaxed:
        """Prices for a case; where the program only just misses what no choice may miss, missing it is made dearer.

        Such a case has no choice, but what a hundredth of a child costs at first is less than what else it promises.
        """
        relaxed = relax(terms, self.solution.prices, GROWTH, self.need, case.known, room, first=False)
        for dear in DEARER:
            if relaxed.missing < MISSING or relaxed.bound <= self.objective:
                break
            known = relaxed.known
            found = relax(terms, self.solution.prices, GROWTH, self.need, known, room, first=False, dear=dear)
            if found.bound >= relaxed.bound or not _exact(found.prices, terms.problem):
                break
            relaxed = found
        return relaxed

    def _rounded(self, bound: int) -> int:
        """The most that a choice can be worth, if none is worth more than this."""
        return bound // self.grain * self.grain


def _half(case: _Case, taken: int) -> Posed:
    pair, most = case.split or (-1, -1)
    if pair < 0:
        return case.posed.with_total(most, more=bool(taken))
    return case.posed.with_pair(np.array([pair], np.int64), taken=bool(taken))


def _exact(prices: Prices, problem: Problem) -> bool:
    """Whether sums over these prices stay exact."""
    single = (prices.local, prices.placed, prices.budget)
    sums = magnitude_of_sums(prices, single, problem) < LARGEST // ROOM
    return sums and dearest_fee(prices.budget, problem) < LARGEST


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
        rival_weight=np.concatenate([prices.rival_weight for prices in every]),
        rival_limit=np.concatenate([prices.rival_limit for prices in every]),
        rival_price=np.concatenate([prices.rival_price for prices in every]),
    )
