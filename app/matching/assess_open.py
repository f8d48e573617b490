"""Which pairs are allowed, and their points, without the reasons: what a night asks of millions of pairs.

Pair by pair the same as `assess`, with less work. Children and parties who are alike in all that a rule or criterion
reads of them are judged once (see `alike`), and points are worked out and handed on for the allowed pairs alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from app.matching.alike import Answers, Crowd, in_few_tables
from app.matching.assess import Question, child_points, each_range
from app.matching.columns import BoolArray, IntArray
from app.matching.members import Members
from app.matching.pairs import Pairs, child_grid, child_runs, party_grid
from app.matching.policy import CriterionSetting, RuleSetting
from app.matching.unit import Level

Found = TypeVar("Found")

GROUPS_A_TABLE = 256
"""Tables are joined up to so many groups: looked up all at once, and small enough for the cache."""

RULES_TABLED_UP_TO = 3
CRITERIA_TABLED_UP_TO = 16
"""A table is made where that many rows or more share an answer on average. A rule looks at every pair, a criterion
only at those that are allowed, while its table holds all homes."""


FEW = 0.5
"""A criterion that applies to fewer children than that is judged for them alone."""

ASKED_FIRST = 100


@dataclass(frozen=True, slots=True)
class Open:
    """Of parties `start` up to `stop` the allowed pairs, party by party, homes ascending.

    count: int64, how many each party has. home: int64 and points: int32, of each pair. `members`: their children.
    """

    start: int
    stop: int
    members: Members
    count: IntArray
    home: IntArray
    points: IntArray


def assess_open(question: Question, threads: int = 1) -> Iterator[Open]:
    """The allowed pairs of all parties in order."""
    yield from each_open(question, lambda block: block, threads)


def each_open(question: Question, then: Callable[[Open], Found], threads: int = 1) -> Iterator[Found]:
    """What `then` makes of the allowed pairs, block by block in order; it works beside the judging."""
    asked = _Asked.of(question, threads)
    yield from each_range(question, threads, lambda _, start, stop: then(_open_block(asked, start, stop)))


def crowd_of_children(question: Question) -> Crowd:
    """All children of a question."""
    table, pool, local = question.children, question.pool, question.policy.local
    return Crowd(table.columns, table.lists, len(pool), partial(child_grid, table, pool, local))


def crowd_of_parties(question: Question) -> Crowd:
    """All parties of a question."""
    table, pool, local = question.parties, question.pool, question.policy.local
    return Crowd(table.columns, table.lists, len(pool), partial(party_grid, table, pool, local))


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules of one level: what they say together of rows that are alike, and those to be asked pair by pair."""

    tables: Sequence[Answers]
    others: Sequence[RuleSetting]

    @classmethod
    def of(cls, crowd: Crowd, settings: Iterable[RuleSetting]) -> _Rules:
        tables, others = [], []
        for setting in settings:
            most = len(crowd.lists) // RULES_TABLED_UP_TO
            found = crowd.judged(lambda pairs, setting=setting: _kept_out(pairs, setting), most)  # type: ignore[misc]
            if found is None:
                others.append(setting)
            else:
                tables.append(found)
        return cls(in_few_tables(tables, np.logical_or, GROUPS_A_TABLE), others)

    def keep_out(self, pairs: Pairs) -> BoolArray:
        """Which pairs fail a rule, or one that blocks what is not known."""
        total = np.zeros(pairs.shape, dtype=np.bool_)
        for table in self.tables:
            np.logical_or(total, table.of(pairs.rows), out=total)
        for setting in self.others:
            np.logical_or(total, _kept_out(pairs, setting), out=total)
        return total


@dataclass(frozen=True, slots=True)
class _Criteria:
    """Points that are alike for many, criteria to be asked pair by pair, and those of few children, with whose."""

    tables: Sequence[Answers]
    others: Sequence[CriterionSetting]
    of_few: Sequence[tuple[CriterionSetting, BoolArray]]

    @classmethod
    def of(cls, crowd: Crowd, settings: Iterable[CriterionSetting]) -> _Criteria:
        tables, others, of_few = [], [], []
        for setting in (each for each in settings if each.weight):  # those switched off have nothing to be asked with
            most = len(crowd.lists) // CRITERIA_TABLED_UP_TO
            found = crowd.judged(lambda pairs, setting=setting: child_points(pairs, (setting,)), most)  # type: ignore[misc]
            if found is not None:
                tables.append(found)
            elif (whom := _few(crowd, setting)) is not None:
                of_few.append((setting, whom))
            else:
                others.append(setting)
        return cls(in_few_tables(tables, np.add, GROUPS_A_TABLE), others, of_few)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, and what was found before any block is looked at."""

    question: Question
    of_child: _Rules
    of_party: _Rules
    criteria: _Criteria

    @classmethod
    def of(cls, question: Question, threads: int = 1) -> _Asked:
        policy, children, parties = question.policy, crowd_of_children(question), crowd_of_parties(question)
        with ThreadPoolExecutor(threads) as workers:
            criteria = workers.submit(_Criteria.of, children, policy.criteria)
            of_party = workers.submit(_Rules.of, parties, policy.rules_of(Level.PARTY))
            of_child = workers.submit(_Rules.of, children, policy.rules_of(Level.CHILD))
        return cls(question, of_child.result(), of_party.result(), criteria.result())


def _few(children: Crowd, setting: CriterionSetting) -> BoolArray | None:
    """To which children a criterion applies, where those seem to be few.

    That depends on the child alone, so one home tells it of all; and some of the children, whether to ask the others.
    """
    everybody = np.arange(len(children.lists))
    some = everybody[:: max(1, len(everybody) // ASKED_FIRST)]
    if not children.homes or _whom(children, setting, some).mean() >= FEW:
        return None
    return _whom(children, setting, everybody)


def _whom(children: Crowd, setting: CriterionSetting, rows: IntArray) -> BoolArray:
    applies = setting.criterion.judge(children.grid(rows, np.arange(1)), setting.params).applies
    found: BoolArray = np.broadcast_to(np.True_ if applies is None else applies, (len(rows), 1))[:, 0]
    return found


def _kept_out(pairs: Pairs, setting: RuleSetting) -> BoolArray:
    finding = setting.rule.judge(pairs, setting.params)
    if finding.not_known is None or not setting.blocks:
        return finding.fails
    found: BoolArray = finding.fails | finding.not_known
    return found


def _open_block(asked: _Asked, start: int, stop: int) -> Open:
    question = asked.question
    members, homes, local = Members.of(question.parties, start, stop), len(question.pool), question.policy.local
    everywhere = np.arange(homes)
    children = child_grid(question.children, question.pool, local, members.rows, everywhere)
    kept_out = members.together(np.logical_or, asked.of_child.keep_out(children))
    parties = party_grid(question.parties, question.pool, local, np.arange(start, stop), everywhere)
    np.logical_or(kept_out, asked.of_party.keep_out(parties), out=kept_out)
    allowed = np.logical_not(kept_out, out=kept_out)
    count, home = _listed(allowed)
    return Open(start, stop, members, count, home, _points(asked, members, allowed, (count, home)))


def _listed(pairs: BoolArray) -> tuple[IntArray, IntArray]:
    """How many pairs of each row are set, and their homes."""
    rows, homes = pairs.shape
    at = np.flatnonzero(pairs)
    count = np.diff(np.searchsorted(at, np.arange(rows + 1) * homes))
    at -= np.repeat(np.arange(rows) * homes, count)
    return count, at


def _points(asked: _Asked, members: Members, allowed: BoolArray, listed: tuple[IntArray, IntArray]) -> IntArray:
    """Points of the allowed pairs of each party: those of all its children together."""
    if members.one_each:
        return _child_points(asked, members.rows, *listed)
    wanted = members.wanted(allowed)
    of_children = np.zeros(wanted.shape, dtype=np.int32)
    of_children[wanted] = _child_points(asked, members.rows, *_listed(wanted))
    return members.summed(of_children, np.arange(len(members.rows)), *listed)


def _child_points(asked: _Asked, rows: IntArray, count: IntArray, home: IntArray) -> IntArray:
    """Points of pairs of a child and a home, of which each child of `rows` has so many."""
    question = asked.question
    pairs = child_runs(question.children, question.pool, question.policy.local, rows, count, home)
    total = child_points(pairs, asked.criteria.others)
    for setting, whom in asked.criteria.of_few:
        its = whom[rows]
        where = np.flatnonzero(np.repeat(its, count))
        pairs = child_runs(question.children, question.pool, question.policy.local, rows[its], count[its], home[where])
        total[where] += child_points(pairs, (setting,))
    for table in asked.criteria.tables:
        total += table.table.ravel().take(np.repeat(table.alike.group[rows] * table.table.shape[1], count) + home)
    return total
