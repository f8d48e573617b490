"""The home's record of unplanned endings."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from app.matching.criteria.stability import STABILITY
from tests.support.builders import a_child, a_home
from tests.support.criteria import PARAMS, score_one

USUAL = PARAMS["stability"]


def value(ended: int, unplanned: int, moves: int = 0) -> int:
    """The value of a record."""
    home = a_home(ended_placements=ended, unplanned_endings=unplanned)
    return score_one(STABILITY, a_child(moves_last_year=moves), home).value


def test_the_record_is_drawn_towards_the_usual() -> None:
    """2 in 10 are added: none of 10 becomes 2 in 20, none of 90 becomes 2 in 100."""
    for ended, unplanned in ((10, 0), (10, 2), (10, 5), (90, 0), (90, 40)):
        percent = Fraction(100 * (unplanned + 2), ended + 10)
        expected = max(0, min(1000, ((50 - percent) / 45 * 1000).__floor__()))
        assert value(ended, unplanned) == expected
    assert value(4, 0) < value(10, 0) < value(30, 0) == 1000


def test_fewer_unplanned_endings_are_never_worse() -> None:
    """Of as many, and for a child that has moved often as well."""
    for moves in (0, 2):
        for ended in range(4, 30):
            values = [value(ended, unplanned, moves) for unplanned in range(ended + 1)]
            assert values == sorted(values, reverse=True)
            assert values[0] > values[-1]


@pytest.mark.parametrize(
    "record",
    [
        {"ended_placements": 3, "unplanned_endings": 3},
        {"ended_placements": 0, "unplanned_endings": 0},
        {"ended_placements": None, "unplanned_endings": 3},
        {"ended_placements": 30, "unplanned_endings": None},
        {"ended_placements": None, "unplanned_endings": None},
    ],
)
def test_too_few_cases_say_nothing(record: dict[str, Any]) -> None:
    """Nor does half a record. What is known of it is told all the same."""
    found = score_one(STABILITY, a_child(), a_home(**record))
    assert (found.known, found.value, found.most) == (False, 0, 1000)
    assert (found.facts["ended"], found.facts["unplanned"]) == tuple(record.values())


def test_for_a_child_that_has_moved_often_a_poor_record_weighs_more() -> None:
    """From two moves on nothing is left at 35 percent instead of 50."""
    assert value(10, 5, moves=1) == value(10, 5)
    assert value(10, 5, moves=2) < value(10, 5)
    assert value(400, 0, moves=2) == 1000


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"min_cases": 0}, "min_cases"),
        ({"prior_unplanned": 11}, "prior_unplanned"),
        ({"moved_from": 0}, "moved_from"),
        ({"none_at_percent": 5}, "none_at_percent"),
        ({"moved_none_at_percent": 51}, "moved_none_at_percent"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(changes: dict[str, int], name: str) -> None:
    """The message names the key."""
    with pytest.raises(ValueError, match=name):
        replace(USUAL, **changes)
