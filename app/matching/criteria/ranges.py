"""Answers that are only partly known: from the least to the most that the value could be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app.matching.child_columns import ChildLists
from app.matching.columns import Array, BoolArray, IntArray
from app.matching.finding import FULL, Facts, Score, no_facts
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs, view


def between(
    least: IntArray, most: IntArray, applies: BoolArray | None = None, facts: Callable[[], Facts] = no_facts
) -> Score:
    """A score from a range: not known wherever the range leaves anything open."""
    return Score(least, not_known=least != most, applies=applies, facts=facts, most=most)


def where_known(known: BoolArray, value: IntArray) -> tuple[IntArray, IntArray]:
    """The range of a value that is known here and wholly open elsewhere."""
    return np.where(known, value, np.int32(0)), np.where(known, value, np.int32(FULL))


def home_table(pairs: ChildPairs, judge: Callable[[Homes], Array]) -> tuple[Array, IntArray]:
    """What depends on the home alone, worked out once a home instead of once a pair.

    `judge(homes)` answers an array whose last axis counts the homes. The second array says for each pair
    (or for each column of a grid) where its home stands on that axis.
    """
    if len(pairs.cols) < len(pairs.homes):
        table, at = judge(view(pairs.homes, lambda column: column[..., pairs.cols])), np.arange(len(pairs.cols))
    else:
        table, at = judge(pairs.homes), pairs.cols
    return table, at[None, :] if pairs.is_grid else at


def each_home(pairs: ChildPairs, judge: Callable[[Homes], Array]) -> Array:
    """The answers of `home_table` for the pairs."""
    table, at = home_table(pairs, judge)
    return table.take(at, axis=-1)


def each_child(
    pairs: ChildPairs, has: BoolArray, judge: Callable[[ChildLists, IntArray], tuple[IntArray, IntArray]]
) -> tuple[IntArray, IntArray]:
    """Ranges worked out child by child, for what a child has in any number; 0 for children without.

    `has` is a whole column of the children. `judge(lists, cols)` gets what the child has and the rows of its
    homes, and answers the least and the most value of each.
    """
    if not has[pairs.rows].any():
        return (np.zeros((1,) * len(pairs.shape), dtype=np.int32),) * 2
    least, most = np.zeros(pairs.shape, dtype=np.int32), np.zeros(pairs.shape, dtype=np.int32)
    for row, where, cols in pairs.by_row():
        if has[row]:
            least[where], most[where] = judge(pairs.lists[row], cols)
    return least, most
