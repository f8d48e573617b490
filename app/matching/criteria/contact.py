"""How near the home is to the people whom the child goes to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import numpy as np

from app.geo.grid import distance_m
from app.matching.child_columns import ChildLists
from app.matching.codes import VisitFrequency
from app.matching.columns import NOT_KNOWN, IntArray
from app.matching.criteria.checks import check_reach, metres
from app.matching.criteria.falling import falling
from app.matching.criteria.ranges import between, each_child
from app.matching.finding import FULL, Facts, Score, number
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion

MOST_WEIGHT = 1000


@dataclass(frozen=True, slots=True)
class Params:
    """Straight-line miles of full and of no value, and how much a place weighs by how often it is visited."""

    full_within_miles: Decimal
    none_beyond_miles: Decimal
    visit_weight: Mapping[VisitFrequency, int]

    def __post_init__(self) -> None:
        """Refuse a range turned round and a frequency without a weight."""
        check_reach(self, "full_within_miles", "none_beyond_miles")
        for frequency in VisitFrequency:
            if not 1 <= self.visit_weight.get(frequency, 0) <= MOST_WEIGHT:
                raise ValueError(f'visit_weight."{frequency}" is needed, from 1 to {MOST_WEIGHT}')


def judge(pairs: ChildPairs, params: Params) -> Score:
    """The mean over the places of contact, each weighing by how often the child goes there."""
    has = pairs.children.has_contacts
    least, most = each_child(pairs, has, partial(_worth, pairs.homes, params))

    def facts() -> Facts:
        nearest, farthest = each_child(pairs, has, partial(_distances, pairs.homes))
        applies = pairs.child.has_contacts
        return {
            "nearest_m": number(np.where(applies, nearest, NOT_KNOWN)),
            "farthest_m": number(np.where(applies, farthest, NOT_KNOWN)),
        }

    return between(least, most, applies=pairs.child.has_contacts, facts=facts)


def _worth(homes: Homes, params: Params, lists: ChildLists, cols: IntArray) -> tuple[IntArray, IntArray]:
    """Least and most value of each of these homes to one child."""
    weights = [params.visit_weight[frequency] for frequency in VisitFrequency]
    full, none = metres(params, "full_within_miles"), metres(params, "none_beyond_miles")
    easting, northing = homes.easting.take(cols), homes.northing.take(cols)
    value, whole, left_open = np.zeros(len(cols), dtype=np.int64), 0, 0
    for place, frequency in lists.contacts:
        weight = weights[frequency]
        whole += weight
        if place is None:
            left_open += weight
        else:
            value += weight * falling(distance_m(place.easting, place.northing, easting, northing), full, none)
    located = homes.has_location.take(cols)
    if left_open == 0 and located.all():
        value //= whole
        return value, value
    low, high = np.where(located, value, 0), np.where(located, value + left_open * FULL, whole * FULL)
    return low // whole, high // whole


def _distances(homes: Homes, lists: ChildLists, cols: IntArray) -> tuple[IntArray, IntArray]:
    """Metres to the nearest and the farthest of the places that are known; -1 where none is."""
    places = [place for place, _ in lists.contacts if place is not None]
    unknown = np.full(len(cols), NOT_KNOWN, dtype=np.int64)
    if not places:
        return unknown, unknown
    away = np.stack([distance_m(p.easting, p.northing, homes.easting[cols], homes.northing[cols]) for p in places])
    located = homes.has_location[cols]
    return np.where(located, away.min(axis=0), unknown), np.where(located, away.max(axis=0), unknown)


CONTACT = Criterion(
    code="contact",
    says="Near the people whom the child goes to see",
    because="{nearest_m:miles} from where the child goes to see people"
    "[; the farthest of these places: {farthest_m:miles}]",
    source="Children Act 1989 s34 and Sch 2 para 15",
    judge=judge,
    params=Params,
)
