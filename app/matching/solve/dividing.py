"""How a case is divided in two: by the number of children placed, or by a single pair.

Under a budget a linear program places a part of a child wherever a whole one would cost too much, and what a whole
child is worth is far more than what one home is better than another. So the number placed is settled first. After
that the dearest pair that is chosen in parts is asked about: it decides how much is left for everybody else.
"""

from __future__ import annotations

import math

import numpy as np

from app.matching.solve.columns import Columns, Floats
from app.matching.terms import Terms

NEAR_WHOLE = 0.01

PLACED_WEIGHS = 4
"""How much more it matters whether somebody is placed than where; measured on nights of a council's size."""

Split = tuple[int, int]
"""(pair, -1), or (-1, the number of children placed at most in one half)."""


def whole(x: Floats) -> bool:
    """Whether nothing is chosen in parts."""
    return bool((np.abs(x - np.rint(x)) < NEAR_WHOLE).all())


def division(terms: Terms, columns: Columns, x: Floats, room: tuple[int, int], *, charged: bool) -> Split:
    """How to divide a case in which the linear program chose x; room: children placed, pins apart, at least, at most.

    charged: the local target charges for parts of a child.
    """
    placed = float(x @ columns.size)
    least, most = room
    counted = terms.problem.local is not None or terms.budget_left is not None
    in_parts = abs(placed - round(placed)) > NEAR_WHOLE
    if counted and least < most and (in_parts or whole(x) or charged):
        return -1, terms.total + max(least, min(math.floor(placed + NEAR_WHOLE), most - 1))
    if terms.budget_left is not None and not whole(x):
        dear = _at_stake(terms, columns, x)
        return int(columns.pair[np.lexsort((columns.pair, -dear))[0]]), -1
    return _least_whole(columns, x), -1


def _at_stake(terms: Terms, columns: Columns, x: Floats) -> Floats:
    """What part of each fee is undecided; more where it is undecided too how many parties of a referral are placed."""
    referral = terms.referral[columns.party]
    parties = np.bincount(referral, x, terms.problem.referrals)
    in_parts = np.abs(parties - np.rint(parties))[referral]
    stake: Floats = np.minimum(x, 1 - x) * (columns.fee + 1) * (1 + PLACED_WEIGHS * in_parts)
    return stake


def _least_whole(columns: Columns, x: Floats) -> int:
    """The pair whose variable is nearest to a half; where all are whole, one that is taken."""
    doubt = np.abs(x - 0.5)
    spot = int(np.lexsort((columns.pair, doubt))[0])
    if doubt[spot] > 0.5 - NEAR_WHOLE:
        taken = np.flatnonzero(x > 0.5)
        spot = int(taken[0]) if taken.size else spot
    return int(columns.pair[spot])
