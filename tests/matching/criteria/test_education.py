"""Education undisturbed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.matching.codes import Answer
from app.matching.criteria.education import EDUCATION, Params
from app.matching.referral import Child
from tests.support.builders import CITY_CENTRE, a_child, a_home
from tests.support.criteria import PARAMS, Scored, away_from, never_rises, score_one

TEN_MILES_M = 16093


def pupil(stage_4: Answer | None, **changes: object) -> Child:
    """A child at a school in the centre."""
    return a_child(school=CITY_CENTRE, key_stage_4=stage_4, **changes)


def found_at(metres: int, child: Child) -> Scored:
    """The score of a home so many metres from the school."""
    return score_one(EDUCATION, child, a_home(location=away_from(CITY_CENTRE, metres)))


def test_within_reach_nothing_is_disturbed() -> None:
    """Full up to three miles, in Key Stage 4 or not."""
    assert found_at(4828, pupil(Answer.NO)).value == 1000
    assert found_at(4828, pupil(Answer.YES)).value == 1000


def test_key_stage_4_weighs_more() -> None:
    """Ten miles are the end of it in Key Stage 4, and 588 of 1000 otherwise."""
    assert found_at(TEN_MILES_M, pupil(Answer.YES)).value == 0
    assert found_at(TEN_MILES_M, pupil(Answer.NO)).value == 588


def test_not_knowing_the_stage_leaves_what_lies_between() -> None:
    """Where both lines agree the value is known all the same."""
    found = found_at(TEN_MILES_M, pupil(Answer.NOT_KNOWN))
    assert (found.known, found.value, found.most) == (False, 0, 588)
    assert found.facts == {"distance_m": TEN_MILES_M, "key_stage_4": None}
    assert found_at(1000, pupil(Answer.NOT_KNOWN)).known


def test_key_stage_4_is_worked_out_from_the_date_of_birth() -> None:
    """In March 2026 a child born in October 2010 is in Year 10, one born in October 2011 in Year 9."""
    year_10 = pupil(None, date_of_birth=date(2010, 10, 1))
    assert found_at(TEN_MILES_M, year_10).facts["key_stage_4"] == "Yes"
    assert found_at(TEN_MILES_M, replace(year_10, date_of_birth=date(2011, 10, 1))).value == 588


@pytest.mark.parametrize("stage_4", [Answer.NO, Answer.YES])
def test_nearer_to_the_school_is_never_worse(stage_4: Answer) -> None:
    """On either line."""
    assert never_rises(found_at(metres, pupil(stage_4)).value for metres in range(0, 40_000, 500))


def test_a_child_who_attends_no_school_has_nothing_disturbed() -> None:
    """Known to attend none: no points either way. Not known: still asked."""
    assert not found_at(0, pupil(Answer.NO, attends_school=Answer.NO)).applies
    assert found_at(0, pupil(Answer.NO, attends_school=Answer.NOT_KNOWN)).applies


def test_a_school_or_home_nobody_can_place_leaves_everything_open() -> None:
    """From 0 to 1000."""
    for found in (
        found_at(0, replace(pupil(Answer.NO), school=None)),
        score_one(EDUCATION, pupil(Answer.NO), a_home(location=None)),
    ):
        assert (found.known, found.value, found.most) == (False, 0, 1000)
        assert found.facts["distance_m"] is None


def test_ranges_turned_round_are_refused() -> None:
    """Key Stage 4 may not weigh less than the years before."""
    for full, none, stage_4, name in (
        (3, 3, 3, "none_beyond_miles"),
        (3, 20, 3, "ks4_none"),
        (3, 20, 21, "ks4"),
    ):
        with pytest.raises(ValueError, match=name):
            Params(Decimal(full), Decimal(none), Decimal(stage_4))
    assert PARAMS["education"] == Params(Decimal(3), Decimal(20), Decimal(10))
