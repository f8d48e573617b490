"""The engine agrees with an independent second implementation, and the comparison would notice if it did not."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from random import Random
from typing import Any

import numpy as np
import pytest

from app.matching.criteria import CRITERIA
from app.matching.finding import Finding, Score
from app.matching.policy import CriterionSetting, Policy
from app.matching.rules import RULES
from app.matching.unit import Level
from tests.reference.judging import criterion_codes, rule_codes
from tests.reference.rules import CHILD_RULES, PARTY_RULES
from tests.support.agreement import (
    Inquiry,
    criterion_differs,
    differences,
    explanations_differ,
    rules_differ,
)
from tests.support.policies import real_policies

PAIRS = 100_000
CHUNKS = 4
RULE_CODES = [rule.code for rule in RULES]
CRITERION_CODES = [criterion.code for criterion in CRITERIA]

ALWAYS_KNOWN = {"usable_places", "fostering_limit", "live_apart", "new_home", "siblings_together"}
"""Rules about facts that a record always has."""

ALWAYS_KNOWN_CRITERIA = {"step_down"}

APPLY_TO_EVERYBODY = {"near_family", "in_area", "quality", "fee", "sourcing", "stability"}

OFTEN = 15
"""So often at least, in each chunk, must a rule or criterion give each answer it can give."""


def test_everything_has_a_second_implementation() -> None:
    """No rule and no criterion is without one, none is left over, and both judge on the same level."""
    assert rule_codes() == set(RULE_CODES)
    assert criterion_codes() == set(CRITERION_CODES)
    assert {rule.code for rule in RULES if rule.level is Level.CHILD} == set(CHILD_RULES)
    assert {rule.code for rule in RULES if rule.level is Level.PARTY} == set(PARTY_RULES)


@pytest.mark.parametrize(
    "chunk",
    [
        0,
        pytest.param(1, marks=pytest.mark.slow),
        *(pytest.param(chunk, marks=[pytest.mark.slow, pytest.mark.long]) for chunk in range(2, CHUNKS)),
    ],
)
def test_it_agrees_on_100_000_random_pairs(chunk: int, record_property: Callable[[str, object], None]) -> None:
    """Failed rules, rules not known, allowed or not, points and every part: the same, pair by pair."""
    told, found, seed = Counter[str](), Counter[str](), chunk * 1000
    while told["pairs"] < PAIRS // CHUNKS:
        inquiry = Inquiry.drawn(seed)
        found.update(differences(inquiry))
        found.update(explanations_differ(inquiry, Random(seed), others=1) if seed % 4 == 0 else {})
        told.update(_answers(inquiry))
        seed += 1
    told["explained"] = found.pop("explained")
    for name, count in sorted(told.items()):
        record_property(name, count)
    counts = ", ".join(f"{told[name]} {name}" for name in ("pairs", "allowed", "explained"))
    sys.stdout.write(f"chunk {chunk}: {counts}\n")
    assert not found, f"engine and second implementation differ: {found.most_common(20)}"
    assert told["pairs"] * CHUNKS >= PAIRS
    assert told["allowed"] > PAIRS // CHUNKS // 50
    assert told["explained"] > 300
    rare = [name for name in _expected_answers() if told[name] < OFTEN]
    assert not rare, f"too rare among the random pairs to be tested: {[(name, told[name]) for name in rare]}"


@pytest.mark.parametrize("policy", real_policies(), ids=lambda policy: policy.version)
def test_it_agrees_under_the_policies_in_use(policy: Policy) -> None:
    """The same with the weights, limits and tables that the council uses."""
    inquiry = Inquiry.drawn(17, referrals=16, homes=50, policy=policy)
    found = differences(inquiry) + explanations_differ(inquiry, Random(0), others=1)
    assert found.pop("explained") > 20
    assert not found
    assert sum(result.allowed for result in inquiry.results) > 5


def _answers(inquiry: Inquiry) -> Counter[str]:
    """How often each rule and criterion gave each answer."""
    told = Counter[str]()
    for result in inquiry.results:
        told["pairs"] += 1
        told["allowed"] += result.allowed
        told.update(f"{code} failed" for code in result.failed)
        told.update(f"{code} not known" for code in result.not_known)
        for part in result.parts:
            told[f"{part.code} {'known' if part.known else 'open'}" if part.applies else f"{part.code} idle"] += 1
    return told


def _expected_answers() -> list[str]:
    rules = [f"{code} failed" for code in RULE_CODES]
    rules += [f"{code} not known" for code in RULE_CODES if code not in ALWAYS_KNOWN]
    criteria = [f"{code} known" for code in CRITERION_CODES]
    criteria += [f"{code} open" for code in CRITERION_CODES if code not in ALWAYS_KNOWN_CRITERIA]
    criteria += [f"{code} idle" for code in CRITERION_CODES if code not in APPLY_TO_EVERYBODY]
    return rules + criteria


# ------------------------------------------------------------------------------------------------- its teeth


@lru_cache(maxsize=1)
def _inquiries() -> tuple[Inquiry, ...]:
    """Enough pairs for every answer of every unit; the plain answers are worked out once."""
    return tuple(Inquiry.drawn(seed) for seed in range(7000, 7006))


Spoil = Callable[[Any], Any]


def _spoilt_rule(policy: Policy, code: str, spoil: Spoil) -> Policy:
    """The policy with a rule that judges wrongly."""
    rules = tuple(
        replace(s, rule=replace(s.rule, judge=_after(s.rule.judge, spoil))) if s.rule.code == code else s
        for s in policy.rules
    )
    return replace(policy, rules=rules)


def _spoilt_criterion(policy: Policy, code: str, spoil: Spoil) -> CriterionSetting:
    """The setting of a criterion that judges wrongly."""
    setting = next(s for s in policy.criteria if s.criterion.code == code)
    return replace(setting, criterion=replace(setting.criterion, judge=_after(setting.criterion.judge, spoil)))


def _after(judge: Callable[[Any, Any], Any], spoil: Spoil) -> Callable[[Any, Any], Any]:
    return lambda pairs, params: spoil(judge(pairs, params))


def _never_fails(finding: Finding) -> Finding:
    return replace(finding, fails=np.zeros_like(finding.fails))


def _never_not_known(finding: Finding) -> Finding:
    return replace(finding, not_known=None)


def _deleted(finding: Finding) -> Finding:
    return Finding(np.zeros_like(finding.fails))


def _noticed(code: str, spoil: Spoil) -> Counter[str]:
    """What the comparison finds where one rule is spoilt."""
    found = Counter[str]()
    for inquiry in _inquiries():
        found.update(rules_differ(inquiry, _spoilt_rule(inquiry.policy, code, spoil)))
    return found


def test_the_worlds_below_agree() -> None:
    """What the spoilt engines are measured against is itself without a difference."""
    assert not [found for inquiry in _inquiries() if (found := differences(inquiry))]


@pytest.mark.parametrize("code", RULE_CODES)
def test_a_rule_that_never_fails_is_noticed(code: str) -> None:
    """Every rule keeps somebody out in the random worlds."""
    found = _noticed(code, _never_fails)
    assert found[f"{code} failed"]


@pytest.mark.parametrize("code", [code for code in RULE_CODES if code not in ALWAYS_KNOWN])
def test_a_rule_that_takes_silence_for_consent_is_noticed(code: str) -> None:
    """Every rule that can be not known is so for somebody in the random worlds."""
    found = _noticed(code, _never_not_known)
    assert found[f"{code} not known"]
    assert not found[f"{code} failed"]


@pytest.mark.parametrize("code", RULE_CODES)
def test_a_deleted_rule_lets_somebody_in(code: str) -> None:
    """Every rule decides alone for some pair: without it a home is allowed that should not be."""
    found = _noticed(code, _deleted)
    assert found["allowed"]


def _worth_nothing(score: Score) -> Score:
    return replace(score, value=np.zeros_like(score.value), most=score.most)


def _sure_of_itself(score: Score) -> Score:
    return replace(score, not_known=None)


def _for_everybody(score: Score) -> Score:
    return replace(score, applies=None)


def _open_to_the_top(score: Score) -> Score:
    return replace(score, most=None)


@pytest.mark.parametrize("code", CRITERION_CODES)
@pytest.mark.parametrize("spoil", [_worth_nothing, _sure_of_itself, _for_everybody, _open_to_the_top])
def test_a_spoilt_criterion_is_noticed(code: str, spoil: Spoil) -> None:
    """Its values, what is not known, to whom it applies, and how much is left open: each is compared."""
    can_be = {
        _worth_nothing: set(CRITERION_CODES),
        _sure_of_itself: set(CRITERION_CODES) - ALWAYS_KNOWN_CRITERIA,
        _for_everybody: set(CRITERION_CODES) - APPLY_TO_EVERYBODY,
        _open_to_the_top: BOUNDED,
    }[spoil]
    found = [criterion_differs(i, _spoilt_criterion(i.policy, code, spoil)) for i in _inquiries()]
    assert any(found) == (code in can_be)


BOUNDED = {"education", "with_siblings", "disability", "needs_fit", "wishes", "contact", "identity", "sourcing", "fee"}
"""Criteria that can say how much at most, where they cannot say how much."""
