"""Values that are only partly known: from the least to the most that they could be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from tests.reference.basics import FULL, Maybe

Range: TypeAlias = tuple[int, int]
Answered: TypeAlias = Range | None

OPEN: Range = (0, FULL)
"""Anything from nothing to full: not known at all."""


def exactly(value: int) -> Range:
    """A value that is known."""
    return value, value


def mean(weighed: Iterable[tuple[int, Range]]) -> Range:
    """The mean of some ranges, rounded down."""
    weighed = list(weighed)
    weights = sum(weight for weight, _ in weighed)
    least = sum(weight * low for weight, (low, _) in weighed)
    most = sum(weight * high for weight, (_, high) in weighed)
    return least // weights, most // weights


def share(part: int, whole: int) -> int:
    """A share of full value, rounded down."""
    return FULL * part // whole


def share_of(met: list[Maybe]) -> Answered:
    """The share that is met: at least what is for sure, at most that and what is not known."""
    if not met:
        return None
    sure, open_ones = met.count(True), met.count(None)
    return share(sure, len(met)), share(sure + open_ones, len(met))
