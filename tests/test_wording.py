"""Sentences are made from codes and facts alone, and every template can be filled in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from string import Formatter

import pytest

from app.matching.codes import Judgement
from app.matching.criteria import CRITERIA
from app.matching.explain import Outcome, Part, RuleFinding
from app.matching.referral import ChildRef
from app.matching.rules import RULES
from app.wording import day, miles, part_sentence, pounds, rule_sentence, sentence
from tests.support.builders import a_child, a_home
from tests.support.judging import judge_one
from tests.support.params import params_of


def test_units_are_written_for_people() -> None:
    """Miles to one decimal, pounds with thousands apart, dates as in letters; not known says so."""
    assert miles(1609) == "1.0 miles"
    assert pounds(123456) == "£1,234.56"
    assert pounds(123400) == "£1,234"
    assert day(date(2026, 3, 1)) == "1 March 2026"
    assert miles(None) == pounds(None) == day(None) == "not known"


def test_a_sentence_from_facts() -> None:
    """Enum words are printed without underscores, dates as dates."""
    text = sentence("quality", {"judgement": str(Judgement.GOOD), "judged_on": date(2025, 5, 2)})
    assert text == "Good, judged on 2 May 2025"
    assert sentence("quality", {"judgement": None, "judged_on": None}) == "not known, judged on not known"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_can_say_why(rule: object) -> None:
    """Each name in a rule's template is one of its facts, so no explanation ever breaks."""
    facts = judge_one(rule, a_child(), a_home(), params=params_of(rule)).facts
    names = {name for _, name, _, _ in Formatter().parse(rule.because) if name}
    assert names <= set(facts)
    assert rule_sentence(RuleFinding(rule.code, Outcome.NOT_MET, True, rule.statutory, None, facts))


def test_a_criterion_that_is_full_says_it_shortly() -> None:
    """What could not be better needs no list of what is missing."""
    facts = {"gaps": (), "largest_gap": 0, "not_known": ()}
    part = Part("needs_fit", ChildRef("C"), 18, True, True, 1000, 18_000, 18_000, 18_000, facts)
    assert part_sentence(part) == "Meets every need"
    assert part_sentence(replace(part, value=999)).startswith("Needs beyond")


def test_every_unit_says_what_it_asks_and_where_it_comes_from() -> None:
    """An officer can be told, and an auditor can look it up."""
    for unit in (*RULES, *CRITERIA):
        assert unit.says
        assert unit.source
        assert not unit.says.endswith(".")
