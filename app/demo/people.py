"""What residents and waiting children have in common: birthdays, risks, what they could be harmed by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from app.demo.draws import Draws, chosen
from app.matching.codes import Risk, RiskLevel, Vulnerability

R = Risk
V = Vulnerability

# Each risk and vulnerability by group, per mille of the group's children. None of this is published.
YOUNG_RISKS = {R.TO_OTHERS_PHYSICAL: 45, R.TO_OTHERS_ANIMALS: 10, R.SELF_HARM: 8, R.TO_OTHERS_FIRE: 3}
FAMILY_RISKS = {
    R.SELF_HARM: 70, R.SEXUAL_EXPLOITATION: 20, R.CRIMINAL_EXPLOITATION: 25, R.DRUG_ALCOHOL: 30,
    R.EATING_DISORDER: 15, R.MISSING: 50, R.TO_OTHERS_PHYSICAL: 60, R.TO_OTHERS_SEXUAL: 10,
    R.TO_OTHERS_FIRE: 6, R.TO_OTHERS_ANIMALS: 8, R.TO_OTHERS_CRIMINAL: 25,
}  # fmt: skip
HOME_RISKS = {
    R.SELF_HARM: 230, R.SEXUAL_EXPLOITATION: 90, R.CRIMINAL_EXPLOITATION: 110, R.DRUG_ALCOHOL: 150,
    R.EATING_DISORDER: 35, R.MISSING: 240, R.TO_OTHERS_PHYSICAL: 210, R.TO_OTHERS_SEXUAL: 35,
    R.TO_OTHERS_FIRE: 25, R.TO_OTHERS_ANIMALS: 20, R.TO_OTHERS_CRIMINAL: 110,
}  # fmt: skip
HIGH_RISKS = {
    R.SELF_HARM: 480, R.SEXUAL_EXPLOITATION: 260, R.CRIMINAL_EXPLOITATION: 320, R.DRUG_ALCOHOL: 420,
    R.EATING_DISORDER: 60, R.MISSING: 560, R.TO_OTHERS_PHYSICAL: 470, R.TO_OTHERS_SEXUAL: 70,
    R.TO_OTHERS_FIRE: 60, R.TO_OTHERS_ANIMALS: 30, R.TO_OTHERS_CRIMINAL: 300,
}  # fmt: skip
ALMOST_ADULT_RISKS = {
    R.SELF_HARM: 90, R.SEXUAL_EXPLOITATION: 30, R.CRIMINAL_EXPLOITATION: 60, R.DRUG_ALCOHOL: 120,
    R.EATING_DISORDER: 15, R.MISSING: 80, R.TO_OTHERS_PHYSICAL: 60, R.TO_OTHERS_SEXUAL: 8,
    R.TO_OTHERS_FIRE: 6, R.TO_OTHERS_ANIMALS: 3, R.TO_OTHERS_CRIMINAL: 70,
}  # fmt: skip

YOUNG_HARMS = {V.PHYSICAL_HARM: 60, V.BULLYING: 45, V.SEXUAL_HARM: 25, V.FIRE: 4}
FAMILY_HARMS = {
    V.PHYSICAL_HARM: 30, V.SEXUAL_HARM: 25, V.SEXUAL_EXPLOITATION: 25, V.CRIMINAL_EXPLOITATION: 25,
    V.SELF_HARM: 35, V.SUBSTANCE_MISUSE: 25, V.EATING_DISORDER: 10, V.GOING_MISSING: 25, V.FIRE: 4,
    V.BULLYING: 60,
}  # fmt: skip
HOME_HARMS = {
    V.PHYSICAL_HARM: 50, V.SEXUAL_HARM: 35, V.SEXUAL_EXPLOITATION: 70, V.CRIMINAL_EXPLOITATION: 75,
    V.SELF_HARM: 70, V.SUBSTANCE_MISUSE: 60, V.EATING_DISORDER: 20, V.GOING_MISSING: 60, V.FIRE: 8,
    V.BULLYING: 80,
}  # fmt: skip

RISK_NOT_KNOWN = 20
"""Per mille of people for whom some risk was never assessed."""

HARMS_NOT_KNOWN = 12
"""Per mille of people of whom nobody wrote down what they could be harmed by."""


def born(as_of: date, age: int, days: int) -> date:
    """The birthday of somebody of `age` whole years on `as_of`; `days` (0 to 364) since the last birthday."""
    day = 28 if (as_of.month, as_of.day) == (2, 29) else as_of.day
    return date(as_of.year - age, as_of.month, day) - timedelta(days=days)


def age_on(day: date, birthday: date) -> int:
    """Whole years."""
    return day.year - birthday.year - ((day.month, day.day) < (birthday.month, birthday.day))


def risks_of(draws: Draws, index: int, shares: Mapping[Risk, int]) -> dict[Risk, RiskLevel]:
    """Every one of the eleven risks answered, but for the few people with one or two never assessed."""
    present = draws.some("risks", index, shares)
    levels = {risk: RiskLevel.PRESENT if risk in present else RiskLevel.NONE_KNOWN for risk in Risk}
    if draws.chance("risks not known", index, RISK_NOT_KNOWN):
        for risk in chosen(draws.draw("which risks", index), dict.fromkeys(Risk, 150)):
            if draws.chance("risk said to be unknown", index, 500):
                levels[risk] = RiskLevel.NOT_KNOWN
            else:
                del levels[risk]
    return levels


def harms_of(draws: Draws, index: int, shares: Mapping[Vulnerability, int]) -> frozenset[Vulnerability] | None:
    """What somebody could be harmed by; None where nobody wrote it down."""
    if draws.chance("harms not known", index, HARMS_NOT_KNOWN):
        return None
    return draws.some("harms", index, shares)
