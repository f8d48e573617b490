"""The children who already live in a home, and what the council knows of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.demo import people
from app.demo.draws import Draws
from app.demo.occupancy import Frame, place_id
from app.geo.grid import Location
from app.matching.codes import (
    SUPPORTED_KINDS,
    HomeKind,
    LivingCompanions,
    Package,
    Risk,
    Route,
    Sex,
    SexAccepted,
    Vulnerability,
)
from app.matching.home import Resident
from app.matching.referral import ChildRef, HomeRef

MALE_FROM_11 = 600
MALE_UNDER_11 = 540
"""Per mille of each age group: 38 % of all are male and 11 or more (of 64 %), 56 % of all are male; a little more,
as some homes are for girls alone and for a few children the sex is not recorded."""

BIRTHDAY_NOT_KNOWN = 4
SEX_NOT_KNOWN = 3

AGES: Mapping[int, int] = {
    0: 48, 1: 38, 2: 36, 3: 36, 4: 38, 5: 42, 6: 44, 7: 46, 8: 48, 9: 52, 10: 56,
    11: 74, 12: 80, 13: 86, 14: 92, 15: 96, 16: 76, 17: 70,
}  # fmt: skip
"""Shares by year of age of children in families; a home's own range cuts out its part."""

HOME_AGES: Mapping[int, int] = {**AGES, 7: 8, 8: 12, 9: 16, 10: 24, 11: 44, 12: 66, 13: 92, 14: 122, 15: 142}

COMPANIONS: Mapping[LivingCompanions, int] = {
    LivingCompanions.NO_PREFERENCE: 62,
    LivingCompanions.WITH_OTHERS: 30,
    LivingCompanions.ONLY_OLDER: 3,
    LivingCompanions.ONLY_YOUNGER: 3,
    LivingCompanions.NOT_KNOWN: 2,
}


@dataclass(frozen=True, slots=True)
class PlacedChild:
    """A looked-after child of the council who lives somewhere: one row of the caseload.

    `home` is None where the child lives in none of the homes on the list (placed for adoption, with parents,
    in hospital); `place_code` is the SSDA903 code, `location` where the child lives, `family_home` where the
    family does (None where not known). `siblings`: brothers and sisters among the caseload.
    """

    child: ChildRef
    home: HomeRef | None
    kind: HomeKind | None
    route: Route | None
    place_code: str
    location: Location | None
    family_home: Location | None
    weekly_fee_pence: int
    date_of_birth: date | None
    sex: Sex
    siblings: frozenset[ChildRef] = frozenset()


def resident_ref(home_number: int, place: int) -> ChildRef:
    """`P-0123-2`: who lives in the second place of home 123."""
    return ChildRef(f"P-{home_number + 1:04d}-{place + 1}")


def _shares(frame: Frame, age: int) -> tuple[Mapping[Risk, int], Mapping[Vulnerability, int]]:
    kind = frame.segment.kind
    if kind is HomeKind.SECURE_HOME:
        return people.HIGH_RISKS, people.HOME_HARMS
    if kind in SUPPORTED_KINDS:
        return people.ALMOST_ADULT_RISKS, people.FAMILY_HARMS
    if kind is HomeKind.CHILDRENS_HOME:
        return people.HOME_RISKS, people.HOME_HARMS
    if age < 8:
        return people.YOUNG_RISKS, people.YOUNG_HARMS
    return people.FAMILY_RISKS, people.FAMILY_HARMS


def residents_of(frame: Frame, draws: Draws, accepted: SexAccepted, as_of: date) -> tuple[Resident, ...]:
    """Everybody who lives in the home. `draws` are those of the people in homes of this segment."""
    return tuple(_resident(frame, place, draws, accepted, as_of) for place in frame.residents)


def _resident(frame: Frame, place: int, draws: Draws, accepted: SexAccepted, as_of: date) -> Resident:
    at = place_id(frame.segment, frame.index, place)
    family = frame.segment.kind in {HomeKind.FOSTER, HomeKind.CONNECTED_PERSON, HomeKind.PARENT_AND_CHILD}
    table = AGES if family else HOME_AGES
    age = draws.pick("age", at, {a: n for a, n in table.items() if frame.ages.lowest <= a <= frame.ages.highest})
    risks, harms = _shares(frame, age)
    unknown = draws.chance("birthday not known", at, BIRTHDAY_NOT_KNOWN)
    return Resident(
        ref=resident_ref(frame.number, place),
        date_of_birth=None if unknown else people.born(as_of, age, draws.between("birthday", at, 0, 364)),
        sex=_sex(draws, at, age, accepted),
        risks=people.risks_of(draws, at, risks),
        vulnerabilities=people.harms_of(draws, at, harms),
        living_companions=_companions(frame, draws, at),
        fostered=family,
    )


def _sex(draws: Draws, at: int, age: int, accepted: SexAccepted) -> Sex:
    if accepted is SexAccepted.MALE:
        return Sex.MALE
    if accepted is SexAccepted.FEMALE:
        return Sex.FEMALE
    if draws.chance("sex not known", at, SEX_NOT_KNOWN):
        return Sex.UNKNOWN
    male = draws.chance("sex", at, MALE_FROM_11 if age >= 11 else MALE_UNDER_11)
    return Sex.MALE if male else Sex.FEMALE


def _companions(frame: Frame, draws: Draws, at: int) -> LivingCompanions:
    """Who needs to live alone does, or was meant to: the home then has one resident."""
    alone = len(frame.residents) == 1 and frame.segment.kind is not HomeKind.CONNECTED_PERSON
    if alone and draws.chance("alone", at, 40):
        return LivingCompanions.SOLO
    return draws.pick("companions", at, COMPANIONS)


def package_of(frame: Frame, draws: Draws, place: int, offered: Mapping[Package, int]) -> Package:
    """The care package that is paid for one child, among those the home has a price for."""
    shares = {package: share for package, share in frame.segment.packages.items() if package in offered}
    return draws.pick("package", place_id(frame.segment, frame.index, place), shares)
