"""A child may be locked up only with the legal basis for it; one remanded to youth detention nowhere else."""

from __future__ import annotations

import numpy as np

from app.matching.child_columns import Children
from app.matching.codes import Answer, HomeKind, PlaceCode, Remand
from app.matching.columns import NOT_KNOWN
from app.matching.finding import Facts, Finding, code, number
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.rules.ages import ages
from app.matching.rules.masks import Bits, flagged, joined, known, overlap
from app.matching.unit import Level, NoParams, Rule

OPEN, SECURE, YOUNG_OFFENDERS = 1, 2, 4
NO_APPROVAL_NEEDED_FROM = 13


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """A secure home needs a secure accommodation order or a remand to youth detention accommodation.

    Under 13 it needs the Secretary of State's approval as well. A young offender institution (R5) is never
    for a child on a secure accommodation order alone. On remand to youth detention every other home fails.
    """
    child, home = pairs.child, pairs.home
    fails, not_known = overlap(_barred(child), known(_sort(home)))

    def facts() -> Facts:
        age, is_known = ages(child)
        return {
            "kind": code(home.kind, HomeKind),
            "secure_order": code(child.secure_order, Answer),
            "remand": code(child.remand, Remand),
            "age": number(np.where(is_known, age, NOT_KNOWN)),
            "approval": code(child.secure_under_13_approval, Answer),
        }

    return Finding(fails, not_known, facts)


def _sort(home: Homes) -> np.ndarray:
    """What each home is, one bit each."""
    secure = home.kind == HomeKind.SECURE_HOME.position
    locked = np.where(home.place_code == PlaceCode.R5.position, np.uint8(YOUNG_OFFENDERS), np.uint8(SECURE))
    return np.where(secure, locked, np.uint8(OPEN))


def _barred(child: Children) -> Bits:
    """From which sorts of homes the law keeps each child."""
    age, age_known = ages(child)
    no_order = child.secure_order == Answer.NO.position
    order_not_known = child.secure_order == Answer.NOT_KNOWN.position
    detained = child.remand == Remand.YOUTH_DETENTION.position
    remand_not_known = child.remand == Remand.NOT_KNOWN.position
    not_detained = ~detained & ~remand_not_known
    under_13 = age_known & (age < NO_APPROVAL_NEEDED_FROM)
    refused = child.secure_under_13_approval == Answer.NO.position
    approved = child.secure_under_13_approval == Answer.YES.position
    too_young = under_13 & refused
    perhaps_too_young = ~approved & (under_13 | ~age_known)
    no_basis = no_order & not_detained
    perhaps_no_basis = (no_order | order_not_known) & ~detained
    return joined(
        flagged(detained, remand_not_known, OPEN),
        flagged(no_basis | too_young, perhaps_no_basis | perhaps_too_young, SECURE),
        flagged(not_detained | too_young, remand_not_known | perhaps_too_young, YOUNG_OFFENDERS),
    )


SECURE_HOME = Rule(
    code="secure_home",
    says="A secure home only with the legal basis for it",
    because="Kind of home: {kind}; secure accommodation order: {secure_order:answer}, remand: {remand}, "
    "age {age}, approval for a child under 13: {approval:answer}",
    statutory=True,
    source="Children Act 1989 s25; Children (Secure Accommodation) Regulations 1991, reg 4; "
    "Legal Aid, Sentencing and Punishment of Offenders Act 2012, ss91 and 102",
    level=Level.CHILD,
    judge=judge,
)
