"""With or near the brothers and sisters who already live somewhere.

Brothers and sisters of the same referral are the party's business: they are placed together or named apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import numpy as np

from app.geo.grid import Location, distance_m, metres_from_miles
from app.matching.child_columns import ChildLists
from app.matching.columns import NOT_KNOWN, IntArray
from app.matching.criteria.checks import check_reach, check_values, metres
from app.matching.criteria.falling import falling
from app.matching.criteria.ranges import between, each_child
from app.matching.finding import FULL, Facts, Score, flag, number
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion


@dataclass(frozen=True, slots=True)
class Params:
    """What it is worth to live near a brother or sister, where the same home is worth 1000.

    `near_at_most` (below 1000) up to `full_within_miles` in a straight line, falling to nothing at
    `none_beyond_miles`.
    """

    near_at_most: int
    full_within_miles: Decimal
    none_beyond_miles: Decimal

    def __post_init__(self) -> None:
        """Refuse a range turned round, and nearness that counts as much as living together."""
        check_reach(self, "full_within_miles", "none_beyond_miles")
        check_values(self, "near_at_most")
        if self.near_at_most == FULL:
            raise ValueError(f"near_at_most must be less than {FULL}, the value of the same home")


def judge(pairs: ChildPairs, params: Params) -> Score:
    """The mean over the brothers and sisters already placed: full in the same home, less with distance."""
    has = pairs.children.has_placed_siblings
    least, most = each_child(pairs, has, partial(_worth, pairs.homes, params))

    def facts() -> Facts:
        nearest, _ = each_child(pairs, has, partial(_nearest, pairs.homes))
        return {
            "distance_m": number(np.where(pairs.child.has_placed_siblings, nearest, NOT_KNOWN)),
            "same_home": flag(pairs.among(lambda row: pairs.lists[row].sibling_rows)),
        }

    return between(least, most, applies=pairs.child.has_placed_siblings, facts=facts)


def _worth(homes: Homes, params: Params, lists: ChildLists, cols: IntArray) -> tuple[IntArray, IntArray]:
    """Least and most value of each of these homes to one child: the means over its brothers and sisters."""
    low, high = np.zeros(len(cols), dtype=np.int64), np.zeros(len(cols), dtype=np.int64)
    curve = partial(
        falling,
        full_up_to=metres(params, "full_within_miles"),
        none_from=metres(params, "none_beyond_miles"),
    )
    for place, living_in in zip(lists.sibling_places, lists.sibling_homes, strict=True):
        near, nearest = _near(homes, cols, place, len(living_in) > 0, params.near_at_most, curve)
        together = np.isin(cols, living_in)
        low += np.where(together, FULL, near)
        high += np.where(together, FULL, nearest)
    count = len(lists.sibling_places)
    return low // count, high // count


def _near(
    homes: Homes,
    cols: IntArray,
    place: Location | None,
    elsewhere: bool,  # noqa: FBT001 - an inner step
    at_most: int,
    curve: Callable[[IntArray], IntArray],
) -> tuple[IntArray, IntArray]:
    """Least and most value of nearness to one brother or sister.

    `elsewhere`: known to live in a home of the pool. One of whom only a place is known may live in a home
    that stands on that very spot, and one of whom nothing is known in any.
    """
    unknown_most = at_most if elsewhere else FULL
    if place is None:
        return np.zeros(len(cols), dtype=np.int64), np.full(len(cols), unknown_most, dtype=np.int64)
    away = distance_m(place.easting, place.northing, homes.easting[cols], homes.northing[cols])
    value = curve(away) * at_most // FULL
    located = homes.has_location[cols]
    same_spot = located & (away == 0) & (not elsewhere)
    return np.where(located, value, 0), np.where(located & ~same_spot, value, unknown_most)


def _nearest(homes: Homes, lists: ChildLists, cols: IntArray) -> tuple[IntArray, IntArray]:
    """Metres to the nearest brother or sister whose place is known, 0 in the same home; -1 if not known."""
    far = metres_from_miles(10_000)
    nearest = np.full(len(cols), far, dtype=np.int64)
    located = homes.has_location[cols]
    for place in lists.sibling_places:
        if place is not None:
            away = distance_m(place.easting, place.northing, homes.easting[cols], homes.northing[cols])
            nearest = np.where(located, np.minimum(nearest, away), nearest)
    nearest[np.isin(cols, lists.sibling_rows)] = 0
    nearest[nearest == far] = NOT_KNOWN
    return nearest, nearest


WITH_SIBLINGS = Criterion(
    code="with_siblings",
    says="With or near brothers and sisters who are already placed",
    because="{distance_m:miles} from the nearest brother or sister already placed[{same_home:when}; in the same home]",
    source="Children Act 1989 s22C(8)(c)",
    when_full="In the same home as brothers and sisters already placed",
    judge=judge,
    params=Params,
    statutory=True,
)
