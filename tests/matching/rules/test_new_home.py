from app.matching.referral import HomeRef
from app.matching.rules.new_home import NEW_HOME
from tests.support.builders import a_child, a_home, a_resident
from tests.support.judging import FAILS, PASSES, after_remedies, case_of, judge_one


def test_where_the_child_lives_now_is_no_vacancy() -> None:
    """The home that the referral names is out, the others are not."""
    here, there = a_home(), a_home()
    child = a_child(current_home=here.ref)
    assert judge_one(NEW_HOME, child, here, others=(there,)).answer == FAILS
    assert judge_one(NEW_HOME, child, there, others=(here,)).answer == PASSES
    assert after_remedies(NEW_HOME, case_of(child, here)) is None


def test_a_child_among_the_residents_lives_there() -> None:
    """The home's own list says so where the referral names no home that is held."""
    for named in (None, HomeRef("elsewhere")):
        child = a_child(current_home=named)
        here, there = a_home(residents=(a_resident(ref=child.ref),)), a_home()
        assert judge_one(NEW_HOME, child, here, others=(there,)).answer == FAILS
        assert judge_one(NEW_HOME, child, there, others=(here,)).answer == PASSES


def test_a_child_from_elsewhere_may_go_anywhere() -> None:
    """No home that is held is the child's own."""
    assert judge_one(NEW_HOME, a_child(current_home=HomeRef("elsewhere")), a_home()).answer == PASSES
    assert judge_one(NEW_HOME, a_child(), a_home()).answer == PASSES
