"""Where a home is, by all three definitions of local at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.geo.grid import Location, distance_m, pl_distance_tenths, squared_distance
from app.matching.columns import BoolArray, IntArray
from app.matching.local import AreaStatus, LocalMeasure
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import Referral


@dataclass(frozen=True, slots=True)
class Where:
    """Three distances and three answers for one home and one referral; None where not known.

    `centre_m`: whole metres from the council's centre. `family_m`: from the family home.
    `pl_distance_tenths`: the DfE's PL_DISTANCE in tenths of a mile. `local`: by the definition that the
    policy's target counts.
    """

    centre_m: int | None
    local_to_council: bool
    family_m: int | None
    pl_distance_tenths: int | None
    within_radius_of_home: bool | None
    area: AreaStatus
    local: bool


def where(referral: Referral, pool: Pool, policy: Policy, cols: IntArray) -> list[Where]:
    """`Where` of each of these homes (rows of the pool)."""
    homes, local = pool.columns.take(cols), policy.local
    centre = distance_m(homes.easting, homes.northing, *local.centre)
    council = local.within(homes)
    status = local.area_status(homes)
    counted = counts_as_local(referral.family_home, pool, policy, cols)
    found = []
    for i, col in enumerate(cols):
        here = pool.records[col].location
        home = referral.family_home
        metres = tenths = within = None
        if here and home:
            metres = int(distance_m(home.easting, home.northing, here.easting, here.northing))
            tenths = int(pl_distance_tenths(home.easting, home.northing, here.easting, here.northing))
            squared = squared_distance(home.easting, home.northing, here.easting, here.northing)
            within = bool(squared <= local.squared_radius)
        found.append(
            Where(
                centre_m=int(centre[i]) if here else None,
                local_to_council=bool(council[i]),
                family_m=metres,
                pl_distance_tenths=tenths,
                within_radius_of_home=within,
                area=list(AreaStatus)[status[i]],
                local=bool(counted[i]),
            )
        )
    return found


def counts_as_local(family_home: Location | None, pool: Pool, policy: Policy, cols: IntArray) -> BoolArray:
    """Which of these homes the policy's target counts as local for a child from this family home.

    A home or family home that is not known never counts.
    """
    homes, local = pool.columns.take(cols), policy.local
    if local.measure is LocalMeasure.CENTRE:
        return local.within(homes)
    if local.measure is LocalMeasure.AREA:
        inside: BoolArray = local.area_status(homes) == AreaStatus.IN_AREA.position
        return inside
    if family_home is None:
        return np.zeros(len(cols), dtype=np.bool_)
    squared = squared_distance(homes.easting, homes.northing, family_home.easting, family_home.northing)
    near: BoolArray = homes.has_location & (squared <= local.squared_radius)
    return near
