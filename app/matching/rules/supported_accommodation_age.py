"""Supported accommodation is for children of 16 and 17, never younger."""

from __future__ import annotations

import numpy as np

from app.matching.codes import SUPPORTED_KINDS, HomeKind
from app.matching.columns import NOT_KNOWN
from app.matching.finding import Facts, Finding, code, number
from app.matching.pairs import ChildPairs
from app.matching.rules.ages import ages, birthday
from app.matching.rules.masks import flagged, is_kind, known, overlap
from app.matching.unit import Case, Change, Level, NoParams, Rule, Subject

YOUNGEST, OLDEST = 16, 17


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """Whole years on the day of moving in: allowed from the 16th birthday to the day before the 18th."""
    child, home = pairs.child, pairs.home
    age, is_known = ages(child)
    outside = flagged(is_known & ((age < YOUNGEST) | (age > OLDEST)), ~is_known, bit=1)
    supported = is_kind(home.kind, SUPPORTED_KINDS).astype(np.uint8)
    fails, not_known = overlap(outside, known(supported))

    def facts() -> Facts:
        return {"age": number(np.where(is_known, age, NOT_KNOWN)), "kind": code(home.kind, HomeKind)}

    return Finding(fails, not_known, facts)


def remedies(case: Case, _params: NoParams) -> tuple[Change, ...]:
    """Wait for the 16th birthday, where it is near."""
    if case.child.date_of_birth is None:
        return ()
    sixteen = birthday(case.child.date_of_birth, YOUNGEST)
    waits = case.moves_in < sixteen and case.could_wait_until(sixteen)
    return (Change(Subject.REFERRAL, "needed_by", sixteen),) if waits else ()


SUPPORTED_ACCOMMODATION_AGE = Rule(
    code="supported_accommodation_age",
    says="Supported accommodation only at 16 and 17",
    because="This kind of home ({kind}) is for children of 16 and 17; the child will be {age}",
    statutory=True,
    source="Care Planning, Placement and Case Review (England) Regulations 2010, reg 27A "
    "(inserted by SI 2021/161); Supported Accommodation (England) Regulations 2023 (SI 2023/416)",
    level=Level.CHILD,
    judge=judge,
    remedies=remedies,
)
