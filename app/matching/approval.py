"""Who must approve a placement because of where it is."""

from __future__ import annotations

from enum import StrEnum

from app.matching.local import AreaStatus


class Approval(StrEnum):
    """Care Planning, Placement and Case Review (England) Regulations 2010, reg 11, as amended in 2013."""

    NONE = "none"
    NOMINATED_OFFICER = "nominated_officer"
    DIRECTOR = "director_of_childrens_services"


def approval_needed(status: AreaStatus) -> Approval:
    """Outside the area: a nominated officer. At a distance (not even adjoining): the director.

    Where the home's authority is not known the stricter answer stands.
    """
    match status:
        case AreaStatus.IN_AREA:
            return Approval.NONE
        case AreaStatus.ADJOINING:
            return Approval.NOMINATED_OFFICER
        case _:
            return Approval.DIRECTOR
