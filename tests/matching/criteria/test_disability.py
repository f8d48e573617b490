"""Suitable for the child's disabilities."""

from __future__ import annotations

from itertools import combinations

from app.matching.codes import Communication, Disability
from app.matching.criteria.disability import DISABILITY
from tests.support.builders import a_child, a_home
from tests.support.criteria import score_one

MOBILITY, HEARING = Disability.MOBILITY, Disability.HEARING


def test_a_child_with_neither_is_not_judged_by_it() -> None:
    """Known to have no disability and no communication need: no points either way."""
    assert not score_one(DISABILITY, a_child(), a_home()).applies


def test_the_share_that_is_supported() -> None:
    """Two disabilities and sign language, of which the home supports one: a third, rounded down."""
    child = a_child(disabilities=frozenset({MOBILITY, HEARING}), communication=frozenset({Communication.BSL}))
    home = a_home(disabilities_supported=frozenset({MOBILITY}), communication=frozenset())
    found = score_one(DISABILITY, child, home)
    assert (found.value, found.known, found.applies) == (333, True, True)
    assert found.facts == {
        "disabilities": ("MOB", "HEAR"),
        "communication": ("BSL",),
        "unmet": ("HEAR",),
        "unmet_communication": ("BSL",),
        "not_known": (),
    }


def test_a_communication_need_alone_counts() -> None:
    """A child who needs Makaton, a home that uses it."""
    child = a_child(communication=frozenset({Communication.MAKATON}))
    home = a_home(communication=frozenset({Communication.MAKATON}))
    assert score_one(DISABILITY, child, home)[:4] == (1000, 1000, True, True)


def test_a_home_that_does_not_say_leaves_a_range() -> None:
    """It supports the sign language; the disability is not known, and is told as such."""
    child = a_child(disabilities=frozenset({HEARING}), communication=frozenset({Communication.BSL}))
    home = a_home(disabilities_supported=None, communication=frozenset({Communication.BSL}))
    found = score_one(DISABILITY, child, home)
    assert (found.known, found.value, found.most) == (False, 500, 1000)
    assert (found.facts["unmet"], found.facts["not_known"]) == ((), ("HEAR",))


def test_a_child_whose_disabilities_are_not_known_is_judged_all_the_same() -> None:
    """Not knowing is not the same as having none."""
    found = score_one(DISABILITY, a_child(disabilities=None), a_home())
    assert (found.applies, found.known, found.value, found.most) == (True, False, 0, 1000)


def test_supporting_more_is_never_worse() -> None:
    """Any set of disabilities that contains another is worth at least as much."""
    needed = (MOBILITY, HEARING, Disability.AUTISM)
    child = a_child(disabilities=frozenset(needed))

    def value(supported: frozenset[Disability]) -> int:
        return score_one(DISABILITY, child, a_home(disabilities_supported=supported)).value

    for size in range(len(needed)):
        for fewer in combinations(needed, size):
            for one in needed:
                assert value(frozenset(fewer) | {one}) >= value(frozenset(fewer))
    assert value(frozenset(needed)) == 1000
