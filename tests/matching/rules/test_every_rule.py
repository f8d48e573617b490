"""What holds for every rule, whatever it is about."""

from __future__ import annotations

import random
from pathlib import Path
from string import Formatter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching import rules
from app.matching.pairs import Pairs
from app.matching.rules import RULES
from app.matching.unit import Case, Level, Rule
from tests.support.builders import a_child, a_home
from tests.support.forgetting import forgetful_homes, forgetful_referrals
from tests.support.judging import PASSES, Tables, after_remedies, judge_case, judge_one, spread
from tests.support.params import params_of
from tests.support.worlds import random_world

SEEDS = st.integers(0, 2**32)
SPECS = {"", "answer", "children", "day", "end", "flag", "list", "miles", "pounds", "sex", "when"}

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def answers(rule: Rule, pairs: Pairs) -> tuple[np.ndarray, np.ndarray, dict[str, list[object]]]:
    """Both flags and all facts of every pair, flat."""
    finding = rule.judge(pairs, params_of(rule))
    fails, not_known = spread(finding, pairs.shape)
    facts = {name: fact.decoded(pairs.shape) for name, fact in finding.facts().items()}
    return fails.ravel(), not_known.ravel(), facts


@every_rule
@settings(max_examples=25)
@given(seed=SEEDS)
def test_alone_in_a_list_or_in_a_crowd_the_answer_is_the_same(rule: Rule, seed: int) -> None:
    """Grid, list of pairs and one pair agree, in flags and in facts; no pair both fails and is not known."""
    world = random_world(random.Random(seed), referrals=4, homes=6)
    tables = Tables.of(world.referrals, world.homes, world.as_of)
    fails, not_known, facts = answers(rule, tables.grid(rule.level))
    homes = len(tables.pool)
    assert not (fails & not_known).any()
    pairs = [(row, col) for row in range(tables.rows(rule.level)) for col in range(homes)]
    some = sorted(random.Random(seed).sample(pairs, len(pairs) // 2))
    for asked in (some, [some[0]], [some[-1]]):
        rows, cols = zip(*asked, strict=True)
        at = [row * homes + col for row, col in asked]
        found = answers(rule, tables.edges(rule.level, rows, cols))
        assert found[0].tolist() == fails[at].tolist()
        assert found[1].tolist() == not_known[at].tolist()
        assert found[2] == {name: [values[i] for i in at] for name, values in facts.items()}


@pytest.mark.slow
@settings(max_examples=30)
@given(seed=SEEDS)
def test_forgetting_about_the_children_opens_no_home(seed: int) -> None:
    """Where a rule fails, it fails or is not known once any one fact about the children is not known."""
    world = random_world(random.Random(seed), referrals=3, homes=4)
    for referral in world.referrals:
        variants = (referral, *forgetful_referrals(referral))
        tables = Tables.of(variants, world.homes, world.as_of)
        for rule in RULES:
            fails, not_known, _ = answers(rule, tables.grid(rule.level))
            by_variant = (fails | not_known).reshape(len(variants), -1)
            before = fails.reshape(len(variants), -1)[0]
            assert by_variant[:, before].all(), rule.code


@pytest.mark.slow
@settings(max_examples=15)
@given(seed=SEEDS)
def test_forgetting_about_the_home_opens_it_to_nobody(seed: int) -> None:
    """The same for every fact about the home, its terms and those who live there."""
    world = random_world(random.Random(seed), referrals=3, homes=2)
    for home in world.homes:
        before = Tables.of(world.referrals, (home,), world.as_of)
        closed = {rule.code: answers(rule, before.grid(rule.level))[0] for rule in RULES}
        for less in forgetful_homes(home):
            after = Tables.of(world.referrals, (less,), world.as_of)
            for rule in RULES:
                fails, not_known, _ = answers(rule, after.grid(rule.level))
                assert (fails | not_known)[closed[rule.code]].all(), rule.code


@every_rule
@settings(max_examples=40)
@given(seed=SEEDS)
def test_remedies_are_true(rule: Rule, seed: int) -> None:
    """What a rule offers as a remedy for a pair, carried out, makes the rule pass."""
    world = random_world(random.Random(seed), referrals=2, homes=4)
    params = params_of(rule)
    for referral in world.referrals:
        for home in world.homes:
            for child in referral.children if rule.level is Level.CHILD else referral.children[:1]:
                case = Case(child, referral.children, referral, home, world.as_of)
                if judge_case(rule, case, params).answer != PASSES:
                    after = after_remedies(rule, case, params)
                    assert after is None or after.answer == PASSES


@every_rule
def test_the_reason_is_told_from_facts(rule: Rule) -> None:
    """Every name in `because` is a fact of the rule, with a format that exists."""
    facts = judge_one(rule, a_child(), a_home(), params=params_of(rule)).facts
    for _, name, spec, _ in Formatter().parse(rule.because):
        assert name is None or (name in facts and spec in SPECS), name


@every_rule
def test_the_usual_child_fits_the_usual_home(rule: Rule) -> None:
    """The builders give a pair that every rule lets pass, so other tests change one thing only."""
    assert judge_one(rule, a_child(), a_home(), params=params_of(rule)).answer == PASSES


def test_the_tuple_holds_every_rule_once_statutory_first() -> None:
    """One file a rule, named after its code; the law stands before the council's own; each has its source."""
    codes = [rule.code for rule in RULES]
    assert len(set(codes)) == len(codes)
    assert [rule.statutory for rule in RULES] == sorted((rule.statutory for rule in RULES), reverse=True)
    assert all(rule.source and rule.says and rule.because for rule in RULES)
    folder = Path(next(iter(rules.__path__)))
    assert set(codes) == {path.stem for path in folder.glob("*.py")} - {"__init__", "masks", "ages", "harm"}
