"""The home must lie outside every place that the child must keep away from."""

from __future__ import annotations

import numpy as np

from app.geo.zones import inside
from app.matching.columns import BoolArray
from app.matching.finding import Facts, Finding, flag
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.unit import Level, NoParams, Rule


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """Circles and polygons, the boundary included. A home without a place on the grid is not known."""
    child, home = pairs.child, pairs.home

    def in_a_zone(row: int, homes: Homes) -> BoolArray:
        found = np.zeros(homes.easting.shape, dtype=np.bool_)
        for zone in pairs.lists[row].zones:
            found |= inside(zone, homes.easting, homes.northing)
        return found & homes.has_location

    fails = pairs.each_row(pairs.children.has_zones, in_a_zone)

    def facts() -> Facts:
        return {"has_zones": flag(child.has_zones), "has_location": flag(home.has_location)}

    return Finding(fails, child.has_zones & ~home.has_location, facts)


EXCLUSION_ZONE = Rule(
    code="exclusion_zone",
    says="The home lies outside every place the child must keep away from",
    because="The home lies inside a place that the child must keep away from",
    statutory=True,
    source="Children Act 1989 s22(3) (duty to safeguard); "
    "Care Planning, Placement and Case Review (England) Regulations 2010, reg 9 and Sch 2",
    level=Level.CHILD,
    judge=judge,
)
