"""How homes are filled: never beyond their places, and steadily."""

import pytest

from app.demo.occupancy import frames
from app.demo.segments import DEFAULT_HOMES, SEGMENTS, order_of_homes


def test_the_order_of_homes_holds_each_kind_as_often_as_it_says() -> None:
    """450 homes, every one of them once."""
    order = order_of_homes()
    assert len(order) == DEFAULT_HOMES == sum(segment.homes for segment in SEGMENTS)
    assert {(segment.key, number) for segment, number in order} == {
        (segment.key, number) for segment in SEGMENTS for number in range(segment.homes)
    }


@pytest.mark.parametrize(("homes", "residents"), [(0, 0), (1, 1), (37, 40), (450, 0), (450, 700), (3000, 4666)])
def test_as_many_homes_and_residents_as_asked_for(homes: int, residents: int) -> None:
    """Exactly, at any size; and nobody lives where there is no place."""
    found = frames(homes, residents, 3)
    assert len(found) == homes
    assert sum(len(frame.residents) for frame in found) == residents
    for frame in found:
        assert frame.free >= 0
        assert 0 <= frame.held <= frame.places
        assert set(frame.residents) <= set(range(frame.places))
        assert not set(frame.ours) & set(frame.others)


def test_too_many_residents_are_refused() -> None:
    """With how many there is room for."""
    with pytest.raises(ValueError, match=r"room for \d+ residents"):
        frames(10, 1_000, 3)


def test_more_homes_keep_the_first_ones_as_they_were() -> None:
    """Kind, ages, places and what is held of home 1 to 450 are the same in an authority of 1,000."""
    few, many = frames(450, 700, 3), frames(1000, 1555, 3)
    for one, other in zip(few, many, strict=False):
        assert (one.segment, one.index, one.ages, one.places, one.held) == (
            other.segment,
            other.index,
            other.ages,
            other.places,
            other.held,
        )


def test_more_residents_leave_those_who_live_there() -> None:
    """Places are filled, never emptied."""
    for before, after in zip(frames(450, 600, 3), frames(450, 750, 3), strict=True):
        assert set(before.ours) <= set(after.ours)
        assert set(before.others) <= set(after.others)
