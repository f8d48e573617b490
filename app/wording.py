"""Sentences for people, made at the edge from the codes and facts of an explanation.

The templates stand with the rules and criteria (`because`). A fact is printed by its format: `{age}` as it
is, `{distance_m:miles}`, `{fee_pence:pounds}`, `{judged_on:day}`, `{risks:list}`, `{children:children}`,
`{flag:flag}`, `{registered_to:end}`, `{answer:answer}` (yes or no), `{sex:sex}`, `{gap:levels}`,
`{tier:tier}`. A fact that is not known reads "not known".

A clause in square brackets is left out where one of its facts has nothing to say: a no, an empty list, a distance
that reads as one told already, a tier where there are none. `{flag:when}` prints nothing: it only decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from string import Formatter
from typing import Any

from app.matching.codes import HomeKind
from app.matching.considerations import Consideration, Met
from app.matching.criteria import CRITERIA
from app.matching.explain import Outcome, Part, RuleFinding
from app.matching.finding import FULL, Value
from app.matching.home import Home
from app.matching.referral import Referral
from app.matching.rules import RULES
from app.matching.why_not import Needed, told

METRES_A_MILE = 1609.344
_BECAUSE = {rule.code: rule.because for rule in RULES} | {c.code: c.because for c in CRITERIA}
_WHEN_FULL = {c.code: c.when_full for c in CRITERIA if c.when_full}
_SAYS = {rule.code: rule.says for rule in RULES} | {c.code: c.says for c in CRITERIA}

CONSIDERATION_WORDS: Mapping[Consideration, str] = {
    Consideration.NEAR_HOME: "Near home",
    Consideration.EDUCATION_UNDISTURBED: "Education undisturbed",
    Consideration.WITH_SIBLINGS: "With brothers and sisters",
    Consideration.SUITABLE_IF_DISABLED: "Suitable if disabled",
    Consideration.IN_AREA: "In the area",
}
MET_WORDS: Mapping[Met, str] = {
    Met.YES: "yes",
    Met.PARTLY: "partly",
    Met.NO: "no",
    Met.NOT_KNOWN: "not known",
    Met.DOES_NOT_APPLY: "does not apply",
}


_OWN_WORDS: Mapping[str, str] = {
    HomeKind.FOSTER: "foster home",
    HomeKind.CONNECTED_PERSON: "connected person's home",
    HomeKind.CHILDRENS_HOME: "children's home",
    "in_house": "in-house",
    "ofsted_gateway": "Ofsted gateway",
}
"""Codes that do not read well as they are."""

CHANGES: Mapping[str, str] = {
    "registration": "the home's registration were confirmed",
    "registered_from": "its registration were known to run from {value:day}",
    "needed_by": "the move could wait until {value:day}",
    "terms.age_min": "the home took children from {value} years",
    "terms.age_max": "the home took children up to {value} years",
    "terms.sex": "the home took boys and girls",
    "terms.named_children": "the approval named {value:list}",
    "terms.siblings_only": "the approval were not for brothers and sisters only",
    "terms.exempt_children": "an exemption from the usual fostering limit named {value:list}",
    "terms.parent_and_child": "its terms allowed a parent and child",
    "adaptations": "the building also had: {value:list}",
    "available_from": "the place were free on {value:day}",
    "capability": "the home could meet these needs: {value:list}",
    "places": "the home had {value} places",
    "confirmed_on": "the vacancy were confirmed on {value:day}",
    "living_companions": "the child's plan set no condition on who else lives there",
    "keep_together": "it were preferred, not required, that the children stay together",
    "foster_suitability": "the care plan allowed foster care",
    "residential_suitability": "the care plan allowed residential care",
    "supported_suitability": "the care plan allowed supported accommodation",
}
"""What would have to be different, by field, to stand after "if"."""


def miles(metres: int | None) -> str:
    """A distance for reading, to one decimal."""
    return "not known" if metres is None else f"{metres / METRES_A_MILE:.1f} miles"


def pounds(pence: int | None) -> str:
    """Money for reading; pence only where there are any."""
    if pence is None:
        return "not known"
    return f"£{pence // 100:,}" + (f".{pence % 100:02}" if pence % 100 else "")


def day(value: date | None) -> str:
    """A date as it is written in letters: 3 March 2026."""
    return "not known" if value is None else f"{value.day} {value:%B %Y}"


def points(value: int) -> str:
    """Points with thousands apart."""
    return f"{value:,}"


def words(code: object) -> str:
    """A code as words: `substance_misuse` reads "substance misuse"."""
    return _OWN_WORDS.get(str(code)) or str(code).replace("_", " ")


def _listed(value: Value) -> str:
    if not value:
        return "none"
    return ", ".join(words(item) for item in value) if isinstance(value, tuple) else words(value)


def counted(count: int, one: str, several: str = "") -> str:
    """So many of a thing: "1 home", "2 homes"; `several` where it is more than an s."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def children(count: int) -> str:
    """So many children."""
    return counted(count, "child", "children")


def joined(items: Sequence[str]) -> str:
    """A list within a sentence: "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


_SEXES: Mapping[str, str] = {"M": "male", "F": "female", "U": "unknown"}
_FORMATS: Mapping[str, Callable[[Any], str]] = {
    "miles": miles,
    "pounds": pounds,
    "day": day,
    "list": _listed,
    "children": children,
    "flag": lambda value: "yes" if value else "no",
    "answer": lambda value: str(value).lower(),
    "sex": lambda value: _SEXES.get(str(value), str(value).lower()),
    "levels": lambda value: counted(value, "level"),
    "tier": lambda value: f"tier {value}",
    "when": lambda _value: "",
    "points": points,
}


_CLAUSE = re.compile(r"\[(.*?)\]")

_Piece = tuple[str, str | None, str]
"""Words, then the name of a fact (None: none follows) and how it is said."""


@cache
def _parsed(template: str) -> tuple[tuple[_Piece, ...], ...]:
    """The clauses of a template, each in pieces; every second clause stood in brackets."""
    clauses = _CLAUSE.split(template)
    return tuple(tuple((words, name, spec or "") for words, name, spec, _ in Formatter().parse(one)) for one in clauses)


def _said(value: Any, spec: str) -> str:
    if spec == "end":
        return "no end" if value is None else day(value)
    if value is None:
        return "not known"
    if spec:
        return _FORMATS[spec](value)
    return _listed(value) if isinstance(value, tuple) else words(value)


def sentence(code: str, facts: Mapping[str, Value]) -> str:
    """What a rule or criterion found, in one sentence. Without facts: what it asks."""
    if not facts:
        return _SAYS[code]
    return _filled(_BECAUSE[code], facts)


def says(code: str) -> str:
    """What a rule or criterion asks."""
    return _SAYS[code]


def rule_sentence(finding: RuleFinding) -> str:
    """A rule's answer in one sentence."""
    match finding.outcome:
        case Outcome.MET:
            return says(finding.code)
        case Outcome.OFF:
            return f"Not used by this policy: {says(finding.code)}"
        case Outcome.NOT_KNOWN:
            return f"Not known: {says(finding.code)[0].lower()}{says(finding.code)[1:]}"
        case _:
            return sentence(finding.code, finding.facts)


def under_way_sentence(state: str) -> str:
    """Why a home is not offered to a child for whom a place waits there."""
    return f"A placement of the child there is under way ({state})"


def part_sentence(part: Part) -> str:
    """A criterion's answer in one sentence."""
    if not part.applies:
        return "Does not apply to this child"
    if not part.known:
        return f"Not known; the policy counts {part.value} of 1,000"
    if part.value == FULL and part.code in _WHEN_FULL:
        return _filled(_WHEN_FULL[part.code], part.facts)
    return sentence(part.code, part.facts)


def change_sentence(needed: Needed, referral: Referral, home: Home) -> str:
    """A change of a counterfactual, to stand after "if". Names no child but those of the referral."""
    value, field = told(needed, referral), needed.change.field
    if field == "capability":
        value = tuple(
            f"{words(each)} to level {level}" for each, level in value.items() if home.capability.get(each) != level
        )
    elif field == "adaptations":
        value = value - (home.adaptations or frozenset())
    if isinstance(value, frozenset):
        value = tuple(sorted(value))
    return _filled(CHANGES.get(field, f"{words(field)} were {{value}}"), {"value": value})


def _filled(template: str, facts: Mapping[str, Value]) -> str:
    said = ""
    for i, clause in enumerate(_parsed(template)):
        if i % 2 and _says_nothing(clause, facts, before=said):
            continue
        said += "".join(text if name is None else text + _said(facts[name], spec) for text, name, spec in clause)
    return said.strip(" ;")


def _says_nothing(clause: tuple[_Piece, ...], facts: Mapping[str, Value], before: str) -> bool:
    """Whether a fact of a clause is a no, none at all, or a distance that was told before."""
    for _, name, spec in clause:
        value = facts[name] if name else None
        if (
            value is False
            or value in ((), "No")
            or (spec == "levels" and value == 0)
            or (spec == "tier" and value is None)
        ):
            return True
        if spec == "miles" and isinstance(value, int) and f" {miles(value)} " in f" {before} ":
            return True
    return False
