from datetime import date

import pytest

from app.matching.codes import SUPPORTED_KINDS, HomeKind
from app.matching.rules.supported_accommodation_age import SUPPORTED_ACCOMMODATION_AGE as RULE
from tests.support.builders import a_child, a_home
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, Answer2, after_remedies, case_of, judge_one

LODGINGS = a_home(kind=HomeKind.SUPPORTED_LODGINGS)


@pytest.mark.parametrize("kind", sorted(SUPPORTED_KINDS))
@pytest.mark.parametrize(
    ("born", "moves_in", "answer"),
    [
        (date(2010, 6, 15), date(2026, 6, 14), FAILS),  # the day before the 16th birthday
        (date(2010, 6, 15), date(2026, 6, 15), PASSES),
        (date(2010, 6, 15), date(2028, 6, 14), PASSES),  # the day before the 18th
        (date(2010, 6, 15), date(2028, 6, 15), FAILS),
        (date(2012, 2, 29), date(2028, 2, 28), FAILS),
        (date(2012, 2, 29), date(2028, 2, 29), PASSES),
        (date(2012, 2, 29), date(2030, 2, 28), PASSES),  # 18 on 1 March where there is no 29 February
        (date(2012, 2, 29), date(2030, 3, 1), FAILS),
        (date(2026, 3, 2), date(2026, 3, 2), FAILS),
        (None, date(2026, 6, 15), NOT_KNOWN),
    ],
)
def test_sixteen_and_seventeen_only(kind: HomeKind, born: date | None, moves_in: date, answer: Answer2) -> None:
    """Days before, on and after the birthdays, also for a child born on 29 February."""
    child = a_child(date_of_birth=born)
    assert judge_one(RULE, child, a_home(kind=kind), needed_by=moves_in).answer == answer


@pytest.mark.parametrize("kind", sorted(set(HomeKind) - SUPPORTED_KINDS))
@pytest.mark.parametrize("born", [date(2025, 1, 1), date(2007, 1, 1), None])
def test_says_nothing_about_other_homes(kind: HomeKind, born: date | None) -> None:
    """At no age and for no unknown age does this rule touch another kind of home."""
    assert judge_one(RULE, a_child(date_of_birth=born), a_home(kind=kind)).answer == PASSES


@pytest.mark.parametrize("born", [date(2010, 3, 3), date(2010, 4, 2)])
def test_waiting_for_the_birthday_helps(born: date | None) -> None:
    """Moved to a 16th birthday that is near, the date is right; a day earlier it would not be."""
    child = a_child(date_of_birth=born)
    change = RULE.remedies(case_of(child, LODGINGS), None)[0]
    assert after_remedies(RULE, case_of(child, LODGINGS)).answer == PASSES
    earlier = date.fromordinal(change.value.toordinal() - 1)
    assert judge_one(RULE, child, LODGINGS, needed_by=earlier).answer == FAILS


@pytest.mark.parametrize("born", [None, date(2007, 1, 1), date(2010, 3, 2), date(2010, 4, 3), date(2020, 12, 31)])
def test_nothing_is_offered_where_waiting_does_not_help(born: date | None) -> None:
    """Nobody grows younger, a date of birth is not made up, 16 today is 16, and nobody waits years for a home."""
    assert after_remedies(RULE, case_of(a_child(date_of_birth=born), LODGINGS)) is None
