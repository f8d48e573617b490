"""Plain arithmetic and plain three-valued logic: what the reference rules and criteria are written with.

Nothing here is shared with the engine: ages from dates, distances from `math.isqrt`, miles as fractions,
polygons by walking round their edges in whole metres. A statement is True, False, or None where not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import isqrt
from typing import TypeAlias

import shapely

from app.geo.grid import Location
from app.geo.zones import Circle, Polygon, Zone
from app.matching.codes import Answer
from app.matching.home import Home
from app.matching.local import Local
from app.matching.referral import Child, ChildRef, HomeRef, Referral

Maybe: TypeAlias = bool | None
"""A statement: True, False, or None where not known."""

FULL = 1000


def all_of(statements: Iterable[Maybe]) -> Maybe:
    """Whether all are true: one false settles it, else one not known leaves it open."""
    answer: Maybe = True
    for statement in statements:
        if statement is False:
            return False
        if statement is None:
            answer = None
    return answer


def any_of(statements: Iterable[Maybe]) -> Maybe:
    """Whether one is true: one true settles it, else one not known leaves it open."""
    answer: Maybe = False
    for statement in statements:
        if statement is True:
            return True
        if statement is None:
            answer = None
    return answer


def opposite(statement: Maybe) -> Maybe:
    """The statement turned round; not known stays not known."""
    return None if statement is None else not statement


def said(answer: Answer) -> Maybe:
    """A recorded answer as a statement."""
    return None if answer is Answer.NOT_KNOWN else answer is Answer.YES


def years_old(born: date, on: date) -> int:
    """Age in whole years; somebody born on 29 February has the birthday on 1 March in other years."""
    had_birthday = (on.month, on.day) >= (born.month, born.day)
    return on.year - born.year - (0 if had_birthday else 1)


def age(child: Child, on: date) -> int | None:
    """The child's age on a day, if known."""
    return None if child.date_of_birth is None else years_old(child.date_of_birth, on)


def squared_m(a: Location, b: Location) -> int:
    """Square of the straight line between two places, in square metres."""
    return (a.easting - b.easting) ** 2 + (a.northing - b.northing) ** 2


def metres_between(a: Location, b: Location) -> int:
    """Straight line between two places in whole metres, rounded down."""
    return isqrt(squared_m(a, b))


@lru_cache(maxsize=1000)
def exact_metres(miles: Decimal) -> Fraction:
    """Metres in so many miles, to the last digit."""
    return Fraction(miles) * Fraction("1609.344")


def whole_metres(miles: Decimal) -> int:
    """Whole metres in so many miles, rounded down."""
    return int(exact_metres(miles))


def within_miles(a: Location, b: Location, miles: Decimal) -> bool:
    """Whether two places are at most so many miles apart, exactly."""
    return squared_m(a, b) <= exact_metres(miles) ** 2


def falling(amount: int, full_up_to: int, none_from: int) -> int:
    """Full up to one amount, nothing from the other on, and a straight line between, rounded down."""
    if amount <= full_up_to:
        return FULL
    if amount >= none_from:
        return 0
    return FULL * (none_from - amount) // (none_from - full_up_to)


def in_zone(place: Location, zone: Zone) -> bool:
    """Whether a place lies in a zone; the edge belongs to it."""
    if isinstance(zone, Circle):
        return (place.easting - zone.easting) ** 2 + (place.northing - zone.northing) ** 2 <= zone.radius_m**2
    return any(_in_area(place.easting, place.northing, rings) for rings in _rings(zone))


Ring: TypeAlias = tuple[tuple[int, int], ...]


@lru_cache(maxsize=200)
def _rings(zone: Polygon) -> tuple[tuple[Ring, ...], ...]:
    """The areas of a polygon, each an outer ring and its holes, in whole metres of the grid."""
    return tuple(
        tuple(
            tuple((int(x), int(y)) for x, y in shapely.get_coordinates(ring))
            for ring in (area.exterior, *area.interiors)
        )
        for area in shapely.get_parts(zone.shape)
    )


def _in_area(x: int, y: int, rings: tuple[Ring, ...]) -> bool:
    if any(_on_edge(x, y, ring) for ring in rings):
        return True
    outer, *holes = rings
    return _surrounds(outer, x, y) and not any(_surrounds(hole, x, y) for hole in holes)


def _on_edge(x: int, y: int, ring: Ring) -> bool:
    for (ax, ay), (bx, by) in pairwise(ring):
        straight = (bx - ax) * (y - ay) == (by - ay) * (x - ax)
        if straight and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return True
    return False


def _surrounds(ring: Ring, x: int, y: int) -> bool:
    """Whether a line eastward from the point crosses the ring an odd number of times."""
    odd = False
    for (ax, ay), (bx, by) in pairwise(ring):
        if (ay > y) != (by > y):
            crossing = Fraction((bx - ax) * (y - ay), by - ay) + ax
            odd ^= crossing > x
    return odd


@dataclass(frozen=True, slots=True)
class Inventory:
    """All homes by reference, and for each person the homes in which they live."""

    homes: Mapping[HomeRef, Home]
    living_at: Mapping[ChildRef, frozenset[HomeRef]]

    @classmethod
    def of(cls, homes: Iterable[Home]) -> Inventory:
        """An inventory of these homes."""
        by_ref = {home.ref: home for home in homes}
        living: dict[ChildRef, set[HomeRef]] = {}
        for home in by_ref.values():
            for resident in home.residents:
                living.setdefault(resident.ref, set()).add(home.ref)
        return cls(by_ref, {person: frozenset(refs) for person, refs in living.items()})


@dataclass(frozen=True, slots=True)
class Pair:
    """One party and one home. `child` is the one being looked at; rules about the party look at `party`."""

    child: Child
    party: tuple[Child, ...]
    referral: Referral
    home: Home
    inventory: Inventory
    local: Local
    as_of: date

    @property
    def moves_in(self) -> date:
        """The day on which the party would move in: when the home is needed, but not before today."""
        return max(self.referral.needed_by, self.as_of)
