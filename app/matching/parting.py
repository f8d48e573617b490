"""In which ways a group of siblings can be parted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

Partition: TypeAlias = tuple[tuple[int, ...], ...]

EVERY_WAY_UP_TO = 5
"""Groups up to this size are parted in every possible way."""

TWO_WAYS_UP_TO = 8
"""Groups up to this size are parted into two in every possible way; larger ones are not parted by machine."""


def partitions(n: int) -> Iterator[Partition]:
    """Ways to part children 0..n-1 into two or more parts, in a fixed order, children ascending."""
    if n <= EVERY_WAY_UP_TO:
        yield from (p for p in _all(tuple(range(n))) if len(p) > 1)
    elif n <= TWO_WAYS_UP_TO:
        for chosen in range(1, 1 << (n - 1)):
            apart = tuple(i for i in range(1, n) if chosen >> (i - 1) & 1)
            yield (tuple(i for i in range(n) if i not in apart), apart)


def pairs_apart(partition: Partition) -> int:
    """How many pairs of siblings do not share a part."""
    n = sum(len(part) for part in partition)
    return (n * (n - 1) - sum(len(part) * (len(part) - 1) for part in partition)) // 2


def _all(items: tuple[int, ...]) -> Iterator[Partition]:
    if not items:
        yield ()
        return
    first, rest = items[0], items[1:]
    for partition in _all(rest):
        yield ((first,), *partition)
        for i, part in enumerate(partition):
            yield (*partition[:i], (first, *part), *partition[i + 1 :])
