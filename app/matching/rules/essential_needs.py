"""In no domain may the child's need go further beyond the home's capability than the policy allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.matching.codes import NeedDomain
from app.matching.columns import IntArray, frozen
from app.matching.finding import Facts, Finding, code_set
from app.matching.pairs import ChildPairs
from app.matching.rules.masks import Bits, overlap
from app.matching.unit import Case, Change, Level, Rule, Subject
from app.matching.worked_out import once_for_each

HIGHEST = 3
LEVELS = range(1, HIGHEST + 1)
SCALE = range(HIGHEST + 1)


@dataclass(frozen=True, slots=True)
class Params:
    """For each domain of need, the levels (0 to 3) by which a home may fall short of it."""

    max_shortfall: Mapping[NeedDomain, int]

    def __post_init__(self) -> None:
        """Refuse a domain left out and levels that cannot be."""
        missing = [domain.value for domain in NeedDomain if domain not in self.max_shortfall]
        if missing or len(self.max_shortfall) != len(NeedDomain):
            raise ValueError(f"max_shortfall needs one number for each domain; look at {missing}")
        if not all(0 <= levels <= HIGHEST for levels in self.max_shortfall.values()):
            raise ValueError(f"max_shortfall must be from 0 to {HIGHEST} in every domain")


def judge(pairs: ChildPairs, params: Params) -> Finding:
    """Need less capability, domain by domain. A need not known could be 3, a capability not known 0.

    Each domain has three bits, one a level: the child has that of its need, the home those beyond its reach.
    So all nine domains are judged at once.
    """
    needs, refuses = _needs(pairs.child.needs), _refuses(pairs.home.capability, params)
    fails, not_known = overlap(needs, refuses)

    def facts() -> Facts:
        short = needs.certain & refuses.certain
        domains = _domains(short)
        to_check = _domains(needs.possible & refuses.possible) & ~domains
        return {"domains": code_set(domains, NeedDomain), "to_check": code_set(to_check, NeedDomain)}

    return Finding(fails, not_known, facts)


def _levels(domain: int, beyond: int = 0) -> int:
    """The bits of the levels above `beyond` in a domain."""
    return sum(1 << (domain * HIGHEST + level - 1) for level in LEVELS if level > beyond)


def _needs(needs: IntArray) -> Bits:
    return _looked_up(_OF_NEEDS, needs)


def _refuses(capability: IntArray, params: Params) -> Bits:
    return _looked_up(_of_capability(params), capability)


@once_for_each
def _of_capability(params: Params) -> Bits:
    """By domain and level, the bits of the levels that are beyond a home's reach."""
    allowed = [params.max_shortfall[name] for name in NeedDomain]
    return _table(
        [[_levels(domain, level + allowed[domain]) for level in SCALE] for domain in range(len(NeedDomain))],
        [_levels(domain, allowed[domain]) for domain in range(len(NeedDomain))],
    )


def _table(of_level: list[list[int]], may: list[int]) -> Bits:
    """Rows of five for each domain: where the level is not known, then each level; all of them one after another."""
    certain = [[0, *bits] for bits in of_level]
    possible = [[open_bits, *bits] for open_bits, bits in zip(may, of_level, strict=True)]
    return Bits(*(frozen(np.array(rows, dtype=np.uint32).ravel()) for rows in (certain, possible)))


_OF_NEEDS = _table(
    [[0, *(1 << (domain * HIGHEST + level - 1) for level in LEVELS)] for domain in range(len(NeedDomain))],
    [_levels(domain) for domain in range(len(NeedDomain))],
)

_FIRST = np.array([1 + domain * (1 + len(SCALE)) for domain in range(len(NeedDomain))], dtype=np.int8)
"""Where the level 0 of each domain stands in such a table; not known (-1) stands before it."""


def _looked_up(table: Bits, levels: IntArray) -> Bits:
    """The bits of all domains together, for levels of which the first axis counts the domains."""
    at = levels + _FIRST.reshape(-1, *(1,) * (levels.ndim - 1))
    return Bits(*(np.bitwise_or.reduce(bits.take(at), axis=0) for bits in table))


def _domains(bits: IntArray) -> IntArray:
    """The domains that have any of their bits set, as masks over `NeedDomain`."""
    found = np.zeros(bits.shape, dtype=np.uint16)
    for domain, name in enumerate(NeedDomain):
        found |= ((bits & np.uint32(_levels(domain))) != 0) * np.uint16(name.bit)
    return found


def remedies(case: Case, params: Params) -> tuple[Change, ...]:
    """Raise the home's capability where it falls short, by just enough."""
    raised = dict(case.home.capability)
    for domain in NeedDomain:
        enough = case.child.needs.get(domain, HIGHEST) - params.max_shortfall[domain]
        if enough > raised.get(domain, 0):
            raised[domain] = enough
    return (Change(Subject.HOME, "capability", raised),) if raised != case.home.capability else ()


ESSENTIAL_NEEDS = Rule(
    code="essential_needs",
    says="The home can meet the child's needs, up to the shortfall the policy allows",
    because="The child needs more than the home can do, by more than the policy allows: {domains:list}",
    statutory=False,
    source="Children's Homes (England) Regulations 2015, reg 14 and Sch 1; "
    "Fostering Services National Minimum Standard 15",
    level=Level.CHILD,
    judge=judge,
    params=Params,
    remedies=remedies,
)
