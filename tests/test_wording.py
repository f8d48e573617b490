"""Sentences are made from codes and facts alone, and every template can be filled in."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

from app.matching.codes import HomeKind, Judgement, NeedDomain
from app.matching.criteria import CRITERIA
from app.matching.explain import Outcome, Part, RuleFinding
from app.matching.finding import Value
from app.matching.referral import ChildRef
from app.matching.rules import RULES
from app.matching.rules.kind_allowed import FIELD_OF_PART
from app.matching.unit import Change, Subject
from app.matching.why_not import Needed
from app.wording import (
    CHANGES,
    change_sentence,
    children,
    counted,
    day,
    joined,
    miles,
    part_sentence,
    pounds,
    rule_sentence,
    sentence,
    words,
)
from tests.support.builders import a_child, a_home, a_referral
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
    assert part_sentence(part._replace(value=999)).startswith("Needs beyond")


@pytest.mark.parametrize(
    ("code", "facts", "said"),
    [
        ("contact", {"nearest_m": 3862, "farthest_m": 3863}, "2.4 miles from where the child goes to see people"),
        (
            "contact",
            {"nearest_m": 3862, "farthest_m": 19_956},
            "2.4 miles from where the child goes to see people; the farthest of these places: 12.4 miles",
        ),
        (
            "wishes",
            {"met": (), "unmet": ("live_with_pets",), "not_known": ()},
            "Of the child's wishes the home does not meet: live with pets",
        ),
        (
            "wishes",
            {"met": ("live_with_pets",), "unmet": ("stay_at_my_school",), "not_known": ("stay_in_my_area",)},
            (
                "Of the child's wishes the home meets: live with pets; does not meet: stay at my school; "
                "may or may not meet, as too little is known: stay in my area"
            ),
        ),
        ("education", {"distance_m": 1609, "key_stage_4": "No"}, "1.0 miles from the child's school"),
        (
            "education",
            {"distance_m": None, "key_stage_4": None},
            "not known from the child's school; in Key Stage 4: not known",
        ),
        (
            "needs_fit",
            {"gaps": ("education",), "largest_gap": 1, "not_known": ()},
            "Needs beyond what the home can do: education, by 1 level at most",
        ),
        ("sourcing", {"route": "spot", "tier": None}, "Route: spot"),
        ("sourcing", {"route": "framework", "tier": 2}, "Route: framework, tier 2"),
        (
            "live_apart",
            {"resident": True, "within": False},
            "They must live apart: the child and somebody who lives there",
        ),
        (
            "usable_places",
            {"free": 0, "places": 1, "children": 2},
            "0 of 1 places are free; room is needed for 2 children",
        ),
        (
            "sex",
            {"sex": "M", "sex_accepted": "F"},
            "Sex of the children whom the home takes: female; the child's is recorded as male",
        ),
    ],
)
def test_a_sentence_says_only_what_there_is_to_say(code: str, facts: dict[str, Value], said: str) -> None:
    """No "none", no distance twice, no tier where there are no tiers; what is not known is never left out."""
    assert sentence(code, facts) == said


def test_numbers_of_things() -> None:
    """One is one thing; lists end with "and"."""
    assert (counted(1, "home"), counted(2, "home"), children(1), children(1200)) == (
        "1 home",
        "2 homes",
        "1 child",
        "1,200 children",
    )
    assert (joined(["8"]), joined(["8", "6"]), joined(["8", "6", "3"])) == ("8", "8 and 6", "8, 6 and 3")


def test_every_unit_says_what_it_asks_and_where_it_comes_from() -> None:
    """An officer can be told, and an auditor can look it up."""
    for unit in (*RULES, *CRITERIA):
        assert unit.says
        assert unit.source
        assert not unit.says.endswith(".")


def test_a_change_reads_after_if() -> None:
    """What would have to be different, and of a list only what would be new."""

    def said(field: str, value: object) -> str:
        home = a_home(capability={NeedDomain.EDUCATION: 2, NeedDomain.BEHAVIOUR: 1})
        return change_sentence(Needed(None, Change(Subject.HOME, field, value)), a_referral(), home)

    assert said("terms.age_max", 15) == "the home took children up to 15 years"
    assert said("confirmed_on", date(2026, 3, 2)) == "the vacancy were confirmed on 2 March 2026"
    raised = {NeedDomain.EDUCATION: 2, NeedDomain.BEHAVIOUR: 3}
    assert said("capability", raised) == "the home could meet these needs: behaviour to level 3"


@pytest.mark.parametrize("field", ["terms.named_children", "terms.exempt_children"])
def test_a_change_names_nobody_elses_child(field: str) -> None:
    """A carer approved for other children as well: who they are is told to nobody who asks for another."""
    child = a_child()
    needed = Needed(None, Change(Subject.HOME, field, frozenset({child.ref, ChildRef("SOMEBODY-ELSE")})))
    sentence_of_it = change_sentence(needed, a_referral(child), a_home())
    assert child.ref in sentence_of_it
    assert "SOMEBODY-ELSE" not in sentence_of_it


def test_every_change_that_a_rule_offers_has_words() -> None:
    """A new remedy needs a sentence; without one an officer would read the name of a field."""
    sources = "".join(path.read_text(encoding="utf-8") for path in Path("app/matching/rules").glob("*.py"))
    fields = {*re.findall(r"Change\(Subject\.\w+, \"([a-z_.]+)\"", sources), *FIELD_OF_PART.values()}
    assert len(fields) > 15
    assert fields <= set(CHANGES)


def test_no_end_is_no_gap_in_knowledge() -> None:
    """A registration without a last day has no end; without a first day it is not known when it began."""
    facts = {"registration": "Suspended", "registered_from": None, "registered_to": None, "moves_in": date(2026, 3, 2)}
    assert sentence("registered", facts).startswith("The home is Suspended (from not known, to no end)")


def test_kinds_of_home_read_as_people_say_them() -> None:
    """Neither "a foster" nor "childrens home"."""
    assert words(HomeKind.FOSTER) == "foster home"
    assert words(HomeKind.CHILDRENS_HOME) == "children's home"
    assert words("substance_misuse") == "substance misuse"
