"""The home must be registered or approved for children of the child's sex."""

from __future__ import annotations

from app.matching.codes import Sex, SexAccepted
from app.matching.finding import Facts, Finding, code
from app.matching.pairs import ChildPairs
from app.matching.rules.masks import by_code, look_up, overlap
from app.matching.unit import Case, Change, Level, NoParams, Rule, Subject

BOY, GIRL = 1, 2
IS = by_code(Sex, {Sex.MALE: BOY, Sex.FEMALE: GIRL}, {Sex.UNKNOWN: BOY | GIRL})
REFUSES = by_code(SexAccepted, {SexAccepted.MALE: GIRL, SexAccepted.FEMALE: BOY}, {SexAccepted.NOT_KNOWN: BOY | GIRL})


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """A home for either sex takes every child; a child recorded as U may or may not fit a single-sex home."""
    child, home = pairs.child, pairs.home
    fails, not_known = overlap(look_up(IS, child.sex), look_up(REFUSES, home.sex_accepted))

    def facts() -> Facts:
        return {"sex": code(child.sex, Sex), "sex_accepted": code(home.sex_accepted, SexAccepted)}

    return Finding(fails, not_known, facts)


def remedies(_case: Case, _params: NoParams) -> tuple[Change, ...]:
    """Vary the registration."""
    return (Change(Subject.HOME, "terms.sex", SexAccepted.ANY),)


SEX = Rule(
    code="sex",
    says="The home is registered or approved for the child's sex",
    because="Sex of the children whom the home takes: {sex_accepted:sex}; the child's is recorded as {sex:sex}",
    statutory=True,
    source="Children's Homes (England) Regulations 2015, reg 16 and Sch 1; "
    "Fostering Services (England) Regulations 2011, reg 27 (terms of approval)",
    level=Level.CHILD,
    judge=judge,
    remedies=remedies,
)
