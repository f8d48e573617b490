"""The weekly fee against what the policy thinks usual for such a home and such a package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.matching.codes import HomeKind, Package
from app.matching.columns import NOT_KNOWN, IntArray
from app.matching.criteria.checks import check_percent
from app.matching.criteria.falling import falling_share
from app.matching.criteria.ranges import between, where_known
from app.matching.fees import is_void, priced, weekly_fee
from app.matching.finding import Facts, Score, code, flag, number
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion


@dataclass(frozen=True, slots=True)
class Params:
    """Reference fees, pence a week, for every kind of home and package; percentages of them.

    Up to `full_at_percent` of the reference the value is full, from `none_at_percent` on it is nothing.
    """

    full_at_percent: int
    none_at_percent: int
    reference_pence: Mapping[HomeKind, Mapping[Package, int]]

    def __post_init__(self) -> None:
        """Refuse a range turned round and a reference left out."""
        check_percent(self, "full_at_percent", "none_at_percent")
        for kind in HomeKind:
            for package in Package:
                pence = self.reference_pence.get(kind, {}).get(package, 0)
                if not 0 < pence < 2**31:
                    raise ValueError(f"reference_pence.{kind}.{package} is needed, in pence, above 0")


def judge(pairs: ChildPairs, params: Params) -> Score:
    """Full up to so much of the reference, falling in a straight line to nothing.

    The reference is that of the package the child needs, even where the home sells only a dearer one. A
    place already paid for by a block contract counts at its marginal cost. Where the child's package is not
    known the value lies between those of the three packages.
    """
    asked, home = pairs.child.package, pairs.home
    fee, package = weekly_fee(pairs)
    references = _references(params)
    value = _worth(fee, references[home.kind, asked], params)
    least, most = where_known(fee >= 0, value)
    if (asked < 0).any():
        lowest, highest = _whatever_the_package(home, params)
        least, most = np.where(asked < 0, lowest, least), np.where(asked < 0, highest, most)

    def facts() -> Facts:
        return {
            "weekly_fee_pence": number(fee),
            "reference_pence": number(np.where(asked < 0, NOT_KNOWN, references[home.kind, asked])),
            "package": code(package, Package),
            "void": flag(is_void(home)),
        }

    return between(least, most, facts=facts)


def _references(params: Params) -> IntArray:
    """Reference pence by kind and package."""
    table = [[params.reference_pence[kind][package] for package in Package] for kind in HomeKind]
    return np.array(table, dtype=np.int64)


def _worth(fee: IntArray, reference: IntArray, params: Params) -> IntArray:
    return falling_share(fee, reference, params.full_at_percent, params.none_at_percent)


def _whatever_the_package(home: Homes, params: Params) -> tuple[IntArray, IntArray]:
    """Least and most value of each home over the packages the child could need."""
    references, void = _references(params), is_void(home)
    ranges = []
    for package in Package:
        listed, _ = priced(home, np.full(home.kind.shape, package.position, dtype=np.int8))
        fee = np.where(void, home.void_fee_pence, listed)
        ranges.append(where_known(fee >= 0, _worth(fee, references[home.kind, package.position], params)))
    lows, highs = zip(*ranges, strict=True)
    return np.min(lows, axis=0), np.max(highs, axis=0)


FEE = Criterion(
    code="fee",
    says="The weekly fee against what is usual",
    because="{weekly_fee_pence:pounds} a week for {package}, where {reference_pence:pounds} is usual; "
    "already paid for by a block contract: {void:flag}",
    source="Nottingham Placements Commissioning and Sufficiency Strategy 2023-28 (best value); "
    "East Midlands Regional Provider Framework (Core, Enhanced and Complex packages)",
    judge=judge,
    params=Params,
)
