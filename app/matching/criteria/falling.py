"""The one shape of most criteria: full up to a limit, then falling in a straight line to nothing."""

from __future__ import annotations

import numpy as np

from app.matching.columns import IntArray
from app.matching.finding import FULL

MOST_IN_32_BITS = 2_000_000
"""Amounts up to here times `FULL` fit in 32 bits, which is twice as fast as 64."""


def falling(amount: IntArray, full_up_to: int, none_from: int) -> IntArray:
    """1000 where amount <= full_up_to, 0 where amount >= none_from, whole numbers in between, rounded down.

    Needs full_up_to < none_from and amounts of -1 or more. Exact integer arithmetic.
    """
    amount = np.asarray(amount)
    span = none_from - full_up_to
    narrow = amount.dtype == np.int32 and full_up_to >= 0 and none_from <= MOST_IN_32_BITS
    left = none_from - amount.astype(np.int32 if narrow else np.int64, copy=False)
    value: IntArray = np.minimum(np.maximum(left, 0), span) * FULL // span
    return value.astype(np.int32, copy=False)


def falling_share(part: IntArray, whole: IntArray, full_at_percent: int, none_at_percent: int) -> IntArray:
    """`falling` of the share part / whole given in percent: 1000 up to the first, 0 from the second.

    The share itself is never rounded. Needs full_at_percent < none_at_percent, whole > 0, and both below
    2**31.
    """
    whole = np.asarray(whole, dtype=np.int64)
    left = none_at_percent * whole - 100 * np.asarray(part, dtype=np.int64)
    span = (none_at_percent - full_at_percent) * whole
    value: IntArray = np.minimum(np.maximum(left, 0), span) * FULL // span
    return value.astype(np.int32)
