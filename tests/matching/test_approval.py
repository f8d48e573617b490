"""Who must approve a placement: the regulations, one clause at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.geo.grid import Location
from app.matching.approval import Approval, ApprovalNeeded, ApprovalReason
from app.matching.codes import Answer, HomeKind, PlaceCode, Sector
from app.matching.home import Home
from app.matching.pool import Pool
from app.matching.referral import Child
from app.matching.shortlist import shortlist
from tests.support.builders import AS_OF, CITY_CENTRE, NOTTINGHAMSHIRE, a_child, a_home, a_referral
from tests.support.policies import real_policies

NEXT_DOOR = Location(458_800, 336_000, NOTTINGHAMSHIRE)
AT_A_DISTANCE = Location(435_300, 336_400, "E06000015")
KINDS: Mapping[str, Mapping[str, Any]] = {
    "a home": {"kind": HomeKind.CHILDRENS_HOME, "place_code": PlaceCode.K2},
    "somebody else's carer": {"sector": Sector.PRIVATE},
    "own carer": {"sector": Sector.OWN_AUTHORITY},
    "own home": {"kind": HomeKind.CHILDRENS_HOME, "place_code": PlaceCode.K2, "sector": Sector.OWN_AUTHORITY},
    "own parent-and-child carer": {
        "kind": HomeKind.PARENT_AND_CHILD,
        "place_code": PlaceCode.U6,
        "sector": Sector.OWN_AUTHORITY,
    },
    "a connected person": {"kind": HomeKind.CONNECTED_PERSON, "place_code": PlaceCode.U3, "sector": Sector.PRIVATE},
}


def needed(home: Home, child: Child, days: int = 7) -> ApprovalNeeded:
    """What the only option of a child needs who is to move in so many days."""
    policy = next(policy for policy in real_policies() if policy.version == "nottingham-2023")
    referral = a_referral(child, needed_by=AS_OF + timedelta(days=days))
    found = shortlist(referral, Pool.build([home]), policy, AS_OF)
    return found.options[0].approval


def a_home_for(child: Child, place: Location, kind: str) -> Home:
    """A home there of that kind that the child may go to."""
    home = a_home(location=place, **KINDS[kind])
    if home.kind is HomeKind.CONNECTED_PERSON:
        return replace(home, terms=replace(home.terms, named_children=frozenset({child.ref})))
    return home


@pytest.mark.parametrize(
    ("kind", "next_door", "at_a_distance"),
    [
        ("a home", Approval.NOMINATED_OFFICER, Approval.DIRECTOR),
        ("own home", Approval.NOMINATED_OFFICER, Approval.DIRECTOR),
        ("somebody else's carer", Approval.NOMINATED_OFFICER, Approval.DIRECTOR),
        ("own carer", Approval.NONE, Approval.NONE),
        ("own parent-and-child carer", Approval.NONE, Approval.NONE),
        ("a connected person", Approval.NONE, Approval.NONE),
    ],
)
def test_outside_the_area(kind: str, next_door: Approval, at_a_distance: Approval) -> None:
    """Regulation 11: not for connected persons and the authority's own carers, wherever they live."""
    child = a_child(attends_school=Answer.NO, needs_parent_and_child=Answer.YES if "parent" in kind else Answer.NO)
    assert needed(a_home_for(child, CITY_CENTRE, kind), child).level is Approval.NONE
    assert needed(a_home_for(child, NEXT_DOOR, kind), child).level is next_door
    assert needed(a_home_for(child, AT_A_DISTANCE, kind), child).level is at_a_distance


@pytest.mark.parametrize(
    ("stage_4", "school", "days", "asked"),
    [
        (Answer.YES, AT_A_DISTANCE, 7, True),
        (Answer.YES, None, 7, True),
        (Answer.NOT_KNOWN, AT_A_DISTANCE, 7, True),
        (Answer.YES, CITY_CENTRE, 7, False),
        (Answer.NO, AT_A_DISTANCE, 7, False),
        (Answer.YES, AT_A_DISTANCE, 0, False),
    ],
)
def test_education_in_key_stage_4(stage_4: Answer, school: Location | None, days: int, *, asked: bool) -> None:
    """Regulation 10: where a move could disturb it, but not in an emergency."""
    found = needed(a_home(location=CITY_CENTRE), a_child(key_stage_4=stage_4, school=school), days)
    expected = (Approval.NOMINATED_OFFICER, (ApprovalReason.KEY_STAGE_4,)) if asked else (Approval.NONE, ())
    assert (found.level, found.because) == expected


def test_the_highest_counts_and_every_reason_is_told() -> None:
    """The director for the distance, and beside it that education moves."""
    child = a_child(key_stage_4=Answer.YES, school=CITY_CENTRE)
    found = needed(a_home_for(child, AT_A_DISTANCE, "a home"), child)
    assert found.level is Approval.DIRECTOR
    assert found.because == (ApprovalReason.AT_A_DISTANCE, ApprovalReason.KEY_STAGE_4)
