import copy
import json
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from app.geo.geojson import MOST_POSITIONS
from app.geo.zones import (
    Circle,
    Polygon,
    ZoneError,
    degrees_from_grid,
    grid_from_degrees,
    inside,
    zone_from_json,
    zone_to_json,
)

BOX = [[-1.2, 52.9], [-1.1, 52.9], [-1.1, 53.0], [-1.2, 53.0], [-1.2, 52.9]]
HOLE = [[-1.17, 52.94], [-1.13, 52.94], [-1.13, 52.96], [-1.17, 52.96], [-1.17, 52.94]]
AWAY = [[-1.5, 52.9], [-1.4, 52.9], [-1.4, 53.0], [-1.5, 52.9]]


def _polygon(*rings: object) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def _grid_polygon(corners: list[tuple[int, int]]) -> Polygon:
    """A polygon whose corners lie on these whole metres of the grid, once snapped."""
    east, north = np.array([*corners, corners[0]], dtype=float).T
    longitudes, latitudes = degrees_from_grid(east, north)
    ring = [list(pair) for pair in zip(longitudes.tolist(), latitudes.tolist(), strict=True)]
    ring[-1] = ring[0]
    zone = zone_from_json(_polygon(ring))
    assert isinstance(zone, Polygon)
    return zone


def test_circle_rim_is_inside() -> None:
    """3-4-5: exactly on the rim is inside, one metre out is not."""
    zone = Circle(457_300, 339_900, 5_000)
    assert inside(zone, 457_300 + 3_000, 339_900 + 4_000)
    assert not inside(zone, 457_300 + 3_001, 339_900 + 4_000)


@given(
    st.integers(0, 700_000), st.integers(0, 1_300_000), st.integers(1, 1_000_000),
    st.integers(0, 700_000), st.integers(0, 1_300_000),
)  # fmt: skip
def test_circle_is_decided_in_whole_numbers(x: int, y: int, radius: int, e: int, n: int) -> None:
    """The same answer as unbounded integers give."""
    assert bool(inside(Circle(x, y, radius), e, n)) == ((e - x) ** 2 + (n - y) ** 2 <= radius**2)


def test_polygon_corner_edge_and_middle_are_inside() -> None:
    """The boundary keeps a child as safe as the middle does: both count as inside."""
    zone = _grid_polygon([(450_000, 340_000), (452_000, 340_000), (452_000, 342_000), (450_000, 342_000)])
    assert zone.shape.equals(shapely.box(450_000, 340_000, 452_000, 342_000))
    east = np.array([450_000, 452_000, 451_000, 450_000, 451_000, 449_999, 451_000, 452_001])
    north = np.array([340_000, 342_000, 340_000, 341_500, 341_000, 341_000, 342_001, 342_001])
    assert inside(zone, east, north).tolist() == [True, True, True, True, True, False, False, False]


def test_hole_is_outside_and_its_edge_inside() -> None:
    """What lies in a hole is not in the zone; the rim of the hole is."""
    zone = zone_from_json(_polygon(BOX, HOLE))
    assert isinstance(zone, Polygon)
    middle = [round(float(axis[0])) for axis in grid_from_degrees(np.array([-1.15]), np.array([52.95]))]
    assert not inside(zone, *middle)
    rim = shapely.get_coordinates(zone.shape.interiors[0]).astype(int)
    assert inside(zone, rim[:, 0], rim[:, 1]).all()


@given(st.lists(st.tuples(st.integers(452_000, 462_000), st.integers(332_000, 347_000)), min_size=1))
def test_polygon_alone_and_in_a_crowd_agree(points: list[tuple[int, int]]) -> None:
    """Elementwise identical, in an array, broadcast, one by one, and after a trip through pickle."""
    zone = zone_from_json({"type": "MultiPolygon", "coordinates": [[BOX, HOLE], [AWAY]]})
    east, north = np.array(points).T
    crowd = inside(zone, east, north)
    assert crowd.tolist() == [bool(inside(zone, *point)) for point in points]
    assert np.array_equal(np.diag(inside(zone, east[:, None], north)), crowd)
    assert np.array_equal(inside(pickle.loads(pickle.dumps(zone)), east, north), crowd)  # noqa: S301


def test_projection_is_the_published_one() -> None:
    """The written-out shift gives what PROJ gives for EPSG:4326 to EPSG:27700 without a grid file."""
    longitudes, latitudes = np.array([-1.15, -5.7, 1.7, -3.0]), np.array([52.95, 50.1, 52.6, 58.6])
    theirs = pyproj.Transformer.from_crs(4326, 27700, always_xy=True).transform(longitudes, latitudes)
    ours = grid_from_degrees(longitudes, latitudes)
    assert np.abs(np.array(ours) - np.array(theirs)).max() < 5
    back = degrees_from_grid(*ours)
    assert np.abs(np.array(back) - np.array([longitudes, latitudes])).max() < 1e-7


@pytest.mark.parametrize(
    "document",
    [
        _polygon(BOX),
        _polygon(BOX, HOLE),
        {"type": "MultiPolygon", "coordinates": [[BOX, HOLE], [AWAY]]},
        {"type": "Circle", "easting": 457_300, "northing": 339_900, "radius_m": 32_187},
    ],
)
def test_round_trip_through_json(document: dict[str, Any]) -> None:
    """Out and in again is the same zone, and the text itself is the same."""
    zone = zone_from_json(document)
    written = json.loads(json.dumps(zone_to_json(zone)))
    assert written == document
    assert zone_from_json(written) == zone
    assert hash(zone_from_json(written)) == hash(zone)


def test_features_and_heights_are_understood() -> None:
    """A Feature, a FeatureCollection, heights and foreign members are read as the plain polygon."""
    high = [[*position, 30.5] for position in BOX]
    feature = {"type": "Feature", "properties": {"name": "x"}, "geometry": _polygon(high), "id": 3}
    assert zone_from_json(feature) == zone_from_json(_polygon(BOX))
    collection = {"type": "FeatureCollection", "features": [feature, {**feature, "geometry": _polygon(AWAY)}]}
    assert zone_from_json(collection) == zone_from_json({"type": "MultiPolygon", "coordinates": [[BOX], [AWAY]]})


def test_parts_that_touch_or_overlap_are_one_zone() -> None:
    """Neighbouring wards drawn apart share an edge: that is no fault."""
    east = [[-1.1, 52.9], [-1.0, 52.9], [-1.0, 53.0], [-1.1, 53.0], [-1.1, 52.9]]
    zone = zone_from_json({"type": "MultiPolygon", "coordinates": [[BOX], [east]]})
    assert isinstance(zone, Polygon)
    assert zone.shape.geom_type == "Polygon"


BOW_TIE = [[-1.2, 52.9], [-1.1, 53.0], [-1.1, 52.9], [-1.2, 53.0], [-1.2, 52.9]]
SPECK = [[-1.2, 52.9], [-1.1999999, 52.9], [-1.1999999, 52.9000001], [-1.2, 52.9]]
WRONG: list[tuple[object, str]] = [
    (None, "must be a JSON object"),
    ([], "must be a JSON object"),
    ({}, 'lacks its "type"'),
    ({"type": "Polygon"}, 'lacks its "coordinates"'),
    ({"type": "Point", "coordinates": [-1.2, 52.9]}, "has no inside"),
    ({"type": ["Polygon"], "coordinates": []}, "has no inside"),
    ({"type": "GeometryCollection", "geometries": []}, "has no inside"),
    ({"type": "FeatureCollection", "features": []}, "no area"),
    ({"type": "FeatureCollection", "features": [_polygon(BOX)]}, "only Features"),
    ({"type": "Feature", "geometry": None}, "must be a JSON object"),
    ({"type": "MultiPolygon", "coordinates": []}, "no area"),
    (_polygon(), "has no ring"),
    (_polygon(BOX[:3]), "at least four"),
    (_polygon(BOX[:4]), "not closed"),
    (_polygon([position[::-1] for position in BOX]), "longitude first"),
    (_polygon([[457_300, 339_900]] * 4), "not in degrees"),
    (_polygon([[13.4, 52.5], [13.5, 52.5], [13.5, 52.6], [13.4, 52.5]]), "outside the United Kingdom"),
    (_polygon([[float("nan"), 52.9]] * 4), "not in degrees"),
    (_polygon([[float("inf"), 52.9]] * 4), "not in degrees"),
    (_polygon([[10**400, 52.9]] * 4), "not in degrees"),
    (_polygon([["-1.2", 52.9]] * 4), "two numbers"),
    (_polygon([[True, 52.9]] * 4), "two numbers"),
    (_polygon([[-1.2]] * 4), "longitude and latitude"),
    (_polygon([[-1.2, 52.9, 0, 0]] * 4), "at most a height"),
    (_polygon("abcd"), "must be a list"),
    (_polygon(["abcd"] * 4), "must be a list"),
    (_polygon({"a": 1}), "must be a list"),
    ({"type": "Polygon", "coordinates": BOX}, "must be a list"),
    ({"type": "Polygon", "coordinates": [[BOX]]}, "brackets"),
    ({"type": "Polygon", "coordinates": [[[BOX]] * 4]}, "brackets"),
    (_polygon(BOW_TIE), "crosses or touches itself"),
    (_polygon(BOX, AWAY), "a hole lies outside"),
    (_polygon(SPECK), "smaller than a metre"),
    (_polygon(BOX[:1] * (MOST_POSITIONS + 1)), "too long"),
    ({"type": "MultiPolygon", "coordinates": [[BOX * 1_000]] * 21}, "too detailed"),
    ({"type": "Circle", "easting": 1, "northing": 1}, 'lacks its "radius_m"'),
    ({"type": "Circle", "easting": 1, "northing": 1, "radius_m": 0}, "radius_m must be"),
    ({"type": "Circle", "easting": 1, "northing": 1, "radius_m": 2_000_000}, "radius_m must be"),
    ({"type": "Circle", "easting": 1.5, "northing": 1, "radius_m": 5}, "whole number"),
    ({"type": "Circle", "easting": True, "northing": 1, "radius_m": 5}, "whole number"),
    ({"type": "Circle", "easting": 10**9, "northing": 1, "radius_m": 5}, "National Grid"),
    ({"type": "Circle", "easting": 1, "northing": 1, "radius_m": 5, "radius_miles": 3}, "nothing else"),
]


@pytest.mark.parametrize(("document", "advice"), WRONG)
def test_faults_are_told_gently(document: object, advice: str) -> None:
    """Each fault is a ZoneError that names it and repeats none of the numbers given."""
    with pytest.raises(ZoneError, match=advice) as caught:
        zone_from_json(document)
    assert "52.9" not in str(caught.value)
    assert "339" not in str(caught.value)


def test_deep_nesting_is_refused_without_recursion() -> None:
    """A document nested a hundred thousand lists deep is an error, not a crash."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ZoneError):
        zone_from_json({"type": "Polygon", "coordinates": deep})
    while deep:  # taken apart by hand: Python would recurse to free it
        deep = deep.pop()


def _mutants() -> Iterator[object]:
    """The box with each of its values replaced by each of some strange ones."""
    strange: list[object] = [None, True, "x", [], {}, -1, 1e308, float("nan"), 10**400, "\ud800"]
    for value in strange:
        yield {"type": value, "coordinates": [BOX]}
        yield {"type": "Polygon", "coordinates": value}
        yield _polygon(value)
        yield _polygon(BOX, value)
        for place in range(len(BOX)):
            for axis in (0, 1):
                ring: list[Any] = copy.deepcopy(BOX)
                ring[place][axis] = value
                yield _polygon(ring)
                ring[place] = value
                yield _polygon(ring)


def test_mutants_end_in_a_zone_error() -> None:
    """Whatever is wrong with a polygon, the answer is a ZoneError; the few that pass are sound polygons."""
    refused = 0
    for mutant in _mutants():
        try:
            zone = zone_from_json(mutant)
        except ZoneError:
            refused += 1
        else:
            assert isinstance(zone, Polygon)
            assert zone.shape.is_valid
            assert zone.shape.area > 0
    assert refused > 200


def test_points_must_be_whole_metres() -> None:
    """Fractions are refused for a polygon as for a circle."""
    for zone in (Circle(1, 1, 1), zone_from_json(_polygon(BOX))):
        with pytest.raises(TypeError, match="whole metres"):
            inside(zone, 1.5, 1)  # type: ignore[arg-type]
