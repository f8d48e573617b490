"""Random children and referrals. All invented."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from app.geo.grid import Location
from app.matching.codes import (
    Adaptation,
    Answer,
    Communication,
    CulturalNeeds,
    Disability,
    Ethnicity,
    KeepTogether,
    LegalStatus,
    LivingCompanions,
    NeedDomain,
    Package,
    Pets,
    Religion,
    Remand,
    Risk,
    RiskLevel,
    SenType,
    Sex,
    Suitability,
    VisitFrequency,
    Vulnerability,
    Wish,
)
from app.matching.referral import (
    Child,
    ChildRef,
    ContactPlace,
    HomeRef,
    PlacedSibling,
    Referral,
    ReferralRef,
)
from tests.support.chance import Chance

LANGUAGES = ("en", "en", "pl", "ur", "ar", "aa", "kj", "uk", "zu", "bfi")
"""Some of every 64-bit word that the engine keeps languages in."""

SUITABLE = (Suitability.SUITABLE, Suitability.PREFERRED)
SELDOM = (Answer.NO, Answer.YES, Answer.NOT_KNOWN)
VULNERABILITIES = tuple(v for v in Vulnerability if v is not Vulnerability.ANIMALS_IN_HOME)


def risks(chance: Chance) -> dict[Risk, RiskLevel]:
    """Mostly known to be none; in a wild record present, not known or left out."""
    levels = dict.fromkeys(Risk, RiskLevel.NONE_KNOWN)
    if chance.hits(0.15 + chance.wild):
        for risk in chance.some(Risk, 2):
            levels[risk] = RiskLevel.PRESENT
    if chance.hits(chance.wild / 2):
        for risk in chance.some(Risk, 2):
            levels[risk] = RiskLevel.NOT_KNOWN
    if chance.hits(chance.wild / 2):
        del levels[chance.one(Risk)]
    return {} if chance.hits(chance.wild / 20) else levels


def vulnerabilities(chance: Chance) -> frozenset[Vulnerability] | None:
    """Mostly few or none; in a wild record not known."""
    return chance.fact((frozenset(), chance.some(VULNERABILITIES, 1)), (None, chance.some(VULNERABILITIES, 3)))


def random_child(chance: Chance, ref: ChildRef, moves_in: date, homes: Sequence[Location]) -> Child:
    """A child who needs a home on `moves_in`; `homes` are places where something may be near or on a rim."""
    c = chance
    return Child(
        ref=ref,
        date_of_birth=None if c.hits(c.wild / 4) else c.born(moves_in),
        sex=c.fact((Sex.MALE, Sex.FEMALE), (Sex.UNKNOWN,)),
        ethnicity=c.one((None, *Ethnicity)),
        religion=c.one(Religion),
        languages=tuple(c.one(LANGUAGES) for _ in range(c.one((0, 1, 1, 2)))),
        cultural_needs=c.one(CulturalNeeds),
        asks_for_same_language=c.hits(0.4),
        asks_for_same_religion=c.hits(0.4),
        wishes=c.some(Wish, 4),
        legal_status=c.one(LegalStatus),
        deprivation_of_liberty=c.fact((*[Answer.NO] * 5, Answer.YES), SELDOM),
        secure_order=c.fact((*[Answer.NO] * 4, Answer.YES), SELDOM),
        secure_under_13_approval=c.fact((Answer.NO, Answer.YES), SELDOM),
        uasc=c.one(Answer),
        remand=c.fact((Remand.NONE,), tuple(Remand)),
        foster_suitability=c.fact(SUITABLE, tuple(Suitability)),
        residential_suitability=c.fact(SUITABLE, tuple(Suitability)),
        supported_suitability=c.fact(SUITABLE, tuple(Suitability)),
        living_companions=c.fact(
            (LivingCompanions.NO_PREFERENCE, LivingCompanions.WITH_OTHERS), tuple(LivingCompanions)
        ),
        pets=c.fact((Pets.CAN,), tuple(Pets)),
        needs_parent_and_child=c.fact((Answer.NO,), SELDOM),
        package=c.one((None, *Package)),
        disabilities=c.fact((frozenset(), c.some(Disability, 2)), (None, c.some(Disability, 4))),
        sen=c.some(SenType, 2),
        ehcp=c.one(Answer),
        sdq=c.one((None, 0, 13, 17, 40)),
        communication=c.some(Communication, 1),
        adaptations=c.fact((frozenset(), c.some(Adaptation, 1)), (None, c.some(Adaptation, 3))),
        needs=_needs(c),
        risks=risks(c),
        vulnerabilities=vulnerabilities(c),
        zones_to_avoid=tuple(c.zone(homes) for _ in range(c.fact((0, 0, 0, 0, 1), (1, 2)))),
        school=c.fact((c.place(homes),), (None, c.place(homes))),
        attends_school=c.fact((Answer.YES, Answer.YES, Answer.NO), tuple(Answer)),
        key_stage_4=c.one((None, None, *Answer)),
        moves_last_year=c.one((0, 0, 1, 2, 3, 6)),
    )


def _needs(c: Chance) -> dict[NeedDomain, int]:
    """Small needs; in a wild record any, some of them not known; now and then nothing known at all."""
    levels = c.fact(((0, 1), (0, 1), (0, 0, 1, 2)), ((0, 1, 2, 3), (2, 3)))
    if c.hits(0.08):
        return c.one(({}, dict.fromkeys(NeedDomain, 0)))
    return c.mapping(NeedDomain, levels, left_out=c.wild / 3)


def random_referral(chance: Chance, ref: ReferralRef, as_of: date, homes: Sequence[Location]) -> Referral:
    """A child, or two to four brothers and sisters."""
    needed_by = as_of + timedelta(days=chance.one((0, 0, -3, 1, 4, 30)))
    size = chance.one((1, 1, 1, 1, 2, 2, 3, 4))
    children = [
        random_child(
            chance.calmer(chance.one((0.0, 0.02, 0.02, 0.05, 0.1, 0.35, 0.8))),
            ChildRef(f"{ref}-{number}"),
            max(needed_by, as_of),
            homes,
        )
        for number in range(size)
    ]
    return Referral(
        ref=ref,
        children=tuple(children),
        needed_by=needed_by,
        waiting_since=as_of - timedelta(days=chance.one((0, 1, 20, 400))),
        keep_together=chance.one(KeepTogether),
        family_home=chance.fact((chance.place(homes),), (None, chance.place(homes))),
        contact_places=tuple(_contact(chance, homes) for _ in range(chance.one((0, 0, 1, 2)))),
    )


def _contact(chance: Chance, homes: Sequence[Location]) -> ContactPlace:
    place = chance.fact((chance.place(homes),), (None,))
    return ContactPlace(place, chance.one(VisitFrequency))


def placed_sibling(chance: Chance, person: ChildRef, home: HomeRef | None, places: Sequence[Location]) -> PlacedSibling:
    """A brother or sister placed before: in a home, at a place, in both as recorded, or nobody knows where."""
    known_home = home if chance.hits(0.7) else chance.one((None, HomeRef("home-of-another-council")))
    return PlacedSibling(person, known_home, chance.one((None, None, chance.place(places))))
