"""What a rule and a criterion are made of. Each lives in a file of its own and in one explicit tuple."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeAlias

from app.matching.finding import Finding, Score
from app.matching.home import Home
from app.matching.referral import Child, Referral


class Level(StrEnum):
    """Whom a rule judges: one child with a home, or the party as a whole with a home."""

    CHILD = "child"
    PARTY = "party"


@dataclass(frozen=True, slots=True)
class NoParams:
    """For units that the policy has nothing to say about beyond using them."""


MOST_DAYS_TO_WAIT = 31
"""A home that a child may go to only later than this is no help to a child who needs one."""


@dataclass(frozen=True, slots=True)
class Case:
    """One party and one home as records, with the child concerned: what a remedy is worked out from."""

    child: Child
    children: tuple[Child, ...]
    referral: Referral
    home: Home
    as_of: date

    @property
    def moves_in(self) -> date:
        """The day on which the children would move in."""
        return max(self.referral.needed_by, self.as_of)

    def could_wait_until(self, day: date) -> bool:
        """Whether it makes sense to tell somebody who needs a home that one is open to them from that day on."""
        return (day - self.moves_in).days <= MOST_DAYS_TO_WAIT


class Subject(StrEnum):
    """Which record a change touches."""

    HOME = "home"
    CHILD = "child"
    REFERRAL = "referral"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would have to be different: this field of this record would have to be `value`.

    `field` is a path such as `terms.age_max`. Applied with `dataclasses.replace` and judged again before it
    is ever shown, so a change that does not help is never offered.
    """

    subject: Subject
    field: str
    value: Any


Remedies: TypeAlias = Callable[[Case, Any], tuple[Change, ...]]


def no_remedies(_case: Case, _params: Any) -> tuple[Change, ...]:
    """For rules that nothing a person may change would meet."""
    return ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A hard rule.

    `statutory`: can never be overridden, and not known always blocks. `says`: what the rule asks, as an
    officer would say it. `because`: why a pair fails it, a template over the names of its facts (see
    `app.wording`); the engine never fills it in. `source`: the law, standard or document it comes from.
    `names_no_home`: a home it keeps out is counted and never named unasked, as to name it would tell where
    somebody lives. `params`: the dataclass of what the policy may set. `judge(pairs, params)` gets `ChildPairs` or
    `PartyPairs` as `level` says.
    """

    code: str
    says: str
    because: str
    statutory: bool
    source: str
    level: Level
    judge: Callable[[Any, Any], Finding]
    params: type[Any] = NoParams
    remedies: Remedies = no_remedies
    names_no_home: bool = False


@dataclass(frozen=True, slots=True)
class Criterion:
    """A soft criterion, judged on one child and one home: `judge(pairs: ChildPairs, params) -> Score`.

    `because`: what it found, a template over the names of its facts (see `app.wording`); `when_full` says
    it shorter where the value is full. `statutory`: one of the five considerations of Children Act 1989
    s22C(8)-(9). A policy may give it no weight, but not leave it out: every option answers it.
    """

    code: str
    says: str
    because: str
    source: str
    judge: Callable[[Any, Any], Score]
    params: type[Any] = NoParams
    when_full: str = ""
    statutory: bool = False
