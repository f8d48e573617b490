from dataclasses import replace

import pytest

from app.matching.codes import KeepTogether
from app.matching.home import Home
from app.matching.pool import Pool
from app.matching.referral import Child, ChildRef, HomeRef, PlacedSibling
from app.matching.rules.siblings_together import SIBLINGS_TOGETHER
from app.matching.shortlist import parted
from app.matching.under_way import still_waiting
from tests.support.builders import AS_OF, a_child, a_home, a_referral, a_resident
from tests.support.judging import FAILS, PASSES, Answer2, judge_one
from tests.support.policies import a_policy


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


@pytest.mark.parametrize(
    ("keep_together", "elsewhere"),
    [
        (KeepTogether.REQUIRED, FAILS),
        (KeepTogether.PREFERRED, PASSES),
        (KeepTogether.NOT_REQUIRED, PASSES),
    ],
)
def test_who_is_left_goes_where_the_others_have_a_place(keep_together: KeepTogether, elsewhere: Answer2) -> None:
    """There alone; nowhere once the others are parted themselves. As soon as none has a place, whoever waits is all."""
    one, two, left = (a_child(ref=ChildRef(name)) for name in ("A", "B", "C"))
    asked = a_referral(one, two, left, keep_together=keep_together)
    there, other = a_home(), a_home()

    def answer(home: Home, **places: HomeRef) -> Answer2:
        waiting = still_waiting(asked, {ChildRef(name): place for name, place in places.items()})
        assert waiting is not None
        others = tuple(one for one in (there, other) if one is not home)
        found = judge_one(SIBLINGS_TOGETHER, waiting, home, others=others)
        assert found.facts["elsewhere"] is bool(places and (len(set(places.values())) > 1 or home is not there))
        return found.answer

    assert answer(there, A=there.ref, B=there.ref) == PASSES
    assert answer(other, A=there.ref, B=there.ref) == elsewhere
    for home in (there, other):
        assert answer(home, A=there.ref, B=other.ref) == elsewhere
        assert answer(home) == PASSES


def test_a_part_of_those_who_are_left_is_still_a_part() -> None:
    """Also in the home of the others."""
    asked = a_referral(a_child(ref=ChildRef("A")), a_child(), a_child(), keep_together=KeepTogether.REQUIRED)
    there = a_home()
    waiting = still_waiting(asked, {ChildRef("A"): there.ref})
    assert waiting is not None
    assert judge_one(SIBLINGS_TOGETHER, waiting, there, members=(0,)).answer == FAILS
    assert judge_one(SIBLINGS_TOGETHER, waiting, there).answer == PASSES


@pytest.mark.parametrize(
    ("keep_together", "elsewhere"),
    [
        (KeepTogether.REQUIRED, FAILS),
        (KeepTogether.PREFERRED, PASSES),
        (KeepTogether.NOT_REQUIRED, PASSES),
    ],
)
def test_a_child_alone_goes_where_those_are_with_whom_it_must_stay(
    keep_together: KeepTogether, elsewhere: Answer2
) -> None:
    """Where brothers and sisters live who are placed, whoever says so; nobody else can be meant by the referral."""
    there, other = a_home(residents=(a_resident(ref=ChildRef("A")),)), a_home()

    def answer(home: Home, *siblings: PlacedSibling) -> Answer2:
        others = tuple(one for one in (there, other) if one is not home)
        child = a_child(placed_siblings=siblings)
        return judge_one(SIBLINGS_TOGETHER, child, home, others=others, keep_together=keep_together).answer

    for listed in (PlacedSibling(ChildRef("A")), PlacedSibling(ChildRef("B"), there.ref)):
        assert answer(there, listed) == PASSES
        assert answer(other, listed) == elsewhere
    parted = (PlacedSibling(ChildRef("A")), PlacedSibling(ChildRef("B"), other.ref))
    assert answer(there, *parted) == answer(other, *parted) == elsewhere
    nowhere = PlacedSibling(ChildRef("B"), HomeRef("not-ours"))
    assert answer(there, nowhere) == answer(other, nowhere) == PASSES


def test_a_group_stays_with_itself() -> None:
    """Of several children the word is about each other: an elder who is placed keeps them from no home."""
    sibling = PlacedSibling(ChildRef("A"), HomeRef("there"))
    children = tuple(a_child(placed_siblings=(sibling,)) for _ in range(2))
    found = judge_one(
        SIBLINGS_TOGETHER,
        children,
        a_home(),
        others=(a_home(ref=HomeRef("there")),),
        keep_together=KeepTogether.REQUIRED,
    )
    assert found.answer == PASSES


def test_some_of_them_go_where_all_the_others_live() -> None:
    """There nobody is parted, whoever says that they live there; where one of them lives elsewhere too, they are."""
    left, a, b = (a_child(ref=ChildRef(name)) for name in ("C", "A", "B"))
    there = a_home(residents=(a_resident(ref=a.ref),))
    other, lists_b = a_home(), a_home(residents=(a_resident(ref=b.ref),))

    def answer(home: Home, *others: Child, homes: tuple[Home, ...] = (there, other)) -> Answer2:
        beside = tuple(one for one in homes if one is not home)
        found = judge_one(
            SIBLINGS_TOGETHER,
            (*others, left),
            home,
            others=beside,
            members=(len(others),),
            keep_together=KeepTogether.REQUIRED,
        )
        assert found.facts["part"] is (found.answer == FAILS)
        return found.answer

    b_there = replace(b, current_home=there.ref)
    assert answer(there, a, b_there) == answer(there, a) == PASSES
    assert answer(other, a, b_there) == answer(other, a) == FAILS
    assert answer(there, a, b) == answer(other, a, b) == FAILS
    assert answer(there, a, b_there, homes=(there, other, lists_b)) == FAILS


def test_some_of_them_go_where_all_the_others_live_and_have_a_place() -> None:
    """One has a place, one lives somewhere, one is asked for: only in a home that is both is nobody parted."""
    one, two, left = (a_child(ref=ChildRef(name)) for name in ("A", "B", "C"))
    place, other = a_home(), a_home()

    def answer(home: Home, lives: Home) -> Answer2:
        asked = a_referral(
            one, replace(two, current_home=lives.ref), left, ref="R", keep_together=KeepTogether.REQUIRED
        )
        waiting = still_waiting(asked, {one.ref: place.ref})
        assert waiting is not None
        beside = tuple(each for each in (place, other) if each is not home)
        found = judge_one(SIBLINGS_TOGETHER, waiting, home, others=beside, members=(1,))
        told = parted(waiting, Pool.build((place, other)), a_policy(), AS_OF, {left.ref})
        assert told is not None
        assert (told.others_at == home.ref) is (found.answer == PASSES)
        return found.answer

    assert answer(place, lives=place) == PASSES
    assert answer(other, lives=place) == FAILS
    assert answer(place, lives=other) == answer(other, lives=other) == FAILS
