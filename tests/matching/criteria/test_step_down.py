"""Step down to a family."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.matching.codes import HomeKind, PlaceCode, Suitability
from app.matching.criteria.step_down import STEP_DOWN
from app.matching.referral import HomeRef
from tests.support.builders import a_child, a_home
from tests.support.criteria import PARAMS, score_one

PREFERRED, SUITABLE = Suitability.PREFERRED, Suitability.SUITABLE
PLAN = a_child(foster_suitability=PREFERRED)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (HomeKind.CONNECTED_PERSON, 1000),
        (HomeKind.FOSTER, 900),
        (HomeKind.SUPPORTED_LODGINGS, 500),
        (HomeKind.SUPPORTED_ACCOMMODATION, 100),
        (HomeKind.CHILDRENS_HOME, 0),
        (HomeKind.SECURE_HOME, 0),
        (HomeKind.PARENT_AND_CHILD, 0),
        (HomeKind.RESIDENTIAL_SCHOOL, 0),
    ],
)
def test_a_family_first_and_relatives_before_others(kind: HomeKind, value: int) -> None:
    """Where the plan prefers fostering."""
    found = score_one(STEP_DOWN, PLAN, a_home(kind=kind))
    assert found == (value, value, True, True, {"kind": kind})


def test_a_parent_and_child_place_with_a_foster_family_is_a_family() -> None:
    """Its PLACE code says so."""
    home = a_home(kind=HomeKind.PARENT_AND_CHILD, place_code=PlaceCode.U4)
    assert score_one(STEP_DOWN, PLAN, home).value == 900


@pytest.mark.parametrize(
    ("lives_in", "foster", "residential", "applies"),
    [
        (HomeKind.CHILDRENS_HOME, SUITABLE, SUITABLE, True),
        (HomeKind.SECURE_HOME, Suitability.NOT_SPECIFIED, Suitability.NOT_SPECIFIED, True),
        (HomeKind.CHILDRENS_HOME, Suitability.UNSUITABLE, SUITABLE, False),
        (HomeKind.CHILDRENS_HOME, SUITABLE, PREFERRED, False),
        (HomeKind.CHILDRENS_HOME, PREFERRED, PREFERRED, True),
        (HomeKind.FOSTER, SUITABLE, SUITABLE, False),
        (HomeKind.SUPPORTED_LODGINGS, SUITABLE, SUITABLE, False),
        (None, SUITABLE, SUITABLE, False),
        (None, PREFERRED, SUITABLE, True),
    ],
)
def test_for_whom_it_counts(
    lives_in: HomeKind | None, foster: Suitability, residential: Suitability, applies: bool
) -> None:
    """The plan prefers fostering, or the child leaves residential care and the plan allows a family."""
    now = a_home(kind=lives_in or HomeKind.FOSTER)
    child = a_child(
        foster_suitability=foster,
        residential_suitability=residential,
        current_home=now.ref if lives_in else None,
    )
    assert score_one(STEP_DOWN, child, a_home(), others=(now,)).applies is applies


def test_a_current_home_that_is_not_held_says_nothing() -> None:
    """A reference outside the pool."""
    assert not score_one(STEP_DOWN, a_child(current_home=HomeRef("elsewhere")), a_home()).applies


def test_no_other_home_may_come_before_a_family() -> None:
    """The message names the key."""
    for name in ("residential", "supported_accommodation", "supported_lodgings"):
        with pytest.raises(ValueError, match=name):
            replace(PARAMS["step_down"], **{name: 901})
    with pytest.raises(ValueError, match="foster"):
        replace(PARAMS["step_down"], connected_person=899)
