"""Every reason for not going to the first choice, each in the smallest night in which it is the true one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.matching.night_moves import Why, why_here
from app.matching.night_reading import Tonight
from app.matching.night_report import WhyHere
from app.matching.problem import NO_HOME, LocalTarget, Problem, Solution, TargetMode
from app.matching.solve import solve
from tests.matching.solving.random_problems import make_pairs

OWN = 0
"""The party that is asked about; the last home is its first choice, for 9 points."""


def a_night(*points: list[int | None], sizes: dict[int, int] | None = None, **changes: Any) -> Problem:
    """Parties of one child, or of so many, and the points of each in each home; every home has one place.

    Everybody is local everywhere and costs a pound; whatever else there is, is in `changes`.
    """
    count, homes = len(points), len(points[0])
    size = np.array([(sizes or {}).get(party, 1) for party in range(count)])
    rows = [
        [(home, worth, int(size[party]), 100) for home, worth in enumerate(row) if worth is not None]
        for party, row in enumerate(points)
    ]
    children = int(size.sum())
    parts: dict[str, Any] = {
        "child_key": np.arange(children, dtype=np.uint64),
        "child_referral": np.repeat(np.arange(count), size).astype(np.int32),
        "placing_points": np.full(children, 1000, dtype=np.int64),
        "separated_pair": np.zeros(count, dtype=np.int64),
        "party_key": np.arange(count, dtype=np.uint64),
        "party_start": np.cumsum([0, *size]).astype(np.int64),
        "party_child": np.arange(children, dtype=np.int32),
        "home_key": np.arange(homes, dtype=np.uint64),
        "places": np.ones(homes, dtype=np.int32),
        "shared_places": np.ones(homes, dtype=np.int32),
        "arrivals": np.ones(homes, dtype=np.int32),
        "home_price": np.zeros(homes, dtype=np.int64),
        "pairs": make_pairs(rows),
        "poses": np.zeros(count, dtype=np.uint64),
        "harmed_by": np.zeros(count, dtype=np.uint64),
        "conflict_parties": np.zeros((0, 2), dtype=np.int32),
        "conflict_home": np.zeros(0, dtype=np.int32),
        "unchanged_home": np.full(count, NO_HOME, dtype=np.int32),
        "unchanged_points": 0,
        "pinned": np.zeros(0, dtype=np.int64),
        "excluded": np.zeros(0, dtype=np.int64),
    }
    return Problem(**{**parts, **changes})


def ints(*values: int) -> np.ndarray:
    """Of 64 bits."""
    return np.array(values, dtype=np.int64)


def small(*values: int) -> np.ndarray:
    """Of 32 bits."""
    return np.array(values, dtype=np.int32)


def told(problem: Problem, found: Solution | None = None) -> Why:
    """The reason for the party that is asked about; its first choice is its last home."""
    tonight = Tonight.look(problem, found or solve(problem))
    i = tonight.party.tolist().index(OWN)
    return why_here(tonight, i, int(problem.pairs.start[OWN + 1]) - 1)


def fees(problem: Problem, *pence: int) -> Problem:
    """The same with the fees of its pairs."""
    return replace(problem, pairs=replace(problem.pairs, weekly_fee_pence=small(*pence)))


def locals_of(problem: Problem, *children: int) -> Problem:
    """The same with so many local children in each pair."""
    return replace(problem, pairs=replace(problem.pairs, local_children=np.array(children, dtype=np.uint8)))


ALONE = a_night([5, 9])
TWO = a_night([5, 9], [6, 9])
TARGET = LocalTarget(TargetMode.ELASTIC, 10_000, 10_000, 6, 0)
HARD = replace(TARGET, mode=TargetMode.HARD)


def test_the_first_choice_and_what_a_person_said() -> None:
    """Nothing is weighed where somebody decided."""
    assert told(ALONE).code is WhyHere.FIRST_CHOICE
    assert told(replace(ALONE, pinned=ints(0))).code is WhyHere.PINNED
    assert told(replace(ALONE, excluded=ints(1))).code is WhyHere.EXCLUDED


@pytest.mark.parametrize(
    ("night", "why"),
    [
        (fees(replace(ALONE, weekly_budget_pence=150), 100, 200), WhyHere.BUDGET),
        (locals_of(replace(ALONE, local=TARGET), 1, 0), WhyHere.LOCAL_TARGET),
        (locals_of(replace(ALONE, local=HARD), 1, 0), WhyHere.LOCAL_TARGET),
        (replace(ALONE, home_price=ints(0, 6)), WhyHere.RESERVED),
        (replace(ALONE, unchanged_home=small(0), unchanged_points=6), WhyHere.UNCHANGED),
    ],
)
def test_the_limit_of_a_home_with_room(night: Problem, why: WhyHere) -> None:
    """The first choice is free, and this alone keeps the child away."""
    assert told(night) == Why(why)


def test_a_limit_that_costs_nothing_is_not_the_reason() -> None:
    """The first choice is not local, but no local child is missing: the reserve price is what keeps it."""
    free = replace(TARGET, floor_price=0)
    night = locals_of(replace(ALONE, local=free, home_price=ints(0, 6)), 1, 0)
    assert told(night) == Why(WhyHere.RESERVED)


def test_several_limits_are_named_together() -> None:
    """Without the reserve price it would be beyond the budget, without the budget it would be kept."""
    night = fees(replace(ALONE, weekly_budget_pence=150, home_price=ints(0, 6)), 100, 200)
    assert told(night) == Why(WhyHere.BUDGET, (WhyHere.RESERVED,))


def test_who_loses_as_much_is_the_reason() -> None:
    """The other one loses seven points elsewhere, this one four."""
    assert told(a_night([5, 9], [2, 9])) == Why(WhyHere.PLACES, (), (1,), 1, 7)


def test_who_has_nowhere_else_to_go() -> None:
    """There is no loss to tell."""
    assert told(a_night([5, 9], [None, 3])) == Why(WhyHere.PLACES, (), (1,), 1, None)


def test_a_home_that_welcomes_nobody_more() -> None:
    """There are two places, and one arrival a night."""
    roomy = {"places": small(1, 2), "shared_places": small(1, 2)}
    assert told(a_night([5, 9], [2, 9], **roomy)) == Why(WhyHere.ARRIVALS, (), (1,), 1, 7)
    nobody = a_night([5, 9], arrivals=small(1, 0))
    assert told(nobody) == Why(WhyHere.ARRIVALS)


def test_two_who_may_not_share() -> None:
    """Both would fit, were it not for each other."""
    night = a_night([5, 9], [2, 9], places=small(1, 2), shared_places=small(1, 2), arrivals=small(1, 2))
    apart = replace(night, conflict_parties=np.array([[0, 1]], dtype=np.int32), conflict_home=small(NO_HOME))
    assert told(apart) == Why(WhyHere.MAY_NOT_SHARE, (), (1,), 1, 7)


def test_brothers_and_sisters_who_may_not_be_one_party() -> None:
    """Both would rather have the second home, and no home takes two parties of one referral."""
    night = a_night([5, 9], [2, 9], places=small(1, 2), shared_places=small(1, 2), arrivals=small(1, 2))
    siblings = replace(night, child_referral=small(0, 0))
    assert told(siblings) == Why(WhyHere.SIBLINGS, (), (1,), 1, 7)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"pinned": ints(3)}, WhyHere.PINNED_FOR_OTHERS),
        ({"unchanged_home": small(NO_HOME, 1), "unchanged_points": 6}, WhyHere.UNCHANGED),
    ],
)
def test_a_rival_who_would_lose_less_is_not_the_reason(changes: dict[str, Any], why: WhyHere) -> None:
    """By points alone the two would change; what keeps the other one there is named."""
    assert told(a_night([5, 9], [6, 8], **changes)) == Why(why, (), (1,), 1, 2)


def test_where_the_rival_would_go_may_be_kept() -> None:
    """The other one would do nearly as well in a third home, but it has a reserve price."""
    night = a_night([5, None, 9], [None, 8, 9], home_price=ints(0, 6, 0))
    assert told(night) == Why(WhyHere.RESERVED, (), (1,), 1, 1)


def test_the_budget_keeps_two_from_changing() -> None:
    """Each has the other's first choice, and both would gain."""
    night = fees(replace(a_night([5, 9], [9, 8]), weekly_budget_pence=300), 100, 250, 250, 100)
    assert told(night) == Why(WhyHere.BUDGET, (), (1,), 1, -1)


def test_all_who_must_leave_are_counted() -> None:
    """Two brothers need both places; each of the others would lose five elsewhere."""
    night = a_night(
        [8, None, None, 12],
        [None, 2, None, 7],
        [None, None, 2, 7],
        sizes={0: 2},
        places=small(2, 1, 1, 2),
        shared_places=small(2, 1, 1, 2),
        arrivals=small(2, 2, 2, 2),
    )
    assert told(night) == Why(WhyHere.PLACES, (), (1, 2), 2, 10)


def test_two_who_leave_cannot_both_have_the_same_place() -> None:
    """The one place elsewhere is good for either of them; the second best of one is what it comes to."""
    night = a_night(
        [8, None, None, 12],
        [None, 6, 1, 7],
        [None, 6, 0, 7],
        sizes={0: 2},
        places=small(2, 1, 1, 2),
        shared_places=small(2, 1, 1, 2),
        arrivals=small(2, 2, 2, 2),
    )
    assert told(night) == Why(WhyHere.PLACES, (), (1, 2), 2, 7)


def test_where_a_whole_chain_would_have_to_move_that_is_said() -> None:
    """Four would have to leave for a group of four."""
    others = [[None, 7] for _ in range(4)]
    four = small(4, 4)
    night = a_night([8, 12], *others, sizes={0: 4}, places=four, shared_places=four, arrivals=small(4, 4))
    assert told(night) == Why(WhyHere.TRADE_OFF, (), (1, 2, 3, 4), 4)


def test_what_was_overlooked_is_said_to_be_open() -> None:
    """Of a choice that is not the best it is never said that something speaks against a better one."""
    found = solve(ALONE)
    assert told(ALONE, replace(found, chosen=ints(0))) == Why(WhyHere.OPEN)
    assert told(TWO, replace(solve(TWO), chosen=ints(0, 3))).code is WhyHere.OPEN


def test_what_keeps_a_child_from_going_along_is_the_reason() -> None:
    """The sister is at the first choice, and both have room there as one party: together they would cost too much."""
    night = a_night([5, 9], [None, 7], [None, 20], sizes={2: 2}, places=small(1, 2), shared_places=small(1, 2))
    kin = replace(
        night,
        child_key=np.arange(2, dtype=np.uint64),
        child_referral=small(0, 0),
        placing_points=ints(1000, 1000),
        separated_pair=ints(0),
        party_child=small(0, 1, 0, 1),
    )
    assert told(fees(replace(kin, weekly_budget_pence=300), 100, 100, 100, 400)) == Why(WhyHere.BUDGET)
