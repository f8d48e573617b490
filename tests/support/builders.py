"""Small builders of records. Everything is known and fits; a test names only what it is about.

`a_child()` may live in `a_home()` by every rule. All people and places are invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from app.geo.grid import Location
from app.matching.codes import (
    Adaptation,
    Answer,
    Disability,
    HomeKind,
    Judgement,
    NeedDomain,
    Package,
    PlaceCode,
    Registration,
    Religion,
    Risk,
    RiskLevel,
    Route,
    Sector,
    Sex,
    SexAccepted,
    Suitability,
)
from app.matching.home import Home, Resident, Terms
from app.matching.local import Local, LocalMeasure
from app.matching.referral import Child, ChildRef, HomeRef, Referral, ReferralRef

AS_OF = date(2026, 3, 2)
"""The day on which everything is judged, and by which `a_referral()` needs a home."""

NOTTINGHAM = "E06000018"
NOTTINGHAMSHIRE = "E10000024"
CITY_CENTRE = Location(457300, 339900, NOTTINGHAM)

NO_RISK: Mapping[Risk, RiskLevel] = dict.fromkeys(Risk, RiskLevel.NONE_KNOWN)

PLACE_CODE_OF_KIND = {
    HomeKind.FOSTER: PlaceCode.U6,
    HomeKind.CONNECTED_PERSON: PlaceCode.U3,
    HomeKind.CHILDRENS_HOME: PlaceCode.K2,
    HomeKind.SECURE_HOME: PlaceCode.K1,
    HomeKind.SUPPORTED_ACCOMMODATION: PlaceCode.K3,
    HomeKind.SUPPORTED_LODGINGS: PlaceCode.K3,
    HomeKind.PARENT_AND_CHILD: PlaceCode.R3,
    HomeKind.RESIDENTIAL_SCHOOL: PlaceCode.S1,
}

_numbers = count(1)


def a_local(**changes: Any) -> Local:
    """Nottingham, local within 20 miles of the centre."""
    usual = Local(
        authority=NOTTINGHAM,
        adjoining=frozenset({NOTTINGHAMSHIRE}),
        measure=LocalMeasure.CENTRE,
        centre=(CITY_CENTRE.easting, CITY_CENTRE.northing),
        radius_miles=Decimal(20),
    )
    return replace(usual, **changes)


def risks(*present: Risk, not_known: tuple[Risk, ...] = ()) -> Mapping[Risk, RiskLevel]:
    """All eleven risks: these present, those not known, the others known to be none."""
    levels = dict(NO_RISK)
    levels.update(dict.fromkeys(present, RiskLevel.PRESENT))
    levels.update(dict.fromkeys(not_known, RiskLevel.NOT_KNOWN))
    return levels


def a_child(**changes: Any) -> Child:
    """A girl of 13 with small needs, everything about her known, fit for any kind of home."""
    usual = Child(
        ref=ChildRef(f"child-{next(_numbers)}"),
        date_of_birth=date(2012, 5, 10),
        sex=Sex.FEMALE,
        foster_suitability=Suitability.SUITABLE,
        residential_suitability=Suitability.SUITABLE,
        supported_suitability=Suitability.SUITABLE,
        package=Package.CORE,
        needs=dict.fromkeys(NeedDomain, 1),
        risks=NO_RISK,
        school=Location(456800, 341200, NOTTINGHAM),
        attends_school=Answer.YES,
    )
    return replace(usual, **changes)


def a_referral(*children: Child, **changes: Any) -> Referral:
    """These children (or one), who need a home on `AS_OF` and whose family lives in the city."""
    usual = Referral(
        ref=ReferralRef(f"referral-{next(_numbers)}"),
        children=children or (a_child(),),
        needed_by=AS_OF,
        waiting_since=date(2026, 2, 20),
        family_home=Location(457900, 341000, NOTTINGHAM),
    )
    return replace(usual, **changes)


def a_resident(**changes: Any) -> Resident:
    """A boy of 12 who lives in the home, everything about him known."""
    usual = Resident(
        ref=ChildRef(f"resident-{next(_numbers)}"),
        date_of_birth=date(2013, 9, 1),
        sex=Sex.MALE,
        risks=NO_RISK,
    )
    return replace(usual, **changes)


def some_terms(**changes: Any) -> Terms:
    """For any child from birth to 17."""
    return replace(Terms(age_min=0, age_max=17, sex=SexAccepted.ANY), **changes)


def a_home(**changes: Any) -> Home:
    """An empty foster home with four places, free and confirmed on `AS_OF`, everything about it known.

    The place code follows the kind unless it is given.
    """
    kind = changes.get("kind", HomeKind.FOSTER)
    usual = Home(
        ref=HomeRef(f"home-{next(_numbers)}"),
        kind=kind,
        place_code=PLACE_CODE_OF_KIND[kind],
        urn="SC900001",
        sector=Sector.PRIVATE,
        route=Route.FRAMEWORK,
        location=Location(459000, 342000, NOTTINGHAM),
        places=4,
        registration=Registration.REGISTERED,
        registered_from=date(2015, 1, 1),
        terms=some_terms(),
        weekly_fee_pence=dict.fromkeys(Package, 90_000),
        judgement=Judgement.GOOD,
        judged_on=date(2025, 6, 1),
        capability=dict.fromkeys(NeedDomain, 2),
        adaptations=frozenset(Adaptation),
        disabilities_supported=frozenset(Disability),
        languages=frozenset({"en"}),
        religions_supported=frozenset(Religion) - {Religion.NOT_KNOWN},
        cultural_needs_supported=Answer.YES,
        pets=Answer.NO,
        available_from=AS_OF,
        confirmed_on=AS_OF,
        ended_placements=10,
        unplanned_endings=1,
    )
    return replace(usual, **changes)
