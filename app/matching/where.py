"""Where a home is, by all three definitions of local at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.geo.grid import Location, distance_m, pl_distance_tenths, squared_distance
from app.matching.columns import BoolArray, IntArray
from app.matching.home_columns import Homes
from app.matching.local import AreaStatus, Local, LocalMeasure
from app.matching.pairs import view
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
    homes, local, family = _homes(pool, cols), policy.local, referral.family_home
    centre = distance_m(homes.easting, homes.northing, *local.centre).tolist()
    council = local.within(homes).tolist()
    status = local.area_status(homes).tolist()
    counted = counts_as_local(family, pool, policy, cols).tolist()
    here = homes.has_location.tolist()
    metres, tenths, within = ([None] * len(cols) for _ in range(3)) if family is None else _away(family, homes, local)
    areas = tuple(AreaStatus)
    return [
        Where(
            centre_m=centre[i] if here[i] else None,
            local_to_council=council[i],
            family_m=metres[i] if here[i] else None,
            pl_distance_tenths=tenths[i] if here[i] else None,
            within_radius_of_home=within[i] if here[i] else None,
            area=areas[status[i]],
            local=counted[i],
        )
        for i in range(len(cols))
    ]


def _away(family: Location, homes: Homes, local: Local) -> tuple[list[Any], list[Any], list[Any]]:
    """Metres, tenths of a mile, and whether within the radius, from the family home to each of these homes."""
    places = family.easting, family.northing, homes.easting, homes.northing
    within = squared_distance(*places) <= local.squared_radius
    return distance_m(*places).tolist(), pl_distance_tenths(*places).tolist(), within.tolist()


def _homes(pool: Pool, cols: IntArray) -> Homes:
    """These homes, of which only the columns that are read are taken."""
    return view(pool.columns, lambda column: column[..., cols])


def counts_as_local(family_home: Location | None, pool: Pool, policy: Policy, cols: IntArray) -> BoolArray:
    """Which of these homes the policy's target counts as local for a child from this family home.

    A home or family home that is not known never counts.
    """
    homes, local = _homes(pool, cols), policy.local
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
