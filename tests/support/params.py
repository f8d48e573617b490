"""Parameters of the rules as the tests use them; each rule that takes any stands here."""

from __future__ import annotations

from typing import Any

from app.matching.codes import HomeKind, Judgement, NeedDomain, Risk, Vulnerability
from app.matching.rules import available_by, essential_needs, harm, ofsted_gateway, vacancy_confirmed
from app.matching.unit import NoParams, Rule

HARM = harm.Params(
    {
        Risk.SELF_HARM: (Vulnerability.SELF_HARM,),
        Risk.SEXUAL_EXPLOITATION: (Vulnerability.SEXUAL_EXPLOITATION,),
        Risk.CRIMINAL_EXPLOITATION: (Vulnerability.CRIMINAL_EXPLOITATION,),
        Risk.DRUG_ALCOHOL: (Vulnerability.SUBSTANCE_MISUSE,),
        Risk.EATING_DISORDER: (Vulnerability.EATING_DISORDER,),
        Risk.MISSING: (Vulnerability.GOING_MISSING,),
        Risk.TO_OTHERS_PHYSICAL: (Vulnerability.PHYSICAL_HARM, Vulnerability.BULLYING),
        Risk.TO_OTHERS_SEXUAL: (Vulnerability.SEXUAL_HARM, Vulnerability.SEXUAL_EXPLOITATION),
        Risk.TO_OTHERS_FIRE: (Vulnerability.FIRE,),
        Risk.TO_OTHERS_ANIMALS: (Vulnerability.ANIMALS_IN_HOME,),
        Risk.TO_OTHERS_CRIMINAL: (),
    }
)

MAX_AGE_DAYS = {kind: 7 + 3 * kind.position for kind in HomeKind}
MAX_SHORTFALL = {domain: domain.position % 3 for domain in NeedDomain}

PARAMS: dict[str, Any] = {
    "available_by": available_by.Params(grace_days=2),
    "vacancy_confirmed": vacancy_confirmed.Params(MAX_AGE_DAYS),
    "safe_for_residents": HARM,
    "safe_from_residents": HARM,
    "essential_needs": essential_needs.Params(MAX_SHORTFALL),
    "ofsted_gateway": ofsted_gateway.Params((Judgement.INADEQUATE, Judgement.WEAK)),
}


def params_of(rule: Rule) -> Any:
    """Usual parameters of a rule. A KeyError means: add the new rule's parameters above."""
    return NoParams() if rule.params is NoParams else PARAMS[rule.code]
