"""What "local" means: the council's own definition, and where the council's area is.

Three definitions are always worked out side by side: (a) the council's own, within so many miles of the
city centre or inside a polygon; (b) the DfE's PL_DISTANCE, from the child's home postcode; (c) the
statutory one, in the area, in an adjoining authority, or at a distance (Care Planning, Placement and Case
Review Regulations 2010, reg 11). The policy names the one that its target counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np

from app.geo.grid import metres_from_miles, squared_distance, squared_limit
from app.geo.zones import Polygon, inside
from app.matching.codes import Code
from app.matching.columns import BoolArray, IntArray
from app.matching.home_columns import Homes, gss


class LocalMeasure(Code):
    """Which definition of local a policy counts."""

    CENTRE = "centre"
    HOME_POSTCODE = "home_postcode"
    AREA = "area"


class AreaStatus(Code):
    """Where a home stands to the responsible authority's area (reg 11)."""

    IN_AREA = "in_area"
    ADJOINING = "adjoining"
    AT_A_DISTANCE = "at_a_distance"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True)
class Local:
    """The responsible authority and its definition of local. Centre in metres on EPSG:27700."""

    authority: str
    adjoining: frozenset[str]
    measure: LocalMeasure
    centre: tuple[int, int]
    radius_miles: Decimal
    outline: Polygon | None = None

    @cached_property
    def squared_radius(self) -> int:
        """Greatest squared distance, in square metres, that is still local."""
        return squared_limit(self.radius_miles)

    @cached_property
    def radius_m(self) -> int:
        """The radius in whole metres."""
        return metres_from_miles(self.radius_miles)

    def squared_from_centre(self, homes: Homes) -> IntArray:
        """Squared metres from the centre to each home; meaningless where it has no location."""
        return squared_distance(homes.easting, homes.northing, *self.centre)

    def within(self, homes: Homes) -> BoolArray:
        """Which homes are local by the council's own definition. A home nobody can place is not."""
        if self.outline is not None:
            return homes.has_location & inside(self.outline, homes.easting, homes.northing)
        return homes.has_location & (self.squared_from_centre(homes) <= self.squared_radius)

    def area_status(self, homes: Homes) -> IntArray:
        """Positions in `AreaStatus` of each home."""
        status = np.full(homes.authority.shape, AreaStatus.AT_A_DISTANCE.position, dtype=np.uint8)
        for code in self.adjoining:
            status[homes.authority == gss(code)] = AreaStatus.ADJOINING.position
        status[homes.authority == gss(self.authority)] = AreaStatus.IN_AREA.position
        status[homes.authority < 0] = AreaStatus.NOT_KNOWN.position
        return status
