"""What one more child in a home would cost a week: the one place where a fee is picked."""

from __future__ import annotations

import numpy as np

from app.matching.codes import HomeKind, Package, Route
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


def counted_fee(pairs: ChildPairs, of_kind: IntArray) -> tuple[IntArray, BoolArray]:
    """Pence a week that each pair counts with, and whether that is what it costs.

    A fee that is not known counts as the dearest that the home lists for any package: never as another home's. Only
    where it lists none at all, so that no budget is overrun unseen, as the dearest of its kind: see `dearest_of_kind`.
    """
    fee, _ = weekly_fee(pairs)
    known = fee >= 0
    own = pairs.home.fee_pence.max(axis=0)
    return np.where(known, fee, np.where(own >= 0, own, of_kind[pairs.home.kind])), known


def dearest_of_kind(homes: Homes) -> IntArray:
    """The dearest price that any home of each kind lists, by position; where none does, any home at all, at least 0."""
    own = homes.fee_pence.max(axis=0)
    found = np.full(len(HomeKind), NOT_KNOWN, dtype=np.int32)
    np.maximum.at(found, homes.kind, own)
    return np.where(found >= 0, found, np.int32(own.max(initial=0)))


def is_void(homes: Homes) -> BoolArray:
    """Homes with a place that a block contract pays for whether or not a child lives there."""
    void: BoolArray = (homes.route == Route.BLOCK.position) & (homes.void_fee_pence >= 0)
    return void
