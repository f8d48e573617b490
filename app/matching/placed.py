"""The children who are placed already: the caseload that the local target counts beside those placed tonight."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from app.geo.grid import Location, squared_distance
from app.geo.zones import inside
from app.matching.codes import HomeKind
from app.matching.local import LocalMeasure
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef


@dataclass(frozen=True, slots=True)
class Placed:
    """A child who lives somewhere already: where, and what a week there costs. None: not known.

    `home`: the home, if it is one that we hold. `location`: where the child lives, if it is not; one of the
    two is enough. `family_home` is asked only by a policy that measures from there.
    """

    ref: ChildRef
    home: HomeRef | None = None
    kind: HomeKind | None = None
    location: Location | None = None
    family_home: Location | None = None
    weekly_fee_pence: int | None = None


@dataclass(frozen=True, slots=True)
class PlacedShare:
    """How many children are placed, how many of them locally as the policy counts, and what a week costs."""

    local: int
    total: int
    weekly_fee_pence: int


def where_they_will_live(
    placed: Iterable[Placed], places: Mapping[ChildRef, HomeRef], families: Mapping[ChildRef, Location | None]
) -> list[Placed]:
    """The caseload with everybody who has a place counted once, and where that place is.

    `families`: family homes of those whom the caseload does not know yet.
    """
    known = {child.ref: child for child in placed}
    for ref, home in places.items():
        before = known.get(ref) or Placed(ref, family_home=families.get(ref))
        known[ref] = replace(before, home=home, location=None)
    return list(known.values())


def placed_share(
    placed: Iterable[Placed], pool: Pool, policy: Policy, waiting: Collection[ChildRef] = frozenset()
) -> PlacedShare:
    """The caseload as the target counts it, without those who wait for another home: tonight counts them.

    A child of whom nobody knows where they live, or from where it is measured, counts as not local.
    """
    counted = [child for child in placed if child.ref not in waiting]
    spots = [(child, place) for child in counted if (place := _lives(child, pool)) is not None]
    local = _local(policy, [place for _, place in spots], [child.family_home for child, _ in spots])
    fees = sum(child.weekly_fee_pence or 0 for child in counted)
    return PlacedShare(local, len(counted), fees)


def _lives(child: Placed, pool: Pool) -> Location | None:
    if child.home is not None and child.home in pool.row_of:
        return pool.record(child.home).location or child.location
    return child.location


def _local(policy: Policy, places: list[Location], families: list[Location | None]) -> int:
    local = policy.local
    if local.measure is LocalMeasure.AREA:
        return sum(place.authority == local.authority for place in places)
    east = np.array([place.easting for place in places], dtype=np.int64)
    north = np.array([place.northing for place in places], dtype=np.int64)
    if local.measure is LocalMeasure.HOME_POSTCODE:
        known = np.array([family is not None for family in families], dtype=np.bool_)
        home_east = np.array([family.easting if family else 0 for family in families], dtype=np.int64)
        home_north = np.array([family.northing if family else 0 for family in families], dtype=np.int64)
        near = squared_distance(east, north, home_east, home_north) <= local.squared_radius
        return int(np.count_nonzero(known & near))
    if local.outline is not None:
        return int(np.count_nonzero(inside(local.outline, east, north))) if places else 0
    return int(np.count_nonzero(squared_distance(east, north, *local.centre) <= local.squared_radius))
