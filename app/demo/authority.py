"""A whole authority that never was: children who wait, homes that could take them, children already placed.

The same sizes, seed, day and postcode directory give the same authority, byte for byte, on every machine.
With another size, what was there before stays: the first 450 of 3,000 homes are those of an authority of
450 (only who lives in them follows from the number of residents, and ties follow from who lives there).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

from app.demo.caseload import caseload_of
from app.demo.cases import children_of
from app.demo.draws import Draws, even, stream_key
from app.demo.homes import AGENCIES, HomeDraws, make_home
from app.demo.occupancy import Frame, frames
from app.demo.places import EAST_MIDLANDS, NOTTINGHAM, Band, Council, Places, england
from app.demo.referrals import make_searches
from app.demo.residents import PlacedChild, resident_ref
from app.demo.segments import DEFAULT_HOMES, DEFAULT_RESIDENTS, SEGMENTS, Segment
from app.demo.ties import Register, tie
from app.geo.grid import Location
from app.geo.postcodes import PostcodeDirectory
from app.matching.home import Home
from app.matching.referral import Referral


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything: searches under way, homes on the list, and looked-after children in them.

    `residents` counts the children who live in the homes; as many are in the caseload (see `caseload`).
    """

    referrals: int = 40
    homes: int = DEFAULT_HOMES
    residents: int = DEFAULT_RESIDENTS

    def __post_init__(self) -> None:
        """Refuse less than nothing."""
        for item in fields(self):
            if getattr(self, item.name) < 0:
                raise ValueError(f"{item.name} must be 0 or more")

    @property
    def children(self) -> int:
        """How many children the searches are for: 55 for 40 searches."""
        return children_of(self.referrals)


def sizes_of(referrals: int, homes: int) -> Sizes:
    """Sizes with as many residents as so many homes have by default."""
    return Sizes(referrals, homes, homes * DEFAULT_RESIDENTS // DEFAULT_HOMES)


DEMO_SEED = 157
"""Of the first 160 seeds the one whose default authority is nearest to the published figures."""

REGION = sizes_of(728, 3_000)
"""1,000 children in 728 searches, and 3,000 homes."""

COUNTRY = sizes_of(1_000, 16_000)
LARGEST = sizes_of(10_000, 25_000)


@dataclass(frozen=True, slots=True)
class Authority:
    """What was made. `councils`: the GSS codes of the responsible authorities, one but for a region."""

    councils: tuple[str, ...]
    sizes: Sizes
    seed: int
    as_of: date
    referrals: tuple[Referral, ...]
    homes: tuple[Home, ...]
    caseload: tuple[PlacedChild, ...]


def synthetic_authority(sizes: Sizes, seed: int, as_of: date, directory: PostcodeDirectory) -> Authority:
    """A Nottingham of these sizes. Raises `ValueError` where so many residents do not fit into the homes."""
    return _made((NOTTINGHAM,), sizes, seed, as_of, directory)


def region(seed: int, as_of: date, directory: PostcodeDirectory, sizes: Sizes = REGION) -> Authority:
    """The ten authorities of the East Midlands together."""
    return _made(EAST_MIDLANDS, sizes, seed, as_of, directory)


def country(seed: int, as_of: date, directory: PostcodeDirectory, sizes: Sizes = COUNTRY) -> Authority:
    """All of England."""
    return _made(england(), sizes, seed, as_of, directory)


def _made(codes: tuple[str, ...], sizes: Sizes, seed: int, as_of: date, directory: PostcodeDirectory) -> Authority:
    places = Places(directory, seed, codes)
    found = frames(sizes.homes, sizes.residents, seed)
    councils = _councils(found, places, seed)
    homes = _homes(found, councils, places, seed, as_of)
    ours = frozenset(resident_ref(frame.number, place) for frame in found for place in frame.ours)
    order = even(stream_key(seed, "ties", "order of homes"), sizes.homes).tolist()
    register = Register(homes, [council.code for council in councils], ours, as_of, order)
    referrals = tie(make_searches(sizes.referrals, seed, as_of, places), register, seed)
    families = {child.ref: search.family_home for search in referrals for child in search.children}
    caseload = caseload_of(found, register.homes, councils, families, places, seed, as_of)
    return Authority(codes, sizes, seed, as_of, tuple(referrals), tuple(register.homes), tuple(caseload))


def _councils(found: list[Frame], places: Places, seed: int) -> list[Council]:
    """The council that uses each home, larger ones more."""
    draws = Draws(seed, "councils", len(found))
    sizes = {council: council.postcodes for council in places.councils}
    return [draws.pick("council", frame.number, sizes) for frame in found]


def _homes(found: list[Frame], councils: list[Council], places: Places, seed: int, as_of: date) -> list[Home]:
    bands = _bands(found)
    wanted: dict[tuple[Council, Band], int] = {}
    turns = []
    for council, band in zip(councils, bands, strict=True):
        turns.append(wanted.get((council, band), 0))
        wanted[council, band] = turns[-1] + 1
    lists: dict[tuple[Council, Band], list[Location]] = {
        (council, band): places.drawn(council, band, "homes", count) for (council, band), count in wanted.items()
    }
    draws = _home_draws(found, seed)
    return [
        make_home(frame, draws[frame.segment.key], band, lists[council, band][turn], as_of)
        for frame, council, band, turn in zip(found, councils, bands, turns, strict=True)
    ]


def _home_draws(found: list[Frame], seed: int) -> dict[str, HomeDraws]:
    counts: dict[str, int] = {segment.key: 0 for segment in SEGMENTS}
    for frame in found:
        counts[frame.segment.key] += 1
    agencies = Draws(seed, "agencies", AGENCIES)
    return {
        segment.key: HomeDraws(
            Draws(seed, f"homes/{segment.key}", counts[segment.key]),
            Draws(seed, f"people/{segment.key}", counts[segment.key] * segment.most_places),
            agencies,
        )
        for segment in SEGMENTS
    }


def _bands(found: list[Frame]) -> list[Band]:
    """How far each home is from its council: whichever band lacks most places of its segment's share so far."""
    placed: dict[str, dict[Band, int]] = {}
    bands = []
    for frame in found:
        counts = placed.setdefault(frame.segment.key, dict.fromkeys(frame.segment.bands, 0))
        band = _most_wanted(frame.segment, counts, frame.places)
        counts[band] += frame.places
        bands.append(band)
    return bands


def _most_wanted(segment: Segment, counts: dict[Band, int], places: int) -> Band:
    whole = sum(segment.bands.values())
    total = sum(counts.values()) + places
    return max(segment.bands, key=lambda band: segment.bands[band] * total - counts[band] * whole)
