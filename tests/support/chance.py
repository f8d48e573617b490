"""Drawing random facts, with the awkward ones drawn on purpose: limits, birthdays, rims, what is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from math import isqrt
from random import Random
from typing import Any, TypeVar

import shapely

from app.geo.grid import Location
from app.geo.zones import Circle, Polygon, Zone, degrees_from_grid, zone_from_json

T = TypeVar("T")

CENTRE = (457300, 339900)
NOTTINGHAM = "E06000018"
NOTTINGHAMSHIRE = "E10000024"
DERBY = "E06000015"
AUTHORITIES = (NOTTINGHAM, NOTTINGHAM, NOTTINGHAMSHIRE, DERBY, None)

TELLING_METRES = (0, 1, 800, 1609, 1610, 3218, 4828, 8046, 8047, 16093, 16094, 24140, 32186, 32187, 64373)
"""Distances at which policies draw their lines, and a metre beyond."""

TELLING_AGES = (12, 13, 14, 15, 16, 17, 18)
"""Ages at which the law, the school or the terms of many homes draw a line."""

LAST_STEPS = {
    Decimal("0.9"): (443, 1379),
    Decimal("2.9"): (618, 4626),
    Decimal("5.8"): (1236, 9252),
    Decimal("20.1"): (12850, 29686),
}
"""Miles, and a step whose squared length is the very last whole number within them."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A random generator and how wild the record at hand is: 0 draws the usual, 1 anything at all."""

    rng: Random
    wild: float

    def calmer(self, wild: float) -> Chance:
        """The same generator for another record."""
        return Chance(self.rng, wild)

    def hits(self, share: float) -> bool:
        """True in so many cases."""
        return self.rng.random() < share

    def one(self, items: Iterable[T]) -> T:
        """Any one of these."""
        return self.rng.choice(tuple(items))

    def fact(self, usual: Sequence[T], odd: Callable[[], T] | Sequence[T]) -> T:
        """One of the usual values, or in a wild record often an odd one."""
        if not self.hits(self.wild):
            return self.rng.choice(usual)
        return odd() if callable(odd) else self.rng.choice(odd)

    def some(self, items: Iterable[T], most: int = 3) -> frozenset[T]:
        """A few of these, perhaps none."""
        items = tuple(items)
        return frozenset(self.rng.sample(items, min(self.rng.randint(0, most), len(items))))

    def mapping(self, keys: Iterable[T], values: Sequence[Any], left_out: float = 0.0) -> dict[T, Any]:
        """A value for each key, some keys left out."""
        return {key: self.rng.choice(values) for key in keys if not self.hits(left_out)}

    def day_near(self, day: date, spread: int = 40) -> date:
        """The day itself, a neighbour, or one not far off."""
        step = self.rng.choice((0, 0, -1, 1, self.rng.randint(-spread, spread)))
        return day + timedelta(days=step)

    def born(self, on: date, youngest: int = 0, oldest: int = 18) -> date:
        """A date of birth whose age changes on that day, the day before or after it, or at some other time."""
        telling = [age for age in TELLING_AGES if youngest <= age <= oldest]
        years = self.one(telling) if telling and self.hits(0.4) else self.rng.randint(youngest, oldest)
        days = self.rng.choice((0, 0, -1, 1, self.rng.randint(2, 360)))
        born = _years_before(on, years) - timedelta(days=days)
        return _years_before(date(2024, 2, 29), 12) if self.hits(0.03) else born

    def place(self, near: Sequence[Location]) -> Location:
        """A point whose distance from one of the places is telling, or some point round about."""
        if self.hits(0.15) and near:
            return self.one(near)
        anchor = self.one(near) if near and self.hits(0.6) else Location(*CENTRE)
        if self.hits(0.5):
            east, north = self._telling_step()
        else:
            reach = self.one((3_000, 10_000, 45_000, 120_000))
            east, north = self.rng.randint(-reach, reach), self.rng.randint(-reach, reach)
        return Location(anchor.easting + east, anchor.northing + north, self.one(AUTHORITIES))

    def _telling_step(self) -> tuple[int, int]:
        """A step of a telling length: the whole-metre point just inside it or just outside."""
        if self.hits(0.2):
            east, north = self.one(LAST_STEPS.values())
            return self.one(((east, north), (-north, east), (-east, -north)))
        metres = self.one(TELLING_METRES)
        east = self.rng.randint(0, metres)
        north = isqrt(metres * metres - east * east) + self.rng.randint(0, 1)
        return east * self.one((1, -1)), north * self.one((1, -1))

    def zone(self, near: Sequence[Location]) -> Zone:
        """A circle, now and then with one of the places on its rim, or one of a few polygons."""
        if self.hits(0.4):
            return self.one(polygons())
        place = self.one(near) if near else Location(*CENTRE)
        east, north = self.one(((3, 4), (-5, 12), (8, -15), (20, 21), (0, 1)))
        scale = self.one((1, 40, 250, 800))
        rim = isqrt((east * scale) ** 2 + (north * scale) ** 2)
        radius = max(1, rim + self.one((0, 0, -1, 1)))
        return Circle(place.easting + east * scale, place.northing + north * scale, radius)


def _years_before(on: date, years: int) -> date:
    try:
        return on.replace(year=on.year - years)
    except ValueError:
        return date(on.year - years, 3, 1)


@lru_cache(maxsize=1)
def polygons() -> tuple[Polygon, ...]:
    """Three areas round the city: a triangle, a square with a hole, and two parts that touch."""
    x, y = CENTRE
    return (
        _polygon([[(x - 6000, y - 1000), (x + 5000, y - 2000), (x - 500, y + 7000)]]),
        _polygon([_square(x + 2000, y + 1000, 4000), _square(x + 2000, y + 1000, 1500)]),
        _polygon([_square(x - 9000, y, 3000)], [_square(x - 3000, y, 3000)]),
    )


@lru_cache(maxsize=1)
def polygon_places() -> tuple[Location, ...]:
    """Corners of the polygons, points in the middle of their edges, and the middle of the hole."""
    x, y = CENTRE
    corners = [
        (round(east), round(north)) for zone in polygons() for east, north in shapely.get_coordinates(zone.shape)
    ]
    halves = [((a + c) // 2, (b + d) // 2) for (a, b), (c, d) in pairwise(corners)]
    points = [*corners, *halves, (x + 2000, y + 1000), (x + 2000, y + 4000)]
    return tuple(Location(east, north, NOTTINGHAM) for east, north in points)


def _square(x: int, y: int, half: int) -> list[tuple[int, int]]:
    return [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]


def _polygon(*parts: list[list[tuple[int, int]]]) -> Polygon:
    """A zone from grid coordinates, by way of the degrees in which GeoJSON is written."""
    coordinates = [[_ring(ring) for ring in part] for part in parts]
    zone = zone_from_json({"type": "MultiPolygon", "coordinates": coordinates})
    assert isinstance(zone, Polygon)
    return zone


def _ring(points: list[tuple[int, int]]) -> list[list[float]]:
    closed = [*points, points[0]]
    eastings, northings = zip(*closed, strict=True)
    longitudes, latitudes = degrees_from_grid(*(_floats(values) for values in (eastings, northings)))
    return [[float(a), float(b)] for a, b in zip(longitudes, latitudes, strict=True)]


def _floats(values: Sequence[int]) -> Any:
    return shapely.get_coordinates(shapely.LineString([(value, 0) for value in values]))[:, 0]
