from datetime import date, timedelta

import pytest

from app.matching.rules.available_by import AVAILABLE_BY, Params
from tests.support.builders import AS_OF, a_child, a_home
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, Answer2, after_remedies, case_of, judge_one

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("grace_days", "after", "answer"),
    [(0, -1, PASSES), (0, 0, PASSES), (0, 1, FAILS), (3, 3, PASSES), (3, 4, FAILS), (0, None, NOT_KNOWN)],
)
def test_free_on_the_day_or_within_the_grace(grace_days: int, after: int | None, answer: Answer2) -> None:
    """The day before, the day and the day after, with and without grace; no date is not known."""
    params = Params(grace_days)
    home = a_home(available_from=None if after is None else AS_OF + after * DAY)
    assert judge_one(AVAILABLE_BY, a_child(), home, params=params).answer == answer
    if answer != PASSES:
        assert after_remedies(AVAILABLE_BY, case_of(a_child(), home), params).answer == PASSES


def test_the_day_of_moving_in_is_never_past() -> None:
    """An overdue referral is judged for today; a later one for its own day."""
    tomorrow, params = a_home(available_from=AS_OF + DAY), Params(0)
    overdue, later = date(2025, 12, 1), AS_OF + DAY
    assert judge_one(AVAILABLE_BY, a_child(), tomorrow, params=params, needed_by=overdue).answer == FAILS
    assert judge_one(AVAILABLE_BY, a_child(), tomorrow, params=params, needed_by=later).answer == PASSES


@pytest.mark.parametrize("days", [-1, 367])
def test_days_that_cannot_be_are_refused(days: int) -> None:
    """The message names the parameter."""
    with pytest.raises(ValueError, match="grace_days"):
        Params(days)


def test_the_remedy_is_just_enough() -> None:
    """Free on the last day that the grace allows, and nothing where it is free in time."""
    params = Params(366)
    latest = AS_OF + 366 * DAY
    late = case_of(a_child(), a_home(available_from=latest + DAY))
    assert [change.value for change in AVAILABLE_BY.remedies(late, params)] == [latest]
    assert AVAILABLE_BY.remedies(case_of(a_child(), a_home(available_from=latest)), params) == ()
