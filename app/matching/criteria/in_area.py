"""Whether the home is in the authority's area, next to it or at a distance, or local all the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.geo.grid import distance_m
from app.matching.codes import Answer
from app.matching.columns import NOT_KNOWN
from app.matching.criteria.checks import check_falling, check_values
from app.matching.criteria.ranges import between
from app.matching.finding import FULL, Facts, Score, code, number
from app.matching.local import AreaStatus
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion


@dataclass(frozen=True, slots=True)
class Params:
    """Values, 0 to 1000, outside the area; in it the value is always full, since that is what the law asks.

    `local_adds` comes on top where the home is local by the council's own definition. Together they stay
    below full: a home next to the area is not in it, however near.
    """

    adjoining: int
    at_a_distance: int
    local_adds: int

    def __post_init__(self) -> None:
        """Refuse values off the scale or out of order."""
        check_falling(self, "adjoining", "at_a_distance")
        check_values(self, "local_adds")
        if self.adjoining + self.local_adds >= FULL:
            raise ValueError(f"adjoining and local_adds together must be less than {FULL}")


def judge(pairs: ChildPairs, params: Params) -> Score:
    """A table look-up by area, and what being local adds. A home nobody can place could be anywhere."""
    home, local = pairs.home, pairs.local
    area, within = local.area_status(home), local.within(home)
    least_of, most_of = np.zeros(len(AreaStatus), dtype=np.int32), np.zeros(len(AreaStatus), dtype=np.int32)
    for status, least, most in (
        (AreaStatus.IN_AREA, FULL, FULL),
        (AreaStatus.ADJOINING, params.adjoining, params.adjoining),
        (AreaStatus.AT_A_DISTANCE, params.at_a_distance, params.at_a_distance),
        (AreaStatus.NOT_KNOWN, params.at_a_distance, FULL),
    ):
        least_of[status.position], most_of[status.position] = least, most
    adds = np.multiply(within, np.int32(params.local_adds), dtype=np.int32)

    def facts() -> Facts:
        said = np.where(within, Answer.YES.position, Answer.NO.position)
        away = distance_m(home.easting, home.northing, *local.centre)
        return {
            "area": code(np.where(area == AreaStatus.NOT_KNOWN.position, NOT_KNOWN, area.astype(np.int8)), AreaStatus),
            "local": code(np.where(home.has_location, said, NOT_KNOWN), Answer),
            "centre_m": number(np.where(home.has_location, away, NOT_KNOWN)),
        }

    return between(
        np.minimum(least_of[area] + adds, np.int32(FULL)),
        np.minimum(most_of[area] + adds, np.int32(FULL)),
        facts=facts,
    )


IN_AREA = Criterion(
    code="in_area",
    says="In the authority's own area",
    because="Where it stands to the authority's area: {area}; "
    "local by the council's own definition: {local}; {centre_m:miles} from the centre",
    source="Children Act 1989 s22C(9); "
    "Care Planning, Placement and Case Review (England) Regulations 2010, reg 11; "
    "Nottingham Placements Commissioning and Sufficiency Strategy 2023-28 (local: within 20 miles)",
    judge=judge,
    params=Params,
)
