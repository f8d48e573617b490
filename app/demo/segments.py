"""The kinds of home an authority uses, how many of each, and what sets them apart.

A default authority has 450 homes and 700 children who live in them; other sizes keep the proportions. Numbers
that a source in `figures` gives are marked with its name; all others are assumptions. Shares of a table are
parts of its own sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.demo.places import Band
from app.matching.codes import HomeKind, Judgement, Package, PlaceCode, Route, Sector

DEFAULT_HOMES = 450
DEFAULT_RESIDENTS = 700

Pounds = tuple[int, int]
"""Lowest and highest weekly fee in pounds."""


@dataclass(frozen=True, slots=True)
class AgeBand:
    """Ages a home is approved for, both included, and how scarce its vacancies are (0 not, 1000 very)."""

    lowest: int
    highest: int
    scarce: int = 0


@dataclass(frozen=True, slots=True)
class Segment:
    """One kind of home from one kind of supplier.

    `homes` of 450; `places`: shares by number of places, or `places_cycle`, one after the other. `ours` and
    `others`: children of this council and of others, of 700 who live there. `held`: per mille of the places
    that cannot be used. `bands`, `fees`, `ages` ... are tables of shares. A `skewed` fee is near its lowest
    more often than near its highest.
    """

    key: str
    kind: HomeKind
    homes: int
    ours: int
    others: int
    bands: Mapping[Band, int]
    place_codes: Mapping[PlaceCode, int]
    sectors: Mapping[Sector, int]
    routes: Mapping[Route, int]
    ages: Mapping[AgeBand, int]
    fees: Mapping[Package, Pounds]
    packages: Mapping[Package, int]
    judgements: Mapping[Judgement, int]
    levels: Mapping[int, int]
    places: Mapping[int, int] = field(default_factory=dict)
    places_cycle: tuple[int, ...] = ()
    held: int = 0
    skewed: bool = False
    lots: tuple[str, ...] = ()
    void_fee: Pounds | None = None

    @property
    def most_places(self) -> int:
        """The most places a home of this kind has."""
        return max([*self.places, *self.places_cycle])


ALL_INSIDE = {Band.INSIDE: 1}
IN_HOUSE = {Route.IN_HOUSE: 1}
OWN = {Sector.OWN_AUTHORITY: 1}
PRIVATE_MOSTLY = {Sector.PRIVATE: 840, Sector.VOLUNTARY: 150, Sector.OTHER_AUTHORITY: 10}  # PRIVATE_HOMES

FOSTER_CODES = {PlaceCode.U6: 55, PlaceCode.U4: 42, PlaceCode.U5: 3}
CONNECTED_CODES = {PlaceCode.U3: 55, PlaceCode.U1: 40, PlaceCode.U2: 5}

FOSTER_AGES = {
    AgeBand(0, 4, 600): 13,
    AgeBand(0, 11, 0): 20,
    AgeBand(5, 12, 0): 9,
    AgeBand(8, 17, 400): 14,
    AgeBand(11, 17, 800): 24,
    AgeBand(0, 17, 200): 20,
}
HOME_AGES = {AgeBand(8, 17): 30, AgeBand(10, 17): 30, AgeBand(11, 17): 28, AgeBand(7, 13): 12}
SIXTEEN_PLUS = {AgeBand(16, 17): 1}

# Good or better: 790 in the city, 820 elsewhere (GOOD_IN_CITY, GOOD_NATIONALLY).
IN_CITY = {
    Judgement.OUTSTANDING: 110,
    Judgement.GOOD: 680,
    Judgement.REQUIRES_IMPROVEMENT: 150,
    Judgement.INADEQUATE: 15,
    Judgement.NOT_YET_INSPECTED: 40,
    Judgement.NOT_KNOWN: 5,
}
ELSEWHERE = IN_CITY | {Judgement.OUTSTANDING: 130, Judgement.GOOD: 690, Judgement.REQUIRES_IMPROVEMENT: 120}
IN_HOUSE_JUDGED = {Judgement.GOOD: 70, Judgement.OUTSTANDING: 16, Judgement.REQUIRES_IMPROVEMENT: 14}
# An in-house fostering service is inspected with the whole council and has no judgement of its own.
SERVICE_NOT_JUDGED = {Judgement.NOT_JUDGED: 1}
AGENCY = {
    Judgement.GOOD: 72,
    Judgement.OUTSTANDING: 18,
    Judgement.REQUIRES_IMPROVEMENT: 8,
    Judgement.INADEQUATE: 2,
}
# Graded inspections of supported accommodation began in September 2024: most are still to come.
SUPPORTED_JUDGED = {
    Judgement.NOT_YET_INSPECTED: 68,
    Judgement.STRONG: 16,
    Judgement.INCONSISTENT: 11,
    Judgement.WEAK: 4,
    Judgement.NOT_KNOWN: 1,
}

IN_HOUSE_FOSTER_BANDS = {Band.INSIDE: 400, Band.NEAR: 575, Band.FAR: 25}  # IN_HOUSE_FOSTER_IN_BOUNDARY
EXTERNAL_FOSTER_BANDS = {Band.INSIDE: 210, Band.NEAR: 510, Band.FAR: 280}  # FOSTER_EXTERNAL_*
EXTERNAL_SUPPORTED_BANDS = {Band.INSIDE: 740, Band.NEAR: 130, Band.FAR: 130}  # SUPPORTED_EXTERNAL_*

FOSTER_PACKAGES = {Package.CORE: 62, Package.ENHANCED: 28, Package.COMPLEX: 10}
HOME_PACKAGES = {Package.CORE: 35, Package.ENHANCED: 40, Package.COMPLEX: 25}
SUPPORTED_PACKAGES = {Package.CORE: 72, Package.ENHANCED: 21, Package.COMPLEX: 7}

FOSTER_LOTS = ("Fostering, standard", "Fostering, specialist")
HOME_LOTS = ("Residential, standard", "Residential, specialist")
SUPPORTED_LOTS = ("Supported accommodation",)

_IN_HOUSE_FOSTER_FEES = {Package.CORE: (450, 540), Package.ENHANCED: (530, 620), Package.COMPLEX: (600, 650)}
_EXTERNAL_FOSTER_FEES = {
    Package.CORE: (680, 820),
    Package.ENHANCED: (800, 980),
    Package.COMPLEX: (950, 1_300),
}
_IN_HOUSE_HOME_FEES = {
    Package.CORE: (4_200, 4_600),
    Package.ENHANCED: (4_500, 5_100),
    Package.COMPLEX: (5_000, 5_600),
}
_BLOCK_FEES = {
    Package.CORE: (4_600, 5_000),
    Package.ENHANCED: (4_900, 5_400),
    Package.COMPLEX: (5_300, 6_200),
}
_HOME_FEES = {
    Package.CORE: (3_800, 5_600),
    Package.ENHANCED: (4_800, 7_400),
    Package.COMPLEX: (6_500, 16_000),
}
_SUPPORTED_FEES = {Package.CORE: (260, 860), Package.ENHANCED: (560, 1_200), Package.COMPLEX: (900, 6_776)}

SEGMENTS: tuple[Segment, ...] = (
    Segment(
        key="foster_in_house", kind=HomeKind.FOSTER, homes=130, ours=150, others=0,
        bands=IN_HOUSE_FOSTER_BANDS, place_codes=FOSTER_CODES, sectors=OWN, routes=IN_HOUSE,
        ages=FOSTER_AGES, fees=_IN_HOUSE_FOSTER_FEES, packages=FOSTER_PACKAGES,
        judgements=SERVICE_NOT_JUDGED, levels={0: 4, 1: 42, 2: 44, 3: 10},
        places={1: 520, 2: 325, 3: 145, 4: 10}, held=110,
    ),
    Segment(
        key="connected", kind=HomeKind.CONNECTED_PERSON, homes=52, ours=60, others=0,
        bands=IN_HOUSE_FOSTER_BANDS, place_codes=CONNECTED_CODES, sectors=OWN, routes=IN_HOUSE,
        ages={AgeBand(0, 17): 1}, fees={Package.CORE: (300, 450), Package.ENHANCED: (440, 520)},
        packages={Package.CORE: 85, Package.ENHANCED: 15}, judgements=SERVICE_NOT_JUDGED,
        levels={1: 60, 2: 40}, places={1: 700, 2: 250, 3: 50}, held=40,
    ),
    Segment(
        # IN_HOUSE_HOMES, IN_HOUSE_PLACES
        key="homes_in_house", kind=HomeKind.CHILDRENS_HOME, homes=7, ours=14, others=0, bands=ALL_INSIDE,
        place_codes={PlaceCode.K2: 1}, sectors=OWN, routes=IN_HOUSE, ages=HOME_AGES,
        fees=_IN_HOUSE_HOME_FEES, packages=HOME_PACKAGES, judgements=IN_HOUSE_JUDGED,
        levels={2: 60, 3: 40}, places_cycle=(3, 2, 2, 3, 2, 3, 2), held=60,
    ),
    Segment(
        # SHORT_BREAK_PLACES: nearly all are for children who live with their family
        key="short_breaks", kind=HomeKind.CHILDRENS_HOME, homes=1, ours=2, others=0, bands=ALL_INSIDE,
        place_codes={PlaceCode.K2: 1}, sectors=OWN, routes=IN_HOUSE, ages={AgeBand(8, 17): 1},
        fees=_IN_HOUSE_HOME_FEES, packages=HOME_PACKAGES, judgements=IN_HOUSE_JUDGED, levels={2: 1},
        places_cycle=(11,), held=740,
    ),
    Segment(
        # IN_HOUSE_SUPPORTED_*; almost half are used by care leavers over 18
        key="supported_in_house", kind=HomeKind.SUPPORTED_ACCOMMODATION, homes=5, ours=9, others=0,
        bands=ALL_INSIDE, place_codes={PlaceCode.K3: 1}, sectors=OWN, routes=IN_HOUSE, ages=SIXTEEN_PLUS,
        fees={Package.CORE: (620, 820), Package.ENHANCED: (780, 980)},
        packages={Package.CORE: 80, Package.ENHANCED: 20}, judgements=SUPPORTED_JUDGED,
        levels={1: 40, 2: 60}, places_cycle=(4,), held=420,
    ),
    Segment(
        key="foster_agency", kind=HomeKind.FOSTER, homes=184, ours=209, others=14,
        bands=EXTERNAL_FOSTER_BANDS, place_codes=FOSTER_CODES,
        sectors={Sector.PRIVATE: 78, Sector.VOLUNTARY: 22}, routes={Route.FRAMEWORK: 88, Route.SPOT: 12},
        ages=FOSTER_AGES, fees=_EXTERNAL_FOSTER_FEES, packages=FOSTER_PACKAGES, judgements=AGENCY,
        levels={0: 3, 1: 27, 2: 50, 3: 20}, places={1: 520, 2: 325, 3: 145, 4: 10}, held=110,
        lots=FOSTER_LOTS,
    ),
    Segment(
        # BLOCK_HOMES, BLOCK_BEDS
        key="homes_block", kind=HomeKind.CHILDRENS_HOME, homes=8, ours=20, others=0,
        bands={Band.INSIDE: 850, Band.NEAR: 150}, place_codes={PlaceCode.K2: 1},
        sectors={Sector.PRIVATE: 1}, routes={Route.BLOCK: 1}, ages=HOME_AGES, fees=_BLOCK_FEES,
        packages=HOME_PACKAGES, judgements=IN_CITY, levels={2: 65, 3: 35},
        places_cycle=(3, 3, 3, 3, 3, 3, 3, 2), held=20, void_fee=(180, 320),
    ),
    Segment(
        # With the block contract inside the 20 miles, 42 % of these make 51 % of all external residential ones.
        # OFF_FRAMEWORK
        key="homes_external", kind=HomeKind.CHILDRENS_HOME, homes=32, ours=93, others=15,
        bands={Band.INSIDE: 230, Band.NEAR: 170, Band.FAR: 600},
        place_codes={PlaceCode.K2: 94, PlaceCode.R1: 3, PlaceCode.R2: 3}, sectors=PRIVATE_MOSTLY,
        routes={Route.FRAMEWORK: 60, Route.SPOT: 40}, ages=HOME_AGES, fees=_HOME_FEES,
        packages=HOME_PACKAGES, judgements=ELSEWHERE, levels={1: 10, 2: 50, 3: 40},
        places={1: 90, 2: 120, 3: 160, 4: 220, 5: 200, 6: 210}, held=40, skewed=True, lots=HOME_LOTS,
    ),
    Segment(
        key="supported_block", kind=HomeKind.SUPPORTED_ACCOMMODATION, homes=3, ours=10, others=0,
        bands=ALL_INSIDE, place_codes={PlaceCode.K3: 1},
        sectors={Sector.PRIVATE: 60, Sector.VOLUNTARY: 40}, routes={Route.BLOCK: 1}, ages=SIXTEEN_PLUS,
        fees={Package.CORE: (480, 640), Package.ENHANCED: (600, 820)},
        packages={Package.CORE: 80, Package.ENHANCED: 20}, judgements=SUPPORTED_JUDGED,
        levels={1: 40, 2: 60}, places_cycle=(5,), held=80, void_fee=(60, 110),
    ),
    Segment(
        # with block contract and lodgings: SUPPORTED_EXTERNAL_*
        key="supported_external", kind=HomeKind.SUPPORTED_ACCOMMODATION, homes=15, ours=58, others=8,
        bands={Band.INSIDE: 680, Band.NEAR: 160, Band.FAR: 160}, place_codes={PlaceCode.K3: 1},
        sectors={Sector.PRIVATE: 80, Sector.VOLUNTARY: 20}, routes={Route.FRAMEWORK: 60, Route.SPOT: 40},
        ages=SIXTEEN_PLUS, fees=_SUPPORTED_FEES, packages=SUPPORTED_PACKAGES, judgements=SUPPORTED_JUDGED,
        levels={1: 45, 2: 40, 3: 15}, places={3: 15, 4: 25, 5: 25, 6: 20, 8: 15}, held=60, skewed=True,
        lots=SUPPORTED_LOTS,
    ),
    Segment(
        key="lodgings", kind=HomeKind.SUPPORTED_LODGINGS, homes=5, ours=5, others=0,
        bands={Band.INSIDE: 800, Band.NEAR: 200}, place_codes={PlaceCode.K3: 1},
        sectors={Sector.VOLUNTARY: 1}, routes={Route.SPOT: 60, Route.FRAMEWORK: 40}, ages=SIXTEEN_PLUS,
        fees={Package.CORE: (300, 420), Package.ENHANCED: (400, 520)},
        packages={Package.CORE: 85, Package.ENHANCED: 15}, judgements=SUPPORTED_JUDGED,
        levels={1: 60, 2: 40}, places={1: 65, 2: 35}, lots=SUPPORTED_LOTS,
    ),
    Segment(
        key="secure", kind=HomeKind.SECURE_HOME, homes=2, ours=6, others=16,
        bands={Band.NEAR: 300, Band.FAR: 700}, place_codes={PlaceCode.K1: 85, PlaceCode.R5: 15},
        sectors={Sector.OTHER_AUTHORITY: 80, Sector.VOLUNTARY: 15, Sector.OTHER_PUBLIC: 5},
        routes={Route.SPOT: 1}, ages={AgeBand(10, 17): 1}, fees={Package.COMPLEX: (7_800, 9_800)},
        packages={Package.COMPLEX: 1}, judgements=ELSEWHERE, levels={2: 30, 3: 70},
        places={12: 60, 16: 40}, held=110,
    ),
    Segment(
        key="parent_and_child", kind=HomeKind.PARENT_AND_CHILD, homes=4, ours=3, others=2,
        bands={Band.INSIDE: 200, Band.NEAR: 500, Band.FAR: 300},
        place_codes={PlaceCode.U6: 60, PlaceCode.R3: 30, PlaceCode.U4: 6, PlaceCode.U5: 4},
        sectors={Sector.PRIVATE: 80, Sector.VOLUNTARY: 20}, routes={Route.SPOT: 55, Route.FRAMEWORK: 45},
        ages={AgeBand(0, 17): 1}, fees={Package.CORE: (1_400, 1_900), Package.ENHANCED: (1_800, 2_400)},
        packages={Package.CORE: 60, Package.ENHANCED: 40}, judgements=AGENCY, levels={2: 70, 3: 30},
        places={1: 30, 2: 50, 3: 20}, lots=FOSTER_LOTS,
    ),
    Segment(
        key="school", kind=HomeKind.RESIDENTIAL_SCHOOL, homes=2, ours=2, others=4,
        bands={Band.NEAR: 300, Band.FAR: 700}, place_codes={PlaceCode.S1: 1},
        sectors={Sector.PRIVATE: 60, Sector.VOLUNTARY: 30, Sector.OTHER_PUBLIC: 10},
        routes={Route.SPOT: 1}, ages={AgeBand(8, 17): 1},
        fees={Package.ENHANCED: (3_800, 5_200), Package.COMPLEX: (4_800, 6_800)},
        packages={Package.ENHANCED: 60, Package.COMPLEX: 40}, judgements=ELSEWHERE, levels={2: 40, 3: 60},
        places={4: 50, 6: 50}, held=100,
    ),
)  # fmt: skip

ELSEWHERE_CODES = {"A6": 26, "A3": 4, "A5": 9, "P1": 12, "R2": 3, "T0": 3, "R5": 2}
"""SSDA903 codes of children who are in none of these homes: placed for adoption, with parents, in hospital ..."""


def order_of_homes() -> tuple[tuple[Segment, int], ...]:
    """The 450 homes of a default authority: each one's segment and its number there, the kinds well mixed.

    Larger authorities go through the same order again. Exact: no kind is ever more than one home ahead.
    """
    # The j-th of c homes stands at (2j + 1) / 2c of the way; compared exactly by cross-multiplication.
    common = 1
    for segment in SEGMENTS:
        common *= segment.homes
    spots = [
        ((2 * number + 1) * (common // segment.homes), index, number)
        for index, segment in enumerate(SEGMENTS)
        for number in range(segment.homes)
    ]
    return tuple((SEGMENTS[index], number) for _, index, number in sorted(spots))
