"""How near the home is to where the child's family lives."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from app.geo.grid import distance_m
from app.matching.columns import NOT_KNOWN
from app.matching.criteria.checks import check_reach, metres
from app.matching.criteria.falling import falling
from app.matching.finding import Facts, Score, number
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion


@dataclass(frozen=True, slots=True)
class Params:
    """Straight-line miles up to which the value is full, and beyond which it is nothing."""

    full_within_miles: Decimal
    none_beyond_miles: Decimal

    def __post_init__(self) -> None:
        """Refuse a range turned round."""
        check_reach(self, "full_within_miles", "none_beyond_miles")


def judge(pairs: ChildPairs, params: Params) -> Score:
    """Full within the first distance, falling in a straight line to nothing at the second."""
    child, home = pairs.child, pairs.home
    known = child.has_family_home & home.has_location
    away = distance_m(child.family_easting, child.family_northing, home.easting, home.northing)
    value = falling(away, metres(params, "full_within_miles"), metres(params, "none_beyond_miles"))

    def facts() -> Facts:
        return {"distance_m": number(np.where(known, away, NOT_KNOWN))}

    return Score(np.where(known, value, np.int32(0)), not_known=~known, facts=facts)


NEAR_FAMILY = Criterion(
    code="near_family",
    says="Near the child's family home",
    because="{distance_m:miles} from the family home",
    source="Children Act 1989 s22C(8)(a)",
    judge=judge,
    params=Params,
    statutory=True,
)
