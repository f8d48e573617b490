"""The place must be free by the day the child needs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.matching.columns import NO_DAY
from app.matching.finding import Facts, Finding, on_day
from app.matching.pairs import ChildPairs
from app.matching.unit import Case, Change, Level, Rule, Subject


@dataclass(frozen=True, slots=True)
class Params:
    """Days after the day of moving in on which a place may still come free."""

    grace_days: int

    def __post_init__(self) -> None:
        """Refuse days that cannot be."""
        if not 0 <= self.grace_days <= 366:
            raise ValueError("grace_days must be from 0 to 366")


def judge(pairs: ChildPairs, params: Params) -> Finding:
    """Free on the day of moving in, or so many days later."""
    child, home = pairs.child, pairs.home
    fails = home.available_from > child.on_day + params.grace_days

    def facts() -> Facts:
        return {"available_from": on_day(home.available_from), "moves_in": on_day(child.on_day)}

    return Finding(fails, home.available_from == NO_DAY, facts)


def remedies(case: Case, params: Params) -> tuple[Change, ...]:
    """A place that is free just in time."""
    latest = case.moves_in + timedelta(days=params.grace_days)
    free = case.home.available_from
    return (Change(Subject.HOME, "available_from", latest),) if free is None or free > latest else ()


AVAILABLE_BY = Rule(
    code="available_by",
    says="The place is free when the child needs it",
    because="The place is free from {available_from:day}; the child needs it on {moves_in:day}",
    statutory=False,
    source="Placements Data Standard v2, PlacementAvailability (neededBy)",
    level=Level.CHILD,
    judge=judge,
    params=Params,
    remedies=remedies,
)
