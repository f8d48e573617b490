from datetime import timedelta

import pytest

from app.matching.codes import HomeKind
from app.matching.rules.vacancy_confirmed import VACANCY_CONFIRMED, Params
from tests.support.builders import AS_OF, a_child, a_home
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, Answer2, after_remedies, case_of, judge_one

DAY = timedelta(days=1)
LIMITS = {kind: 10 + kind.position for kind in HomeKind}
PARAMS = Params(LIMITS)


@pytest.mark.parametrize("kind", HomeKind)
@pytest.mark.parametrize(("beyond", "answer"), [(-1, PASSES), (0, PASSES), (1, FAILS)])
def test_up_to_the_limit_of_the_kind(kind: HomeKind, beyond: int, answer: Answer2) -> None:
    """The day before, at and after the limit; asking today helps."""
    home = a_home(kind=kind, confirmed_on=AS_OF - (LIMITS[kind] + beyond) * DAY)
    assert judge_one(VACANCY_CONFIRMED, a_child(), home, params=PARAMS).answer == answer
    assert after_remedies(VACANCY_CONFIRMED, case_of(a_child(), home), PARAMS).answer == PASSES


@pytest.mark.parametrize(("confirmed_on", "answer"), [(None, NOT_KNOWN), (AS_OF + DAY, NOT_KNOWN), (AS_OF, PASSES)])
def test_never_and_in_the_future(confirmed_on: object, answer: Answer2) -> None:
    """A confirmation from tomorrow is a slip of the pen, not news."""
    home = a_home(confirmed_on=confirmed_on)
    assert judge_one(VACANCY_CONFIRMED, a_child(), home, params=PARAMS).answer == answer


def test_age_counts_from_today_whenever_the_child_moves() -> None:
    """A home needed next month is asked about now."""
    home = a_home(confirmed_on=AS_OF)
    found = judge_one(VACANCY_CONFIRMED, a_child(), home, params=PARAMS, needed_by=AS_OF + 60 * DAY)
    assert found.answer == PASSES


@pytest.mark.parametrize("limits", [{}, {HomeKind.FOSTER: 3}, LIMITS | {HomeKind.FOSTER: -1}, LIMITS | {"castle": 3}])
def test_limits_must_be_complete_and_possible(limits: dict[HomeKind, int]) -> None:
    """A kind left out, an unknown kind and a negative number are refused by the name of the parameter."""
    with pytest.raises(ValueError, match="max_age_days"):
        Params(limits)


@pytest.mark.parametrize("days", [0, 3660])
def test_from_today_alone_to_ten_years(days: int) -> None:
    """The ends of what a policy may ask are possible."""
    params = Params(dict.fromkeys(HomeKind, days))
    assert judge_one(VACANCY_CONFIRMED, a_child(), a_home(), params=params).answer == PASSES
