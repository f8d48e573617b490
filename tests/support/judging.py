"""Judge one rule on one party and one home, and read the answer in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from app.matching.child_columns import ChildTable
from app.matching.finding import Finding, Value
from app.matching.home import Home
from app.matching.pairs import Pairs, child_grid, child_list, party_grid, party_list
from app.matching.party_columns import Party, PartyTable, whole_parties
from app.matching.pool import Pool
from app.matching.referral import Child, Referral
from app.matching.unit import Case, Change, Level, NoParams, Rule, Subject
from tests.support.builders import AS_OF, a_local, a_referral

Who = Child | tuple[Child, ...] | Referral

Answer2 = tuple[bool, bool]
"""Fails, not known."""

FAILS = (True, False)
NOT_KNOWN = (False, True)
PASSES = (False, False)


class Judged(NamedTuple):
    """What a rule found. `answer` compares with FAILS, NOT_KNOWN and PASSES."""

    fails: bool
    not_known: bool
    facts: Mapping[str, Value]

    @property
    def answer(self) -> tuple[bool, bool]:
        """Both flags without the facts."""
        return self.fails, self.not_known


class Tables(NamedTuple):
    """Children of referrals, their parties, and the homes they are judged against."""

    children: ChildTable
    parties: PartyTable
    pool: Pool

    @classmethod
    def of(
        cls,
        referrals: tuple[Referral, ...],
        homes: tuple[Home, ...],
        as_of: date = AS_OF,
        members: tuple[int, ...] | None = None,
    ) -> Tables:
        """Built as the engine builds them; a party a referral, or one party of these members of the first."""
        pool = Pool.build(homes)
        children = ChildTable.build(referrals, pool, as_of)
        parties = whole_parties(children) if members is None else (Party(referrals[0], members),)
        return cls(children, PartyTable.build(parties, children), pool)

    def rows(self, level: Level) -> int:
        """How many children, or parties, there are."""
        return len(self.children.entries) if level is Level.CHILD else len(self.parties)

    def grid(self, level: Level) -> Pairs:
        """Everybody with every home."""
        rows, cols = np.arange(self.rows(level)), np.arange(len(self.pool))
        if level is Level.CHILD:
            return child_grid(self.children, self.pool, a_local(), rows, cols)
        return party_grid(self.parties, self.pool, a_local(), rows, cols)

    def edges(self, level: Level, rows: Any, cols: Any) -> Pairs:
        """A list of pairs."""
        rows, cols = np.asarray(rows, dtype=np.int64), np.asarray(cols, dtype=np.int64)
        if level is Level.CHILD:
            return child_list(self.children, self.pool, a_local(), rows, cols)
        return party_list(self.parties, self.pool, a_local(), rows, cols)


def spread(finding: Finding, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Both flags of every pair."""
    not_known = np.zeros(1, dtype=np.bool_) if finding.not_known is None else finding.not_known
    return np.broadcast_to(finding.fails, shape), np.broadcast_to(not_known, shape)


def judge_one(
    rule: Rule,
    who: Who,
    home: Home,
    *,
    params: Any = None,
    as_of: date = AS_OF,
    members: tuple[int, ...] | None = None,
    others: tuple[Home, ...] = (),
    **referral: Any,
) -> Judged:
    """Judge one home.

    `who` is a child, several children of one referral, or the referral; `referral` changes the referral.
    `members` picks the children of the party, else all. `others` are further homes of the pool. A rule about
    one child answers for the first of the party.
    """
    request = who if isinstance(who, Referral) else a_referral(*(who if isinstance(who, tuple) else (who,)))
    request = replace(request, **referral)
    chosen = tuple(range(len(request.children))) if members is None else members
    tables = Tables.of((request,), (home, *others), as_of, chosen)
    row = chosen[0] if rule.level is Level.CHILD else 0
    pairs = tables.edges(rule.level, [row], [tables.pool.row_of[home.ref]])
    finding = rule.judge(pairs, NoParams() if params is None else params)
    fails, not_known = spread(finding, pairs.shape)
    facts = {name: fact.decoded(pairs.shape)[0] for name, fact in finding.facts().items()}
    return Judged(bool(fails[0]), bool(not_known[0]), facts)


def case_of(who: Who, home: Home, as_of: date = AS_OF, **referral: Any) -> Case:
    """The same pair as a case for remedies; the child concerned is the first."""
    request = who if isinstance(who, Referral) else a_referral(*(who if isinstance(who, tuple) else (who,)))
    request = replace(request, **referral)
    return Case(request.children[0], request.children, request, home, as_of)


def apply(case: Case, changes: tuple[Change, ...]) -> Case:
    """The case with all of these changes made to its records."""
    for change in changes:
        path = change.field.split(".")
        if change.subject is Subject.HOME:
            case = replace(case, home=_with(case.home, path, change.value))
        elif change.subject is Subject.REFERRAL:
            case = replace(case, referral=_with(case.referral, path, change.value))
        else:
            new = _with(case.child, path, change.value)
            everybody = tuple(new if child.ref == new.ref else child for child in case.referral.children)
            chosen = tuple(new if child.ref == new.ref else child for child in case.children)
            referral = replace(case.referral, children=everybody)
            case = replace(case, child=new, children=chosen, referral=referral)
    return case


def judge_case(rule: Rule, case: Case, params: Any = None) -> Judged:
    """Judge a case: its child, or its children as the party."""
    members = tuple(i for i, child in enumerate(case.referral.children) if child in case.children)
    if rule.level is Level.CHILD:
        members = (case.referral.children.index(case.child),)
    return judge_one(rule, case.referral, case.home, params=params, as_of=case.as_of, members=members)


def after_remedies(rule: Rule, case: Case, params: Any = None) -> Judged | None:
    """What the rule finds once its own remedies are carried out; None where it offers none."""
    changes = rule.remedies(case, NoParams() if params is None else params)
    return judge_case(rule, apply(case, changes), params) if changes else None


def _with(record: Any, path: list[str], value: Any) -> Any:
    name, *rest = path
    return replace(record, **{name: _with(getattr(record, name), rest, value) if rest else value})
