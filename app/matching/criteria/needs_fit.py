"""How well the home meets the child's needs, domain by domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.matching.codes import NeedDomain
from app.matching.columns import IntArray, frozen
from app.matching.criteria.checks import check_values
from app.matching.criteria.ranges import between
from app.matching.finding import FULL, Facts, Score, code_set, number
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion
from app.matching.worked_out import once_for_each


@dataclass(frozen=True, slots=True)
class Params:
    """What is taken off 1000 in each domain where need exceeds capability by one, two or three levels.

    `weight_percent` says for every domain how much of that counts: 100 is all of it, 150 half as much again.
    """

    one_short: int
    two_short: int
    three_short: int
    weight_percent: Mapping[NeedDomain, int]

    def __post_init__(self) -> None:
        """Refuse a greater shortfall that costs less, and domains left out."""
        check_values(self, "one_short", "two_short", "three_short")
        if not self.one_short <= self.two_short <= self.three_short:
            raise ValueError("one_short, two_short and three_short must not fall")
        for domain in NeedDomain:
            if not 0 <= self.weight_percent.get(domain, -1) <= FULL:
                raise ValueError(f"weight_percent.{domain} is needed, from 0 to {FULL}")


def judge(pairs: ChildPairs, params: Params) -> Score:
    """Full where capability reaches need in every domain; each domain that falls short takes its part off.

    Domains add up instead of being averaged, so one serious gap is never hidden behind eight domains that
    fit. What is not known leaves a range: a need could be as high as 3, a capability as low as 0.
    A child known to need nothing in any domain is not judged by it.
    """
    needs, needs_open = pairs.child.needs_from, pairs.child.needs_not_known
    have, have_open = pairs.home.capability_from, pairs.home.capability_not_known
    taken = _taken(params)
    most = least = _left(taken, _shortfalls(needs, have | have_open))
    if needs_open.any() or have_open.any():
        least = _left(taken, _shortfalls(needs | needs_open, have))

    def facts() -> Facts:
        one, two, three = _shortfalls(needs, have | have_open)
        return {
            "gaps": code_set(one, NeedDomain),
            "largest_gap": number(sum((short != 0).astype(np.int8) for short in (one, two, three))),
            "not_known": code_set((needs_open & ~have[-1]) | (have_open & (needs[0] | needs_open)), NeedDomain),
        }

    return between(least, most, applies=(needs[0] | needs_open) != 0, facts=facts)


def _shortfalls(needs: IntArray, have: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """As bits, the domains short by at least one, two and three levels.

    `needs[k]` and `have[k]` are the domains that reach level k + 1. A domain is short by n levels where the
    need reaches a level to which the capability does not come within n - 1.
    """
    lacks = ~have
    one = (needs[0] & lacks[0]) | (needs[1] & lacks[1]) | (needs[2] & lacks[2])
    two = (needs[1] & lacks[0]) | (needs[2] & lacks[1])
    return one, two, needs[2] & lacks[0]


@once_for_each
def _taken(params: Params) -> tuple[IntArray, ...]:
    """For every set of domains: what falling short in them by a first, second and third level takes off.

    A part of a point counts as none, in each domain by itself.
    """
    tables, before = [], dict.fromkeys(NeedDomain, 0)
    for step in (params.one_short, params.two_short, params.three_short):
        table = np.zeros(1, dtype=np.int32)
        for domain in NeedDomain:
            whole = step * params.weight_percent[domain] // 100
            table = np.concatenate([table, table + (whole - before[domain])])
            before[domain] = whole
        tables.append(frozen(table.astype(np.int32)))
    return tuple(tables)


def _left(taken: tuple[IntArray, ...], shortfalls: tuple[IntArray, ...]) -> IntArray:
    """What is left of 1000, never less than nothing."""
    off = sum(table.take(short) for table, short in zip(taken, shortfalls, strict=True))
    return np.maximum(FULL - off, np.int32(0))


NEEDS_FIT = Criterion(
    code="needs_fit",
    says="Meets the child's needs",
    because="Needs beyond what the home can do: {gaps:list}[, by {largest_gap:levels} at most]"
    "[; not known: {not_known:list}]",
    source="Children Act 1989 s22C(5); Children's Homes (England) Regulations 2015, Sch 1; "
    "Fostering National Minimum Standard 15",
    when_full="Meets every need",
    judge=judge,
    params=Params,
)
