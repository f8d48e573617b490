"""Random draws that are the same everywhere, and that stay the same when a size changes.

Each question ("which sex is the resident?") has a named stream of its own, and the n-th draw of a stream
does not depend on how many there are: a larger authority holds the smaller one. Only raw words of a
counter-based generator are used, and only whole numbers are made of them, so no version of NumPy and no
processor can change a result.

Draws are *even*: any block of 32 falls once into each 32nd part of the range, and any 1,024 once into each
1,024th part, in an order of their own for every stream. Shares come out as they were asked for, already in
small sizes, and a code of 2 in 1,000 is certain to appear among 1,024.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import TypeVar

import numpy as np

from app.matching.columns import IntArray

T = TypeVar("T")

BLOCK = 32
BITS = 32
"""A draw is a whole number below 2**32."""

FINE_BITS = BITS - 10


class Draws:
    """The streams of one kind of thing, `count` of them. `scope` says of what: `homes`, `children`."""

    def __init__(self, seed: int, scope: str, count: int) -> None:
        self.seed, self.scope, self.count = seed, scope, count
        self._columns: dict[str, list[int]] = {}

    def draw(self, name: str, index: int) -> int:
        """The draw of one thing for one question."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = even(stream_key(self.seed, self.scope, name), self.count).tolist()
        return column[index]

    def pick(self, name: str, index: int, shares: Mapping[T, int]) -> T:
        """One member of the table, each as often as its share of the sum."""
        return picked(self.draw(name, index), shares)

    def between(self, name: str, index: int, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + ((self.draw(name, index) * (high - low + 1)) >> BITS)

    def chance(self, name: str, index: int, per_mille: int) -> bool:
        """Yes for so many in a thousand."""
        return (self.draw(name, index) * 1000) >> BITS < per_mille

    def some(self, name: str, index: int, shares: Mapping[T, int]) -> frozenset[T]:
        """A set: each member belongs with its own share in a thousand, whatever the others do."""
        return chosen(self.draw(name, index), shares)


def stream_key(seed: int, scope: str, name: str) -> int:
    """The key of a stream: 128 bits."""
    return int.from_bytes(blake2b(f"{seed}/{scope}/{name}".encode(), digest_size=16).digest(), "big")


def even(key: int, count: int) -> IntArray:
    """`count` draws of a stream, from 0 to 2**32 - 1, spread evenly (int64)."""
    laps = -(-count // BLOCK**2)
    words = np.random.Philox(key=key).random_raw(laps * 3 * BLOCK**2).reshape(laps, 3, BLOCK, BLOCK)
    # A lap is 32 blocks of 32. Each block visits every 32nd part once; a part is visited by 32 blocks, and
    # each of those visits falls into another 32nd of it.
    part = np.argsort(words[:, 0], axis=-1, kind="stable")
    orders = np.argsort(words[:, 1], axis=-1, kind="stable")
    lap = np.arange(laps)[:, np.newaxis, np.newaxis]
    block = np.arange(BLOCK)[np.newaxis, :, np.newaxis]
    within = orders[lap, part, block]
    fine = (words[:, 2] >> np.uint64(64 - FINE_BITS)).astype(np.int64)
    draws = ((part * BLOCK + within) << FINE_BITS) + fine
    return np.asarray(draws.ravel()[:count], dtype=np.int64)


def picked(draw: int, shares: Mapping[T, int]) -> T:
    """The member of the table in whose share a draw falls."""
    at = (draw * sum(shares.values())) >> BITS
    for member, share in shares.items():
        at -= share
        if at < 0:
            return member
    raise ValueError("A table of shares needs at least one share above nought.")


def chosen(draw: int, shares: Mapping[T, int]) -> frozenset[T]:
    """A set of members, each with its own share in a thousand; one draw answers for all, through a hash."""
    if not shares:
        return frozenset()
    words = blake2b(draw.to_bytes(8, "big"), digest_size=2 * len(shares)).digest()
    return frozenset(
        member
        for place, (member, share) in enumerate(shares.items())
        if int.from_bytes(words[2 * place : 2 * place + 2], "big") * 1000 >> 16 < share
    )


def shared_out(total: int, shares: Iterable[int]) -> list[int]:
    """`total` divided in proportion to the shares, in whole numbers that add up (largest remainders first)."""
    parts = list(shares)
    whole = sum(parts)
    if not whole:
        return [0] * len(parts)
    given = [total * part // whole for part in parts]
    order = sorted(range(len(parts)), key=lambda i: (-(total * parts[i] % whole), i))
    for i in order[: total - sum(given)]:
        given[i] += 1
    return given
