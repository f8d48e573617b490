"""Whom the child, and each of those who live there, may share a home with by their plans."""

from __future__ import annotations

import numpy as np

from app.matching.child_columns import Children
from app.matching.codes import LivingCompanions
from app.matching.columns import LATER_THAN_ANY, NO_DAY, BoolArray, IntArray
from app.matching.finding import Facts, Finding, code, flag, number
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.rules.masks import Bits, joined, known, overlap
from app.matching.unit import Case, Change, Level, NoParams, Rule, Subject

NO_WISH = frozenset(
    {LivingCompanions.WITH_OTHERS, LivingCompanions.NO_PREFERENCE},
)
ANYBODY, BIRTHS, AGE_ORDER, EVERYBODY = 1, 2, 4, 8
"""Bits on which a child and a home can meet: somebody lives there; a birth there is not known; somebody there
minds the newcomer's age; somebody there minds every newcomer."""


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """Solo: nobody else. Only older or only younger: everybody there, by date of birth, to the day.

    The same is asked from the side of each resident against the newcomer. Born on the same day is neither
    older nor younger. To be with other children is a recommendation and no condition. Brothers and sisters
    who come along are not those who live there.
    """
    child, home = pairs.child, pairs.home
    by_child = _child_minds_age(child, home)
    by_resident = _resident_minds_age(child, home)
    fails, not_known = overlap(_child_bits(child), _home_bits(home))
    fails = fails | by_child | by_resident

    def facts() -> Facts:
        solo = (child.companions == LivingCompanions.SOLO.position) & (home.residents > 0)
        return {
            "companions": code(child.companions, LivingCompanions),
            "residents": number(home.residents),
            "by_child": flag(by_child | solo),
            "by_resident": flag(by_resident | home.resident_solo),
        }

    return Finding(fails, not_known & ~fails, facts)


def _child_minds_age(child: Children, home: Homes) -> BoolArray:
    """Somebody there is known not to be older, or not to be younger, as the child's plan asks."""
    is_known = child.born != NO_DAY
    only_older = is_known & (child.companions == LivingCompanions.ONLY_OLDER.position)
    only_younger = is_known & (child.companions == LivingCompanions.ONLY_YOUNGER.position)
    first_born = _or_later(home.resident_first_born)
    return (home.resident_last_born >= np.where(only_older, child.born, LATER_THAN_ANY)) | (
        first_born <= np.where(only_younger, child.born, NO_DAY)
    )


def _resident_minds_age(child: Children, home: Homes) -> BoolArray:
    """The child is known not to be older, or not to be younger, as somebody's plan asks who lives there."""
    return (child.born >= _or_later(home.wants_older_first_born)) | (
        _or_later(child.born) <= home.wants_younger_last_born
    )


def _or_later(days: IntArray) -> IntArray:
    """The days, with no day put after all others."""
    return np.where(days == NO_DAY, LATER_THAN_ANY, days)


def _child_bits(child: Children) -> Bits:
    solo = child.companions == LivingCompanions.SOLO.position
    older_or_younger = (child.companions == LivingCompanions.ONLY_OLDER.position) | (
        child.companions == LivingCompanions.ONLY_YOUNGER.position
    )
    born_not_known = child.born == NO_DAY
    open_question = (child.companions == LivingCompanions.NOT_KNOWN.position) | (older_or_younger & born_not_known)
    certain = solo * np.uint8(ANYBODY) | np.uint8(EVERYBODY)
    possible = joined(
        known(certain),
        known(open_question * np.uint8(ANYBODY)),
        known(older_or_younger * np.uint8(BIRTHS)),
        known(born_not_known * np.uint8(AGE_ORDER)),
    ).possible
    return Bits(certain, possible)


def _home_bits(home: Homes) -> Bits:
    minds_age = (home.wants_older_first_born != NO_DAY) | (home.wants_younger_last_born != NO_DAY)
    open_question = (
        home.resident_companions_not_known | home.wants_older_birth_not_known | home.wants_younger_birth_not_known
    )
    certain = (home.residents > 0) * np.uint8(ANYBODY) | home.resident_solo * np.uint8(EVERYBODY)
    possible = (
        certain
        | home.resident_birth_not_known * np.uint8(BIRTHS)
        | minds_age * np.uint8(AGE_ORDER)
        | open_question * np.uint8(EVERYBODY)
    )
    return Bits(certain, possible)


def remedies(case: Case, _params: NoParams) -> tuple[Change, ...]:
    """Another recommendation for the child, where no plan of anybody who lives there stands against it."""
    if any(resident.living_companions not in NO_WISH for resident in case.home.residents):
        return ()
    return (Change(Subject.CHILD, "living_companions", LivingCompanions.NO_PREFERENCE),)


LIVING_COMPANIONS = Rule(
    code="living_companions",
    says="The plans of the child and of those who live there allow them to share a home",
    because="Living there: {residents:children}[{by_child:when}; ruled out by the child's own plan ({companions})]"
    "[{by_resident:when}; ruled out by the plan of somebody who lives there]",
    statutory=False,
    source="Placements Data Standard v2, PlacementRequirements (livingCompanions)",
    level=Level.CHILD,
    judge=judge,
    remedies=remedies,
)
