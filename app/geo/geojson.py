"""Reading the polygons of a GeoJSON document, with every check that can be made without geometry.

GeoJSON here is RFC 7946: longitude and latitude of WGS84, in that order, rings closed. The nesting of what
is accepted is fixed, so it is read without recursion and no document is deep enough to exhaust anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

MOST_POSITIONS = 100_000
"""A polygon with more corners than this is refused: simplify the outline first."""

MOST_PARTS = 2_000
"""Most separate pieces, and most holes in one piece."""

LONGITUDES = (-9.5, 2.5)
LATITUDES = (49.0, 61.5)
"""Degrees that hold the whole United Kingdom."""

SMALLEST_RING = 4
"""A triangle, closed."""

Position: TypeAlias = tuple[float, float]
Ring: TypeAlias = tuple[Position, ...]
Part: TypeAlias = tuple[Ring, ...]


class ZoneError(ValueError):
    """A zone that cannot be used. The message says what is wrong and what to do; it repeats no coordinate."""


def member(document: object, name: str, what: str) -> Any:
    """The named member of a JSON object; `what` names the object in the error."""
    if not isinstance(document, Mapping):
        raise ZoneError(f'{what} must be a JSON object with a "{name}".')
    if name not in document:
        raise ZoneError(f'{what} lacks its "{name}".')
    return document[name]


def _list(value: object, what: str, most: int) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise ZoneError(f"{what} must be a list: check how the brackets are nested.")
    if len(value) > most:
        raise ZoneError(f"{what} is too long (at most {most} allowed): simplify the outline first.")
    return value


def polygon_parts(document: object) -> Iterator[Part]:
    """Every polygon of a GeoJSON document, whose nesting is fixed: no recursion, so no depth to exhaust."""
    kind = member(document, "type", "A zone")
    if kind == "FeatureCollection":
        features = _list(member(document, "features", "The FeatureCollection"), "features", MOST_PARTS)
        geometries = [_geometry(feature) for feature in features]
    elif kind == "Feature":
        geometries = [_geometry(document)]
    else:
        geometries = [document]
    counted = 0
    positions = 0
    for geometry in geometries:
        for part in _polygons(geometry):
            counted += 1
            positions += sum(map(len, part))
            if counted > MOST_PARTS or positions > MOST_POSITIONS:
                raise ZoneError("The zone is too detailed: simplify the outline first.")
            yield part


def _geometry(feature: object) -> object:
    if member(feature, "type", "A feature") != "Feature":
        raise ZoneError("A FeatureCollection may hold only Features.")
    return member(feature, "geometry", "A Feature")


def _polygons(geometry: object) -> Iterator[Part]:
    kind = member(geometry, "type", "A geometry")
    if kind == "Polygon":
        yield _part(member(geometry, "coordinates", "The Polygon"), 1)
    elif kind == "MultiPolygon":
        coordinates = _list(member(geometry, "coordinates", "The MultiPolygon"), "coordinates", MOST_PARTS)
        for number, part in enumerate(coordinates, 1):
            yield _part(part, number)
    else:
        raise ZoneError("A zone must be a Circle, Polygon or MultiPolygon: a line or a point has no inside.")


def _part(value: object, number: int) -> Part:
    rings = _list(value, f"Polygon {number}", MOST_PARTS)
    if not rings:
        raise ZoneError(f"Polygon {number} has no ring.")
    return tuple(_ring(ring, f"Polygon {number}, ring {place}") for place, ring in enumerate(rings, 1))


def _ring(value: object, where: str) -> Ring:
    positions = tuple(_position(position, where) for position in _list(value, where, MOST_POSITIONS))
    if len(positions) < SMALLEST_RING:
        raise ZoneError(f"{where} needs at least four positions, the last repeating the first.")
    if positions[0] != positions[-1]:
        raise ZoneError(f"{where} is not closed: repeat its first position at the end.")
    return positions


def _position(value: object, where: str) -> Position:
    """One longitude and latitude. A height may follow (RFC 7946) and is left out."""
    match value:
        case [east, north] | [east, north, _]:
            longitude, latitude = _degrees(east, where), _degrees(north, where)
        case _:
            raise ZoneError(
                f"A position of {where} must be a list of longitude and latitude, with at most a height: "
                "check how the brackets are nested."
            )
    _check_range(longitude, latitude, where)
    return longitude, latitude


def _degrees(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ZoneError(f"A position of {where} must be two numbers: longitude, latitude.")
    try:
        return float(value)
    except OverflowError:  # an integer of hundreds of digits
        return math.inf


def _check_range(longitude: float, latitude: float, where: str) -> None:
    """Only degrees within the United Kingdom pass; the usual slips each get their own advice."""
    if _within(longitude, LONGITUDES) and _within(latitude, LATITUDES):
        return
    if _within(latitude, LONGITUDES) and _within(longitude, LATITUDES):
        raise ZoneError(f"{where} gives latitude before longitude: GeoJSON puts the longitude first.")
    if not (_within(longitude, (-180, 180)) and _within(latitude, (-90, 90))):
        raise ZoneError(
            f"{where} is not in degrees: give WGS84 longitude and latitude, not grid eastings and northings."
        )
    raise ZoneError(f"{where} lies outside the United Kingdom: check the longitudes and latitudes.")


def _within(degrees: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= degrees <= limits[1]  # false for NaN
