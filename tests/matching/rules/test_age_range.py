from datetime import date

import pytest

from app.matching.rules.age_range import AGE_RANGE
from tests.support.builders import a_child, a_home, some_terms
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, Answer2, after_remedies, case_of, judge_one


@pytest.mark.parametrize(
    ("born", "moves_in", "answer"),
    [
        (date(2013, 6, 15), date(2026, 6, 14), FAILS),  # 12
        (date(2013, 6, 15), date(2026, 6, 15), PASSES),  # 13
        (date(2013, 6, 15), date(2029, 6, 14), PASSES),  # 15
        (date(2013, 6, 15), date(2029, 6, 15), FAILS),  # 16
        (date(2012, 2, 29), date(2027, 2, 28), PASSES),  # 14
        (date(2012, 2, 29), date(2028, 2, 28), PASSES),  # 15
        (date(2012, 2, 29), date(2028, 2, 29), FAILS),  # 16
        (None, date(2026, 6, 15), NOT_KNOWN),
    ],
)
def test_from_the_first_birthday_to_the_day_before_the_last(born: date | None, moves_in: date, answer: Answer2) -> None:
    """A home for 13 to 15: both ends belong to the range, in whole years on the day of moving in."""
    home = a_home(terms=some_terms(age_min=13, age_max=15))
    assert judge_one(AGE_RANGE, a_child(date_of_birth=born), home, needed_by=moves_in).answer == answer


@pytest.mark.parametrize(
    ("age_min", "age_max", "answer"),
    [
        (None, 15, NOT_KNOWN),
        (10, None, NOT_KNOWN),
        (None, None, NOT_KNOWN),
        (14, None, FAILS),
        (None, 12, FAILS),
        (0, 17, PASSES),
    ],
)
def test_an_open_end_is_not_known_unless_the_other_fails(
    age_min: int | None, age_max: int | None, answer: Answer2
) -> None:
    """A child of 13 against a range of which one end is missing."""
    home = a_home(terms=some_terms(age_min=age_min, age_max=age_max))
    assert judge_one(AGE_RANGE, a_child(), home).answer == answer
    if answer != PASSES:
        assert after_remedies(AGE_RANGE, case_of(a_child(), home)).answer == PASSES


def test_a_child_not_yet_born_is_not_placed() -> None:
    """Below nought is never inside a range."""
    unborn = a_child(date_of_birth=date(2026, 12, 24))
    assert judge_one(AGE_RANGE, unborn, a_home()).answer == FAILS
    assert after_remedies(AGE_RANGE, case_of(unborn, a_home())) is None


@pytest.mark.parametrize(
    ("born", "age_min", "age_max", "changes"),
    [
        (date(2013, 3, 2), 14, 17, {"terms.age_min": 13}),  # 13 on the day
        (date(2013, 3, 3), 13, 17, {"terms.age_min": 12}),  # 13 on the day after
        (date(2013, 3, 2), 0, 12, {"terms.age_max": 13}),
        (date(2013, 3, 2), 13, None, {"terms.age_max": 13}),
        (date(2013, 3, 2), None, 13, {"terms.age_min": 13}),
        (date(2026, 3, 2), 1, 17, {"terms.age_min": 0}),  # born on the day
        (None, 14, 17, {}),
    ],
)
def test_the_remedy_is_just_enough(
    born: date | None, age_min: int | None, age_max: int | None, changes: dict[str, int]
) -> None:
    """Only the end that is in the way moves, and only to the child's age on the day."""
    case = case_of(a_child(date_of_birth=born), a_home(terms=some_terms(age_min=age_min, age_max=age_max)))
    assert {change.field: change.value for change in AGE_RANGE.remedies(case, None)} == changes
