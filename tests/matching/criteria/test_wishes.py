"""The child's wishes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.matching.codes import Answer, HomeKind, PlaceCode, Wish
from app.matching.criteria.wishes import WISHES, Params
from tests.support.builders import CITY_CENTRE, a_child, a_home, a_resident
from tests.support.criteria import away_from, score_one

FIVE_MILES_M = 8046


def test_a_child_who_wishes_nothing_is_not_judged_by_it() -> None:
    """No stated wish, no points."""
    assert not score_one(WISHES, a_child(), a_home()).applies


@pytest.mark.parametrize(
    ("wish", "home", "value"),
    [
        (Wish.LIVE_WITH_A_FAMILY, {}, 1000),
        (Wish.LIVE_WITH_A_FAMILY, {"kind": HomeKind.CONNECTED_PERSON}, 1000),
        (Wish.LIVE_WITH_A_FAMILY, {"kind": HomeKind.SUPPORTED_LODGINGS}, 1000),
        (Wish.LIVE_WITH_A_FAMILY, {"kind": HomeKind.PARENT_AND_CHILD, "place_code": PlaceCode.U6}, 1000),
        (Wish.LIVE_WITH_A_FAMILY, {"kind": HomeKind.PARENT_AND_CHILD}, 0),
        (Wish.LIVE_WITH_A_FAMILY, {"kind": HomeKind.CHILDRENS_HOME}, 0),
        (Wish.LIVE_IN_A_CHILDRENS_HOME, {"kind": HomeKind.CHILDRENS_HOME}, 1000),
        (Wish.LIVE_IN_A_CHILDRENS_HOME, {"kind": HomeKind.SECURE_HOME}, 0),
        (Wish.MORE_INDEPENDENCE, {"kind": HomeKind.SUPPORTED_ACCOMMODATION}, 1000),
        (Wish.MORE_INDEPENDENCE, {"kind": HomeKind.SUPPORTED_LODGINGS}, 1000),
        (Wish.MORE_INDEPENDENCE, {}, 0),
        (Wish.BE_WITH_OTHER_CHILDREN, {"residents": (a_resident(),)}, 1000),
        (Wish.BE_WITH_OTHER_CHILDREN, {}, 0),
        (Wish.BE_THE_ONLY_CHILD, {}, 1000),
        (Wish.BE_THE_ONLY_CHILD, {"residents": (a_resident(),)}, 0),
        (Wish.LIVE_WITH_PETS, {"pets": Answer.YES}, 1000),
        (Wish.LIVE_WITH_PETS, {"pets": Answer.NO}, 0),
        (Wish.LIVE_WITHOUT_PETS, {"pets": Answer.NO}, 1000),
        (Wish.LIVE_WITHOUT_PETS, {"pets": Answer.YES}, 0),
        (Wish.STAY_AT_MY_SCHOOL, {"location": away_from(CITY_CENTRE, FIVE_MILES_M)}, 1000),
        (Wish.STAY_AT_MY_SCHOOL, {"location": away_from(CITY_CENTRE, FIVE_MILES_M + 1)}, 0),
        (Wish.STAY_IN_MY_AREA, {"location": away_from(CITY_CENTRE, FIVE_MILES_M)}, 1000),
        (Wish.STAY_IN_MY_AREA, {"location": away_from(CITY_CENTRE, FIVE_MILES_M + 1)}, 0),
    ],
)
def test_each_wish_met_and_not_met(wish: Wish, home: dict[str, Any], value: int) -> None:
    """One wish, one home."""
    child = a_child(wishes=frozenset({wish}), school=CITY_CENTRE)
    found = score_one(WISHES, child, a_home(**home), family_home=CITY_CENTRE)
    assert (found.value, found.known, found.applies) == (value, True, True)
    assert found.facts["met" if value else "unmet"] == (wish,)
    assert found.facts["unmet" if value else "met"] == ()


@pytest.mark.parametrize(
    ("wish", "home", "child", "family"),
    [
        (Wish.LIVE_WITH_PETS, {"pets": Answer.NOT_KNOWN}, {}, CITY_CENTRE),
        (Wish.LIVE_WITHOUT_PETS, {"pets": Answer.NOT_KNOWN}, {}, CITY_CENTRE),
        (Wish.STAY_AT_MY_SCHOOL, {"location": None}, {}, CITY_CENTRE),
        (Wish.STAY_AT_MY_SCHOOL, {}, {"school": None}, CITY_CENTRE),
        (Wish.STAY_IN_MY_AREA, {"location": None}, {}, CITY_CENTRE),
        (Wish.STAY_IN_MY_AREA, {}, {}, None),
    ],
)
def test_what_is_not_known_leaves_a_wish_open(
    wish: Wish, home: dict[str, Any], child: dict[str, Any], family: object
) -> None:
    """Beside a wish that is met: from half to full."""
    asks = replace(a_child(wishes=frozenset({wish, Wish.BE_THE_ONLY_CHILD})), **child)
    found = score_one(WISHES, asks, a_home(**home), family_home=family)
    assert (found.known, found.value, found.most) == (False, 500, 1000)
    assert (found.facts["not_known"], found.facts["unmet"]) == ((wish,), ())


def test_meeting_one_wish_more_is_never_worse() -> None:
    """Of three wishes a home meets one, two, three."""
    child = a_child(wishes=frozenset({Wish.LIVE_WITH_A_FAMILY, Wish.LIVE_WITH_PETS, Wish.BE_WITH_OTHER_CHILDREN}))
    homes = (
        a_home(),
        a_home(pets=Answer.YES),
        a_home(pets=Answer.YES, residents=(a_resident(),)),
    )
    assert [score_one(WISHES, child, home).value for home in homes] == [333, 666, 1000]


def test_distances_that_make_no_sense_are_refused() -> None:
    """The message names the key."""
    with pytest.raises(ValueError, match="area_within_miles"):
        Params(Decimal(5), Decimal(-1))
