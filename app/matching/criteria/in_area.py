"""Whether the home is in the authority's area, next to it or at a distance, or local all the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from app.geo.grid import distance_m
from app.matching.codes import Answer
from app.matching.columns import NOT_KNOWN, IntArray
from app.matching.criteria.checks import check_falling, check_values
from app.matching.criteria.ranges import between, each_home
from app.matching.finding import FULL, Facts, Score, code, number
from app.matching.home_columns import Homes
from app.matching.local import AreaStatus, Local
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
    least, most = each_home(pairs, partial(_worth, pairs.local, params))

    def facts() -> Facts:
        return _facts(pairs.home, pairs.local)

    return between(least, most, facts=facts)


def _worth(local: Local, params: Params, homes: Homes) -> IntArray:
    """Least and most value of each home: two rows."""
    area, within = local.area_status(homes), local.within(homes)
    least_of, most_of = np.zeros(len(AreaStatus), dtype=np.int32), np.zeros(len(AreaStatus), dtype=np.int32)
    for status, least, most in (
        (AreaStatus.IN_AREA, FULL, FULL),
        (AreaStatus.ADJOINING, params.adjoining, params.adjoining),
        (AreaStatus.AT_A_DISTANCE, params.at_a_distance, params.at_a_distance),
        (AreaStatus.NOT_KNOWN, params.at_a_distance, FULL),
    ):
        least_of[status.position], most_of[status.position] = least, most
    adds = np.multiply(within, np.int32(params.local_adds), dtype=np.int32)

    return np.minimum(np.stack([least_of[area], most_of[area]]) + adds, np.int32(FULL))


def _facts(homes: Homes, local: Local) -> Facts:
    area = local.area_status(homes).astype(np.int8)
    said = np.where(local.within(homes), Answer.YES.position, Answer.NO.position)
    away = distance_m(homes.easting, homes.northing, *local.centre)
    return {
        "area": code(np.where(area == AreaStatus.NOT_KNOWN.position, NOT_KNOWN, area), AreaStatus),
        "local": code(np.where(homes.has_location, said, NOT_KNOWN), Answer),
        "centre_m": number(np.where(homes.has_location, away, NOT_KNOWN)),
    }


IN_AREA = Criterion(
    code="in_area",
    says="In the authority's own area",
    because="Area: {area}; local by the council's own definition: {local:answer}; {centre_m:miles} from the centre",
    source="Children Act 1989 s22C(9); "
    "Care Planning, Placement and Case Review (England) Regulations 2010, reg 11; "
    "Nottingham Placements Commissioning and Sufficiency Strategy 2023-28 (local: within 20 miles)",
    when_full="In the authority's area, {centre_m:miles} from the centre",
    judge=judge,
    params=Params,
    statutory=True,
)
