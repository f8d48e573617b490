"""One night's choice: prices, choice and certificate put together."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from app.matching.branches import Branches
from app.matching.certify import no_prices
from app.matching.problem import PRICE_SCALE, WHOLE, AllowedPairs, Int64s, Problem, Solution, Status, TargetMode
from app.matching.solve.branching import by_cases
from app.matching.solve.canonical import canonical, restore, restore_branches
from app.matching.solve.columns import columns_of
from app.matching.solve.crash import Start, first_prices
from app.matching.solve.engines import Floats
from app.matching.solve.fill import filled
from app.matching.solve.integer import Choice, Rung, Search, first_choice, improve
from app.matching.solve.large import relax_large
from app.matching.solve.master import Growth, Known, Relaxed, look, relax
from app.matching.solve.mending import mend, with_losers_pairs
from app.matching.terms import Terms, terms_of

LARGE = 3_000_000
"""Pairs from which a problem counts as large."""


FEW = 7
"""Cases that are looked at before the choice is improved, so that nobody looks for what is not there."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work may be spent; counted in steps, never in seconds, so that results repeat.

    start, growth, search: see there. reach: points within which a pair may be tried; up to `every`
    pairs all may. branches: of the final proof,
    which is attempted where at most `provable` pairs are still in question. exact: contested homes are taken as the
    companies that could live there. again: nodes of each search where the cases leave a gap, before so many are tried
    anew as `last` says.
    """

    start: Start = field(default_factory=Start)
    growth: Growth = field(default_factory=Growth)
    search: Search = field(default_factory=Search)
    reach: int = 20_000
    every: int = 20_000
    branches: int = 600
    provable: int = 400_000
    exact: bool = False
    again: int = 0
    last: int = 0


SMALL = 20_000
FIRST_CASES, LAST_CASES, AGAIN = 120, 300, 100
"""A budget is spent in lumps: on a small night the cases, not a search beforehand, find the choice and its proof."""


def effort_for(problem: Problem) -> Effort:
    """What suits a problem of this size: large ones begin with fewer columns and stop a little earlier."""
    if problem.weekly_budget_pence is not None and len(problem.pairs) <= SMALL:
        return Effort(branches=FIRST_CASES, search=Search(nodes=1), again=AGAIN, last=LAST_CASES)
    if len(problem.pairs) < LARGE:
        return Effort()
    return Effort(
        exact=True,
        start=Start(turns=3),
        growth=Growth(window=2_000, wide=10_000, rivals=4, near=50, patient=False, rounds=12),
        reach=6_000,
        provable=20_000,
        search=Search(first_nodes=1, rungs=(Rung(150, 5, 6_000, 60, 20, 3),), far=5),
    )


@dataclass(slots=True)
class _Clock:
    """Seconds of each step."""

    seconds: dict[str, float] = field(default_factory=dict)
    last: float = field(default_factory=time.perf_counter)

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self.last
        self.last = now


def solve(problem: Problem, effort: Effort | None = None) -> Solution:
    """The best choice that the effort allows, with a certified bound on every other.

    A pure function: equal problems and efforts give equal bytes, whatever the order of the arrays. The status is
    INFEASIBLE only if the pinned pairs contradict each other, a limit or the budget. A hard local target that cannot
    be met is not infeasible: `most_local_balance` then says what can be reached, and the choice reaches it.
    """
    return solve_with_proof(problem, effort)[0]


def solve_with_proof(problem: Problem, effort: Effort | None = None) -> tuple[Solution, Branches | None]:
    """As `solve`, with the proof by cases where prices alone do not prove the bound."""
    effort = effort or effort_for(problem)
    clock = _Clock()
    ordered, source, home = canonical(problem)
    terms = terms_of(ordered)
    if not terms.possible:
        none = np.zeros(0, np.int64)
        return Solution(Status.INFEASIBLE, none, 0, 0, no_prices(problem), None, clock.seconds), None
    clock.lap("terms")
    need, begin = _reachable(ordered, terms, effort)
    clock.lap("target")
    found, branches = _solve_ordered(ordered, terms, effort, (need, begin), clock)
    if source is None or home is None:
        return found, branches
    chosen = np.sort(source[found.chosen])
    found = replace(found, chosen=chosen, prices=restore(found.prices, source, home))
    return found, branches and restore_branches(branches, source, home)


def _solve_ordered(
    problem: Problem, terms: Terms, effort: Effort, hard: tuple[int | None, Int64s], clock: _Clock
) -> tuple[Solution, Branches | None]:
    need, begin = hard
    begun = first_prices(terms, effort.start)
    clock.lap("first prices")
    search = relax_large if effort.exact else relax
    relaxed = search(terms, begun.prices, effort.growth, need, Known(begun.pairs, [], begun.basis))
    clock.lap("prices")
    choice, x = _columns_near(terms, relaxed, effort, need, begin)
    first_choice(choice, x, effort.search)
    clock.lap("choice")
    found = _as_solution(problem, choice, relaxed)
    aim = effort.search.aim(found.bound)
    if problem.referrals > effort.search.whole and found.gap > aim:
        # What parts of a child cost the target, cases tell; nobody needs to look for what is not there.
        if found.gap <= aim + relaxed.prices.local // PRICE_SCALE:
            proved, branches = by_cases(problem, found, effort.provable, min(FEW, effort.branches), relaxed.known)
            clock.lap("proof")
            if not proved.gap:
                return replace(proved, seconds=clock.seconds), branches
            found = proved
        choice = with_losers_pairs(choice)
        mend(choice, found.bound, aim)
        improve(choice, found.bound, effort.search)
        clock.lap("improvement")
        found = _as_solution(problem, choice, relaxed)
    proved, branches = by_cases(problem, found, effort.provable, effort.branches, relaxed.known)
    clock.lap("proof")
    if proved.gap and effort.again:
        found = _searched_again(problem, choice, relaxed, proved, effort.again)
        clock.lap("choice")
        proved, branches = by_cases(problem, found, effort.provable, effort.last, relaxed.known)
        clock.lap("proof")
    return replace(proved, seconds=clock.seconds), branches


def _searched_again(problem: Problem, choice: Choice, relaxed: Relaxed, known: Solution, nodes: int) -> Solution:
    """What a longer search finds, beginning at what is known; as good as that at least.

    It looks at each number of children by itself, as that is where most of the doubt is: as many as the known choice
    places, one more, one fewer.
    """
    choice.chosen = np.isin(choice.columns.pair, known.chosen)
    placed = int(choice.columns.size[choice.chosen].sum())
    for children in (placed, placed + 1, max(0, placed - 1)):
        choice.choose_anew(np.arange(problem.referrals), nodes, 1 << 60, children)
    return _as_solution(problem, choice, relaxed)


def _as_solution(problem: Problem, choice: Choice, relaxed: Relaxed) -> Solution:
    """What is chosen, with what its prices prove."""
    made = np.sort(np.concatenate([problem.pinned, choice.columns.pair[choice.chosen]]))
    chosen, gained = filled(choice.terms, made, choice.need)
    objective = choice.objective(choice.chosen) + gained
    bound = max(relaxed.bound, objective)
    status = Status.OPTIMAL if bound == objective else Status.FEASIBLE
    return Solution(status, chosen, objective, bound, relaxed.prices, choice.need, {})


def _columns_near(
    terms: Terms, relaxed: Relaxed, effort: Effort, need: int | None, begin: Int64s
) -> tuple[Choice, Floats]:
    """Columns that a choice may be made of, `begin` chosen already, and how much of each the linear program chose."""
    if len(terms.problem.pairs) <= effort.every:
        near = np.arange(len(terms.problem.pairs))
    else:
        wide = replace(effort.growth, window=effort.reach)
        near = look(terms, relaxed.prices, wide, need, apart=relaxed.contested).pairs
    columns = columns_of(terms, np.concatenate([near, relaxed.known.pairs, begin]))
    x = np.zeros(columns.pair.size)
    if relaxed.model is not None:
        x[np.searchsorted(columns.pair, relaxed.model.columns.pair)] = relaxed.x
    choice = Choice(terms, columns, relaxed.prices, need, relaxed.known.rivals, relaxed.contested)
    choice.chosen[np.searchsorted(columns.pair, begin)] = True
    return choice, x


def _reachable(problem: Problem, terms: Terms, effort: Effort) -> tuple[int | None, Int64s]:
    """For a hard target: None if it can be met, else the most that can be reached; and pairs that reach it."""
    target = problem.local
    nothing = np.zeros(0, np.int64)
    if target is None or target.mode is not TargetMode.HARD:
        return None, nothing
    if terms.local * WHOLE >= target.floor_per_10000 * terms.total:
        return None, nothing
    pairs = problem.pairs
    size = np.repeat(np.diff(problem.party_start), np.diff(pairs.start))
    points = (WHOLE * pairs.local_children.astype(np.int64) - target.floor_per_10000 * size).astype(np.int32)
    counted = replace(
        problem,
        placing_points=np.zeros_like(problem.placing_points),
        separated_pair=np.zeros_like(problem.separated_pair),
        home_price=np.zeros_like(problem.home_price),
        unchanged_points=0,
        local=None,
        pairs=AllowedPairs(pairs.start, pairs.home, points, pairs.local_children, pairs.weekly_fee_pence),
    )
    found = solve(counted, effort)
    begin = found.chosen[~np.isin(found.chosen, problem.pinned)]
    most = found.objective + target.existing_local * WHOLE - target.floor_per_10000 * target.existing_total
    return (None if most >= 0 else most), begin
