"""What a home can do for a child: capability, adaptations, languages, support."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from app.demo.draws import Draws, chosen, picked
from app.demo.occupancy import Frame
from app.matching.codes import (
    Adaptation,
    Answer,
    Communication,
    Disability,
    HomeKind,
    NeedDomain,
    Religion,
    Support,
)

CARE_HOMES = frozenset({"short_breaks", "school"})
"""Segments whose homes are all made for disabled children."""

A, D, C, S, R = Adaptation, Disability, Communication, Support, Religion

USUAL_ADAPTATIONS = {
    A.STEP_FREE: 130, A.GROUND_FLOOR_BEDROOM: 110, A.WHEELCHAIR: 12, A.ADAPTED_BATHROOM: 25, A.HOIST: 3,
    A.SENSORY_SPACE: 35, A.VISUAL_ALARM: 12, A.SECURE_GARDEN: 300,
}  # fmt: skip
SPECIAL_ADAPTATIONS = {
    A.STEP_FREE: 900, A.GROUND_FLOOR_BEDROOM: 820, A.WHEELCHAIR: 520, A.ADAPTED_BATHROOM: 720, A.HOIST: 330,
    A.SENSORY_SPACE: 450, A.VISUAL_ALARM: 160, A.SECURE_GARDEN: 700,
}  # fmt: skip
USUAL_DISABILITIES = {
    D.MOBILITY: 70, D.HAND: 110, D.PERSONAL_CARE: 80, D.INCONTINENCE: 180, D.COMMUNICATION: 300,
    D.LEARNING: 480, D.HEARING: 130, D.VISION: 100, D.BEHAVIOUR: 640, D.CONSCIOUSNESS: 70, D.AUTISM: 430,
    D.OTHER: 120,
}  # fmt: skip
SPECIAL_DISABILITIES = dict.fromkeys(Disability, 880)

COMMUNICATION = {C.ESOL: 140, C.BSL: 25, C.MAKATON: 60, C.OTHER: 35}
LANGUAGES = {
    "ur": 55, "pa": 45, "pl": 40, "ar": 35, "ro": 25, "fr": 30, "es": 20, "hi": 25, "ku": 12, "fa": 12,
    "so": 12, "ti": 6, "am": 6, "sq": 8, "vi": 6, "ps": 8, "yo": 10, "sn": 10, "bfi": 10, "pt": 15,
}  # fmt: skip
RELIGIONS = {
    R.NONE: 960, R.CHRISTIAN: 800, R.MUSLIM: 330, R.SIKH: 150, R.HINDU: 160, R.BUDDHIST: 120, R.JEWISH: 110,
    R.OTHER: 130,
}  # fmt: skip

SUPPORT = {
    S.SUPERVISION: 240, S.THERAPEUTIC: 180, S.RESPITE: 220, S.TAXIS: 420, S.INTERPRETER: 150,
    S.HEALTH_TRAINING: 230, S.EDUCATION: 260, S.IDENTITY: 200, S.SELF_CARE: 150,
}  # fmt: skip
MORE_SUPPORT = {support: min(950, 2 * share) for support, share in SUPPORT.items()}

PETS: Mapping[HomeKind, Mapping[Answer, int]] = {
    HomeKind.FOSTER: {Answer.YES: 48, Answer.NO: 47, Answer.NOT_KNOWN: 5},
    HomeKind.CONNECTED_PERSON: {Answer.YES: 48, Answer.NO: 47, Answer.NOT_KNOWN: 5},
    HomeKind.SUPPORTED_LODGINGS: {Answer.YES: 40, Answer.NO: 57, Answer.NOT_KNOWN: 3},
    HomeKind.PARENT_AND_CHILD: {Answer.YES: 25, Answer.NO: 72, Answer.NOT_KNOWN: 3},
}
FEW_PETS = {Answer.YES: 12, Answer.NO: 86, Answer.NOT_KNOWN: 2}

NOT_RECORDED = 60
"""Per mille of homes for which nobody wrote down adaptations, disabilities or languages: each on its own."""

RELIGIONS_NOT_RECORDED = 220
DOMAIN_NOT_RECORDED = 12

SKILLED = frozenset({NeedDomain.PHYSICAL_HEALTH, NeedDomain.COMMUNICATION, NeedDomain.SELF_CARE})
"""What homes for disabled children do best, and others less well."""


class Care(TypedDict):
    """Fields of `Home`."""

    capability: dict[NeedDomain, int]
    support: frozenset[Support]
    communication: frozenset[Communication]
    languages: frozenset[str] | None
    religions_supported: frozenset[Religion] | None
    cultural_needs_supported: Answer
    pets: Answer


def care_of(frame: Frame, draws: Draws, *, special: bool) -> Care:
    """What a home offers."""
    index, kind = frame.index, frame.segment.kind
    level = draws.pick("level", index, frame.segment.levels)
    return Care(
        capability=_capability(draws, index, level, special=special),
        support=draws.some("support", index, MORE_SUPPORT if level > 1 else SUPPORT),
        communication=draws.some("communication", index, COMMUNICATION),
        languages=_languages(draws, index),
        religions_supported=_religions(draws, index),
        cultural_needs_supported=draws.pick(
            "cultural needs", index, {Answer.YES: 52, Answer.NO: 8, Answer.NOT_KNOWN: 40}
        ),
        pets=draws.pick("pets", index, PETS.get(kind, FEW_PETS)),
    )


def adaptations_of(draws: Draws, index: int, *, special: bool) -> frozenset[Adaptation] | None:
    """What is built in; None where nobody wrote it down."""
    if not special and draws.chance("adaptations not known", index, NOT_RECORDED):
        return None
    found = draws.some("adaptations", index, SPECIAL_ADAPTATIONS if special else USUAL_ADAPTATIONS)
    if Adaptation.HOIST in found:
        found |= {Adaptation.WHEELCHAIR}
    return found | {Adaptation.STEP_FREE} if Adaptation.WHEELCHAIR in found else found


def disabilities_of(draws: Draws, index: int, *, special: bool) -> frozenset[Disability] | None:
    """Disabilities that the home says it can care for; None where it says nothing."""
    if not special and draws.chance("disabilities not known", index, NOT_RECORDED):
        return None
    return draws.some("disabilities", index, SPECIAL_DISABILITIES if special else USUAL_DISABILITIES)


def _capability(draws: Draws, index: int, level: int, *, special: bool) -> dict[NeedDomain, int]:
    """A level in each domain, about the home's own; a few domains are not recorded."""
    found = {}
    for domain in NeedDomain:
        if draws.chance(f"{domain} not recorded", index, DOMAIN_NOT_RECORDED):
            continue
        extra = (1 if special else -1) if domain in SKILLED and draws.chance(f"{domain} skilled", index, 400) else 0
        own = picked(draws.draw(f"{domain} level", index), {-1: 14, 0: 66, 1: 20})
        found[domain] = min(3, max(0, level + own + extra))
    return found


def _languages(draws: Draws, index: int) -> frozenset[str] | None:
    if draws.chance("languages not known", index, NOT_RECORDED):
        return None
    return chosen(draws.draw("languages", index), LANGUAGES) | {"en"}


def _religions(draws: Draws, index: int) -> frozenset[Religion] | None:
    if draws.chance("religions not known", index, RELIGIONS_NOT_RECORDED):
        return None
    return draws.some("religions", index, RELIGIONS)
