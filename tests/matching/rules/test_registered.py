from datetime import date, timedelta

import pytest

from app.matching.codes import Registration
from app.matching.rules.registered import REGISTERED
from tests.support.builders import AS_OF, a_child, a_home
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, Answer2, after_remedies, case_of, judge_one

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("registration", "answer"),
    [
        (Registration.REGISTERED, PASSES),
        (Registration.SUSPENDED, FAILS),
        (Registration.CANCELLED, FAILS),
        (Registration.UNREGISTERED, FAILS),
        (Registration.NOT_KNOWN, NOT_KNOWN),
    ],
)
def test_only_a_registered_home_passes(registration: Registration, answer: Answer2) -> None:
    """Every standing but registered keeps a child out; not known is never a pass."""
    assert judge_one(REGISTERED, a_child(), a_home(registration=registration)).answer == answer


@pytest.mark.parametrize(
    ("first", "last", "answer"),
    [
        (AS_OF - DAY, None, PASSES),
        (AS_OF, None, PASSES),
        (AS_OF + DAY, None, FAILS),
        (AS_OF, AS_OF - DAY, FAILS),
        (AS_OF, AS_OF, PASSES),
        (AS_OF, AS_OF + DAY, PASSES),
        (None, None, NOT_KNOWN),
        (None, AS_OF - DAY, FAILS),
    ],
)
def test_first_and_last_day_count(first: date | None, last: date | None, answer: Answer2) -> None:
    """The day of moving in lies within the registration, both ends included."""
    home = a_home(registered_from=first, registered_to=last)
    assert judge_one(REGISTERED, a_child(), home).answer == answer


def test_the_day_is_that_of_moving_in() -> None:
    """A home registered from next week is right for a child who moves in then."""
    home = a_home(registered_from=AS_OF + 7 * DAY)
    assert judge_one(REGISTERED, a_child(), home, needed_by=AS_OF + 7 * DAY).answer == PASSES
    assert judge_one(REGISTERED, a_child(), home, needed_by=AS_OF + 6 * DAY).answer == FAILS


def test_a_date_in_the_past_means_today() -> None:
    """A referral that is overdue is judged for the day of the match."""
    home = a_home(registered_from=AS_OF)
    assert judge_one(REGISTERED, a_child(), home, needed_by=date(2025, 1, 1)).answer == PASSES


def test_remedies_wait_or_confirm_but_never_open_an_illegal_home() -> None:
    """Waiting for the first day helps; nothing helps a home that may not operate."""
    waiting = case_of(a_child(), a_home(registered_from=AS_OF + DAY))
    unclear = case_of(a_child(), a_home(registration=Registration.NOT_KNOWN, registered_from=None))
    assert after_remedies(REGISTERED, waiting).answer == PASSES
    assert after_remedies(REGISTERED, unclear).answer == PASSES
    for standing in (Registration.SUSPENDED, Registration.CANCELLED, Registration.UNREGISTERED):
        assert after_remedies(REGISTERED, case_of(a_child(), a_home(registration=standing))) is None
    far_off = a_home(registered_from=AS_OF + 32 * DAY)
    assert after_remedies(REGISTERED, case_of(a_child(), far_off)) is None
    over = a_home(registered_from=AS_OF + 2 * DAY, registered_to=AS_OF + DAY)
    assert after_remedies(REGISTERED, case_of(a_child(), over)) is None


def test_only_what_is_in_the_way_is_changed() -> None:
    """Registered for just this one day: its standing has to be confirmed, and nothing else."""
    home = a_home(registration=Registration.NOT_KNOWN, registered_from=AS_OF, registered_to=AS_OF)
    changes = REGISTERED.remedies(case_of(a_child(), home), None)
    assert [change.field for change in changes] == ["registration"]
