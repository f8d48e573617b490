"""The rules about the child and those who live in the home already: whom each may live with, and who harms whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from app.matching.codes import Answer, LivingCompanions, Risk, RiskLevel, Vulnerability
from tests.reference.basics import Maybe, Pair, all_of, any_of, opposite


def living_companions(pair: Pair, _params: Any) -> Maybe:
    """By the child's plan and by that of everybody who lives there."""
    child = pair.child
    return all_of(
        statement
        for resident in pair.home.residents
        for statement in (
            _accepts(child.living_companions, child.date_of_birth, resident.date_of_birth),
            _accepts(resident.living_companions, resident.date_of_birth, child.date_of_birth),
        )
    )


def _accepts(plan: LivingCompanions, own_birth: date | None, other_birth: date | None) -> Maybe:
    """Whether somebody with this plan may live with the other; born on one day is neither older nor younger."""
    if plan is LivingCompanions.SOLO:
        return False
    if plan is LivingCompanions.NOT_KNOWN:
        return None
    if plan not in (LivingCompanions.ONLY_OLDER, LivingCompanions.ONLY_YOUNGER):
        return True
    if own_birth is None or other_birth is None:
        return None
    return other_birth < own_birth if plan is LivingCompanions.ONLY_OLDER else other_birth > own_birth


def safe_for_residents(pair: Pair, params: Any) -> Maybe:
    """No risk of the child meets a vulnerability of anybody who lives there, or the home's animals."""
    animals = {Answer.YES: True, Answer.NO: False, Answer.NOT_KNOWN: None}[pair.home.pets]
    harms = [
        all_of((_has(pair.child.risks, risk), animals))
        for risk in Risk
        if Vulnerability.ANIMALS_IN_HOME in params.table[risk]
    ]
    harms += [_harm(pair.child.risks, resident.vulnerabilities, params.table) for resident in pair.home.residents]
    return opposite(any_of(harms))


def safe_from_residents(pair: Pair, params: Any) -> Maybe:
    """No risk of anybody who lives there meets a vulnerability of the child."""
    return opposite(
        any_of(_harm(resident.risks, pair.child.vulnerabilities, params.table) for resident in pair.home.residents)
    )


def _harm(
    risks: Mapping[Risk, RiskLevel],
    vulnerable_to: frozenset[Vulnerability] | None,
    table: Mapping[Risk, Collection[Vulnerability]],
) -> Maybe:
    """Whether somebody with these risks could harm somebody with these vulnerabilities."""
    return any_of(
        all_of((_has(risks, risk), None if vulnerable_to is None else harmed in vulnerable_to))
        for risk in Risk
        for harmed in table[risk]
        if harmed is not Vulnerability.ANIMALS_IN_HOME
    )


def _has(risks: Mapping[Risk, RiskLevel], risk: Risk) -> Maybe:
    level = risks.get(risk, RiskLevel.NOT_KNOWN)
    return None if level is RiskLevel.NOT_KNOWN else level is RiskLevel.PRESENT
