"""Areas on the map: a circle, or a polygon from GeoJSON, and whether a point lies inside.

A zone may keep a child away from danger, so the boundary itself counts as inside. Polygons arrive as GeoJSON
(RFC 7946: longitude and latitude of WGS84, in that order) and are laid on the British National Grid in whole
metres. The change of datum uses the published seven-parameter shift written out below, on every machine
alike, and is good to about five metres: far finer than a postcode, never survey grade.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from app.geo.geojson import Part, Ring, ZoneError, member, polygon_parts
from app.geo.grid import COORDINATE_LIMIT, Coordinates, squared_distance

__all__ = [
    "Circle",
    "Polygon",
    "Zone",
    "ZoneError",
    "corners",
    "degrees_from_grid",
    "grid_from_degrees",
    "inside",
    "rings",
    "zone_from_json",
    "zone_to_json",
]

LARGEST_RADIUS_M = 1_500_000
"""A circle wider than Britain is a slip of the unit, not a zone."""

MOST_CROSSINGS = 20_000
"""Most edges of different pieces that may lie across each other: each makes a corner where they are joined."""

EDGES_AT_ONCE = 64

WGS84_TO_GRID = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
    "+step +proj=cart +ellps=WGS84 "
    "+step +inv +proj=helmert +x=446.448 +y=-125.157 +z=542.06 +rx=0.15 +ry=0.247 +rz=0.842 +s=-20.489 "
    "+convention=position_vector "
    "+step +inv +proj=cart +ellps=airy "
    "+step +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy"
)
"""WGS84 longitude, latitude to EPSG:27700 by Ordnance Survey's published Helmert parameters."""


@dataclass(frozen=True, slots=True)
class Circle:
    """Everything within `radius_m` whole metres of a point of EPSG:27700, the rim included."""

    easting: int
    northing: int
    radius_m: int

    def __post_init__(self) -> None:
        for name in ("easting", "northing", "radius_m"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise ZoneError(f"A circle's {name} must be a whole number of metres.")
        if max(abs(self.easting), abs(self.northing)) > COORDINATE_LIMIT:
            raise ZoneError("A circle's centre must lie on the British National Grid (EPSG:27700), in metres.")
        if not 0 < self.radius_m <= LARGEST_RADIUS_M:
            raise ZoneError(f"A circle's radius_m must be from 1 to {LARGEST_RADIUS_M} metres.")


@dataclass(frozen=True, slots=True)
class Polygon:
    """One or more areas with straight edges, given in longitude and latitude of WGS84.

    `parts` holds the areas as GeoJSON MultiPolygon coordinates do: each part an outer ring and then its
    holes, each ring closed. Parts may touch or overlap; together they are one zone. `shape` is the same on
    the grid in whole metres, derived and not compared. Build one with `zone_from_json`.
    """

    parts: tuple[Part, ...]
    shape: shapely.Geometry = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _on_the_grid(self.parts))

    @property
    def corners(self) -> int:
        """Corners of the areas as they were given, or as they were joined on the grid if those are more."""
        given = sum(len(ring) for part in self.parts for ring in part)
        return max(given, int(shapely.get_num_coordinates(self.shape)))


Zone: TypeAlias = Circle | Polygon
Degrees: TypeAlias = NDArray[np.float64]


def inside(zone: Zone, eastings: Coordinates, northings: Coordinates) -> NDArray[np.bool_]:
    """Which points lie in the zone or on its boundary; eastings and northings broadcast.

    A circle is decided in integers. A polygon is decided point by point with exact orientation tests, so a
    point alone and the same point in a crowd get the same answer.
    """
    if isinstance(zone, Circle):
        square = squared_distance(eastings, northings, zone.easting, zone.northing)
        return np.asarray(square <= zone.radius_m * zone.radius_m)
    east, north = np.broadcast_arrays(np.asarray(eastings), np.asarray(northings))
    if east.dtype.kind not in "iu" or north.dtype.kind not in "iu":
        raise TypeError("Grid coordinates are whole metres: give integers, not fractions or text.")
    shapely.prepare(zone.shape)  # an index of its edges; does nothing the second time
    return np.asarray(shapely.intersects_xy(zone.shape, east, north), dtype=np.bool_)


def rings(area: Polygon) -> list[list[tuple[float, float]]]:
    """Every ring on the grid, outer ones and holes alike, each closed; the corners are whole metres."""
    parts = shapely.get_parts(area.shape).tolist()
    return [list(ring.coords) for part in parts for ring in (part.exterior, *part.interiors)]


def zone_from_json(document: object) -> Zone:
    """Read a zone from parsed JSON.

    Accepts `{"type": "Circle", "easting": .., "northing": .., "radius_m": ..}` (grid metres), or a GeoJSON
    Polygon or MultiPolygon, or a Feature or FeatureCollection of them (longitude, latitude).
    Raises `ZoneError` with a message fit for the person who drew it.
    """
    kind = member(document, "type", "A zone")
    if kind == "Circle":
        return _circle(document)
    parts = tuple(polygon_parts(document))
    if not parts:
        raise ZoneError("The zone has no area in it: give at least one Polygon.")
    return Polygon(parts)


def corners(document: object) -> int:
    """How many corners a GeoJSON zone has, counted without drawing it. Raises `ZoneError`."""
    return sum(len(ring) for part in polygon_parts(document) for ring in part)


def zone_to_json(zone: Zone) -> dict[str, Any]:
    """The zone as JSON-ready data; `zone_from_json` gives the same zone back."""
    if isinstance(zone, Circle):
        return {
            "type": "Circle",
            "easting": zone.easting,
            "northing": zone.northing,
            "radius_m": zone.radius_m,
        }
    parts = [[[list(position) for position in ring] for ring in part] for part in zone.parts]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _circle(document: object) -> Circle:
    known = {"type", "easting", "northing", "radius_m"}
    if isinstance(document, Mapping) and set(document) - known:
        raise ZoneError("A Circle has easting, northing and radius_m, and nothing else.")
    return Circle(*(member(document, name, "A Circle") for name in ("easting", "northing", "radius_m")))


@lru_cache(maxsize=1)
def _transformer() -> pyproj.Transformer:
    return pyproj.Transformer.from_pipeline(WGS84_TO_GRID)


def _on_the_grid(parts: tuple[Part, ...]) -> shapely.Geometry:
    """The parts as one valid shape in whole metres of EPSG:27700."""
    pieces = [[_projected(ring) for ring in part] for part in parts]
    shapes = [_checked_shape(rings, number) for number, rings in enumerate(pieces, 1)]
    _check_crossings(pieces)
    # Snapping to whole metres keeps the shape valid: it rounds, and removes what is thinner than a metre.
    shape = shapely.set_precision(shapely.union_all(shapes), 1.0)
    if shape.is_empty:
        raise ZoneError("The zone is smaller than a metre: check its coordinates.")
    return shape


def _check_crossings(pieces: Sequence[Sequence[Degrees]]) -> None:
    """Refuse pieces that lie across each other like the threads of a cloth, before they are joined.

    A few thousand edges can cross each other at millions of places. The boxes around edges tell, at a price
    that is bounded by what is allowed: no crossing without an overlap.
    """
    if len(pieces) == 1:
        return
    edges = [(ring[:-1], ring[1:], number) for number, rings in enumerate(pieces) for ring in rings]
    low = np.concatenate([np.minimum(begin, end) for begin, end, _ in edges])
    high = np.concatenate([np.maximum(begin, end) for begin, end, _ in edges])
    piece = np.concatenate([np.full(len(begin), number) for begin, _, number in edges])
    boxes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    tree, crossings = shapely.STRtree(boxes), 0
    for start in range(0, len(boxes), EDGES_AT_ONCE):
        asked, found = tree.query(boxes[start : start + EDGES_AT_ONCE])
        crossings += int(np.count_nonzero(piece[asked + start] != piece[found]))
        if crossings > 2 * MOST_CROSSINGS:  # each is found from both of its sides
            raise ZoneError("The areas of the zone lie across each other too often: join them in a map tool first.")


def _checked_shape(rings: Sequence[Degrees], number: int) -> shapely.Geometry:
    shape = shapely.Polygon(rings[0], rings[1:])
    if not shape.is_valid:
        raise ZoneError(
            f"Polygon {number} crosses or touches itself, or a hole lies outside its edge: "
            "redraw it, or repair it in a map tool."
        )
    return shape


def _projected(ring: Ring) -> NDArray[np.float64]:
    longitudes, latitudes = np.array(ring, dtype=np.float64).T
    return np.column_stack(grid_from_degrees(longitudes, latitudes))


def grid_from_degrees(longitudes: Degrees, latitudes: Degrees) -> tuple[Degrees, Degrees]:
    """Eastings and northings of EPSG:27700, in metres with their fractions, of WGS84 degrees."""
    east, north = _transformer().transform(longitudes, latitudes, errcheck=True)
    return np.asarray(east), np.asarray(north)


def degrees_from_grid(eastings: Degrees, northings: Degrees) -> tuple[Degrees, Degrees]:
    """WGS84 longitudes and latitudes of eastings and northings: for drawing, never for deciding."""
    longitudes, latitudes = _transformer().transform(eastings, northings, direction="INVERSE", errcheck=True)
    return np.asarray(longitudes), np.asarray(latitudes)
