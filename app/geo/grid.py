"""Distances on the British National Grid, in whole numbers.

Every coordinate is a whole metre of EPSG:27700. Distances are straight lines on that grid: it differs from
the distance on the ground by about one part in three thousand, and it is the measure that the Department for
Education itself uses. Nothing here is random, and each result depends on its own two points alone: one pair
by itself gives bit for bit what the same pair gives among ten million.

Domain: coordinates within `COORDINATE_LIMIT` (2**24 metres) of the grid's origin, which is forty times the
length of Britain. There every squared distance is below 2**52, so double precision holds it exactly and the
floor of its correctly rounded square root is the exact whole root. (The first integer for which that fails
is 2**52 + 2**27: there the true root lies less than half a unit in the last place below a whole number.)
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

COORDINATE_LIMIT = 2**24
"""Greatest coordinate, either way from the origin, for which distances are exact."""

METRES_IN_A_MILE = Fraction(1_609_344, 1_000)
"""One statute mile, exactly."""

NOT_MEANINGFUL = 9999
"""`PL_DISTANCE` 999.9 in tenths: the return's code for a distance that has no meaning."""

NEAR_THE_MIDDLE = 1e-6
"""Tenths of a mile: far above the error of one multiplication, far below anything that matters."""

Coordinates: TypeAlias = int | NDArray[np.integer[Any]]
"""One coordinate, or an array of them: whole metres of EPSG:27700."""


@dataclass(frozen=True, slots=True)
class Location:
    """A point on the British National Grid, and what stands there.

    `easting` and `northing` are whole metres of EPSG:27700. `authority` is the GSS code of the upper-tier
    authority that has the children's services duty there (`E06000018` is Nottingham); None where the
    directory names none. `postcode` is in its written form (`NG1 5DT`); None for a point that was not
    given as a postcode.
    """

    easting: int
    northing: int
    authority: str | None = None
    postcode: str | None = None


def _whole_metres(coordinates: Coordinates) -> NDArray[np.integer[Any]]:
    """The coordinates as an integer array; anything but whole numbers is refused, never rounded."""
    metres = np.asarray(coordinates)
    if metres.dtype.kind not in "iu":
        raise TypeError("Grid coordinates are whole metres: give integers, not fractions or text.")
    return metres


def squared_distance(ax: Coordinates, ay: Coordinates, bx: Coordinates, by: Coordinates) -> NDArray[np.int64]:
    """Squared distance in square metres from (ax, ay) to (bx, by), exact; the arguments broadcast.

    Compare it with `squared_limit` to ask "within so many miles?" without any root or rounding.
    """
    east = np.subtract(_whole_metres(ax), _whole_metres(bx), dtype=np.int64)
    north = np.subtract(_whole_metres(ay), _whole_metres(by), dtype=np.int64)
    return np.asarray(east * east + north * north, dtype=np.int64)


def _exact_squares(ax: Coordinates, ay: Coordinates, bx: Coordinates, by: Coordinates) -> NDArray[np.float64]:
    """`squared_distance` held in doubles: exact below 2**53, and twice as fast as 64-bit integers."""
    east = _whole_metres(ax).astype(np.float64) - _whole_metres(bx).astype(np.float64)
    north = _whole_metres(ay).astype(np.float64) - _whole_metres(by).astype(np.float64)
    east *= east
    north *= north
    if east.shape == north.shape:
        east += north  # in place: at ten million pairs the memory traffic is most of the cost
        return np.asarray(east)
    return np.asarray(east + north)


def distance_m(ax: Coordinates, ay: Coordinates, bx: Coordinates, by: Coordinates) -> NDArray[np.int32]:
    """Distance in whole metres from (ax, ay) to (bx, by), rounded down, exact; the arguments broadcast."""
    squares = _exact_squares(ax, ay, bx, by)
    return np.sqrt(squares, out=squares).astype(np.int32)


def _exact_miles(miles: Decimal | int) -> Fraction:
    """The miles as an exact fraction of a mile; refused unless whole or decimal, finite and not negative."""
    if isinstance(miles, bool) or not isinstance(miles, (int, Decimal)):
        raise TypeError("Miles are a whole number or a Decimal: a binary fraction would not be exact.")
    if isinstance(miles, Decimal) and not miles.is_finite():
        raise ValueError("Miles must be a finite number.")
    if miles < 0:
        raise ValueError("Miles cannot be negative.")
    return Fraction(miles)


@lru_cache(maxsize=1024, typed=True)
def metres_from_miles(miles: Decimal | int) -> int:
    """Whole metres in so many miles, rounded down (1 mile = 1609.344 m exactly; 20 miles = 32186 m)."""
    metres = _exact_miles(miles) * METRES_IN_A_MILE
    return metres.numerator // metres.denominator


@lru_cache(maxsize=1024, typed=True)
def squared_limit(miles: Decimal | int) -> int:
    """The greatest squared distance, in whole square metres, that lies within so many miles.

    `squared_distance(...) <= squared_limit(20)` says exactly whether two points are within 20 miles.
    """
    metres = _exact_miles(miles) * METRES_IN_A_MILE
    square = metres * metres
    return square.numerator // square.denominator


def pl_distance_tenths(
    easting_a: Coordinates, northing_a: Coordinates, easting_b: Coordinates, northing_b: Coordinates
) -> NDArray[np.int32]:
    """The statutory return's `PL_DISTANCE` from home to placement, in tenths of a mile; arguments broadcast.

    The children looked-after return (SSDA903) states a formula: the straight line on the grid in metres,
    divided by 1000, divided by 1.6093, rounded to one decimal. A mile there is 1609.3 metres, and the
    rounding is Python's `round(miles, 1)`: to the nearest tenth of the double as it stands, exact ties to
    the even tenth. The same is done here, so `pl_distance_tenths(...) / 10` equals that formula everywhere.
    When the figure is not meaningful (no English home postcode, no fixed address) the caller uses
    `NOT_MEANINGFUL`.
    """
    miles = np.sqrt(_exact_squares(easting_a, northing_a, easting_b, northing_b)) / 1000 / 1.6093
    scaled = np.asarray(miles * 10)
    tenths = np.array(np.rint(scaled), dtype=np.int32)
    # Multiplying by ten rounds once more: near the middle between two tenths let Python itself decide.
    doubtful = np.abs(scaled - np.floor(scaled) - 0.5) < NEAR_THE_MIDDLE
    if doubtful.any():
        tenths[doubtful] = [_tenths_as_python_rounds(x) for x in np.asarray(miles)[doubtful].tolist()]
    return tenths


def _tenths_as_python_rounds(miles: float) -> int:
    """Python's `round(miles, 1)` as a whole number of tenths."""
    return round(round(miles, 1) * 10)
