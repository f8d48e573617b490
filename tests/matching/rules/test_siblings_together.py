import pytest

from app.matching.codes import KeepTogether
from app.matching.rules.siblings_together import SIBLINGS_TOGETHER
from tests.support.builders import a_child, a_home
from tests.support.judging import FAILS, PASSES, Answer2, judge_one


@pytest.mark.parametrize(
    ("keep_together", "part"),
    [
        (KeepTogether.REQUIRED, FAILS),
        (KeepTogether.PREFERRED, PASSES),
        (KeepTogether.NOT_REQUIRED, PASSES),
    ],
)
def test_a_part_fails_where_all_must_go_together(keep_together: KeepTogether, part: Answer2) -> None:
    """The whole group passes always, any part of it only where it may be parted."""
    children = (a_child(), a_child(), a_child())
    for members in ((0,), (2,), (0, 1), (1, 2)):
        found = judge_one(SIBLINGS_TOGETHER, children, a_home(), members=members, keep_together=keep_together)
        assert found.answer == part
    assert judge_one(SIBLINGS_TOGETHER, children, a_home(), keep_together=keep_together).answer == PASSES


def test_an_only_child_is_whole() -> None:
    """Nobody to be parted from."""
    found = judge_one(SIBLINGS_TOGETHER, a_child(), a_home(), keep_together=KeepTogether.REQUIRED)
    assert found.answer == PASSES


def test_the_remedy_is_the_referrals_own_word() -> None:
    """The referral would have to prefer what it requires now."""
    change = SIBLINGS_TOGETHER.remedies(None, None)[0]
    children = (a_child(), a_child())
    found = judge_one(SIBLINGS_TOGETHER, children, a_home(), members=(0,), **{change.field: change.value})
    assert found.answer == PASSES
