from datetime import date

import pytest

from app.matching.rules.ages import birthday


@pytest.mark.parametrize(
    ("born", "years", "day"),
    [
        (date(2010, 6, 15), 16, date(2026, 6, 15)),
        (date(2012, 2, 29), 16, date(2028, 2, 29)),
        (date(2012, 2, 29), 18, date(2030, 3, 1)),
        (date(2084, 2, 29), 16, date(2100, 3, 1)),  # 2100 is no leap year
    ],
)
def test_birthdays(born: date, years: int, day: date) -> None:
    """The birthday of a child born on 29 February is on 1 March in other years."""
    assert birthday(born, years) == day
