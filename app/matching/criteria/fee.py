"""The weekly fee against what the policy thinks usual for such a home and such a package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from app.matching.codes import HomeKind, Package
from app.matching.columns import NOT_KNOWN, IntArray, frozen
from app.matching.criteria.checks import check_percent
from app.matching.criteria.falling import falling_share
from app.matching.criteria.ranges import between, home_table, where_known
from app.matching.fees import is_void, priced, weekly_fee
from app.matching.finding import Facts, Score, code, flag, number
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion
from app.matching.worked_out import once_for_each


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
    asked = pairs.child.package
    worth, at = home_table(pairs, partial(_worth, params, _packages(asked)))
    least, most = worth[0, asked, at], worth[1, asked, at]

    def facts() -> Facts:
        fee, package = weekly_fee(pairs)
        usual = _references(params)[pairs.home.kind, asked]
        return {
            "weekly_fee_pence": number(fee),
            "reference_pence": number(np.where(asked < 0, NOT_KNOWN, usual)),
            "package": code(package, Package),
            "void": flag(is_void(pairs.home)),
        }

    return between(least, most, facts=facts)


@once_for_each
def _references(params: Params) -> IntArray:
    """Reference pence by kind and package."""
    table = [[params.reference_pence[kind][package] for package in Package] for kind in HomeKind]
    return frozen(np.array(table, dtype=np.int64))


def _packages(asked: IntArray) -> list[Package]:
    """The packages that somebody asks for; all of them where one is not known, as it could be any."""
    found = set(np.unique(asked).tolist())
    return [package for package in Package if package.position in found or NOT_KNOWN in found]


def _worth(params: Params, wanted: Sequence[Package], homes: Homes) -> IntArray:
    """Least and most value of each home: (2, packages + 1, homes), the last (-1) for a package not known.

    Packages that are not wanted stand as 0, for nobody reads them.
    """
    references, void = _references(params), is_void(homes)
    nothing = np.zeros(homes.kind.shape, dtype=np.int32)
    ranges = [(nothing, nothing)] * len(Package)
    for package in wanted:
        listed, _ = priced(homes, np.full(homes.kind.shape, package.position, dtype=np.int8))
        fee = np.where(void, homes.void_fee_pence, listed)
        value = falling_share(
            fee, references[homes.kind, package.position], params.full_at_percent, params.none_at_percent
        )
        ranges[package.position] = where_known(fee >= 0, value)
    lows, highs = (list(found) for found in zip(*ranges, strict=True))
    return np.stack([[*lows, np.min(lows, axis=0)], [*highs, np.max(highs, axis=0)]])


FEE = Criterion(
    code="fee",
    says="The weekly fee against what is usual",
    because="{weekly_fee_pence:pounds} a week for {package}, where {reference_pence:pounds} is usual"
    "[{void:when}; the place is already paid for by a block contract]",
    source="Nottingham Placements Commissioning and Sufficiency Strategy 2023-28 (best value); "
    "East Midlands Regional Provider Framework (Core, Enhanced and Complex packages)",
    judge=judge,
    params=Params,
)
