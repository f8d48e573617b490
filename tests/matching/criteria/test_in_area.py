"""In the authority's area."""

from __future__ import annotations

import pytest

from app.geo.grid import Location
from app.matching.criteria.in_area import IN_AREA, Params
from tests.support.builders import CITY_CENTRE, NOTTINGHAM, NOTTINGHAMSHIRE, a_child, a_home
from tests.support.criteria import Scored, away_from, score_one

DERBY = "E06000015"
NEAR, FAR = 10_000, 60_000


def found(location: Location | None) -> Scored:
    """The score of a home at a place."""
    return score_one(IN_AREA, a_child(), a_home(location=location))


def at(metres: int, authority: str | None) -> Scored:
    """The score of a home so far from the centre, in an authority."""
    return found(away_from(CITY_CENTRE, metres, authority))


@pytest.mark.parametrize(
    ("metres", "authority", "value", "area", "local"),
    [
        (NEAR, NOTTINGHAM, 1000, "in_area", "Yes"),
        (FAR, NOTTINGHAM, 1000, "in_area", "No"),
        (NEAR, NOTTINGHAMSHIRE, 800, "adjoining", "Yes"),
        (FAR, NOTTINGHAMSHIRE, 500, "adjoining", "No"),
        (NEAR, DERBY, 300, "at_a_distance", "Yes"),
        (FAR, DERBY, 0, "at_a_distance", "No"),
    ],
)
def test_area_and_council_definition_count_together(
    metres: int, authority: str, value: int, area: str, local: str
) -> None:
    """Derby may be local and yet at a distance in law: both are told."""
    score = at(metres, authority)
    assert (score.value, score.known) == (value, True)
    assert score.facts == {"area": area, "local": local, "centre_m": metres}


def test_an_authority_not_known_may_be_any() -> None:
    """A place near the centre is local at least."""
    score = at(NEAR, None)
    assert (score.known, score.value, score.most) == (False, 300, 1000)
    assert score.facts == {"area": None, "local": "Yes", "centre_m": NEAR}


def test_a_home_nobody_can_place_may_be_anywhere() -> None:
    """No fact is made up for it."""
    score = found(None)
    assert (score.known, score.value, score.most) == (False, 0, 1000)
    assert score.facts == {"area": None, "local": None, "centre_m": None}


@pytest.mark.parametrize("authority", [NOTTINGHAM, NOTTINGHAMSHIRE, DERBY])
def test_nearer_within_one_authority_is_never_worse(authority: str) -> None:
    """Being local only adds."""
    values = [at(metres, authority).value for metres in range(0, 60_000, 5_000)]
    assert values == sorted(values, reverse=True)


def test_only_the_area_itself_is_full() -> None:
    """A policy cannot make a home outside the area count as inside."""
    with pytest.raises(ValueError, match="local_adds"):
        Params(adjoining=700, at_a_distance=0, local_adds=300)
    with pytest.raises(ValueError, match="at_a_distance"):
        Params(adjoining=300, at_a_distance=301, local_adds=0)
