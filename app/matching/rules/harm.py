"""Which risk of one child could harm a child with which vulnerability: the policy's table, as masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from types import MappingProxyType

import numpy as np

from app.matching.codes import Risk, Vulnerability
from app.matching.columns import IntArray, frozen
from app.matching.worked_out import once_for_each


@dataclass(frozen=True, slots=True)
class Params:
    """For each of the eleven risks, the vulnerabilities that it could harm (an empty list: none)."""

    table: Mapping[Risk, tuple[Vulnerability, ...]]

    def __post_init__(self) -> None:
        """Refuse a risk left out and names that are not in the lists."""
        check_table(self.table)


def check_table(table: Mapping[Risk, Sequence[Vulnerability]]) -> None:
    """ValueError, saying what to mend, unless the table names every risk once and only known words."""
    missing = [risk.value for risk in Risk if risk not in table]
    strange = [str(name) for name in table if name not in set(Risk)]
    strange += [str(word) for words in table.values() for word in words if word not in set(Vulnerability)]
    if missing:
        raise ValueError(f"table must name every risk; missing: {', '.join(missing)}")
    if strange:
        raise ValueError(f"table names what is not in the lists: {', '.join(strange)}")


@once_for_each
def harmed_by(params: Params) -> Mapping[Risk, int]:
    """The vulnerabilities, as a mask, that each risk could harm."""
    return MappingProxyType({risk: sum(Vulnerability(word).bit for word in set(params.table[risk])) for risk in Risk})


def reach(params: Params, risks: IntArray) -> IntArray:
    """The vulnerabilities that somebody with these risks (masks over `Risk`) could harm."""
    return _reached(params)[risks]


@once_for_each
def _reached(params: Params) -> IntArray:
    """For every mask over `Risk` what it reaches."""
    every_mask = np.arange(1 << len(Risk), dtype=np.uint16)
    reached = np.zeros(len(every_mask), dtype=np.uint16)
    for risk, vulnerabilities in harmed_by(params).items():
        reached[(every_mask & risk.bit) != 0] |= np.uint16(vulnerabilities)
    return frozen(reached)


def every_harm(params: Params) -> int:
    """Every vulnerability, as a mask, that some risk of the table could harm."""
    return reduce(or_, harmed_by(params).values(), 0)


def risks_that_harm(params: Params) -> int:
    """Every risk, as a mask, that could harm some vulnerability by the table."""
    return sum(risk.bit for risk, harmed in harmed_by(params).items() if harmed)
