"""Whom the team is looking for: the sorts of search, how many of each, and what is true of the children.

Forty searches make a default authority, for 55 children; larger ones go through the same forty again. Rates
are per mille and together give the published figures (see `calibration`); what tells the sorts apart is
assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.demo import people
from app.matching.codes import KeepTogether, LivingCompanions, Package, Risk, Suitability, Vulnerability

P, S, U, N = Suitability.PREFERRED, Suitability.SUITABLE, Suitability.UNSUITABLE, Suitability.NOT_SPECIFIED

Plan = tuple[Suitability, Suitability, Suitability]
"""What the care plan says of foster care, of a children's home, of supported accommodation."""


class Special(StrEnum):
    """What marks out a single search."""

    NONE = ""
    EMERGENCY = "a home is needed today"
    PARENT_AND_CHILD = "a baby with a parent"
    UASC = "an unaccompanied child who seeks asylum"
    SECURE = "a court order for secure accommodation"
    LIBERTY = "a deprivation of liberty order"
    REMAND = "remanded to the council's accommodation"
    IMPOSSIBLE_PLAN = "fifteen, with a plan for supported accommodation and nothing else"
    IMPOSSIBLE_GROUP = "four who must stay together, one in a wheelchair"


@dataclass(frozen=True, slots=True)
class Case:
    """One sort of search. `ages` of the child, or of the eldest of a group; `levels` of need, 0 to 3.

    `concern`, `ehcp`, `sen`, `disabled`, `moves`, `unsettled`: per mille of the children with an SDQ of 17 or
    more (of those with a score), a plan, SEN support, a disability, a home they now leave, and two moves or
    more in the last year. A settled child's `package` follows from its needs and is not given.
    """

    key: str
    searches: int
    size: int
    ages: tuple[int, int]
    plans: Mapping[Plan, int]
    levels: Mapping[int, int]
    risks: Mapping[Risk, int]
    harms: Mapping[Vulnerability, int]
    concern: int
    ehcp: int
    sen: int
    disabled: int
    moves: int
    unsettled: int
    companions: Mapping[LivingCompanions, int] = field(default_factory=dict)
    packages: Mapping[Package | None, int] = field(default_factory=lambda: {None: 1})
    together: Mapping[KeepTogether, int] = field(default_factory=lambda: {KeepTogether.PREFERRED: 1})
    special: Special = Special.NONE


FAMILY_ONLY: Mapping[Plan, int] = {(P, U, U): 88, (P, S, U): 9, (P, N, U): 3}
FAMILY_FIRST: Mapping[Plan, int] = {(P, S, U): 68, (P, U, U): 26, (S, S, U): 6}
EITHER: Mapping[Plan, int] = {(S, P, U): 60, (P, S, U): 22, (S, S, U): 18}
HOME_ONLY: Mapping[Plan, int] = {(U, P, U): 85, (N, P, U): 15}
ALMOST_ADULT: Mapping[Plan, int] = {(S, S, P): 50, (U, S, P): 25, (S, U, P): 15, (P, U, S): 10}

L = LivingCompanions
ANY_COMPANY = {
    L.NO_PREFERENCE: 70,
    L.WITH_OTHERS: 18,
    L.ONLY_OLDER: 4,
    L.ONLY_YOUNGER: 3,
    L.SOLO: 2,
    L.NOT_KNOWN: 3,
}
LITTLE_COMPANY = {
    L.NO_PREFERENCE: 45,
    L.SOLO: 22,
    L.ONLY_OLDER: 16,
    L.ONLY_YOUNGER: 7,
    L.WITH_OTHERS: 7,
    L.NOT_KNOWN: 3,
}
SIBLINGS_COMPANY = {
    L.NO_PREFERENCE: 68,
    L.WITH_OTHERS: 22,
    L.ONLY_OLDER: 4,
    L.ONLY_YOUNGER: 3,
    L.NOT_KNOWN: 3,
}
ALONE = {L.SOLO: 1}

LOW = {0: 22, 1: 55, 2: 21, 3: 2}
SOME = {0: 12, 1: 46, 2: 35, 3: 7}
MUCH = {0: 3, 1: 22, 2: 53, 3: 22}
MOST = {1: 6, 2: 38, 3: 56}

K = KeepTogether
TOGETHER = {K.REQUIRED: 50, K.PREFERRED: 40, K.NOT_REQUIRED: 10}

CASES: tuple[Case, ...] = (
    Case(
        key="baby", searches=3, size=1, ages=(0, 3), plans=FAMILY_ONLY, levels=LOW,
        risks=people.YOUNG_RISKS, harms=people.YOUNG_HARMS, concern=430, ehcp=0, sen=40, disabled=90,
        moves=350, unsettled=50, companions=ANY_COMPANY,
    ),
    Case(
        key="young", searches=2, size=1, ages=(4, 9), plans=FAMILY_ONLY, levels=LOW,
        risks=people.YOUNG_RISKS, harms=people.YOUNG_HARMS, concern=460, ehcp=140, sen=470, disabled=120,
        moves=550, unsettled=70, companions=ANY_COMPANY,
    ),
    Case(
        key="young today", searches=1, size=1, ages=(6, 10), plans=FAMILY_FIRST, levels=LOW,
        risks=people.YOUNG_RISKS, harms=people.YOUNG_HARMS, concern=480, ehcp=150, sen=470, disabled=100,
        moves=300, unsettled=50, companions=ANY_COMPANY, special=Special.EMERGENCY,
    ),
    Case(
        key="teenager", searches=7, size=1, ages=(11, 15), plans=FAMILY_FIRST, levels=SOME,
        risks=people.FAMILY_RISKS, harms=people.FAMILY_HARMS, concern=530, ehcp=190, sen=480, disabled=110,
        moves=600, unsettled=110, companions=ANY_COMPANY,
    ),
    Case(
        key="teenager on remand", searches=1, size=1, ages=(14, 16), plans=EITHER, levels=SOME,
        risks=people.FAMILY_RISKS, harms=people.FAMILY_HARMS, concern=530, ehcp=190, sen=450, disabled=100,
        moves=300, unsettled=110, companions=ANY_COMPANY, special=Special.REMAND,
    ),
    Case(
        key="teenager at risk", searches=6, size=1, ages=(12, 16), plans=EITHER, levels=MUCH,
        risks=people.HOME_RISKS, harms=people.HOME_HARMS, concern=720, ehcp=310, sen=490, disabled=160,
        moves=750, unsettled=250, companions=LITTLE_COMPANY,
        packages={None: 70, Package.ENHANCED: 22, Package.COMPLEX: 8},
    ),
    Case(
        key="complex", searches=1, size=1, ages=(12, 16), plans=HOME_ONLY, levels=MOST,
        risks=people.HIGH_RISKS, harms=people.HOME_HARMS, concern=870, ehcp=480, sen=450, disabled=240,
        moves=900, unsettled=450, companions=ALONE, packages={Package.COMPLEX: 1}, special=Special.LIBERTY,
    ),
    Case(
        key="complex, therapeutic", searches=1, size=1, ages=(11, 15), plans=HOME_ONLY, levels=MOST,
        risks=people.HOME_RISKS, harms=people.HOME_HARMS, concern=870, ehcp=480, sen=450, disabled=240,
        moves=850, unsettled=360, companions=LITTLE_COMPANY, packages={Package.COMPLEX: 60, None: 40},
    ),
    Case(
        key="secure", searches=1, size=1, ages=(13, 16), plans=HOME_ONLY, levels=MOST,
        risks=people.HIGH_RISKS, harms=people.HOME_HARMS, concern=860, ehcp=420, sen=450, disabled=160,
        moves=900, unsettled=430, companions=LITTLE_COMPANY, special=Special.SECURE,
    ),
    Case(
        key="disabled", searches=2, size=1, ages=(6, 16), plans=EITHER, levels=MUCH,
        risks=people.YOUNG_RISKS, harms=people.YOUNG_HARMS, concern=610, ehcp=820, sen=160, disabled=1000,
        moves=500, unsettled=60, companions=ANY_COMPANY,
    ),
    Case(
        key="almost adult", searches=1, size=1, ages=(16, 17), plans=ALMOST_ADULT, levels=SOME,
        risks=people.ALMOST_ADULT_RISKS, harms=people.FAMILY_HARMS, concern=450, ehcp=160, sen=370,
        disabled=90, moves=700, unsettled=130, companions=ANY_COMPANY,
    ),
    Case(
        key="asylum", searches=1, size=1, ages=(15, 17), plans=ALMOST_ADULT, levels=LOW, risks={},
        harms=people.FAMILY_HARMS, concern=360, ehcp=0, sen=70, disabled=30, moves=350, unsettled=30,
        companions=ANY_COMPANY, special=Special.UASC,
    ),
    Case(
        key="impossible plan", searches=1, size=1, ages=(15, 15), plans={(U, U, P): 1}, levels=SOME,
        risks=people.FAMILY_RISKS, harms=people.FAMILY_HARMS, concern=530, ehcp=190, sen=450, disabled=80,
        moves=900, unsettled=260, companions=ANY_COMPANY, special=Special.IMPOSSIBLE_PLAN,
    ),
    Case(
        key="parent and child", searches=1, size=1, ages=(0, 0), plans={(P, S, U): 1}, levels=LOW,
        risks={}, harms=people.YOUNG_HARMS, concern=0, ehcp=0, sen=0, disabled=50, moves=100, unsettled=0,
        companions=ANY_COMPANY, special=Special.PARENT_AND_CHILD,
    ),
    Case(
        key="pair", searches=8, size=2, ages=(7, 16), plans=FAMILY_ONLY, levels=LOW,
        risks=people.FAMILY_RISKS, harms=people.FAMILY_HARMS, concern=470, ehcp=150, sen=450, disabled=110,
        moves=450, unsettled=60, companions=SIBLINGS_COMPANY, together=TOGETHER,
    ),
    Case(
        key="three", searches=2, size=3, ages=(10, 16), plans=FAMILY_ONLY, levels=LOW,
        risks=people.FAMILY_RISKS, harms=people.FAMILY_HARMS, concern=470, ehcp=150, sen=450, disabled=110,
        moves=400, unsettled=50, companions=SIBLINGS_COMPANY, together=TOGETHER,
    ),
    Case(
        key="four", searches=1, size=4, ages=(13, 16), plans=FAMILY_FIRST, levels=SOME,
        risks=people.FAMILY_RISKS, harms=people.FAMILY_HARMS, concern=480, ehcp=200, sen=430, disabled=150,
        moves=300, unsettled=40, companions=SIBLINGS_COMPANY, together={K.REQUIRED: 1},
        special=Special.IMPOSSIBLE_GROUP,
    ),
)  # fmt: skip

SEARCHES = sum(case.searches for case in CASES)
"""A round of searches: the 40 of a default authority."""


def order_of_cases() -> tuple[Case, ...]:
    """The 40 searches of a round, the sorts well mixed."""
    common = 1
    for case in CASES:
        common *= case.searches
    spots = [
        ((2 * number + 1) * (common // case.searches), index)
        for index, case in enumerate(CASES)
        for number in range(case.searches)
    ]
    return tuple(CASES[index] for _, index in sorted(spots))


def children_of(referrals: int) -> int:
    """How many children so many searches are for."""
    order = order_of_cases()
    rounds, rest = divmod(referrals, len(order))
    return rounds * sum(case.size for case in order) + sum(case.size for case in order[:rest])
