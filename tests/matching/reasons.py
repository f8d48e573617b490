"""Whether what is told to those who wait is true, checked with nothing of what tells it.

Rooms and rules are asked of the check of the records, what a choice is worth of the check of the problem.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from app.matching.batch import Batch, Night, Proposed
from app.matching.codes import KeepTogether
from app.matching.night_check import check_night
from app.matching.night_report import NightReport, Unplaced, WhyNone
from app.matching.problem import Problem, Solution
from app.matching.verify import Verdict, verify

LIMITS = (WhyNone.BUDGET, WhyNone.LOCAL_TARGET, WhyNone.RESERVED, WhyNone.TRADE_OFF, WhyNone.OPEN)
FAULTS = {
    WhyNone.PLACES: ("more children than places", "over the usual fostering limit"),
    WhyNone.ARRIVALS: ("more referrals in one night",),
    WhyNone.MAY_NOT_SHARE: ("who may not share it",),
    WhyNone.SIBLINGS: ("two parties of referral",),
}
"""In the words of the check of the records."""
FEW_HOMES = 20
"""In so small a pool every home is asked."""


Option: TypeAlias = tuple[int, int | None]
"""A pair, and the chosen pair of brothers and sisters whom it would take in; None where it takes in nobody."""


@dataclass(frozen=True)
class Told:
    """A night, what was chosen, and what is told of it."""

    posed: Batch
    solution: Solution
    report: NightReport

    @cached_property
    def made(self) -> list[Proposed]:
        """The proposals."""
        return [Proposed(frozenset(one.children), one.home) for one in self.report.proposals]

    @cached_property
    def unpaid(self) -> Night:
        """The night without a budget, so that only rooms and rules are asked for."""
        return replace(self.posed.night, weekly_budget_pence=None, pinned=(), excluded=())

    @cached_property
    def every(self) -> list[Proposed]:
        """Every pair by names."""
        return [self.posed.proposed(pair) for pair in range(len(self.posed.problem.pairs))]

    def options(self, one: Unplaced) -> list[int]:
        """Pairs of these children or some of them, those that a person excluded too; most points first."""
        waiting = frozenset(one.children)
        points = self.posed.problem.pairs.points
        return sorted(
            (pair for pair, who in enumerate(self.every) if who.children <= waiting), key=lambda p: -points[p]
        )

    def faults(self, pair: int, without: Sequence[Proposed] = ()) -> tuple[str, ...]:
        """What the records say against this pair beside the proposals for the same home."""
        option = self.every[pair]
        beside = [other for other in self.made if other.home == option.home and other not in without]
        return check_night(self.unpaid, [*beside, option])

    def along(self, one: Unplaced) -> list[Option]:
        """Pairs with room in which some of these children join brothers and sisters, and the pair of those."""
        waiting, barred = frozenset(one.children), set(self.posed.problem.excluded.tolist())
        found = []
        for chosen in self.solution.chosen.tolist():
            there = self.every[chosen]
            for pair, option in enumerate(self.every):
                joined = option.home == there.home and option.children - there.children <= waiting
                if joined and option.children > there.children and not {pair} & barred:
                    pinned = chosen in self.posed.problem.pinned
                    found += [] if pinned or self.faults(pair, [there]) else [(pair, chosen)]
        return found

    def gain(self, problem: Problem, option: Option) -> int | None:
        """Points that this pair would add to the night under these limits; None where it would break one."""
        pair, gone = option
        if problem.weekly_budget_pence is not None and self.over_budget(option):
            return None
        need = self.solution.most_local_balance if problem.local is not None else None
        now = self.verdict if problem is self.posed.problem else verify(problem, self.solution.chosen.tolist(), need)
        then = verify(problem, sorted([*(one for one in self.solution.chosen.tolist() if one != gone), pair]), need)
        return None if set(then.breaches) - set(now.breaches) else then.worth - now.worth

    @cached_property
    def verdict(self) -> Verdict:
        """Of the choice as it is."""
        return verify(self.posed.problem, self.solution.chosen.tolist(), self.solution.most_local_balance)

    def over_budget(self, option: Option) -> bool:
        """Whether there is not enough money for this pair beside the proposals."""
        problem = self.posed.problem
        fees = problem.pairs.weekly_fee_pence
        pair, gone = option
        spent = int(fees[self.solution.chosen].sum()) + int(fees[pair]) - (0 if gone is None else int(fees[gone]))
        return problem.weekly_budget_pence is not None and spent > problem.weekly_budget_pence


def untrue_reasons(told: Told) -> list[str]:
    """What is wrong with the reasons; nothing where everybody who waits is told something true."""
    placed = {child for one in told.made for child in one.children}
    waiting = {child.ref for referral in told.posed.night.referrals for child in referral.children} - placed
    named = [child for one in told.report.unplaced for child in one.children]
    wrong = [] if sorted(named) == sorted(waiting) else ["not everybody who waits is told why"]
    return wrong + [f"{one.referral}: {said}" for one in told.report.unplaced for said in _untrue(told, one)]


def _untrue(told: Told, one: Unplaced) -> Iterator[str]:
    every = told.options(one)
    barred = set(told.posed.problem.excluded.tolist())
    options = [pair for pair in every if pair not in barred]
    homes = {told.every[pair].home for pair in options}
    if one.homes_allowed != len(homes):
        yield "the number of homes that they may go to"
    whole = {told.every[pair].home for pair in options if told.every[pair].children == frozenset(one.children)}
    if one.homes_together != len(whole):
        yield "the number of homes that could take all of them"
    if one.homes_excluded != len({told.every[pair].home for pair in every} - homes):
        yield "the number of homes that a person excluded"
    if options:
        yield from _untrue_of_homes(told, one, options)
    elif one.why is not (WhyNone.EXCLUDED if every else WhyNone.NO_HOME):
        yield f"no home is left, and the reason is {one.why}"
    elif not every:
        yield from _untrue_rules(told, one)


def _untrue_of_homes(told: Told, one: Unplaced, options: list[int]) -> Iterator[str]:
    """Homes would do: the best is named, who is in the way or what limit binds."""
    points = told.posed.problem.pairs.points
    top = [pair for pair in options if told.every[pair].home == one.best_home]
    if max((int(points[pair]) for pair in top), default=None) != max(int(points[pair]) for pair in options):
        yield "the best home"
    yield from _untrue_winners(told, one, options)
    free = [(pair, None) for pair in options if not told.faults(pair)]
    free += told.along(one)
    yield from _untrue_limit(told, one, free) if free else _untrue_company(told, one, top)


def _untrue_rules(told: Told, one: Unplaced) -> Iterator[str]:
    """No home meets the rules: which do not is told, home by home for the nearest, and counted for all."""
    night, policy = told.unpaid, told.posed.night.policy
    who = frozenset(one.children)
    for miss in one.near_misses:
        codes = {finding.code for finding in miss.findings}
        if not codes or codes != _rules_against(night, Proposed(who, miss.home)):
            yield f"the rules that keep {miss.home} out"
    counts = Counter(one.out_by_rule) + Counter(one.not_known_by_rule)
    if bool(counts) != bool(len(night.pool)) or not counts.keys() <= {setting.rule.code for setting in policy.rules}:
        yield "no rule is named"
    if len(night.pool) <= FEW_HOMES:
        found = Counter(code for home in night.pool.row_of for code in _rules_against(night, Proposed(who, home)))
        if found != counts:
            yield "the number of homes that each rule keeps out"
    yield from _untrue_splits(night, one)
    if any(relaxation.homes > counts[relaxation.rule] for relaxation in one.relaxations):
        yield "what a rule alone keeps out"


def _untrue_splits(night: Night, one: Unplaced) -> Iterator[str]:
    """Everybody has a home that the rules allow, once they need not stay together."""
    parted = replace(night, referrals=tuple(replace(r, keep_together=KeepTogether.PREFERRED) for r in night.referrals))
    for split in one.splits_if_parted:
        if sorted(child for part in split.parts for child in part.children) != sorted(one.children):
            yield "who would be parted"
        if any(_rules_against(parted, Proposed(frozenset(part.children), part.home)) for part in split.parts):
            yield "where they could live apart"


def _rules_against(night: Night, option: Proposed) -> set[str]:
    """Codes of the rules that the check of the records names against a home."""
    faults = check_night(night, [option])
    return {code for fault in faults if "is not allowed for" in fault for code in fault.partition(": ")[2].split(", ")}


def _untrue_winners(told: Told, one: Unplaced, options: list[int]) -> Iterator[str]:
    """Who is named has a proposal for a home that these children may go to, and is somebody else."""
    homes = {told.every[pair].home for pair in options}
    winners = {proposal.referral for proposal in told.report.proposals if proposal.home in homes}
    if one.referral in one.lost_to or not set(one.lost_to) <= winners:
        yield "who the place was lost to"


def _untrue_limit(told: Told, one: Unplaced, free: list[Option]) -> Iterator[str]:
    """A home has room: the reason is the limit that speaks against it, and something speaks against every other too."""
    problem = told.posed.problem
    there = [option for option in free if told.every[option[0]].home == one.free_home]
    if one.why not in LIMITS or not there:
        yield f"a home has room, and the reason is {one.why}"
        return
    if one.why is not WhyNone.OPEN and any((told.gain(problem, option) or 0) > 0 for option in free):
        yield "nothing speaks against one of the homes with room"
    if not any(_binds(told, one.why, option) for option in there):
        yield f"{one.why} does not speak against the home with room"


def _binds(told: Told, why: WhyNone, pair: Option) -> bool:
    """Whether this is the first of the limits, taken off one after the other, without which the pair would gain."""
    problem = told.posed.problem
    if told.over_budget(pair):
        return why is WhyNone.BUDGET
    untargeted = replace(problem, weekly_budget_pence=None, local=None)
    unreserved = replace(untargeted, home_price=np.zeros_like(problem.home_price))
    first = ((WhyNone.OPEN, problem), (WhyNone.LOCAL_TARGET, untargeted), (WhyNone.RESERVED, unreserved))
    return why is next((code for code, looser in first if (told.gain(looser, pair) or 0) > 0), WhyNone.TRADE_OFF)


def _untrue_company(told: Told, one: Unplaced, top: list[int]) -> Iterator[str]:
    """No home has room: the reason is what the records say of the best one, and whoever is there is named."""
    own = [p for p in told.report.proposals if p.referral == one.referral and p.home == one.best_home]
    if own:
        if one.why in (WhyNone.NO_HOME, WhyNone.OPEN):
            yield f"brothers and sisters go to the best home, and the reason is {one.why}"
        return
    said = [fault for pair in top for fault in told.faults(pair)]
    if not any(words in fault for words in FAULTS.get(one.why, ()) for fault in said):
        yield f"the records say {said}, and the reason is {one.why}"
    guests = [p for p in told.report.proposals if p.home == one.best_home]
    named = [Proposed(frozenset(p.children), p.home) for p in guests if p.referral in one.lost_to]
    if not named or all(told.faults(pair, named) for pair in top):
        yield "who is named as being in the way is not"
