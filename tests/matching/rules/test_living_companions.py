from datetime import date

import pytest

from app.matching.codes import LivingCompanions
from app.matching.home import Home
from app.matching.rules.living_companions import LIVING_COMPANIONS
from tests.support.builders import a_child, a_home, a_resident
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, Answer2, after_remedies, case_of, judge_one

BORN = date(2012, 5, 10)
DAY_BEFORE, DAY_AFTER = date(2012, 5, 9), date(2012, 5, 11)
Wish = LivingCompanions


def home_of(*born: date | None, wish: Wish = Wish.NO_PREFERENCE) -> Home:
    """A resident for each date of birth, all with this line in their plan."""
    return a_home(residents=tuple(a_resident(date_of_birth=day, living_companions=wish) for day in born))


@pytest.mark.parametrize(
    ("wish", "born", "answer"),
    [
        (Wish.SOLO, (), PASSES),
        (Wish.SOLO, (DAY_BEFORE,), FAILS),
        (Wish.SOLO, (None,), FAILS),
        (Wish.WITH_OTHERS, (), PASSES),
        (Wish.WITH_OTHERS, (DAY_BEFORE,), PASSES),
        (Wish.NO_PREFERENCE, (BORN,), PASSES),
        (Wish.NOT_KNOWN, (), PASSES),
        (Wish.NOT_KNOWN, (BORN,), NOT_KNOWN),
        (Wish.ONLY_OLDER, (), PASSES),
        (Wish.ONLY_OLDER, (DAY_BEFORE,), PASSES),
        (Wish.ONLY_OLDER, (BORN,), FAILS),
        (Wish.ONLY_OLDER, (DAY_AFTER,), FAILS),
        (Wish.ONLY_OLDER, (DAY_BEFORE, DAY_AFTER), FAILS),
        (Wish.ONLY_OLDER, (None,), NOT_KNOWN),
        (Wish.ONLY_OLDER, (DAY_BEFORE, None), NOT_KNOWN),
        (Wish.ONLY_OLDER, (DAY_AFTER, None), FAILS),
        (Wish.ONLY_YOUNGER, (), PASSES),
        (Wish.ONLY_YOUNGER, (DAY_BEFORE,), FAILS),
        (Wish.ONLY_YOUNGER, (BORN,), FAILS),
        (Wish.ONLY_YOUNGER, (DAY_AFTER,), PASSES),
        (Wish.ONLY_YOUNGER, (DAY_BEFORE, DAY_AFTER), FAILS),
        (Wish.ONLY_YOUNGER, (None,), NOT_KNOWN),
        (Wish.ONLY_YOUNGER, (DAY_AFTER, None), NOT_KNOWN),
        (Wish.ONLY_YOUNGER, (DAY_BEFORE, None), FAILS),
    ],
)
def test_the_childs_plan(wish: Wish, born: tuple[date | None, ...], answer: Answer2) -> None:
    """To the day: born on the same day is neither older nor younger."""
    child, home = a_child(date_of_birth=BORN, living_companions=wish), home_of(*born)
    assert judge_one(LIVING_COMPANIONS, child, home).answer == answer
    assert after_remedies(LIVING_COMPANIONS, case_of(child, home)).answer == PASSES


@pytest.mark.parametrize(
    ("wish", "born", "answer"),
    [
        (Wish.SOLO, (DAY_BEFORE,), FAILS),
        (Wish.SOLO, (None,), FAILS),
        (Wish.NOT_KNOWN, (BORN,), NOT_KNOWN),
        (Wish.WITH_OTHERS, (BORN,), PASSES),
        (Wish.ONLY_OLDER, (DAY_AFTER,), PASSES),
        (Wish.ONLY_OLDER, (BORN,), FAILS),
        (Wish.ONLY_OLDER, (DAY_BEFORE,), FAILS),
        (Wish.ONLY_OLDER, (DAY_BEFORE, DAY_AFTER), FAILS),
        (Wish.ONLY_OLDER, (None,), NOT_KNOWN),
        (Wish.ONLY_OLDER, (DAY_BEFORE, None), FAILS),
        (Wish.ONLY_YOUNGER, (DAY_BEFORE,), PASSES),
        (Wish.ONLY_YOUNGER, (BORN,), FAILS),
        (Wish.ONLY_YOUNGER, (DAY_AFTER,), FAILS),
        (Wish.ONLY_YOUNGER, (DAY_AFTER, DAY_BEFORE), FAILS),
        (Wish.ONLY_YOUNGER, (DAY_BEFORE, None), NOT_KNOWN),
    ],
)
def test_the_plans_of_those_who_live_there(wish: Wish, born: tuple[date | None, ...], answer: Answer2) -> None:
    """The newcomer must be right for every one of them."""
    home = home_of(*born, wish=wish)
    assert judge_one(LIVING_COMPANIONS, a_child(date_of_birth=BORN), home).answer == answer
    if wish is not Wish.WITH_OTHERS:
        assert after_remedies(LIVING_COMPANIONS, case_of(a_child(), home)) is None


@pytest.mark.parametrize(
    ("own", "theirs", "answer"),
    [
        (Wish.ONLY_OLDER, Wish.NO_PREFERENCE, NOT_KNOWN),
        (Wish.ONLY_YOUNGER, Wish.NO_PREFERENCE, NOT_KNOWN),
        (Wish.NO_PREFERENCE, Wish.ONLY_OLDER, NOT_KNOWN),
        (Wish.NO_PREFERENCE, Wish.ONLY_YOUNGER, NOT_KNOWN),
        (Wish.NO_PREFERENCE, Wish.NO_PREFERENCE, PASSES),
        (Wish.SOLO, Wish.NO_PREFERENCE, FAILS),
        (Wish.ONLY_OLDER, Wish.SOLO, FAILS),
    ],
)
def test_a_child_whose_age_is_not_known(own: Wish, theirs: Wish, answer: Answer2) -> None:
    """Age matters only where a plan asks for it."""
    child = a_child(date_of_birth=None, living_companions=own)
    assert judge_one(LIVING_COMPANIONS, child, home_of(BORN, wish=theirs)).answer == answer
    assert judge_one(LIVING_COMPANIONS, child, a_home()).answer == PASSES


def test_the_facts_say_which_side_and_nobodys_age() -> None:
    """Whose plan stands against it, and how many live there."""
    child = a_child(date_of_birth=BORN, living_companions=Wish.ONLY_OLDER)
    found = judge_one(LIVING_COMPANIONS, child, home_of(DAY_AFTER))
    assert found.facts == {
        "companions": "Only with other older children",
        "residents": 1,
        "by_child": True,
        "by_resident": False,
    }


@pytest.mark.parametrize(
    ("own", "home", "by_child", "by_resident"),
    [
        (Wish.SOLO, home_of(BORN), True, False),
        (Wish.SOLO, a_home(), False, False),
        (Wish.NO_PREFERENCE, home_of(BORN, wish=Wish.SOLO), False, True),
        (Wish.NO_PREFERENCE, home_of(BORN, wish=Wish.ONLY_OLDER), False, True),
        (Wish.NO_PREFERENCE, home_of(BORN), False, False),
    ],
)
def test_whose_plan_stands_against_it(own: Wish, home: Home, by_child: bool, by_resident: bool) -> None:
    """The child's, or that of somebody who lives there."""
    child = a_child(date_of_birth=BORN, living_companions=own)
    facts = judge_one(LIVING_COMPANIONS, child, home).facts
    assert (facts["by_child"], facts["by_resident"]) == (by_child, by_resident)
