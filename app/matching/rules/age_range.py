"""The child's age must be within the home's registration or approval on the day of moving in."""

from __future__ import annotations

import numpy as np

from app.matching.columns import NOT_KNOWN
from app.matching.finding import Facts, Finding, number
from app.matching.pairs import ChildPairs
from app.matching.rules.ages import ages
from app.matching.unit import Case, Change, Level, NoParams, Rule, Subject

NO_AGE = np.int16(10_000)
"""Beyond every age: what stands for an age or an end that is not known, on the side where it fails nothing."""


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """Whole years on the day of moving in; both ends of the range are allowed."""
    child, home = pairs.child, pairs.home
    age, age_known = ages(child)
    oldest = np.where(home.age_max == NOT_KNOWN, NO_AGE, home.age_max)
    youngest = np.where(home.age_min == NOT_KNOWN, -NO_AGE, home.age_min)
    fails = (youngest > np.where(age_known, age, NO_AGE)) | (oldest < np.where(age_known, age, -NO_AGE))
    open_end = (home.age_min == NOT_KNOWN) | (home.age_max == NOT_KNOWN)
    not_known = (open_end | ~age_known) & ~fails

    def facts() -> Facts:
        years = np.where(age_known, age, NOT_KNOWN)
        return {"age": number(years), "age_min": number(home.age_min), "age_max": number(home.age_max)}

    return Finding(fails, not_known, facts)


def remedies(case: Case, _params: NoParams) -> tuple[Change, ...]:
    """Widen the range by just enough."""
    if case.child.date_of_birth is None or case.child.date_of_birth > case.moves_in:
        return ()
    born, on = case.child.date_of_birth, case.moves_in
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    terms = case.home.terms
    changes = []
    if terms.age_min is None or terms.age_min > age:
        changes.append(Change(Subject.HOME, "terms.age_min", age))
    if terms.age_max is None or terms.age_max < age:
        changes.append(Change(Subject.HOME, "terms.age_max", age))
    return tuple(changes)


AGE_RANGE = Rule(
    code="age_range",
    says="The child's age is within the home's registration or approval",
    because="The home takes children from {age_min} to {age_max} years; the child will be {age}",
    statutory=True,
    source="Children's Homes (England) Regulations 2015, reg 16 and Sch 1; "
    "Fostering Services (England) Regulations 2011, reg 27 (terms of approval)",
    level=Level.CHILD,
    judge=judge,
    remedies=remedies,
)
