"""Near the people whom the child goes to see."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.geo.grid import Location
from app.matching.codes import VisitFrequency
from app.matching.criteria.contact import CONTACT, Params
from app.matching.referral import ContactPlace
from tests.support.builders import CITY_CENTRE, a_child, a_home
from tests.support.criteria import PARAMS, Scored, away_from, never_rises, score_one

FAR_M = 60_000


def found(home: Location | None, *places: ContactPlace) -> Scored:
    """The score of a home at a place for a child with these contacts."""
    return score_one(CONTACT, a_child(), a_home(location=home), contact_places=places)


def place(frequency: VisitFrequency, metres: int | None = 0) -> ContactPlace:
    """A place so far from the centre, or nobody knows where."""
    return ContactPlace(None if metres is None else away_from(CITY_CENTRE, metres), frequency)


def test_a_child_with_nobody_to_see_is_not_judged_by_it() -> None:
    """No contact places, no points."""
    assert not found(CITY_CENTRE).applies


def test_what_is_visited_more_often_weighs_more() -> None:
    """Near the weekly (6) and far from the monthly (2) place: 750; the other way round: 250."""
    near_weekly = found(CITY_CENTRE, place(VisitFrequency.WEEKLY), place(VisitFrequency.MONTHLY, FAR_M))
    near_monthly = found(CITY_CENTRE, place(VisitFrequency.WEEKLY, FAR_M), place(VisitFrequency.MONTHLY))
    assert (near_weekly.value, near_monthly.value) == (750, 250)
    assert near_weekly.facts == near_monthly.facts == {"nearest_m": 0, "farthest_m": FAR_M}


def test_nearer_is_never_worse() -> None:
    """Full within 3 miles, nothing from 30."""
    values = [found(away_from(CITY_CENTRE, m), place(VisitFrequency.DAILY)).value for m in range(0, 50_000, 500)]
    assert never_rises(values)
    assert (values[0], values[-1]) == (1000, 0)


def test_a_place_that_is_not_known_leaves_its_own_share_open() -> None:
    """Weekly 6 of 8 known and near, monthly 2 of 8 open."""
    score = found(CITY_CENTRE, place(VisitFrequency.WEEKLY), place(VisitFrequency.MONTHLY, None))
    assert (score.known, score.value, score.most) == (False, 750, 1000)
    assert score.facts == {"nearest_m": 0, "farthest_m": 0}


@pytest.mark.parametrize("home", [None, CITY_CENTRE])
def test_nothing_known_leaves_everything_open(home: Location | None) -> None:
    """No place, or no place and no home."""
    score = found(home, place(VisitFrequency.DAILY, None))
    assert (score.known, score.value, score.most) == (False, 0, 1000)
    assert score.facts == {"nearest_m": None, "farthest_m": None}


def test_every_frequency_needs_a_weight() -> None:
    """The message names the one that is missing."""
    params = PARAMS["contact"]
    weights = {f: w for f, w in params.visit_weight.items() if f is not VisitFrequency.FORTNIGHTLY}
    with pytest.raises(ValueError, match="fortnightly"):
        Params(Decimal(3), Decimal(30), weights)
    with pytest.raises(ValueError, match="daily"):
        replace(params, visit_weight={**params.visit_weight, VisitFrequency.DAILY: 0})


def test_a_home_nobody_can_place_is_at_no_distance() -> None:
    """Not even where the policy's line is long enough to reach any spot on the map."""
    params = replace(PARAMS["contact"], full_within_miles=Decimal(999), none_beyond_miles=Decimal(1000))
    places = (place(VisitFrequency.DAILY),)
    score = score_one(CONTACT, a_child(), a_home(location=None), params=params, contact_places=places)
    assert (score.known, score.value, score.most) == (False, 0, 1000)
