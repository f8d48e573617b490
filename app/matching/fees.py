"""What one more child in a home would cost a week: the one place where a fee is picked."""

from __future__ import annotations

import numpy as np

from app.matching.codes import Package, Route
from app.matching.columns import NOT_KNOWN, BoolArray, IntArray
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs


def weekly_fee(pairs: ChildPairs) -> tuple[IntArray, IntArray]:
    """Pence a week for each pair and the package (position) that they buy; both -1 where not known.

    The package is the one that the child needs, or the next higher one that the home prices. A place that
    a block contract has already paid for costs its marginal fee, whatever the package.
    """
    pence, package = priced(pairs.home, pairs.child.package)
    return np.where(is_void(pairs.home), pairs.home.void_fee_pence, pence), package


def priced(homes: Homes, asked: IntArray) -> tuple[IntArray, IntArray]:
    """Listed pence and package for a package (position, -1: not known) that is asked for; -1 where none."""
    pence = np.full((1,) * np.ndim(asked), NOT_KNOWN, dtype=np.int32)
    package = np.full((1,) * np.ndim(asked), NOT_KNOWN, dtype=np.int8)
    for offer in reversed(Package):
        fee = homes.fee_pence[offer.position]
        serves = (fee >= 0) & (asked >= 0) & (asked <= offer.position)
        pence = np.where(serves, fee, pence)
        package = np.where(serves, np.int8(offer.position), package)
    return pence, package


def is_void(homes: Homes) -> BoolArray:
    """Homes with a place that a block contract pays for whether or not a child lives there."""
    void: BoolArray = (homes.route == Route.BLOCK.position) & (homes.void_fee_pence >= 0)
    return void
