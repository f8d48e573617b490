"""The one shape of most criteria: full up to a limit, then falling in a straight line to nothing."""

from __future__ import annotations

import numpy as np

from app.matching.columns import IntArray
from app.matching.finding import FULL


def falling(amount: IntArray, full_up_to: int, none_from: int) -> IntArray:
    """1000 where amount <= full_up_to, 0 where amount >= none_from, whole numbers in between, rounded down.

    Needs full_up_to < none_from. Exact integer arithmetic.
    """
    left = none_from - np.asarray(amount, dtype=np.int64)
    return np.clip(left * FULL // (none_from - full_up_to), 0, FULL).astype(np.int32)
