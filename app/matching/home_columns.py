"""Homes as columns. One line a column; rules and criteria read these through `Pairs.home`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from app.matching.codes import (
    Answer,
    Code,
    LivingCompanions,
    NeedDomain,
    Package,
    Risk,
    RiskLevel,
    Vulnerability,
)
from app.matching.columns import NO_DAY, NOT_KNOWN, BoolArray, IntArray, Table, column, day, known_or
from app.matching.home import Home, Resident
from app.matching.languages import LANGUAGE_POSITION

ALL_RISKS = sum(risk.bit for risk in Risk)
ALL_VULNERABILITIES = sum(item.bit for item in Vulnerability if item is not Vulnerability.ANIMALS_IN_HOME)
ALL_DOMAINS = sum(domain.bit for domain in NeedDomain)
HIGHEST_LEVEL = 3
LANGUAGE_WORDS = len(LANGUAGE_POSITION) // 64 + 1


def mask(members: Iterable[Code] | None) -> int:
    """A set of codes as bits; 0 where the set is not known (see the `..._known` column beside it)."""
    return 0 if members is None else sum(member.bit for member in members)


def levels_from(levels: Mapping[NeedDomain, int]) -> list[int]:
    """Levels of need or capability as bits: for each level from 1 up, the domains that reach it."""
    reached = [0] * (HIGHEST_LEVEL + 1)
    for domain, found in levels.items():
        reached[max(0, min(found, HIGHEST_LEVEL))] |= domain.bit
    for level in range(HIGHEST_LEVEL, 1, -1):
        reached[level - 1] |= reached[level]
    return reached[1:]


def gss(code: str | None) -> int:
    """An authority's GSS code (one letter, eight digits) as an integer, -1 where not known."""
    return NOT_KNOWN if code is None else ord(code[0]) * 10**8 + int(code[1:])


def language_words(languages: Iterable[str] | None) -> list[int]:
    """A set of languages as 64-bit words."""
    words = [0] * LANGUAGE_WORDS
    for language in languages or ():
        position = LANGUAGE_POSITION[language]
        words[position // 64] |= 1 << (position % 64)
    return words


def risks_at(levels: Mapping[Risk, RiskLevel], level: RiskLevel) -> int:
    """The risks at a level, as bits. One that is not named is not known."""
    if level is not RiskLevel.NOT_KNOWN:
        return mask(risk for risk, found in levels.items() if found is level)
    return ALL_RISKS & ~mask(risk for risk, found in levels.items() if found is not level)


def _risks(residents: Iterable[Resident], level: RiskLevel) -> int:
    found = 0
    for resident in residents:
        found |= risks_at(resident.risks, level)
    return found


def _vulnerabilities(home: Home) -> int:
    found = Vulnerability.ANIMALS_IN_HOME.bit if home.pets is Answer.YES else 0
    for resident in home.residents:
        found |= mask(resident.vulnerabilities) & ALL_VULNERABILITIES
    return found


def _vulnerabilities_not_known(home: Home) -> int:
    unknown = Vulnerability.ANIMALS_IN_HOME.bit if home.pets is Answer.NOT_KNOWN else 0
    if any(resident.vulnerabilities is None for resident in home.residents):
        unknown |= ALL_VULNERABILITIES
    return unknown


def _born(home: Home) -> list[int]:
    return [day(resident.date_of_birth) for resident in home.residents if resident.date_of_birth is not None]


def _companions(home: Home, kind: LivingCompanions) -> list[Resident]:
    return [resident for resident in home.residents if resident.living_companions is kind]


def _first_born(residents: list[Resident]) -> int:
    return min((day(r.date_of_birth) for r in residents if r.date_of_birth), default=NO_DAY)


def _last_born(residents: list[Resident]) -> int:
    return max((day(r.date_of_birth) for r in residents if r.date_of_birth), default=NO_DAY)


@dataclass(frozen=True)
class Homes(Table):
    """Columns of n homes. Codes are positions in their lists, sets are bit masks, days are ordinals."""

    kind: IntArray = column(np.uint8, lambda h: h.kind.position)
    place_code: IntArray = column(np.uint8, lambda h: h.place_code.position)
    route: IntArray = column(np.uint8, lambda h: h.route.position)
    tier: IntArray = column(np.int8, lambda h: known_or(h.tier))
    registration: IntArray = column(np.uint8, lambda h: h.registration.position)
    registered_from: IntArray = column(np.int32, lambda h: day(h.registered_from))
    registered_to: IntArray = column(np.int32, lambda h: day(h.registered_to))
    # where
    has_location: BoolArray = column(np.bool_, lambda h: h.location is not None)
    easting: IntArray = column(np.int32, lambda h: h.location.easting if h.location else 0)
    northing: IntArray = column(np.int32, lambda h: h.location.northing if h.location else 0)
    authority: IntArray = column(np.int64, lambda h: gss(h.location.authority if h.location else None))
    # terms
    age_min: IntArray = column(np.int16, lambda h: known_or(h.terms.age_min))
    age_max: IntArray = column(np.int16, lambda h: known_or(h.terms.age_max))
    sex_accepted: IntArray = column(np.uint8, lambda h: h.terms.sex.position)
    siblings_only: IntArray = column(np.uint8, lambda h: h.terms.siblings_only.position)
    parent_and_child: IntArray = column(np.uint8, lambda h: h.terms.parent_and_child.position)
    has_named_children: BoolArray = column(np.bool_, lambda h: bool(h.terms.named_children))
    # places
    places: IntArray = column(np.int16, lambda h: h.places)
    places_held: IntArray = column(np.int16, lambda h: h.places_held)
    residents: IntArray = column(np.int16, lambda h: len(h.residents))
    fostered_residents: IntArray = column(np.int16, lambda h: sum(r.fostered for r in h.residents))
    # who lives there, put together so that no single resident can be told from it
    resident_first_born: IntArray = column(np.int32, lambda h: min(_born(h), default=NO_DAY))
    resident_last_born: IntArray = column(np.int32, lambda h: max(_born(h), default=NO_DAY))
    resident_birth_not_known: BoolArray = column(np.bool_, lambda h: len(_born(h)) < len(h.residents))
    resident_risks: IntArray = column(np.uint16, lambda h: _risks(h.residents, RiskLevel.PRESENT))
    resident_risks_not_known: IntArray = column(np.uint16, lambda h: _risks(h.residents, RiskLevel.NOT_KNOWN))
    vulnerabilities: IntArray = column(np.uint16, _vulnerabilities)
    vulnerabilities_not_known: IntArray = column(np.uint16, _vulnerabilities_not_known)
    resident_solo: BoolArray = column(np.bool_, lambda h: bool(_companions(h, LivingCompanions.SOLO)))
    resident_companions_not_known: BoolArray = column(
        np.bool_, lambda h: bool(_companions(h, LivingCompanions.NOT_KNOWN))
    )
    wants_older_first_born: IntArray = column(
        np.int32, lambda h: _first_born(_companions(h, LivingCompanions.ONLY_OLDER))
    )
    wants_older_birth_not_known: BoolArray = column(
        np.bool_,
        lambda h: any(r.date_of_birth is None for r in _companions(h, LivingCompanions.ONLY_OLDER)),
    )
    wants_younger_last_born: IntArray = column(
        np.int32, lambda h: _last_born(_companions(h, LivingCompanions.ONLY_YOUNGER))
    )
    wants_younger_birth_not_known: BoolArray = column(
        np.bool_,
        lambda h: any(r.date_of_birth is None for r in _companions(h, LivingCompanions.ONLY_YOUNGER)),
    )
    # money, pence a week, one row a package, -1 where there is no price
    fee_pence: IntArray = column(
        np.int32, lambda h: [h.weekly_fee_pence.get(p, NOT_KNOWN) for p in Package], rows=len(Package)
    )
    void_fee_pence: IntArray = column(np.int32, lambda h: known_or(h.void_fee_pence))
    # quality and record
    judgement: IntArray = column(np.uint8, lambda h: h.judgement.position)
    judged_on: IntArray = column(np.int32, lambda h: day(h.judged_on))
    ended: IntArray = column(np.int32, lambda h: known_or(h.ended_placements))
    unplanned: IntArray = column(np.int32, lambda h: known_or(h.unplanned_endings))
    # what it can do
    capability: IntArray = column(
        np.int8, lambda h: [h.capability.get(d, NOT_KNOWN) for d in NeedDomain], rows=len(NeedDomain)
    )
    capability_from: IntArray = column(np.uint16, lambda h: levels_from(h.capability), rows=HIGHEST_LEVEL)
    capability_not_known: IntArray = column(np.uint16, lambda h: ALL_DOMAINS - mask(h.capability))
    support: IntArray = column(np.uint16, lambda h: mask(h.support))
    adaptations: IntArray = column(np.uint16, lambda h: mask(h.adaptations))
    adaptations_known: BoolArray = column(np.bool_, lambda h: h.adaptations is not None)
    disabilities: IntArray = column(np.uint16, lambda h: mask(h.disabilities_supported))
    disabilities_known: BoolArray = column(np.bool_, lambda h: h.disabilities_supported is not None)
    communication: IntArray = column(np.uint8, lambda h: mask(h.communication))
    languages: IntArray = column(np.uint64, lambda h: language_words(h.languages), rows=LANGUAGE_WORDS)
    languages_known: BoolArray = column(np.bool_, lambda h: h.languages is not None)
    religions: IntArray = column(np.uint16, lambda h: mask(h.religions_supported))
    religions_known: BoolArray = column(np.bool_, lambda h: h.religions_supported is not None)
    cultural_needs: IntArray = column(np.uint8, lambda h: h.cultural_needs_supported.position)
    pets: IntArray = column(np.uint8, lambda h: h.pets.position)
    # when
    available_from: IntArray = column(np.int32, lambda h: day(h.available_from))
    confirmed_on: IntArray = column(np.int32, lambda h: day(h.confirmed_on))
