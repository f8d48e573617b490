"""With or near brothers and sisters already placed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.matching.criteria.with_siblings import WITH_SIBLINGS, Params
from app.matching.home import Home
from app.matching.living_apart import with_known
from app.matching.referral import ChildRef, HomeRef, PlacedSibling
from tests.support.builders import CITY_CENTRE, a_child, a_home, a_referral, a_resident
from tests.support.criteria import Scored, away_from, never_rises, score_one

SISTER, BROTHER = ChildRef("sister"), ChildRef("brother")


def found(home: Home, *siblings: PlacedSibling, others: tuple[Home, ...] = ()) -> Scored:
    """The score of a home for a child with these siblings."""
    return score_one(WITH_SIBLINGS, a_child(placed_siblings=siblings), home, others=others)


def test_a_child_without_placed_siblings_is_not_judged_by_it() -> None:
    """Nothing to say, no points."""
    assert not found(a_home()).applies


def test_the_same_home_is_full_however_it_is_known() -> None:
    """By the record of the sibling, or by the home's list of residents."""
    home = a_home()
    by_record = found(home, PlacedSibling(SISTER, home=home.ref))
    by_resident = found(a_home(residents=(a_resident(ref=SISTER),)), PlacedSibling(SISTER))
    for score in (by_record, by_resident):
        assert (score.value, score.known) == (1000, True)
        assert score.facts == {"distance_m": 0, "same_home": True}


def test_the_same_home_is_full_even_where_nobody_can_place_it() -> None:
    """Living together needs no map."""
    home = a_home(location=None)
    assert found(home, PlacedSibling(SISTER, home=home.ref)).value == 1000


def test_near_is_less_than_together_and_falls_with_distance() -> None:
    """800 up to a mile, nothing from twenty miles."""

    def value(metres: int) -> int:
        where = a_home(location=CITY_CENTRE)
        home = a_home(location=away_from(CITY_CENTRE, metres))
        return found(home, PlacedSibling(SISTER, home=where.ref), others=(where,)).value

    assert [value(metres) for metres in (0, 1609, 32186)] == [800, 800, 0]
    assert never_rises(value(metres) for metres in range(0, 40_000, 1000))


def test_a_place_is_enough() -> None:
    """A sibling in a home that is not held counts by where it is; on that spot it may be the same home."""
    sibling = PlacedSibling(SISTER, home=HomeRef("elsewhere"), location=CITY_CENTRE)
    near = found(a_home(location=away_from(CITY_CENTRE, 100)), sibling)
    assert (near.value, near.known, near.facts["distance_m"]) == (800, True, 100)
    same_spot = found(a_home(location=CITY_CENTRE), sibling)
    assert (same_spot.known, same_spot.value, same_spot.most) == (False, 800, 1000)


def test_who_moved_is_near_where_they_live_now() -> None:
    """Neither the home nor the place that was said before counts; the place does where no home of ours is known."""
    before, there = a_home(location=CITY_CENTRE), a_home(location=away_from(CITY_CENTRE, 32186))
    beside = a_home(location=there.location)
    child = a_child(placed_siblings=(PlacedSibling(SISTER, before.ref, CITY_CENTRE),))

    def values(*homes: HomeRef) -> list[int]:
        (asked,) = with_known([a_referral(child)], {}, {child.ref: {SISTER: homes}})
        everywhere = before, there, beside
        return [
            score_one(
                WITH_SIBLINGS, asked.children[0], home, others=tuple(one for one in everywhere if one is not home)
            ).value
            for home in everywhere
        ]

    assert values(there.ref) == [0, 1000, 800]
    assert values(HomeRef("elsewhere")) == [800, 0, 0]


def test_each_brother_and_sister_counts_alike() -> None:
    """With one, near the other: the mean of 1000 and 800."""
    home, next_door = a_home(location=CITY_CENTRE), a_home(location=CITY_CENTRE)
    siblings = (PlacedSibling(SISTER, home=home.ref), PlacedSibling(BROTHER, home=next_door.ref))
    score = found(home, *siblings, others=(next_door,))
    assert (score.value, score.known, score.applies) == (900, True, True)


def test_a_sibling_whose_place_is_not_known_leaves_a_range() -> None:
    """With one for certain, the other nobody knows where: from 500 to 1000."""
    home = a_home()
    assert found(home, PlacedSibling(SISTER)).most == 1000
    score = found(home, PlacedSibling(SISTER, home=home.ref), PlacedSibling(BROTHER))
    assert (score.known, score.value, score.most) == (False, 500, 1000)


def test_a_sibling_in_another_home_nobody_can_place_is_not_here() -> None:
    """So the value is below that of living together."""
    elsewhere = a_home(location=None)
    score = found(a_home(), PlacedSibling(SISTER, home=elsewhere.ref), others=(elsewhere,))
    assert (score.known, score.value, score.most) == (False, 0, 800)
    assert score.facts == {"distance_m": None, "same_home": False}


def test_nearness_may_not_count_as_living_together() -> None:
    """Only the same home is full."""
    with pytest.raises(ValueError, match="near_at_most"):
        Params(1000, Decimal(1), Decimal(20))


def test_a_home_nobody_can_place_is_at_no_distance() -> None:
    """Not even where the policy's line is long enough to reach any spot on the map."""
    where = a_home(location=CITY_CENTRE)
    child = a_child(placed_siblings=(PlacedSibling(SISTER, home=where.ref),))
    params = Params(800, Decimal(999), Decimal(1000))
    score = score_one(WITH_SIBLINGS, child, a_home(location=None), params=params, others=(where,))
    assert (score.known, score.value, score.most) == (False, 0, 800)
