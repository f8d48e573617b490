"""Who must approve a placement: the regulations, one clause at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def needed(home: Home, child: Child, days: int = 7, *, waited: int = 10, passed: int = 0) -> ApprovalNeeded:
    """What the only option of a child needs who is to move in so many days and has waited so many; `passed`: since."""
    policy = next(policy for policy in real_policies() if policy.version == "nottingham-2023")
    day = timedelta(days=1)
    referral = a_referral(child, needed_by=AS_OF + days * day, waiting_since=AS_OF - waited * day)
    asked = replace(home, confirmed_on=AS_OF + passed * day, available_from=AS_OF - 60 * day)
    found = shortlist(referral, Pool.build([asked]), policy, AS_OF + passed * day)
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
        (Answer.YES, AT_A_DISTANCE, 0, True),
        (Answer.YES, AT_A_DISTANCE, -20, True),
    ],
)
def test_education_in_key_stage_4(stage_4: Answer, school: Location | None, days: int, *, asked: bool) -> None:
    """Regulation 10: where a move could disturb it; that it is late by now makes it no emergency."""
    found = needed(a_home(location=CITY_CENTRE), a_child(key_stage_4=stage_4, school=school), days)
    expected = (Approval.NOMINATED_OFFICER, (ApprovalReason.KEY_STAGE_4,)) if asked else (Approval.NONE, ())
    assert (found.level, found.because) == expected


@pytest.mark.parametrize(
    ("days", "waited", "passed", "asked"),
    [(0, 0, 0, False), (0, 0, 1, False), (0, 0, 2, True), (0, 1, 0, True), (-1, 0, 0, True), (1, 0, 0, True)],
)
def test_an_emergency_is_what_was_one_from_the_first(days: int, waited: int, passed: int, *, asked: bool) -> None:
    """Needed on the day on which the search began, and over midnight; nothing else, and no longer."""
    child = a_child(key_stage_4=Answer.YES, school=AT_A_DISTANCE)
    found = needed(a_home(location=CITY_CENTRE), child, days, waited=waited, passed=passed)
    assert (found.level is Approval.NOMINATED_OFFICER) == asked


@given(
    needed_in=st.integers(-40, 40),
    waited=st.integers(0, 40),
    first=st.integers(-5, 40),
    later=st.integers(0, 40),
    stage_4=st.sampled_from(Answer),
)
@settings(max_examples=60, deadline=None)
def test_a_later_day_never_lowers_the_approval(
    needed_in: int, waited: int, first: int, later: int, stage_4: Answer
) -> None:
    """Whatever the record says: who is asked on one day is asked on every later day, as long as nothing else is new."""
    child = a_child(key_stage_4=stage_4, school=AT_A_DISTANCE)
    home = a_home(location=CITY_CENTRE)
    before = needed(home, child, needed_in, waited=waited, passed=first)
    after = needed(home, child, needed_in, waited=waited, passed=first + later)
    assert set(before.because) <= set(after.because)


def test_the_highest_counts_and_every_reason_is_told() -> None:
    """The director for the distance, and beside it that education moves."""
    child = a_child(key_stage_4=Answer.YES, school=CITY_CENTRE)
    found = needed(a_home_for(child, AT_A_DISTANCE, "a home"), child)
    assert found.level is Approval.DIRECTOR
    assert found.because == (ApprovalReason.AT_A_DISTANCE, ApprovalReason.KEY_STAGE_4)


POLICIES = {policy.version: policy for policy in real_policies()}


@given(
    ranked=st.sampled_from(sorted(POLICIES)),
    measured=st.lists(st.sampled_from(sorted(POLICIES)), max_size=2),
    away=st.integers(0, 40_000),
    sideways=st.integers(-15_000, 15_000),
    area=st.sampled_from([CITY_CENTRE.authority, NOTTINGHAMSHIRE, "E06000015"]),
    stage_4=st.sampled_from(Answer),
)
@settings(max_examples=40, deadline=None)
def test_whatever_else_it_is_measured_by_only_adds(
    ranked: str, measured: list[str], away: int, sideways: int, area: str, stage_4: Answer
) -> None:
    """What is needed by each of several policies is needed: no fewer reasons, no lower level, and none of nobody's."""
    school = Location(CITY_CENTRE.easting + away, CITY_CENTRE.northing + sideways, NOTTINGHAMSHIRE)
    referral = a_referral(a_child(key_stage_4=stage_4, school=school), needed_by=AS_OF + timedelta(days=7))
    pool = Pool.build([a_home(location=replace(CITY_CENTRE, authority=area))])

    def needs(version: str, *others: str) -> ApprovalNeeded:
        measures = [POLICIES[name] for name in others]
        (option,) = shortlist(referral, pool, POLICIES[version], AS_OF, measures=measures).options
        return option.approval

    found, alone = needs(ranked, *measured), [needs(name) for name in (ranked, *measured)]
    assert set(found.because) == {reason for one in alone for reason in one.because}
    assert found.level == max((one.level for one in alone), key=tuple(Approval).index)
    assert list(found.because) == [reason for reason in ApprovalReason if reason in found.because]
