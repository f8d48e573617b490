"""Who must approve a placement before it is put into effect, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.matching.codes import Answer, HomeKind, Sector
from app.matching.explain import Part
from app.matching.finding import FULL
from app.matching.home import Home
from app.matching.local import AreaStatus
from app.matching.referral import Referral
from app.matching.rules.fostering_limit import FOSTERING_CODES


class Approval(StrEnum):
    """Who approves, the least first."""

    NONE = "none"
    NOMINATED_OFFICER = "nominated_officer"
    DIRECTOR = "director_of_childrens_services"


class ApprovalReason(StrEnum):
    """What calls for it. Care Planning, Placement and Case Review (England) Regulations 2010.

    `OUTSIDE_AREA`: in an adjoining authority, reg 11(1)(a). `AT_A_DISTANCE`: not even adjoining, reg 11(1)(b)
    as amended in 2013. `AREA_NOT_KNOWN`: nobody can tell, so the stricter of the two stands.
    `KEY_STAGE_4`: a move that disturbs education in Key Stage 4, reg 10(1).
    """

    OUTSIDE_AREA = "outside_area"
    AT_A_DISTANCE = "at_a_distance"
    AREA_NOT_KNOWN = "area_not_known"
    KEY_STAGE_4 = "education_in_key_stage_4"


@dataclass(frozen=True, slots=True)
class ApprovalNeeded:
    """The highest approval that is needed, and everything that calls for one."""

    level: Approval
    because: tuple[ApprovalReason, ...]


LEVEL_OF: dict[ApprovalReason, Approval] = {
    ApprovalReason.OUTSIDE_AREA: Approval.NOMINATED_OFFICER,
    ApprovalReason.AT_A_DISTANCE: Approval.DIRECTOR,
    ApprovalReason.AREA_NOT_KNOWN: Approval.DIRECTOR,
    ApprovalReason.KEY_STAGE_4: Approval.NOMINATED_OFFICER,
}

_OF_AREA: dict[AreaStatus, ApprovalReason] = {
    AreaStatus.ADJOINING: ApprovalReason.OUTSIDE_AREA,
    AreaStatus.AT_A_DISTANCE: ApprovalReason.AT_A_DISTANCE,
    AreaStatus.NOT_KNOWN: ApprovalReason.AREA_NOT_KNOWN,
}


OVER_MIDNIGHT = timedelta(days=1)
"""An emergency may begin in the evening, and is not over because a day has ended."""


def is_emergency(referral: Referral, as_of: date) -> bool:
    """Whether a home was needed from the very day on which the search began, and that is today or was yesterday.

    That alone is what a record can tell of an emergency. Whoever still waits, or should have had a home by now, is
    late: a move that was planned and is late needs every approval that it needed before. So no approval is needless
    on a day that was not so on each day before it.
    """
    return referral.needed_by == referral.waiting_since and as_of <= referral.waiting_since + OVER_MIDNIGHT


def approval_needed(home: Home, area: AreaStatus, parts: Sequence[Part], *, emergency: bool) -> ApprovalNeeded:
    """What this placement needs. `parts`: those of the explanation; education is read off its criterion.

    Reg 11 leaves out a connected person and the authority's own foster carers, wherever they live (para 4).
    Reg 10 leaves out a change in an emergency (para 3; `is_emergency`). It speaks of children who are placed
    already; whether a child is cannot be told from a record that names no home, so such a child is treated alike.
    """
    because = []
    if area in _OF_AREA and not _is_own_or_connected_carer(home):
        because.append(_OF_AREA[area])
    if not emergency and any(_disturbs_key_stage_4(part) for part in parts if part.code == "education"):
        because.append(ApprovalReason.KEY_STAGE_4)
    return _for(because)


def higher(one: ApprovalNeeded, other: ApprovalNeeded) -> ApprovalNeeded:
    """What is needed by either: all that calls for an approval, and the highest of it."""
    return one if one == other else _for([reason for reason in ApprovalReason if reason in one.because + other.because])


def _for(because: Sequence[ApprovalReason]) -> ApprovalNeeded:
    order = tuple(Approval)
    level = max((LEVEL_OF[reason] for reason in because), key=order.index, default=Approval.NONE)
    return ApprovalNeeded(level, tuple(because))


def _is_own_or_connected_carer(home: Home) -> bool:
    if home.kind is HomeKind.CONNECTED_PERSON:
        return True
    fosters = home.kind is HomeKind.FOSTER or home.place_code in FOSTERING_CODES
    return fosters and home.sector is Sector.OWN_AUTHORITY


def _disturbs_key_stage_4(part: Part) -> bool:
    """Not known counts as if it were so, of the stage and of the disturbance."""
    if not part.applies or part.facts["key_stage_4"] == Answer.NO:
        return False
    return not (part.known and part.value == FULL)
