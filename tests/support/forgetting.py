"""The same record with one known fact turned into not known, once for every such fact.

What is no fact but the absence of a thing is not here: no last day of a registration, no home where the child
lives now, nobody to live apart from, no place to avoid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from app.matching.codes import (
    Answer,
    CulturalNeeds,
    Judgement,
    LegalStatus,
    LivingCompanions,
    Pets,
    Registration,
    Religion,
    Remand,
    RiskLevel,
    Sex,
    SexAccepted,
    Suitability,
)
from app.matching.home import Home, Resident
from app.matching.referral import Child, Referral

OF_A_CHILD: dict[str, Any] = {
    "date_of_birth": None,
    "sex": Sex.UNKNOWN,
    "ethnicity": None,
    "religion": Religion.NOT_KNOWN,
    "cultural_needs": CulturalNeeds.NOT_KNOWN,
    "legal_status": LegalStatus.NOT_KNOWN,
    "deprivation_of_liberty": Answer.NOT_KNOWN,
    "secure_order": Answer.NOT_KNOWN,
    "secure_under_13_approval": Answer.NOT_KNOWN,
    "uasc": Answer.NOT_KNOWN,
    "remand": Remand.NOT_KNOWN,
    "foster_suitability": Suitability.NOT_SPECIFIED,
    "residential_suitability": Suitability.NOT_SPECIFIED,
    "supported_suitability": Suitability.NOT_SPECIFIED,
    "living_companions": LivingCompanions.NOT_KNOWN,
    "pets": Pets.NOT_KNOWN,
    "needs_parent_and_child": Answer.NOT_KNOWN,
    "package": None,
    "disabilities": None,
    "adaptations": None,
    "vulnerabilities": None,
    "sdq": None,
    "school": None,
    "attends_school": Answer.NOT_KNOWN,
}
OF_A_RESIDENT: dict[str, Any] = {
    "date_of_birth": None,
    "sex": Sex.UNKNOWN,
    "vulnerabilities": None,
    "living_companions": LivingCompanions.NOT_KNOWN,
}
OF_A_HOME: dict[str, Any] = {
    "location": None,
    "registration": Registration.NOT_KNOWN,
    "registered_from": None,
    "judgement": Judgement.NOT_KNOWN,
    "judged_on": None,
    "adaptations": None,
    "disabilities_supported": None,
    "languages": None,
    "religions_supported": None,
    "cultural_needs_supported": Answer.NOT_KNOWN,
    "pets": Answer.NOT_KNOWN,
    "available_from": None,
    "confirmed_on": None,
    "ended_placements": None,
    "unplanned_endings": None,
}
OF_TERMS: dict[str, Any] = {
    "age_min": None,
    "age_max": None,
    "sex": SexAccepted.NOT_KNOWN,
    "siblings_only": Answer.NOT_KNOWN,
    "parent_and_child": Answer.NOT_KNOWN,
}


def forgetful_children(child: Child) -> Iterator[Child]:
    """The child with one fact less."""
    yield from _fields(child, OF_A_CHILD)
    yield from _risks(child)
    for domain in child.needs:
        yield replace(child, needs={name: need for name, need in child.needs.items() if name != domain})


def forgetful_referrals(referral: Referral) -> Iterator[Referral]:
    """The referral with one fact less about it or one of its children."""
    if referral.family_home is not None:
        yield replace(referral, family_home=None)
    for i, child in enumerate(referral.children):
        for less in forgetful_children(child):
            yield replace(referral, children=(*referral.children[:i], less, *referral.children[i + 1 :]))


def forgetful_homes(home: Home) -> Iterator[Home]:
    """The home with one fact less about it, its terms or somebody who lives there."""
    yield from _fields(home, OF_A_HOME)
    for terms in _fields(home.terms, OF_TERMS):
        yield replace(home, terms=terms)
    for domain in home.capability:
        less = {name: can for name, can in home.capability.items() if name != domain}
        yield replace(home, capability=less)
    for i, resident in enumerate(home.residents):
        for forgetful in _residents(resident):
            yield replace(home, residents=(*home.residents[:i], forgetful, *home.residents[i + 1 :]))


def _residents(resident: Resident) -> Iterator[Resident]:
    yield from _fields(resident, OF_A_RESIDENT)
    yield from _risks(resident)


def _fields(record: Any, nothing: dict[str, Any]) -> Iterator[Any]:
    for name, value in nothing.items():
        if getattr(record, name) != value:
            yield replace(record, **{name: value})


def _risks(record: Any) -> Iterator[Any]:
    for risk, level in record.risks.items():
        if level is not RiskLevel.NOT_KNOWN:
            yield replace(record, risks={**record.risks, risk: RiskLevel.NOT_KNOWN})
            yield replace(record, risks={name: kept for name, kept in record.risks.items() if name != risk})
