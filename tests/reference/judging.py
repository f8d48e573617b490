"""The obvious way to judge: one party and one home at a time, rule by rule, criterion by criterion.

An independent second implementation for the tests, and the plain loop that the benchmark measures the
engine against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.matching.home import Home
from app.matching.policy import CriterionSetting, Policy, RuleSetting
from app.matching.referral import Child, ChildRef, Referral
from tests.reference.basics import FULL, Inventory, Maybe, Pair, all_of
from tests.reference.criteria import CRITERIA
from tests.reference.rules import CHILD_RULES, PARTY_RULES


@dataclass(frozen=True, slots=True)
class PlainPart:
    """What one criterion gives for one child."""

    code: str
    child: ChildRef
    weight: int
    applies: bool
    known: bool
    value: int
    points: int
    points_low: int
    points_high: int


@dataclass(frozen=True, slots=True)
class PlainResult:
    """Everything about one party and one home. `failed` and `not_known` are codes of rules, never both."""

    failed: frozenset[str]
    not_known: frozenset[str]
    allowed: bool
    parts: tuple[PlainPart, ...]

    @property
    def points(self) -> int:
        """Sum of the parts."""
        return sum(part.points for part in self.parts)


def judge_pair(
    referral: Referral,
    members: Sequence[Child],
    home: Home,
    inventory: Inventory,
    policy: Policy,
    as_of: date,
    *,
    points_always: bool = False,
) -> PlainResult:
    """Judge some children of a referral, as one party, with one home.

    Points are worked out only where no rule keeps the party out, or wherever `points_always`.
    """
    party = tuple(members)
    pairs = [Pair(child, party, referral, home, inventory, policy.local, as_of) for child in party]
    failed, not_known, blocked = set(), set(), False
    for setting in policy.rules:
        if not setting.enabled:
            continue
        answer = ask(setting, pairs)
        if answer is False:
            failed.add(setting.rule.code)
        elif answer is None:
            not_known.add(setting.rule.code)
        blocked = blocked or answer is False or (answer is None and setting.blocks)
    parts: list[PlainPart] = []
    if points_always or not blocked:
        parts = [part_of(s, pair) for s in policy.criteria if s.enabled for pair in pairs]
    return PlainResult(frozenset(failed), frozenset(not_known), not blocked, tuple(parts))


def ask(setting: RuleSetting, pairs: Sequence[Pair]) -> Maybe:
    """What a rule answers for the party: no where it does for one child, else not known where it is for one."""
    code = setting.rule.code
    if code in PARTY_RULES:
        return PARTY_RULES[code](pairs[0], setting.params)
    judge = CHILD_RULES[code]
    return all_of(judge(pair, setting.params) for pair in pairs)


def part_of(setting: CriterionSetting, pair: Pair) -> PlainPart:
    """What a criterion gives for the child looked at: weight times value, or times what stands in for it."""
    code, child, weight = setting.criterion.code, pair.child.ref, setting.weight
    found = CRITERIA[code](pair, setting.params)
    if found is None:
        return PlainPart(code, child, weight, False, True, 0, 0, 0, 0)
    least, most = found
    assert 0 <= least <= most <= FULL
    value = least if least == most else min(max(setting.stand_in, least), most)
    return PlainPart(code, child, weight, True, least == most, value, weight * value, weight * least, weight * most)


def rule_codes() -> frozenset[str]:
    """Codes of the rules that are implemented here."""
    return frozenset(CHILD_RULES) | frozenset(PARTY_RULES)


def criterion_codes() -> frozenset[str]:
    """Codes of the criteria that are implemented here."""
    return frozenset(CRITERIA)
