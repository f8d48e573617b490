"""Nearness to the family home."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.matching.criteria.near_family import NEAR_FAMILY, Params
from tests.support.builders import CITY_CENTRE, a_child, a_home
from tests.support.criteria import away_from, never_rises, score_one


def value_at(metres: int) -> int:
    """Value of a home so many metres from the family home."""
    home = a_home(location=away_from(CITY_CENTRE, metres))
    return score_one(NEAR_FAMILY, a_child(), home, family_home=CITY_CENTRE).value


def test_full_within_three_miles_and_nothing_beyond_twenty() -> None:
    """3 miles are 4828 whole metres and 20 miles 32186; half-way between them is half."""
    assert [value_at(metres) for metres in (0, 4828, 4829, 18507, 32186)] == [1000, 1000, 999, 500, 0]


def test_nearer_is_never_worse() -> None:
    """Along a line away from home the value only falls."""
    assert never_rises(value_at(metres) for metres in range(0, 40_000, 250))


@pytest.mark.parametrize(("family", "home"), [(None, CITY_CENTRE), (CITY_CENTRE, None), (None, None)])
def test_a_place_that_is_not_known_leaves_everything_open(family: object, home: object) -> None:
    """Neither near nor far: from 0 to 1000, and no distance is told."""
    found = score_one(NEAR_FAMILY, a_child(), a_home(location=home), family_home=family)
    assert (found.known, found.value, found.most, found.facts) == (False, 0, 1000, {"distance_m": None})


def test_the_distance_is_told() -> None:
    """In whole metres."""
    home = a_home(location=away_from(CITY_CENTRE, 1234))
    assert score_one(NEAR_FAMILY, a_child(), home, family_home=CITY_CENTRE).facts == {"distance_m": 1234}


@pytest.mark.parametrize(
    ("full", "none", "name"),
    [
        ("3", "3", "none_beyond_miles"),
        ("3", "3.0001", "none_beyond_miles"),
        ("-1", "3", "full_within_miles"),
        ("NaN", "3", "full_within_miles"),
        ("3", "Infinity", "none_beyond_miles"),
        ("3", "1001", "none_beyond_miles"),
    ],
)
def test_distances_that_make_no_sense_are_refused(full: str, none: str, name: str) -> None:
    """The message names the key to mend."""
    with pytest.raises(ValueError, match=name):
        Params(Decimal(full), Decimal(none))
