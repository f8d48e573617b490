"""What the child says it wants, as far as it can be compared with a home."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from app.geo.grid import squared_distance, squared_limit
from app.matching.codes import SUPPORTED_KINDS, Answer, HomeKind, Wish
from app.matching.columns import BoolArray, IntArray
from app.matching.criteria.checks import metres
from app.matching.criteria.places import FOSTER_CARE, among_places
from app.matching.criteria.ranges import between, each_home
from app.matching.finding import FULL, Facts, Score, code_set
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion


@dataclass(frozen=True, slots=True)
class Params:
    """Straight-line miles within which the school, or the family home, counts as staying."""

    school_within_miles: Decimal
    area_within_miles: Decimal

    def __post_init__(self) -> None:
        """Refuse what is no distance."""
        metres(self, "school_within_miles")
        metres(self, "area_within_miles")


SHARES = np.array(
    [FULL * part // max(whole, 1) for part in range(len(Wish) + 1) for whole in range(len(Wish) + 1)], dtype=np.int32
)
"""1000 times part / whole for all numbers of wishes, which spares a division for each pair."""


def judge(pairs: ChildPairs, params: Params) -> Score:
    """The share of the child's wishes that the home meets; what is not known leaves a range."""
    wishes = pairs.child.wishes
    met, could_be = each_home(pairs, _home_bits)
    for wish, near, known in _near(pairs, params):
        met = met | _bits(near & known, wish)
        could_be = could_be | _bits(~known, wish)
    count = np.maximum(np.bitwise_count(wishes), 1)
    least = _share(np.bitwise_count(wishes & met), count)
    most = _share(np.bitwise_count(wishes & (met | could_be)), count)

    def facts() -> Facts:
        return {
            "met": code_set(wishes & met, Wish),
            "unmet": code_set(wishes & ~met & ~could_be, Wish),
            "not_known": code_set(wishes & could_be & ~met, Wish),
        }

    return between(least, most, applies=wishes != 0, facts=facts)


def _bits(where: BoolArray, wish: Wish) -> IntArray:
    return np.multiply(where, np.uint16(wish.bit), dtype=np.uint16)


def _home_bits(home: Homes) -> IntArray:
    """Two rows: wishes a home meets whoever the child is, and those it may meet for all that is known."""
    lodgings = home.kind == HomeKind.SUPPORTED_LODGINGS.position
    supported = [kind.position for kind in SUPPORTED_KINDS]
    met = (
        _bits(among_places(FOSTER_CARE)[home.place_code] | lodgings, Wish.LIVE_WITH_A_FAMILY)
        | _bits(home.kind == HomeKind.CHILDRENS_HOME.position, Wish.LIVE_IN_A_CHILDRENS_HOME)
        | _bits(np.isin(home.kind, supported), Wish.MORE_INDEPENDENCE)
        | _bits(home.residents > 0, Wish.BE_WITH_OTHER_CHILDREN)
        | _bits(home.residents == 0, Wish.BE_THE_ONLY_CHILD)
        | _bits(home.pets == Answer.YES.position, Wish.LIVE_WITH_PETS)
        | _bits(home.pets == Answer.NO.position, Wish.LIVE_WITHOUT_PETS)
    )
    not_said = home.pets == Answer.NOT_KNOWN.position
    could_be = _bits(not_said, Wish.LIVE_WITH_PETS) | _bits(not_said, Wish.LIVE_WITHOUT_PETS)
    return np.stack([met, could_be])


def _share(part: IntArray, whole: IntArray) -> IntArray:
    """1000 times part / whole, rounded down, of numbers of wishes."""
    found: IntArray = SHARES.take(part * np.uint8(len(Wish) + 1) + whole)
    return found


def _near(pairs: ChildPairs, params: Params) -> list[tuple[Wish, BoolArray, BoolArray]]:
    """For the wishes about places: whether the home is near enough, and whether that is known."""
    child = pairs.child
    found = []
    for wish, known, easting, northing, miles in (
        (
            Wish.STAY_AT_MY_SCHOOL,
            child.has_school,
            child.school_easting,
            child.school_northing,
            params.school_within_miles,
        ),
        (
            Wish.STAY_IN_MY_AREA,
            child.has_family_home,
            child.family_easting,
            child.family_northing,
            params.area_within_miles,
        ),
    ):
        if (child.wishes & wish.bit).any():
            near = squared_distance(easting, northing, pairs.home.easting, pairs.home.northing) <= squared_limit(miles)
            found.append((wish, near, known & pairs.home.has_location))
    return found


WISHES = Criterion(
    code="wishes",
    says="What the child wishes",
    because="Of the child's wishes the home[ meets: {met:list};][ does not meet: {unmet:list};]"
    "[ may or may not meet, as too little is known: {not_known:list}]",
    source="Children Act 1989 s22(4)-(5); "
    "Nottingham Placements Commissioning and Sufficiency Strategy 2023-28 (voice of the child in the search)",
    when_full="Meets everything the child wishes: {met:list}",
    judge=judge,
    params=Params,
)
