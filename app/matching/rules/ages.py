"""Ages in whole years on the day of moving in."""

from __future__ import annotations

from datetime import date

from app.matching.child_columns import Children
from app.matching.columns import BoolArray, IntArray


def ages(child: Children) -> tuple[IntArray, BoolArray]:
    """Whole years on the day of moving in, and for whom they are known.

    The years mean nothing where they are not known. They are negative for a child not yet born.
    """
    return child.age, child.age_known


def birthday(born: date, years: int) -> date:
    """The day on which somebody becomes so many years old: 1 March for 29 February where there is none."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)
