"""Why a home is not (first) on a referral's list, and what would have to be different.

Every counterfactual is tried before it is told: the change is made to a copy of the records and the whole
pair is judged again. A change that does not do what it says is not offered.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import numpy as np

from app.matching.applying import apply
from app.matching.assess import Block, Judged, Question, assess_one
from app.matching.columns import BoolArray
from app.matching.explain import PairExplanation, explain
from app.matching.home import Home
from app.matching.listed import Parted
from app.matching.policy import Policy, RuleSetting
from app.matching.pool import Pool
from app.matching.referral import Child, ChildRef, HomeRef, Referral
from app.matching.shortlist import best_rows, first_party, parted, question_for, rank_among
from app.matching.trying import outcomes, points_elsewhere
from app.matching.unit import Case, Change, Subject


@dataclass(frozen=True, slots=True)
class Needed:
    """One change, and the child whose record it touches (None: the home's or the referral's)."""

    child: ChildRef | None
    change: Change


LISTS_OF_CHILDREN = frozenset({"terms.named_children", "terms.exempt_children"})


def told(needed: Needed, referral: Referral) -> Any:
    """The value of a change as it may be told: of a list of children only those of this referral.

    Who else a carer is approved for is nobody's business here.
    """
    value = needed.change.value
    if needed.change.field in LISTS_OF_CHILDREN:
        return frozenset(value) & {child.ref for child in referral.children}
    return value


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """These changes together meet these rules; with them the home would be `allowed`, at this rank.

    `rank` counts among the homes that are allowed, this one included; None while other rules keep it out.
    """

    rules: tuple[str, ...]
    changes: tuple[Needed, ...]
    allowed: bool
    points: int
    rank: int | None


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Everything about one pair.

    `rank_if_met`: the rank among the allowed homes if every rule that is in the way were met; for an
    allowed home simply its rank. `together`: the changes that, made together, open the home (None where no
    such set was found). `behind_first_by`: points less than the first home, 0 or less if it would lead.
    `parted`: as for a shortlist.
    """

    explanation: PairExplanation
    allowed: bool
    points_if_met: int
    rank_if_met: int
    homes_allowed: int
    first_home: HomeRef | None
    behind_first_by: int | None
    counterfactuals: tuple[Counterfactual, ...]
    together: Counterfactual | None
    parted: Parted | None = None


def why_not(
    referral: Referral,
    home: HomeRef,
    pool: Pool,
    policy: Policy,
    as_of: date,
    named: Collection[ChildRef] | None = None,
) -> WhyNot:
    """Explain one home for one referral, or for the children of it who are `named`.

    KeyError where the pool has no such home.
    """
    question = question_for(referral, pool, policy, as_of, named=named)
    col = pool.row_of[home]
    block, points, judged = _judged(question, col)
    explanation = explain(question, 0, np.array([col]), judged=judged)[0]
    others = block.points[0, block.allowed[0]]
    allowed_cols = np.flatnonzero(block.allowed[0])
    best, _ = best_rows(referral.ref, pool, allowed_cols, others, 1)
    first = best[0] if len(best) else None
    found, together = _Trial(question, block, as_of, explanation).counterfactuals()
    return WhyNot(
        explanation=explanation,
        allowed=bool(block.allowed[0, col]),
        points_if_met=points,
        rank_if_met=rank_among(points, others),
        homes_allowed=len(others),
        first_home=None if first is None else pool.records[first].ref,
        behind_first_by=None if first is None else int(others.max()) - points,
        counterfactuals=found,
        together=together,
        parted=parted(referral, pool, policy, as_of, named),
    )


def _judged(question: Question, col: int) -> tuple[Block, int, Judged]:
    """The party against every home, and its points in this one whether or not a rule is in the way."""
    wanted: BoolArray = np.arange(len(question.pool)) == col
    block, worth, judged = assess_one(question, 0, lambda _bits: wanted)
    return block, int(worth[col]), judged


def _changed_records(referral: Referral, record: Home, changes: Sequence[Needed], as_of: date) -> tuple[Referral, Home]:
    for needed in changes:
        child = next((one for one in referral.children if one.ref == needed.child), referral.children[0])
        case = apply(Case(child, referral.children, referral, record, as_of), needed.change)
        referral, record = case.referral, case.home
    return referral, record


_Trying: TypeAlias = tuple[tuple[str, ...], tuple[Needed, ...]]
"""Rules, and the changes that are to meet them."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """What changes are tried on: one party, judged against every home, and one of them explained."""

    question: Question
    block: Block
    as_of: date
    explanation: PairExplanation

    @property
    def referral(self) -> Referral:
        """The referral as it is."""
        return self.question.parties.parties[0].referral

    @property
    def party(self) -> tuple[ChildRef, ...]:
        """The children whose home it would be: all of the referral, or those who were named."""
        return tuple(child.ref for child in first_party(self.question))

    def among(self, referral: Referral) -> tuple[Child, ...]:
        """These children as a referral, changed, has them."""
        return tuple(child for child in referral.children if child.ref in self.party)

    @property
    def policy(self) -> Policy:
        """The policy."""
        return self.question.policy

    @property
    def home(self) -> Home:
        """The home as it is."""
        return self.question.pool.record(self.explanation.home)

    def counterfactuals(self) -> tuple[tuple[Counterfactual, ...], Counterfactual | None]:
        """One a rule that is in the way, where there is one, and one for all of them together."""
        rules = self.explanation.blocked_by
        to_try: list[_Trying] = [((code,), self.remedies(self.policy.setting_of(code), ())) for code in rules]
        if len(rules) > 1:
            every: tuple[Needed, ...] = ()
            for code in rules:
                every += self.remedies(self.policy.setting_of(code), every)
            to_try.append((rules, every))
        found = self.tried(to_try)
        together = found[-1] if found else None
        singles = found[: len(rules)]
        return tuple(one for one in singles if one), together if together is not None and together.allowed else None

    def remedies(self, setting: RuleSetting, made: tuple[Needed, ...]) -> tuple[Needed, ...]:
        """What the rule says would meet it after what was `made`, each child building on the one before."""
        rule = setting.rule
        new: tuple[Needed, ...] = ()
        for child in self._concerned(rule.code):
            now, there = _changed_records(self.referral, self.home, (*made, *new), self.as_of)
            current = next(one for one in now.children if one.ref == child.ref)
            case = Case(current, self.among(now), now, there, self.as_of)
            for change in rule.remedies(case, setting.params):
                who = child.ref if change.subject is Subject.CHILD else None
                new = (*new, Needed(who, change))
        return new

    def _concerned(self, code: str) -> list[Child]:
        """The children a rule keeps out; the first stands for the party."""
        who = {finding.child for finding in self.explanation.rules if finding.code == code and finding.blocks}
        return [c for i, c in enumerate(self.among(self.referral)) if c.ref in who or (None in who and i == 0)]

    def tried(self, to_try: Sequence[_Trying]) -> list[Counterfactual | None]:
        """Make each of these changes and judge again; None where there is none, or it does not meet the rules."""
        found: list[Counterfactual | None] = [None] * len(to_try)
        some = [at for at, (_, changes) in enumerate(to_try) if changes]
        copies = [_changed_records(self.referral, self.home, to_try[at][1], self.as_of) for at in some]
        judged = outcomes(copies, self.question.pool, self.policy, self.as_of, self.party)
        for at, (referral, home), outcome in zip(some, copies, judged, strict=True):
            rules, changes = to_try[at]
            if any(outcome.in_the_way & self.policy.setting_of(code).bit for code in rules):
                continue
            rank = None
            if not outcome.in_the_way:
                others = points_elsewhere(self.question, self.block, referral, home, outcome)
                rank = rank_among(outcome.points, others)
            found[at] = Counterfactual(rules, _last_of_each(changes), rank is not None, outcome.points, rank)
        return found


def _last_of_each(changes: Sequence[Needed]) -> tuple[Needed, ...]:
    """Changes to one field build on each other; the last says it all."""
    last = {(needed.child, needed.change.subject, needed.change.field): needed for needed in changes}
    return tuple(last.values())
