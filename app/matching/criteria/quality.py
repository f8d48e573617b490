"""What Ofsted found, on its own scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.matching.codes import Judgement
from app.matching.finding import FULL, Facts, Score, code, on_day
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion


@dataclass(frozen=True, slots=True)
class Params:
    """Value, 0 to 1000, of each judgement. A home not yet inspected is that, not an inadequate one."""

    outstanding: int
    good: int
    requires_improvement: int
    inadequate: int
    strong: int
    inconsistent: int
    weak: int
    not_yet_inspected: int

    def __post_init__(self) -> None:
        """Refuse values off the scale."""
        for name in self.__dataclass_fields__:
            if not 0 <= getattr(self, name) <= FULL:
                raise ValueError(f"{name} must be from 0 to {FULL}")


def judge(pairs: ChildPairs, params: Params) -> Score:
    """A table look-up; `Not judged` and `Not known` are not known."""
    table = np.zeros(len(Judgement), dtype=np.int32)
    for judgement, value in (
        (Judgement.OUTSTANDING, params.outstanding),
        (Judgement.GOOD, params.good),
        (Judgement.REQUIRES_IMPROVEMENT, params.requires_improvement),
        (Judgement.INADEQUATE, params.inadequate),
        (Judgement.STRONG, params.strong),
        (Judgement.INCONSISTENT, params.inconsistent),
        (Judgement.WEAK, params.weak),
        (Judgement.NOT_YET_INSPECTED, params.not_yet_inspected),
    ):
        table[judgement.position] = value
    found = pairs.home.judgement
    not_known = (found == Judgement.NOT_JUDGED.position) | (found == Judgement.NOT_KNOWN.position)

    def facts() -> Facts:
        return {"judgement": code(found, Judgement), "judged_on": on_day(pairs.home.judged_on)}

    return Score(table[found], not_known=not_known, facts=facts)


QUALITY = Criterion(
    code="quality",
    says="Ofsted's judgement of the home",
    because="{judgement}, judged on {judged_on:day}",
    source="Nottingham Placements Commissioning and Sufficiency Strategy 2023-28; "
    "Ofsted social care common inspection framework; Supported Accommodation (England) Regulations 2023",
    judge=judge,
    params=Params,
)
