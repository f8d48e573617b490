"""What one rule or criterion found, for many pairs at once, and the facts it found it from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
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

    def at(self, index: tuple[int, ...], shape: tuple[int, ...]) -> Value:
        """The fact of one pair as a plain value; None where not known."""
        raw = int(np.broadcast_to(self.values, shape)[index])
        match self.kind:
            case FactKind.FLAG:
                return bool(raw)
            case FactKind.DAY:
                return None if raw == NO_DAY else date.fromordinal(raw)
            case FactKind.CODE if self.codes is not None:
                return None if raw < 0 else str(list(self.codes)[raw])
            case FactKind.CODES if self.codes is not None:
                return tuple(str(member) for member in self.codes if raw & member.bit)
        return None if raw == NOT_KNOWN else raw


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

    `not_known`: the value could not be worked out; the policy says what stands in. `applies` (None: for
    every pair): where False the criterion has nothing to say about this child and carries no points. It
    depends on the child alone, so that all homes of one child are measured on the same scale.
    """

    value: IntArray
    not_known: BoolArray | None = None
    applies: BoolArray | None = None
    facts: Callable[[], Facts] = no_facts


FULL = 1000
"""The most that a criterion can give before its weight."""
