"""Three-valued matching of two sets of bits: the form in which most rules are judged.

One side has bits that stand against a match, the other side bits that they meet. Each side gives two masks:
`certain`, the bits it has for sure, and `possible`, those it may have once what is not known is known
(never fewer). Masks of children and homes are small columns, so a block of pairs costs two passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from app.matching.codes import Answer, Code
from app.matching.columns import BoolArray, IntArray
from app.matching.pairs import Pairs


class Bits(NamedTuple):
    """One side's bits: those it has for sure, and those it may have."""

    certain: IntArray
    possible: IntArray


def overlap(ours: Bits, theirs: Bits) -> tuple[BoolArray, BoolArray]:
    """Where two sides share a bit for sure (`fails`), and where they may but it is not known."""
    fails = (ours.certain & theirs.certain) != 0
    may = (ours.possible & theirs.possible) != 0
    return fails, may & ~fails


def known(bits: IntArray) -> Bits:
    """Bits about which nothing is in doubt."""
    return Bits(bits, bits)


def by_code(codes: type[Code], certain: Mapping[Code, int], possible: Mapping[Code, int]) -> Bits:
    """Look-up tables from the position of a code to bits; `possible` holds those beyond the certain ones."""
    sure = [certain.get(member, 0) for member in codes]
    may = [bits | possible.get(member, 0) for member, bits in zip(codes, sure, strict=True)]
    return Bits(np.array(sure, dtype=np.uint8), np.array(may, dtype=np.uint8))


def look_up(table: Bits, positions: IntArray) -> Bits:
    """The bits of each record whose code stands at these positions."""
    return Bits(table.certain[positions], table.possible[positions])


def flagged(is_so: BoolArray, may_be_so: BoolArray, bit: int) -> Bits:
    """One bit: set for sure where `is_so`, possible where that or `may_be_so`."""
    one = np.uint8(bit)
    return Bits(is_so * one, (is_so | may_be_so) * one)


def joined(*sides: Bits) -> Bits:
    """All bits of several masks of the same side."""
    certain, possible = sides[0]
    for side in sides[1:]:
        certain, possible = certain | side.certain, possible | side.possible
    return Bits(certain, possible)


def is_kind(positions: IntArray, members: frozenset[Code]) -> BoolArray:
    """Which positions in a code list are those of one of the members."""
    found = np.zeros(np.shape(positions), dtype=np.bool_)
    for member in members:
        found |= positions == member.position
    return found


def of_rows(pairs: Pairs, value: Callable[[int], int], dtype: type[np.generic]) -> IntArray:
    """One value for each row (child or party), shaped as a column of the pairs."""
    values = np.array([value(int(row)) for row in pairs.rows], dtype=dtype)
    return values[:, None] if pairs.is_grid else values


YES_OR_NO = by_code(Answer, {Answer.YES: 1, Answer.NO: 2}, {Answer.NOT_KNOWN: 3})
"""Bit 1 for yes, bit 2 for no, either where not known."""
