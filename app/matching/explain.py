"""Why: the same functions as `assess`, run again on the few pairs a person will see, with their facts kept.

There is no second formula. Everything here is codes, numbers, enums and dates; sentences are made at the
edge (`app.wording`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

import numpy as np

from app.matching.assess import Judged, Question, counted
from app.matching.columns import Array, IntArray
from app.matching.finding import FULL, Facts, Score, Value
from app.matching.pairs import ChildPairs, Pairs, child_list, party_list
from app.matching.policy import CriterionSetting, RuleSetting
from app.matching.referral import ChildRef, HomeRef
from app.matching.unit import Level

T = TypeVar("T")


class Outcome(StrEnum):
    """What a rule answered. `OFF`: the policy does not use it."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_KNOWN = "not_known"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """One rule's answer for a pair. `child` is None for a rule about the party as a whole.

    `blocks`: this answer keeps the pair out.
    """

    code: str
    outcome: Outcome
    blocks: bool
    statutory: bool
    child: ChildRef | None
    facts: Mapping[str, Value]


class Part(NamedTuple):
    """One criterion's share of the points of one child: `points == weight * value`, exactly.

    Where the value is not known `value` is what the policy lets stand in, and `points_low`..`points_high`
    is what it could be. A criterion that does not apply has no points. A list shows hundreds of them, and a tuple
    with names is made in a third of the time.
    """

    code: str
    child: ChildRef
    weight: int
    applies: bool
    known: bool
    value: int
    points: int
    points_low: int
    points_high: int
    facts: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class PairExplanation:
    """Everything found about one party and one home. The points of the parts add up to `points`."""

    home: HomeRef
    children: tuple[ChildRef, ...]
    rules: tuple[RuleFinding, ...]
    parts: tuple[Part, ...]

    @property
    def points(self) -> int:
        """Sum of the parts."""
        return sum(part.points for part in self.parts)

    @property
    def points_low(self) -> int:
        """The least it could be, given what is not known."""
        return sum(part.points_low for part in self.parts)

    @property
    def points_high(self) -> int:
        """The most it could be, given what is not known."""
        return sum(part.points_high for part in self.parts)

    @property
    def blocked_by(self) -> tuple[str, ...]:
        """Codes of the rules that keep the pair out, each once, in the order of the rules."""
        return tuple(dict.fromkeys(finding.code for finding in self.rules if finding.blocks))

    @property
    def to_check(self) -> tuple[str, ...]:
        """Codes of the rules that are not known here but let the pair through for a person to check."""
        return tuple(
            dict.fromkeys(
                finding.code for finding in self.rules if finding.outcome is Outcome.NOT_KNOWN and not finding.blocks
            )
        )


EVERY_RULE = ~0


def explain(
    question: Question, party: int, cols: IntArray, open_bits: int = EVERY_RULE, judged: Judged | None = None
) -> list[PairExplanation]:
    """Explain one party with these homes (rows of the pool), in the order given.

    `open_bits`: the rules to look into. A shortlist gives those that its masks say are failed or not known
    for one of the homes; the others are known to be met, and their facts are left out. `judged`: what the criteria
    said when the party was judged, with these homes among others; without it they are asked again.
    """
    if not len(cols):
        return []
    table = question.parties
    members = table.member_rows[table.offsets[party] : table.offsets[party + 1]]
    rows = np.repeat(members, len(cols))
    pool, local = question.pool, question.policy.local
    child_pairs = child_list(question.children, pool, local, rows, np.tile(cols, len(members)))
    party_pairs = party_list(table, pool, local, np.full(len(cols), party), cols)
    names = tuple(question.children.entries[row].child.ref for row in members)
    places = None if judged is None else judged.places(members, cols)
    rules: list[Sequence[RuleFinding]] = []
    parts: list[Sequence[Part]] = []
    for setting in question.policy.rules:
        pairs = child_pairs if setting.rule.level is Level.CHILD else party_pairs
        who = names if setting.rule.level is Level.CHILD else (None,)
        rules += _findings(setting, pairs, who) if setting.bit & open_bits else _met(setting, who, len(cols))
    for criterion in question.policy.criteria:
        if criterion.enabled:
            parts += _parts(criterion, _scored(criterion, child_pairs, judged, places), names)
    return [
        PairExplanation(pool.records[col].ref, names, of_rules, of_parts)
        for col, of_rules, of_parts in zip(cols, _by_home(rules, len(cols)), _by_home(parts, len(cols)), strict=True)
    ]


def _by_home(found: Sequence[Sequence[T]], homes: int) -> Sequence[tuple[T, ...]]:
    """What was found of each home, from rows that hold one thing found in each home."""
    return list(zip(*found, strict=True)) if found else [()] * homes


def _in_rows(found: list[T], rows: int) -> list[list[T]]:
    """What was found for each child in each home, a row a child."""
    each = len(found) // rows
    return [found[start : start + each] for start in range(0, len(found), each)]


def _met(setting: RuleSetting, who: Sequence[ChildRef | None], each: int) -> list[list[RuleFinding]]:
    outcome = Outcome.MET if setting.enabled else Outcome.OFF
    rule = setting.rule
    return [[RuleFinding(rule.code, outcome, False, rule.statutory, child, {})] * each for child in who]


def _findings(setting: RuleSetting, pairs: Pairs, who: Sequence[ChildRef | None]) -> list[list[RuleFinding]]:
    """A row for each child (or the party), with what was found in each home."""
    rule, count = setting.rule, pairs.shape[0]
    each = count // len(who)
    if not setting.enabled:
        return _met(setting, who, each)
    finding = rule.judge(pairs, setting.params)
    fails = _flat(finding.fails, pairs.shape)
    unknown = [False] * count if finding.not_known is None else _flat(finding.not_known, pairs.shape)
    facts = _decoded(finding.facts(), pairs.shape, count)
    found = []
    for i in range(count):
        outcome = Outcome.NOT_MET if fails[i] else Outcome.NOT_KNOWN if unknown[i] else Outcome.MET
        blocks = outcome is Outcome.NOT_MET or (outcome is Outcome.NOT_KNOWN and setting.blocks)
        found.append(RuleFinding(rule.code, outcome, blocks, rule.statutory, who[i // each], facts[i]))
    return _in_rows(found, len(who))


@dataclass(frozen=True, slots=True)
class _Scored:
    """A criterion's score, the shape of its answers, and which of them are wanted (None: all)."""

    score: Score
    shape: tuple[int, ...]
    places: IntArray | None

    def flat(self, found: Array) -> list[Any]:
        """The wanted values of an answer."""
        return _flat(self._wanted(found), (self.count,))

    def facts(self) -> list[dict[str, Value]]:
        """The facts of each that is wanted."""
        wanted = {name: fact.of(self._wanted) for name, fact in self.score.facts().items()}
        return _decoded(wanted, (self.count,), self.count)

    @property
    def count(self) -> int:
        """How many are wanted."""
        return self.shape[0] if self.places is None else len(self.places)

    def _wanted(self, found: Array) -> Array:
        if self.places is None or found.size == 1:
            return found.reshape(1) if found.size == 1 else found
        return (found if found.shape == self.shape else np.broadcast_to(found, self.shape))[self.places]


def _scored(setting: CriterionSetting, pairs: ChildPairs, judged: Judged | None, places: IntArray | None) -> _Scored:
    known = None if judged is None else judged.scores.get(setting.criterion.code)
    if known is None or judged is None:
        return _Scored(setting.criterion.judge(pairs, setting.params), pairs.shape, None)
    return _Scored(known, judged.shape, places)


def _parts(setting: CriterionSetting, found: _Scored, names: Sequence[ChildRef]) -> list[list[Part]]:
    """A row for each child, with the share of the criterion in each home."""
    score, count = found.score, found.count
    each = count // len(names)
    values = found.flat(counted(score, setting.stand_in))
    least = found.flat(score.value)
    most = [FULL] * count if score.most is None else found.flat(score.most)
    known = [True] * count if score.not_known is None else found.flat(~score.not_known)
    applies = [True] * count if score.applies is None else found.flat(score.applies)
    code, weight, parts = setting.criterion.code, setting.weight, []
    for i, (value, is_known, does, facts) in enumerate(zip(values, known, applies, found.facts(), strict=True)):
        points = low = high = weight * value
        if does and not is_known:
            low, high = weight * least[i], weight * most[i]
        parts.append(
            Part(code, names[i // each], weight, does, is_known, value, points, low, high, facts if does else {})
        )
    return _in_rows(parts, len(names))


def _flat(found: Array, shape: tuple[int, ...]) -> list[Any]:
    flat: list[Any] = (found if found.shape == shape else np.broadcast_to(found, shape)).tolist()
    return flat


def _decoded(facts: Facts, shape: tuple[int, ...], count: int) -> list[dict[str, Value]]:
    columns = [fact.decoded(shape) for fact in facts.values()]
    if not columns:
        return [{} for _ in range(count)]
    return [dict(zip(facts, row, strict=True)) for row in zip(*columns, strict=True)]
