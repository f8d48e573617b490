"""What one rule or criterion found, for many pairs at once, and the facts it found it from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from typing import TypeAlias

import numpy as np

from app.matching.codes import Code
from app.matching.columns import NO_DAY, NOT_KNOWN, Array, BoolArray, IntArray

Value: TypeAlias = int | bool | str | date | tuple[str, ...] | None


class FactKind(StrEnum):
    """How the integers of a fact are read."""

    NUMBER = "number"
    FLAG = "flag"
    DAY = "day"
    CODE = "code"
    CODES = "codes"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact for every pair: an array that broadcasts to the pairs, and how to read it."""

    values: Array
    kind: FactKind
    codes: type[Code] | None = None

    def decoded(self, shape: tuple[int, ...]) -> list[Value]:
        """The fact of every pair as plain values, in the order of the flattened pairs; None: not known."""
        values = self.values if self.values.shape == shape else np.broadcast_to(self.values, shape)
        raws = values.ravel().tolist()
        match self.kind:
            case FactKind.NUMBER:
                return [None if raw == NOT_KNOWN else raw for raw in raws]
            case FactKind.FLAG:
                return [bool(raw) for raw in raws]
            case FactKind.DAY:
                return [None if raw == NO_DAY else date.fromordinal(raw) for raw in raws]
            case FactKind.CODE:
                names = _names(self.codes)
                return [None if raw < 0 else names[raw] for raw in raws]
            case FactKind.CODES:
                return [_names_in(self.codes, raw) for raw in raws]

    def of(self, chosen: Callable[[Array], Array]) -> Fact:
        """The same fact of the pairs that are chosen from its values."""
        return Fact(chosen(self.values), self.kind, self.codes)


@cache
def _names(codes: type[Code] | None) -> tuple[str, ...]:
    """The words of a code list by position."""
    return tuple(str(member) for member in codes or ())


@lru_cache(maxsize=4096)
def _names_in(codes: type[Code] | None, bits: int) -> tuple[str, ...]:
    """The words of a mask over a code list."""
    return tuple(name for position, name in enumerate(_names(codes)) if bits >> position & 1)


def number(values: IntArray) -> Fact:
    """An integer fact; -1 reads as not known."""
    return Fact(np.asarray(values), FactKind.NUMBER)


def flag(values: BoolArray) -> Fact:
    """A yes or no."""
    return Fact(np.asarray(values), FactKind.FLAG)


def on_day(values: IntArray) -> Fact:
    """A date given as a day number; 0 reads as not known."""
    return Fact(np.asarray(values), FactKind.DAY)


def code(values: IntArray, codes: type[Code]) -> Fact:
    """A position in a code list; below 0 reads as not known."""
    return Fact(np.asarray(values), FactKind.CODE, codes)


def code_set(values: IntArray, codes: type[Code]) -> Fact:
    """A bit mask over a code list."""
    return Fact(np.asarray(values), FactKind.CODES, codes)


Facts: TypeAlias = Mapping[str, Fact]


def no_facts() -> Facts:
    """For findings that speak for themselves."""
    return {}


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's answer. `fails` and `not_known` broadcast to the pairs; a pair is never both.

    `facts` is called only when a person asks why, so the fast path never pays for it.
    """

    fails: BoolArray
    not_known: BoolArray | None = None
    facts: Callable[[], Facts] = no_facts


@dataclass(frozen=True, slots=True)
class Score:
    """A criterion's answer: `value` 0..1000, higher is better for the child, broadcast to the pairs.

    `not_known`: the value could not be worked out. There `value` is the least that it could be given what is
    known and `most` the most (None: `FULL`); the policy says what stands in, and that is kept between the
    two. `applies` (None: for every pair): where False the criterion has nothing to say about this child and
    carries no points. It depends on the child alone, so that all homes of one child are measured on the
    same scale.
    """

    value: IntArray
    not_known: BoolArray | None = None
    applies: BoolArray | None = None
    facts: Callable[[], Facts] = no_facts
    most: IntArray | None = None


FULL = 1000
"""The most that a criterion can give before its weight."""
