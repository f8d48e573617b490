"""Checks that the parameters of several criteria share. Every error names the key of the policy to mend."""

from __future__ import annotations

from itertools import pairwise

from app.geo.grid import metres_from_miles
from app.matching.finding import FULL

MOST_MILES = 1000
"""Longer than Britain: a greater distance in a policy is a slip of the pen."""


def check_values(params: object, *names: str) -> None:
    """Each of these parameters must be a value, 0 to 1000."""
    for name in names:
        if not 0 <= getattr(params, name) <= FULL:
            raise ValueError(f"{name} must be from 0 to {FULL}")


def check_falling(params: object, *names: str) -> None:
    """Each of these values, 0 to 1000, may be at most the one before it."""
    check_values(params, *names)
    for before, name in pairwise(names):
        if getattr(params, name) > getattr(params, before):
            raise ValueError(f"{name} cannot be more than {before}")


def metres(params: object, name: str) -> int:
    """A parameter in miles as whole metres; refused unless from 0 to `MOST_MILES`."""
    miles = getattr(params, name)
    try:
        found = metres_from_miles(miles)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    if miles > MOST_MILES:
        raise ValueError(f"{name} cannot be more than {MOST_MILES} miles")
    return found


def check_reach(params: object, full: str, none: str) -> None:
    """The distance of no value must lie beyond that of full value, by a metre at least."""
    if metres(params, none) <= metres(params, full):
        raise ValueError(f"{none} must be more than {full}")


def check_percent(params: object, full: str, none: str) -> None:
    """The percentage of no value must lie above that of full value; both are whole and below 10,000."""
    if not 0 <= getattr(params, full) < getattr(params, none) < 10_000:
        raise ValueError(f"{none} must be more than {full}, which cannot be negative")
