"""Where invented homes and families are: real postcodes, drawn by how far they are from their council.

A council is its GSS code and its centre. Every place belongs to a band: in the council's area; outside it but
within 20 miles of the centre; or farther. The n-th place of a list stays the same however many are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from app.demo.draws import BITS, Draws, stream_key
from app.geo.authorities import authorities
from app.geo.grid import Location, metres_from_miles, squared_distance, squared_limit
from app.geo.postcodes import PostcodeDirectory

LOCAL_MILES = 20
NEAR_MILES = 17
"""Near homes are drawn from here, so that they are mostly within 20 miles of a home in the city, too."""

FAR_MILES = 70
"""No invented home is in a council whose centre is farther from its own than this."""

NOTTINGHAM = "E06000018"
EAST_MIDLANDS: tuple[str, ...] = (
    "E06000015",  # Derby
    "E06000016",  # Leicester
    "E06000017",  # Rutland
    NOTTINGHAM,
    "E06000061",  # North Northamptonshire
    "E06000062",  # West Northamptonshire
    "E10000007",  # Derbyshire
    "E10000018",  # Leicestershire
    "E10000019",  # Lincolnshire
    "E10000024",  # Nottinghamshire
)

CITY_CENTRES: dict[str, tuple[int, int]] = {NOTTINGHAM: (457_300, 339_900)}
"""Centres that a council has named itself, in metres; elsewhere the middle of the council's postcodes."""


class Band(StrEnum):
    """How far from the council that uses it."""

    INSIDE = "inside"
    NEAR = "near"
    FAR = "far"


SPOTS = {Band.INSIDE: 300, Band.NEAR: 60, Band.FAR: 12}
"""How many places a short list has."""


@dataclass(frozen=True, slots=True)
class Council:
    """A responsible authority: GSS code, centre in metres of EPSG:27700, and its number of postcodes."""

    code: str
    centre: tuple[int, int]
    postcodes: int


def england() -> tuple[str, ...]:
    """The codes of every upper-tier authority of England but the Isles of Scilly and the City of London."""
    too_small = ("E06000053", "E09000001")
    return tuple(each.code for each in authorities("England") if each.code not in too_small)


class Places:
    """Draws places out of the directory for these councils."""

    def __init__(self, directory: PostcodeDirectory, seed: int, codes: Iterable[str]) -> None:
        self._directory = directory
        self._seed = seed
        self._known: dict[str, Council] = {}
        self._around: dict[str, tuple[str, ...]] = {}
        self._spots: dict[tuple[str, Band, str], list[Location]] = {}
        self.councils = tuple(self._council(code) for code in sorted(codes))

    def drawn(self, council: Council, band: Band, use: str, count: int) -> list[Location]:
        """The first `count` places of one list: lists of different uses are drawn apart from one another."""
        seed = stream_key(self._seed, "places", f"{use}/{council.code}/{band}")
        if not count:
            return []
        if band is Band.INSIDE:
            return self._inside(council, count, seed)
        return self._near(council, count, seed) if band is Band.NEAR else self._far(council, count, seed)

    def spot(self, council: Council, band: Band, use: str, draw: int) -> Location:
        """One place of a short list: for what many share, such as streets and schools."""
        key = (council.code, band, use)
        if key not in self._spots:
            self._spots[key] = self.drawn(council, band, use, SPOTS[band])
        found = self._spots[key]
        return found[(draw * len(found)) >> BITS]

    def _council(self, code: str) -> Council:
        if code not in self._known:
            eastings, northings = self._directory.points(code)
            middle = (int(np.median(eastings)), int(np.median(northings)))
            self._known[code] = Council(code, CITY_CENTRES.get(code, middle), len(eastings))
        return self._known[code]

    def _inside(self, council: Council, count: int, seed: int) -> list[Location]:
        """In the council's area; once every postcode has been used, from the first again."""
        found = self._directory.in_authority(council.code, min(count, council.postcodes), seed)
        return [found[turn % len(found)] for turn in range(count)]

    def _near(self, council: Council, count: int, seed: int) -> list[Location]:
        """Within 20 miles of the centre and outside the area; falls back on the area of an isolated council."""
        radius = metres_from_miles(NEAR_MILES)
        asked = count + count // 2 + 20
        while True:
            try:
                found = self._directory.sample_near(*council.centre, radius, asked, seed)
            except ValueError:
                return self._inside(council, count, seed)
            outside = [place for place in found if place.authority not in {None, council.code}]
            if len(outside) >= count:
                return outside[:count]
            asked *= 4

    def _far(self, council: Council, count: int, seed: int) -> list[Location]:
        """Beyond 20 miles: in any council whose centre is up to 70 miles away, each as likely as its size."""
        around = [self._council(code) for code in self._councils_around(council)]
        sizes = {near: near.postcodes for near in around}
        found: list[Location] = []
        asked = 2 * count + 20
        while len(found) < count:
            draws = Draws(seed, "far", asked)
            which = [draws.pick("council", index, sizes) for index in range(asked)]
            found = self._beyond(council, which, seed)
            asked *= 2
        return found[:count]

    def _beyond(self, council: Council, which: list[Council], seed: int) -> list[Location]:
        """One place in each of these councils in turn, less those within 20 miles of the centre."""
        lists = {
            near.code: iter(self._directory.in_authority(near.code, which.count(near), seed))
            for near in dict.fromkeys(which)
        }
        places = [next(lists[near.code]) for near in which]
        limit = squared_limit(LOCAL_MILES)
        return [place for place in places if squared_distance(place.easting, place.northing, *council.centre) > limit]

    def _councils_around(self, council: Council) -> tuple[str, ...]:
        if council.code not in self._around:
            limit = squared_limit(FAR_MILES)
            least = squared_limit(LOCAL_MILES // 2)
            near = []
            for code in england():
                square = int(squared_distance(*self._council(code).centre, *council.centre))
                if least < square <= limit:
                    near.append(code)
            self._around[council.code] = tuple(near) or (council.code,)
        return self._around[council.code]
