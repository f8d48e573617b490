"""Random homes with residents. All invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from app.geo.grid import Location
from app.matching.codes import (
    PLACE_CODES_OF_KIND,
    SUPPORTED_KINDS,
    Adaptation,
    Answer,
    Communication,
    Disability,
    HomeKind,
    Judgement,
    LivingCompanions,
    NeedDomain,
    Package,
    Registration,
    Religion,
    Route,
    Sector,
    Sex,
    SexAccepted,
    Support,
)
from app.matching.home import Home, Resident, Terms
from app.matching.referral import ChildRef, HomeRef
from tests.support.chance import Chance
from tests.support.random_children import LANGUAGES, risks, vulnerabilities

KINDS = (*[HomeKind.FOSTER] * 11, *[HomeKind.CHILDRENS_HOME] * 9, HomeKind.CONNECTED_PERSON, *HomeKind)
JUDGED = (Judgement.OUTSTANDING, Judgement.GOOD, Judgement.GOOD, Judgement.REQUIRES_IMPROVEMENT)
JUDGED_SUPPORTED = (Judgement.STRONG, Judgement.NOT_YET_INSPECTED, Judgement.INCONSISTENT)
RELIGIONS = tuple(religion for religion in Religion if religion is not Religion.NOT_KNOWN)


def random_resident(chance: Chance, ref: ChildRef, as_of: date) -> Resident:
    """A child who lives there already."""
    c = chance
    return Resident(
        ref=ref,
        date_of_birth=None if c.hits(c.wild / 4) else c.born(as_of),
        sex=c.one(Sex),
        risks=risks(c),
        vulnerabilities=vulnerabilities(c),
        living_companions=c.fact(
            (LivingCompanions.NO_PREFERENCE, LivingCompanions.WITH_OTHERS), tuple(LivingCompanions)
        ),
        fostered=c.hits(0.85),
    )


def _terms(c: Chance) -> Terms:
    low = c.one((*[0] * 9, 5, 10, 16))
    high = c.one((17, 17, 17, 18, 18, 18, 18, 12, 16, low))
    return Terms(
        age_min=c.fact((low, 0), (None, low)),
        age_max=c.fact((high, 17), (None, high)),
        sex=c.fact((*[SexAccepted.ANY] * 8, SexAccepted.MALE, SexAccepted.FEMALE), tuple(SexAccepted)),
        siblings_only=c.fact((Answer.NO,), tuple(Answer)),
        parent_and_child=c.fact((Answer.NO,), tuple(Answer)),
    )


def _places(c: Chance, residents: int) -> tuple[int, int]:
    """Registered places and places held: room for up to four more, now and then none."""
    held = c.one((0, 0, 0, 0, 1, 2))
    return max(0, residents + held + c.one((1, 2, 3, 4, 4, 5, 6, 6, 6, 6, 0, -1))), held


def random_home(chance: Chance, ref: HomeRef, as_of: date, places: Sequence[Location]) -> Home:
    """A home near some of the places, with up to four residents."""
    c = chance
    kind = c.one(KINDS)
    residents = tuple(
        random_resident(c.calmer(c.one((0.0, c.wild, 0.5))), ChildRef(f"{ref}-resident-{i}"), as_of)
        for i in range(c.one((0, 0, 0, 0, 1, 1, 2, 3, 4)))
    )
    registered, held = _places(c, len(residents))
    home = Home(
        ref=ref,
        kind=kind,
        place_code=c.one(sorted(PLACE_CODES_OF_KIND[kind])),
        urn=c.one(("SC900001", None)),
        sector=c.one(Sector),
        route=c.one(Route),
        location=c.fact((c.place(places),), (None, c.place(places))),
        places=registered,
        places_held=held,
        residents=residents,
        registration=c.fact((Registration.REGISTERED,), tuple(Registration)),
        registered_from=c.fact((as_of - timedelta(days=900),), (None, c.day_near(as_of))),
        registered_to=c.fact((None, as_of + timedelta(days=400)), (c.day_near(as_of),)),
        terms=_terms(c),
        tier=c.one((None, 1, 2, 3)),
        lot=c.one((None, "A", "B")),
        weekly_fee_pence=c.mapping(Package, (30_000, 45_000, 90_000, 250_000, 612_345), c.one((0.0, 0.5))),
        void_fee_pence=c.one((None, None, 12_000, 0)),
    )
    return _with_record(c, home, as_of)


def _with_record(c: Chance, home: Home, as_of: date) -> Home:
    """The home with what it can do, how it was judged, and how lately that was heard."""
    every = frozenset(Adaptation)
    ended = c.one((None, 0, 1, 4, 5, 6, 19, 20, 21, 60))
    usual = JUDGED_SUPPORTED if home.kind in SUPPORTED_KINDS else JUDGED
    confirmed = c.day_near(as_of - timedelta(days=c.one((0, 0, 1, 7, 14, 28, 30, 60, 90))), 3)
    return replace(
        home,
        judgement=c.fact(usual, (*Judgement, Judgement.NOT_JUDGED, Judgement.NOT_KNOWN)),
        judged_on=c.one((None, as_of - timedelta(days=300))),
        capability=c.mapping(NeedDomain, c.fact(((2, 3), (1, 2, 3)), ((0, 1, 2, 3),)), left_out=c.wild / 3),
        support=c.some(Support, 5),
        adaptations=c.fact((every, every, c.some(Adaptation, 8)), (None, c.some(Adaptation, 4))),
        disabilities_supported=c.fact((frozenset(Disability), c.some(Disability, 9)), (None, frozenset())),
        communication=c.some(Communication, 3),
        languages=c.fact((c.some(LANGUAGES, 4) | {"en"}, frozenset({"en"})), (None, frozenset())),
        religions_supported=c.fact((frozenset(RELIGIONS), c.some(RELIGIONS, 4)), (None, frozenset())),
        cultural_needs_supported=c.one(Answer),
        pets=c.fact((Answer.NO, Answer.YES), tuple(Answer)),
        available_from=c.fact(
            (as_of, as_of, as_of - timedelta(days=9), c.day_near(as_of, 60)), (None, c.day_near(as_of))
        ),
        confirmed_on=c.fact((as_of, as_of, as_of, confirmed), (None, confirmed, as_of + timedelta(days=1))),
        ended_placements=ended,
        unplanned_endings=None if ended is None or c.hits(0.1) else c.rng.randint(0, ended),
    )
