"""How the place would be bought: in-house or block first, then the framework, then spot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from app.matching.codes import Route
from app.matching.columns import NOT_KNOWN, IntArray
from app.matching.criteria.checks import check_falling
from app.matching.criteria.ranges import between, each_home
from app.matching.finding import FULL, Facts, Score, code, number
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion


@dataclass(frozen=True, slots=True)
class Params:
    """Values, 0 to 1000, of each way of buying. `framework_tiers`: of tier 1, tier 2 and so on.

    A tier beyond the last of the list counts as the last.
    """

    in_house: int
    block: int
    framework_tiers: tuple[int, ...]
    spot: int

    def __post_init__(self) -> None:
        """Refuse values off the scale or against the order of sourcing."""
        check_falling(self, "in_house", "spot")
        check_falling(self, "block", "spot")
        order = (min(self.in_house, self.block), *self.framework_tiers, self.spot)
        if not self.framework_tiers or list(order) != sorted(order, reverse=True):
            raise ValueError(
                f"framework_tiers needs values from 0 to {FULL}, tier 1 first, that fall "
                "from in_house and block down to spot"
            )


def judge(pairs: ChildPairs, params: Params) -> Score:
    """A table look-up; a framework place whose tier is not known may be in any."""
    least, most = each_home(pairs, partial(_worth, params))

    def facts() -> Facts:
        route = pairs.home.route
        tier = np.where(route == Route.FRAMEWORK.position, pairs.home.tier, NOT_KNOWN)
        return {"route": code(route, Route), "tier": number(tier)}

    return between(least, most, facts=facts)


def _worth(params: Params, homes: Homes) -> IntArray:
    """Least and most value of each home: two rows."""
    tiers = np.array(params.framework_tiers, dtype=np.int32)
    of_route = np.zeros(len(Route), dtype=np.int32)
    of_route[Route.IN_HOUSE.position] = params.in_house
    of_route[Route.BLOCK.position] = params.block
    of_route[Route.SPOT.position] = params.spot
    framework = homes.route == Route.FRAMEWORK.position
    of_tier = tiers[np.clip(homes.tier - 1, 0, len(tiers) - 1)]  # not known (-1) reads as the first
    most = np.where(framework, of_tier, of_route[homes.route])
    least = np.where(framework & (homes.tier == NOT_KNOWN), tiers[-1], most)
    return np.stack([least, most])


SOURCING = Criterion(
    code="sourcing",
    says="Bought in the council's order: in-house or block, framework, spot",
    because="Route: {route}[, {tier:tier}]",
    source="Nottingham Placements Commissioning and Sufficiency Strategy 2023-28, external market",
    when_full="Bought first: {route}",
    judge=judge,
    params=Params,
)
