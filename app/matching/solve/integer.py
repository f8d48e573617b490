"""Whole choices: small integer programs around whatever the prices say is not yet settled.

At the right prices every pair of the best choice costs nothing: each referral has what suits it best, each home is as
full as its price demands. What a choice loses against the certificate is therefore the sum of what single referrals
and homes lose. So the search goes where the losses are: take a referral that loses, those whose homes it would like,
those whose homes they would like in turn, and choose for all of them anew, everyone else staying put.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.matching.certify import home_income, target_price
from app.matching.partitions import referral_worth
from app.matching.pricing import best_of_parties
from app.matching.problem import PRICE_SCALE, WHOLE, Flags, Int64s, Prices, TargetMode
from app.matching.solve.charges import after_charges, charged_by_rivals, income_of_rivals
from app.matching.solve.columns import Columns, rival_sets
from app.matching.solve.companies import unlikely
from app.matching.solve.counting import counted
from app.matching.solve.crowding import RivalSet
from app.matching.solve.engines import solve_integer
from app.matching.solve.model import build
from app.matching.solve.rival_rows import RivalRows
from app.matching.terms import Terms, conflicting

DOUBT = 1e-3
"""How far from whole a column of the linear program may be and still count as decided."""

HALF = 0.5
RETRIES = 4

ROOT_REACH = 10
"""Columns of a referral that a neighbourhood grows along."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One kind of neighbourhood.

    referrals: its size. seeds: losing referrals that it grows from, together, because what one of them gives up for
    the target another may gain. reach: points within which pairs are tried. nodes: of the search in each. steps:
    neighbourhoods in all. patience: how many may fail one after another.
    """

    referrals: int
    seeds: int
    reach: int
    nodes: int
    steps: int
    patience: int


@dataclass(frozen=True, slots=True)
class Search:
    """How far the search goes.

    whole: up to so many referrals all choose at once, among all pairs, with so many nodes. tight: points within which
    pairs are tried when more of them do. few: those whom the linear program left undecided choose first, and who is
    near, so many at least, with first_nodes; if that is not near enough, everybody does who is not more than a crowd.
    rungs: climbed in turn while the gap is more than aim_ppm millionths; if it is `far` times that in the end,
    everybody in a larger crowd chooses at once after all.
    """

    whole: int = 90
    tight: int = 2_000
    few: int = 250
    crowd: int = 1_500
    nodes: int = 3_000
    first_nodes: int = 30
    rungs: tuple[Rung, ...] = (Rung(150, 5, 6_000, 60, 40, 4), Rung(400, 8, 20_000, 1, 6, 1))
    aim_ppm: int = 40
    far: int = 3

    def aim(self, bound: int) -> int:
        """Points that the choice may stay below the bound."""
        return self.aim_ppm * abs(bound) // 1_000_000


class Choice:
    """A valid choice among columns that is improved step by step."""

    def __init__(
        self,
        terms: Terms,
        columns: Columns,
        prices: Prices,
        need: int | None,
        rivals: Sequence[RivalSet] = (),
        contested: Int64s | None = None,
    ) -> None:
        self.terms, self.columns, self.prices, self.need = terms, columns, prices, need
        self.rivals, self.contested = rivals, np.zeros(0, np.int64) if contested is None else contested
        self.rows, self.charged = RivalRows.of(columns, rivals), charged_by_rivals(columns, prices)
        self.chosen = np.zeros(columns.pair.size, bool)
        self.referral = terms.referral[columns.party]
        self.best = best_of_parties(terms, prices)
        self.content = referral_worth(terms.groups, self.best)
        self.net = after_charges(columns, prices)
        forgone = unlikely(terms, columns, prices, self.contested)
        self.penalty = (np.maximum(self.best[columns.party] - self.net, 0) + forgone) // PRICE_SCALE
        order = np.lexsort((columns.pair, self.penalty, self.referral))
        edges = np.searchsorted(self.referral[order], np.arange(terms.problem.referrals + 1))
        self.order, self.edges = order, edges

    def objective(self, chosen: Flags) -> int:
        """Worth of a choice among the columns, with the pins."""
        local, total = self._counts(chosen)
        worth = self.terms.fixed + int(self.columns.worth[chosen].sum())
        target = self.terms.problem.local
        if target is not None:
            worth -= int(target_price(target, np.array([local]), np.array([total]), self.need)[0])
        return worth

    def _counts(self, chosen: Flags) -> tuple[int, int]:
        local = self.terms.local + int(self.columns.local[chosen].sum())
        return local, self.terms.total + int(self.columns.size[chosen].sum())

    def balance(self, chosen: Flags) -> int:
        """L * WHOLE - floor * T of a choice."""
        local, total = self._counts(chosen)
        target = self.terms.problem.local
        return 0 if target is None else local * WHOLE - target.floor_per_10000 * total

    def meets_target(self, chosen: Flags) -> bool:
        """Whether a hard target (or the most that can be reached) is met."""
        target = self.terms.problem.local
        return target is None or target.mode is not TargetMode.HARD or self.balance(chosen) >= (self.need or 0)

    def _over_budget(self, chosen: Flags) -> int:
        """Pence a week beyond the budget."""
        budget = self.terms.budget_left
        return 0 if budget is None else max(0, int(self.columns.fee[chosen].sum()) - budget)

    def losses(self) -> tuple[Int64s, Int64s]:
        """Points lost by each referral and by each home against what the prices promise them."""
        chosen = self.chosen
        earned = np.zeros(self.content.size, np.int64)
        np.add.at(earned, self.referral[chosen], self.net[chosen])
        taken = np.zeros(self.terms.full.size, np.int64)
        homes = self.columns.home[chosen]
        np.add.at(taken, homes, self.prices.charge[homes, self.columns.size[chosen] - 1] + self.charged[chosen])
        most = home_income(self.terms, self.prices.charge)
        most += income_of_rivals(self.prices, self.terms.problem.pairs.home, most.size)
        return (self.content - earned) // PRICE_SCALE, (most - taken) // PRICE_SCALE

    def neighbourhood(self, seeds: list[int], limit: int) -> Int64s:
        """The `limit` referrals nearest to the seeds, by what it would cost to want what another one has."""
        guests: dict[int, list[int]] = {}
        for column in np.flatnonzero(self.chosen):
            guests.setdefault(int(self.columns.home[column]), []).append(int(self.referral[column]))
        queue = [(-1, seed) for seed in seeds]  # before all those who cost nothing
        heapq.heapify(queue)
        found: set[int] = set()
        while queue and len(found) < limit:
            distance, referral = heapq.heappop(queue)
            if referral in found:
                continue
            found.add(referral)
            begin, end = self.edges[referral], self.edges[referral + 1]
            for column in self.order[begin : min(end, begin + ROOT_REACH)].tolist():
                step = max(distance, 0) + int(self.penalty[column])
                for other in guests.get(int(self.columns.home[column]), ()):
                    if other not in found:
                        heapq.heappush(queue, (step, other))
        return np.array(sorted(found), np.int64)

    def choose_anew(self, referrals: Int64s, nodes: int, reach: int, children: int | None = None) -> bool:
        """Choose again for these referrals among pairs that cost at most `reach`; keep what is better.

        children: so many of them are placed, if that is known.
        """
        inside = np.zeros(self.terms.problem.referrals, bool)
        inside[referrals] = True
        free = inside[self.referral]
        stays = self.chosen & ~free
        part = self._left_over(stays)
        wanted = free & ((self.penalty <= reach) | self.chosen)
        open_ = np.flatnonzero(wanted & self._fits(part, stays, wanted))
        if not open_.size:
            return False
        for _ in range(RETRIES):
            columns = self.columns.take(open_)
            rivals = self.rows.left_over(self.columns, stays, open_)
            rivals += [RivalSet(pairs) for pairs in rival_sets(part, columns)]
            model = build(part, columns, self.need, rivals, strict=True)
            program = model.program
            if part.budget_left is not None:
                program = counted(program, columns, children)
            answer = solve_integer(program, nodes)
            if answer is None:
                return False
            fresh = stays.copy()
            fresh[open_[answer.x[: open_.size] > HALF]] = True
            over = self._over_budget(fresh)
            if not over:
                return self._keep(fresh)
            # The solver's tolerance spent some pence too many: once more with so much less to spend.
            part = replace(part, budget_left=(part.budget_left or 0) - over)
        return False

    def _keep(self, fresh: Flags) -> bool:
        """Take over a choice if it is better, or the first to meet a hard target."""
        better = self.objective(fresh) > self.objective(self.chosen)
        if self.meets_target(fresh) and (better or not self.meets_target(self.chosen)):
            self.chosen = fresh
            return True
        return False

    def _left_over(self, stays: Flags) -> Terms:
        """The terms with the staying columns treated as settled."""
        terms, columns = self.terms, self.columns
        homes = columns.home[stays]
        capacity = terms.capacity - np.bincount(homes, columns.use[stays], terms.full.size).astype(np.int64)
        arrivals = terms.arrivals - np.bincount(homes, minlength=terms.full.size)
        local, total = self._counts(stays)
        fee = int(columns.fee[stays].sum())
        return replace(
            terms,
            capacity=capacity,
            arrivals=arrivals,
            shut=(capacity <= 0) | (arrivals <= 0),
            local=local,
            total=total,
            waiting=terms.waiting - (total - terms.total),
            budget_left=None if terms.budget_left is None else terms.budget_left - fee,
        )

    def _fits(self, part: Terms, stays: Flags, free: Flags) -> Flags:
        """Columns that fit beside the staying ones."""
        columns = self.columns
        fits = ~part.shut[columns.home] & (columns.use <= part.capacity[columns.home])
        near = np.flatnonzero(stays & (part.full[columns.home] > 1) & ~part.shut[columns.home])
        if near.size:
            for column in np.flatnonzero(free & fits & np.isin(columns.home, columns.home[near])):
                others = near[columns.home[near] == columns.home[column]]
                one = np.full(others.size, columns.party[column])
                clash = conflicting(part.problem, part.edges, one, columns.party[others], columns.home[others])
                fits[column] = not clash.any()
        return fits


def first_choice(choice: Choice, x: np.ndarray, search: Search) -> None:
    """Choose and repair.

    x: one number a column, as near to 1 as the linear program chose it.
    """
    every = np.arange(choice.terms.problem.referrals)
    if every.size <= search.whole:
        choice.choose_anew(every, search.nodes, 1 << 60)
        return
    if choice.meets_target(choice.chosen) and not choice.chosen.any():
        choice.chosen = _whole_part(choice, x)
    group = _first_group(choice, x, search.few)
    choice.choose_anew(group, 1 if group.size == every.size else search.first_nodes, search.tight)


def improve(choice: Choice, bound: int, search: Search) -> int:
    """Improve until it is within the aim of the bound, or patience ends; the number of neighbourhoods looked at."""
    every = np.arange(choice.terms.problem.referrals)
    aim = search.aim(bound)
    if every.size <= search.whole:
        return 0
    if search.few < every.size <= search.crowd:
        choice.choose_anew(every, 1, search.tight)
    steps = sum(_climb(choice, bound, rung, aim) for rung in search.rungs)
    if every.size > search.crowd and bound - choice.objective(choice.chosen) > search.far * aim:
        choice.choose_anew(every, 1, search.tight // 2)
    return steps


def _first_group(choice: Choice, x: np.ndarray, few: int) -> Int64s:
    """Who chooses first: those whom the linear program left undecided and who is near; everybody where they are few."""
    every = np.arange(choice.terms.problem.referrals)
    if every.size <= few:
        return every
    doubt = np.abs(x - choice.chosen) > DOUBT
    seeds = np.unique(choice.referral[doubt]).tolist()
    return choice.neighbourhood(seeds, max(few, 3 * len(seeds)))


def _climb(choice: Choice, bound: int, rung: Rung, aim: int) -> int:
    """Improve neighbourhood by neighbourhood until it is near enough or patience ends; the number looked at."""
    tried: set[int] = set()
    failures = 0
    for step in range(rung.steps):
        by_referral, by_home = choice.losses()
        loss = by_referral + _home_losses(choice, by_home)
        order = np.lexsort((np.arange(loss.size), -loss))
        seeds = [int(one) for one in order[loss[order] > 0] if int(one) not in tried][: rung.seeds]
        gap = bound - choice.objective(choice.chosen)
        if not seeds or gap <= aim or failures >= rung.patience:
            return step
        group = choice.neighbourhood(seeds, rung.referrals)
        if choice.choose_anew(group, rung.nodes, min(gap, rung.reach)):
            failures = 0
        else:
            failures += 1
            tried.update(seeds)
    return rung.steps


def _home_losses(choice: Choice, by_home: Int64s) -> Int64s:
    """What homes lose, laid at the door of the referral that could most nearly fill the gap."""
    loss = np.zeros(choice.terms.problem.referrals, np.int64)
    losing = np.flatnonzero(by_home[choice.columns.home] > 0)
    order = losing[np.lexsort((choice.columns.pair[losing], choice.penalty[losing], choice.columns.home[losing]))]
    homes, first = np.unique(choice.columns.home[order], return_index=True)
    np.add.at(loss, choice.referral[order[first]], by_home[homes])
    return loss


def _whole_part(choice: Choice, x: np.ndarray) -> Flags:
    """Columns that the linear program chose whole, as long as they go together."""
    columns, terms = choice.columns, choice.terms
    chosen = np.zeros(x.size, bool)
    capacity, arrivals = terms.capacity.copy(), terms.arrivals.copy()
    budget = terms.budget_left
    guests: dict[int, list[int]] = {}
    placed: set[int] = set()
    problem = terms.problem
    for column in np.flatnonzero(x > 0.999).tolist():
        home, party, use = int(columns.home[column]), int(columns.party[column]), int(columns.use[column])
        children = set(problem.party_child[problem.party_start[party] : problem.party_start[party + 1]].tolist())
        fee = int(columns.fee[column])
        others = np.array(guests.get(home, []), np.int64)
        clash = conflicting(problem, terms.edges, np.full(others.size, party), others, np.full(others.size, home))
        clash |= terms.referral[others] == terms.referral[party]
        if use > capacity[home] or not arrivals[home] or children & placed or clash.any():
            continue
        if budget is not None:
            if fee > budget:
                continue
            budget -= fee
        chosen[column] = True
        placed |= children
        guests.setdefault(home, []).append(party)
        capacity[home] -= use
        arrivals[home] -= 1
    return chosen
