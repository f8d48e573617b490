"""Somebody must have confirmed the vacancy recently enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.matching.codes import HomeKind
from app.matching.columns import NO_DAY
from app.matching.finding import Facts, Finding, code, number, on_day
from app.matching.pairs import ChildPairs
from app.matching.unit import Case, Change, Level, Rule, Subject


@dataclass(frozen=True, slots=True)
class Params:
    """For every kind of home, how many days a confirmation holds (0: today's only)."""

    max_age_days: Mapping[HomeKind, int]

    def __post_init__(self) -> None:
        """Refuse a kind left out and days that cannot be."""
        missing = [kind for kind in HomeKind if kind not in self.max_age_days]
        if missing or len(self.max_age_days) != len(HomeKind):
            raise ValueError(f"max_age_days needs one number for each kind of home; look at {missing}")
        if not all(0 <= days <= 3660 for days in self.max_age_days.values()):
            raise ValueError("max_age_days must be from 0 to 3660 for every kind")


def judge(pairs: ChildPairs, params: Params) -> Finding:
    """Days since the confirmation, against the limit of the kind. One dated in the future is not known."""
    child, home = pairs.child, pairs.home
    limit = np.array([params.max_age_days[kind] for kind in HomeKind], dtype=np.int32)[home.kind]
    never = home.confirmed_on == NO_DAY
    fails = (child.as_of > home.confirmed_on + limit) & ~never
    not_known = never | (home.confirmed_on > child.as_of)

    def facts() -> Facts:
        return {
            "confirmed_on": on_day(home.confirmed_on),
            "max_age_days": number(limit),
            "kind": code(home.kind, HomeKind),
        }

    return Finding(fails, not_known, facts)


def remedies(case: Case, _params: Params) -> tuple[Change, ...]:
    """Ask today."""
    return (Change(Subject.HOME, "confirmed_on", case.as_of),)


VACANCY_CONFIRMED = Rule(
    code="vacancy_confirmed",
    says="The vacancy was confirmed recently enough",
    because="The vacancy was last confirmed on {confirmed_on:day}, "
    "which counts for {max_age_days} days in this kind of home ({kind})",
    statutory=False,
    source="Children Act 1989 s22C(5) (the most appropriate placement available); "
    "Placements Data Standard v2, PlacementAvailability",
    level=Level.CHILD,
    judge=judge,
    params=Params,
    remedies=remedies,
)
