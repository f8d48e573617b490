"""One waiting child: law, care plan, needs, safety, school."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from app.demo import people
from app.demo.cases import Case, Special
from app.demo.draws import Draws, chosen, picked
from app.demo.identity import communication_of, identity_of
from app.demo.residents import MALE_FROM_11, MALE_UNDER_11, SEX_NOT_KNOWN
from app.matching.codes import (
    Adaptation,
    Answer,
    Communication,
    Disability,
    LegalStatus,
    NeedDomain,
    Pets,
    Remand,
    SenType,
    Sex,
    Suitability,
)
from app.matching.referral import Child, ChildRef

A, D, LS = Adaptation, Disability, LegalStatus

LEGAL: Mapping[LegalStatus, int] = {
    LS.C2: 445, LS.C1: 230, LS.V2: 230, LS.E1: 24, LS.L1: 7, LS.L2: 8, LS.L3: 5, LS.D1: 5, LS.V3: 6, LS.V4: 6,
    LS.J1: 5, LS.J2: 6, LS.J3: 6, LS.NOT_KNOWN: 17,
}  # fmt: skip
LEGAL_OF: Mapping[Special, Mapping[LegalStatus, int]] = {
    Special.EMERGENCY: {LS.L1: 40, LS.L2: 25, LS.V2: 35},
    Special.REMAND: {LS.J1: 1},
    Special.UASC: {LS.V2: 1},
    Special.LIBERTY: {LS.C2: 1},
    Special.SECURE: {LS.C2: 80, LS.C1: 20},
}

DISABILITIES: Mapping[Disability, int] = {
    D.AUTISM: 30, D.LEARNING: 28, D.BEHAVIOUR: 24, D.COMMUNICATION: 10, D.MOBILITY: 8, D.HEARING: 5, D.VISION: 4,
    D.PERSONAL_CARE: 4, D.INCONTINENCE: 4, D.HAND: 3, D.CONSCIOUSNESS: 5, D.OTHER: 8,
}  # fmt: skip
MORE_DISABILITIES = dict.fromkeys(Disability, 50)

ADAPTATIONS_FOR: Mapping[Disability, Mapping[Adaptation, int]] = {
    D.MOBILITY: {
        A.STEP_FREE: 850, A.GROUND_FLOOR_BEDROOM: 550, A.WHEELCHAIR: 300, A.ADAPTED_BATHROOM: 420, A.HOIST: 140,
    },
    D.PERSONAL_CARE: {A.ADAPTED_BATHROOM: 500, A.HOIST: 90},
    D.HEARING: {A.VISUAL_ALARM: 550},
    D.AUTISM: {A.SENSORY_SPACE: 200, A.SECURE_GARDEN: 220},
    D.LEARNING: {A.SECURE_GARDEN: 80},
}  # fmt: skip

SEN_TYPES: Mapping[SenType, int] = {
    SenType.SEMH: 46, SenType.SLCN: 18, SenType.MLD: 14, SenType.SPLD: 10, SenType.ASD: 13, SenType.SLD: 4,
    SenType.PMLD: 1, SenType.HI: 2, SenType.VI: 2, SenType.MSI: 1, SenType.PD: 3, SenType.OTH: 4,
}  # fmt: skip

PETS: Mapping[Pets, int] = {Pets.CAN: 78, Pets.NO: 11, Pets.MUST: 4, Pets.NOT_KNOWN: 7}

SDQ_AGES = range(4, 17)
SDQ_MISSING = 140
"""Per mille of children of those ages for whom no questionnaire was filled in."""

BORDERLINE = 300
"""Per mille of the children below 17 whose score is 14 to 16."""

SCHOOL_AGES = range(4, 17)
NEED_NOT_RECORDED = 12
DISABILITY_NOT_RECORDED = 12
BORN_NOT_KNOWN = 4


@dataclass(frozen=True, slots=True)
class Seat:
    """One child of one search: `index` counts all waiting children, `family` all searches, both from 0."""

    case: Case
    index: int
    family: int
    place: int
    as_of: date

    @property
    def special(self) -> Special:
        """What marks out the search."""
        return self.case.special


def child_ref(index: int) -> ChildRef:
    """`C-0456` for the 456th waiting child."""
    return ChildRef(f"C-{index + 1:04d}")


def make_child(seat: Seat, draws: Draws, ages: Draws) -> Child:
    """The child as far as it can be known without homes and places. `ages` are the streams of the searches."""
    case, index = seat.case, seat.index
    age = age_of(seat, ages)
    identity = identity_of(case, draws, index, seat.family, age)
    support = picked(
        draws.draw("sen", index), {"plan": case.ehcp, "support": case.sen, "": 1000 - case.ehcp - case.sen}
    )
    disabilities = _disabilities(seat, draws)
    communication = communication_of(identity["languages"], draws, index)
    return Child(
        ref=child_ref(index),
        date_of_birth=_born(seat, draws, age),
        sex=_sex(seat, draws, age),
        pets=draws.pick("pets", index, PETS),
        disabilities=disabilities,
        sen=_sen(draws, index) if support and age >= SCHOOL_AGES.start else frozenset(),
        ehcp=_ehcp(draws, index, plan=support == "plan" and age >= SCHOOL_AGES.start),
        sdq=_sdq(seat, draws, age),
        communication=communication | _signs(disabilities, draws, index),
        adaptations=_adaptations(seat, draws, disabilities),
        needs=_needs(seat, draws, disabilities),
        risks=people.risks_of(draws, index, case.risks),
        vulnerabilities=people.harms_of(draws, index, case.harms),
        living_companions=draws.pick("companions", index, case.companions),
        package=draws.pick("package", index, case.packages),
        key_stage_4=None,
        attends_school=_attends(draws, index, age),
        **identity,
        **_plan(seat, draws),
        **_law(seat, draws, age),
    )


def age_of(seat: Seat, searches: Draws) -> int:
    """Whole years; each younger brother or sister is one to three years younger than the one before."""
    eldest = searches.between("age", seat.family, *seat.case.ages)
    steps = [searches.between(f"gap {place}", seat.family, 1, 3) for place in range(seat.place)]
    return max(0, eldest - sum(steps))


def _born(seat: Seat, draws: Draws, age: int) -> date | None:
    if seat.case.size == 1 and draws.chance("birthday not known", seat.index, BORN_NOT_KNOWN):
        return None
    return people.born(seat.as_of, age, draws.between("birthday", seat.index, 0, 364))


def _sex(seat: Seat, draws: Draws, age: int) -> Sex:
    if draws.chance("sex not known", seat.index, SEX_NOT_KNOWN):
        return Sex.UNKNOWN
    share = 920 if seat.special is Special.UASC else MALE_FROM_11 if age >= 11 else MALE_UNDER_11
    return Sex.MALE if draws.chance("sex", seat.index, share) else Sex.FEMALE


class _Plan(TypedDict):
    foster_suitability: Suitability
    residential_suitability: Suitability
    supported_suitability: Suitability


def _plan(seat: Seat, draws: Draws) -> _Plan:
    foster, residential, supported = draws.pick("plan", seat.family, seat.case.plans)
    return _Plan(foster_suitability=foster, residential_suitability=residential, supported_suitability=supported)


class _Law(TypedDict):
    legal_status: LegalStatus
    deprivation_of_liberty: Answer
    secure_order: Answer
    secure_under_13_approval: Answer
    uasc: Answer
    remand: Remand
    needs_parent_and_child: Answer


def _law(seat: Seat, draws: Draws, age: int) -> _Law:
    special, index = seat.special, seat.index
    remand = Remand.NONE
    if special is Special.REMAND:
        remand = draws.pick("remand", seat.family, {Remand.LOCAL_AUTHORITY: 85, Remand.YOUTH_DETENTION: 15})
    elif age >= 12 and draws.chance("remand not known", index, 4):
        remand = Remand.NOT_KNOWN

    def answer(name: str, yes: Special, not_known: int) -> Answer:
        if special is yes:
            return Answer.YES
        return Answer.NOT_KNOWN if draws.chance(f"{name} not known", index, not_known) else Answer.NO

    return _Law(
        legal_status=draws.pick("legal status", seat.family, LEGAL_OF.get(special, LEGAL)),
        deprivation_of_liberty=answer("liberty", Special.LIBERTY, 4),
        secure_order=answer("secure order", Special.SECURE, 3),
        secure_under_13_approval=Answer.NO,
        uasc=answer("asylum", Special.UASC, 6),
        remand=remand,
        needs_parent_and_child=answer("parent and child", Special.PARENT_AND_CHILD, 3),
    )


def _disabilities(seat: Seat, draws: Draws) -> frozenset[Disability] | None:
    if seat.special is Special.IMPOSSIBLE_GROUP and seat.place == 1:
        return frozenset({Disability.MOBILITY, Disability.PERSONAL_CARE})
    if draws.chance("disabled", seat.index, seat.case.disabled):
        first = draws.pick("disability", seat.index, DISABILITIES)
        return draws.some("more disabilities", seat.index, MORE_DISABILITIES) | {first}
    return None if draws.chance("disability not known", seat.index, DISABILITY_NOT_RECORDED) else frozenset()


def _adaptations(seat: Seat, draws: Draws, disabilities: frozenset[Disability] | None) -> frozenset[Adaptation] | None:
    if seat.special is Special.IMPOSSIBLE_GROUP and seat.place == 1:
        return frozenset({A.STEP_FREE, A.WHEELCHAIR, A.ADAPTED_BATHROOM, A.HOIST})
    if disabilities is None:
        return None
    found: frozenset[Adaptation] = frozenset()
    for disability, shares in ADAPTATIONS_FOR.items():
        if disability in disabilities:
            found |= chosen(draws.draw(f"adaptations {disability}", seat.index), shares)
    return found


def _signs(disabilities: frozenset[Disability] | None, draws: Draws, index: int) -> frozenset[Communication]:
    found = disabilities or frozenset()
    if Disability.HEARING in found and draws.chance("signs", index, 400):
        return frozenset({Communication.BSL})
    speaks_less = Disability.COMMUNICATION in found or Disability.LEARNING in found
    return frozenset({Communication.MAKATON} if speaks_less and draws.chance("makaton", index, 250) else ())


def _sen(draws: Draws, index: int) -> frozenset[SenType]:
    return draws.some("more sen types", index, dict.fromkeys(SenType, 30)) | {draws.pick("sen type", index, SEN_TYPES)}


def _ehcp(draws: Draws, index: int, *, plan: bool) -> Answer:
    if plan:
        return Answer.YES
    return Answer.NOT_KNOWN if draws.chance("ehcp not known", index, 25) else Answer.NO


def _sdq(seat: Seat, draws: Draws, age: int) -> int | None:
    index = seat.index
    if age not in SDQ_AGES or draws.chance("sdq missing", index, SDQ_MISSING):
        return None
    if draws.chance("sdq", index, seat.case.concern):
        return draws.between("sdq score", index, 17, 34)
    low, high = (14, 16) if draws.chance("sdq borderline", index, BORDERLINE) else (2, 13)
    return draws.between("sdq score", index, low, high)


def _needs(seat: Seat, draws: Draws, disabilities: frozenset[Disability] | None) -> dict[NeedDomain, int]:
    """A level in each domain about the child's own; bodily needs come with a disability and seldom without."""
    index = seat.index
    level = draws.pick("level", index, seat.case.levels)
    found = {}
    for domain in NeedDomain:
        if draws.chance(f"{domain} not recorded", index, NEED_NOT_RECORDED):
            continue
        bodily = domain in {NeedDomain.PHYSICAL_HEALTH, NeedDomain.SELF_CARE, NeedDomain.COMMUNICATION}
        shift = {-1: 30, 0: 55, 1: 15}
        if bodily:
            shift = {0: 50, 1: 40, -1: 10} if disabilities else {-2: 60, -1: 35, 0: 5}
        found[domain] = min(3, max(0, level + picked(draws.draw(f"{domain} level", index), shift)))
    return found


def _attends(draws: Draws, index: int, age: int) -> Answer:
    if age not in SCHOOL_AGES:
        return Answer.NO
    return draws.pick("attends school", index, {Answer.YES: 90, Answer.NO: 7, Answer.NOT_KNOWN: 3})
