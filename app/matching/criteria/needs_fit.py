"""How well the home meets the child's needs, domain by domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.matching.codes import NeedDomain
from app.matching.columns import BoolArray, IntArray
from app.matching.criteria.checks import check_values
from app.matching.criteria.ranges import between
from app.matching.finding import FULL, Facts, Score, code_set, number
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion

HIGHEST = 3
"""Levels of need and of capability run from 0 to here."""


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
    """
    needs, have = pairs.child.needs, pairs.home.capability
    least = most = np.zeros((1,) * len(pairs.shape), dtype=np.int32)
    for domain in NeedDomain:
        need, can = needs[domain.position], have[domain.position]
        taken = _taken(domain, params)
        short = np.maximum(need - can, 0)
        if (need < 0).any() or (can < 0).any():
            at_worst = np.where(need < 0, HIGHEST, need) - np.maximum(can, 0)
            short = np.where((need < 0) | (can < 0), 0, short)
            least = least + taken[np.maximum(at_worst, 0)]
        else:
            least = least + taken[short]
        most = most + taken[short]

    def facts() -> Facts:
        return _facts(pairs)

    return between(
        np.maximum(FULL - least, np.int32(0)),
        np.maximum(FULL - most, np.int32(0)),
        applies=(needs != 0).any(axis=0),
        facts=facts,
    )


def _taken(domain: NeedDomain, params: Params) -> IntArray:
    """What a shortfall of 0, 1, 2, 3 levels takes off in a domain; half points count as the lower."""
    percent = params.weight_percent[domain]
    steps = (0, params.one_short, params.two_short, params.three_short)
    return np.array([step * percent // 100 for step in steps], dtype=np.int32)


def _facts(pairs: ChildPairs) -> Facts:
    needs, have = pairs.child.needs, pairs.home.capability
    gaps: IntArray = np.zeros((1,) * len(pairs.shape), dtype=np.int32)
    open_: IntArray = gaps
    largest: IntArray = gaps
    for domain in NeedDomain:
        need, can = needs[domain.position], have[domain.position]
        unknown: BoolArray = ((need < 0) & (can != HIGHEST)) | ((can < 0) & (need != 0))
        short = np.where((need < 0) | (can < 0), 0, np.maximum(need - can, 0))
        gaps = gaps | np.where(short > 0, domain.bit, 0)
        open_ = open_ | np.where(unknown, domain.bit, 0)
        largest = np.maximum(largest, short)
    return {
        "gaps": code_set(gaps, NeedDomain),
        "largest_gap": number(largest),
        "not_known": code_set(open_, NeedDomain),
    }


NEEDS_FIT = Criterion(
    code="needs_fit",
    says="Meets the child's needs",
    because="Needs beyond what the home can do: {gaps:list}, by {largest_gap} levels at most; "
    "not known: {not_known:list}",
    source="Children Act 1989 s22C(5); Children's Homes (England) Regulations 2015, Sch 1; "
    "Fostering National Minimum Standard 15",
    judge=judge,
    params=Params,
)
