"""The outline of an authority, for maps: the council's own where it gives one, else an approximate one.

An outline is drawn, never reasoned with: whether a place is in an authority is known exactly from its
postcode (`Location.authority`). The approximate outline is a concave hull of the authority's postcodes. It is
one piece even where the authority is several, it follows the built-up edge rather than the boundary, and it
always says that it is approximate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from app.geo.authorities import authority
from app.geo.postcodes import PostcodeDirectory
from app.geo.zones import Polygon, ZoneError, degrees_from_grid, zone_from_json, zone_to_json

CONCAVENESS = 0.08
"""Share of the longest gap that the hull may bridge: 0 hugs every postcode, 1 is the convex hull."""

THIN_M = 100
"""One postcode in each square of this side is enough for a hull."""

MARGIN_M = 150
"""Drawn round the outermost postcodes, so that they lie inside."""

SMOOTH_M = 60
"""Corners closer to a straight line than this are left out."""

DEGREES_DECIMALS = 5
"""About a metre."""


@dataclass(frozen=True, slots=True)
class Outline:
    """An authority's outline: `polygon` as a zone, and whether it is only approximate."""

    authority: str
    polygon: Polygon
    approximate: bool

    def feature(self) -> dict[str, Any]:
        """The outline as a GeoJSON Feature in longitude and latitude, ready for a map."""
        about = {
            "authority": self.authority,
            "name": authority(self.authority).name,
            "approximate": self.approximate,
        }
        return {"type": "Feature", "properties": about, "geometry": zone_to_json(self.polygon)}


def outline(code: str, directory: PostcodeDirectory, given: Mapping[str, object] | None = None) -> Outline:
    """The outline of the upper-tier authority of this code.

    `given` holds GeoJSON by code, as the council configures it (a Polygon, MultiPolygon, Feature or
    FeatureCollection in longitude and latitude); it is used as it stands. Raises `ZoneError` where that is
    faulty, `AuthorityUnknown` for a code that is no authority's, and `ValueError` where the authority has no
    postcode on the British grid.
    """
    name = authority(code).name
    if given is not None and code in given:
        zone = zone_from_json(given[code])
        if not isinstance(zone, Polygon):
            raise ZoneError(f"The outline of {name} must be a polygon, not a circle.")
        return Outline(code, zone, approximate=False)
    eastings, northings = directory.points(code)
    if not len(eastings):
        raise ValueError(f"{name} has no postcode on the British National Grid to draw an outline from.")
    return Outline(code, _hull(eastings, northings), approximate=True)


def _hull(eastings: NDArray[np.int64], northings: NDArray[np.int64]) -> Polygon:
    points = np.unique(np.column_stack([eastings, northings]) // THIN_M, axis=0) * THIN_M + THIN_M // 2
    hull = shapely.concave_hull(shapely.MultiPoint(points), ratio=CONCAVENESS)
    rounded = shapely.buffer(hull, MARGIN_M).simplify(SMOOTH_M)
    east, north = shapely.get_coordinates(rounded.exterior).T
    longitudes, latitudes = degrees_from_grid(east, north)
    ring = np.round(np.column_stack([longitudes, latitudes]), DEGREES_DECIMALS).tolist()
    zone = zone_from_json({"type": "Polygon", "coordinates": [ring]})
    assert isinstance(zone, Polygon)  # noqa: S101 - tells the type checker what the line above made
    return zone
