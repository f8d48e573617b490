"""Ways to part a sibling group."""

from __future__ import annotations

import pytest

from app.matching.parting import pairs_apart, partitions

BELL = {1: 1, 2: 2, 3: 5, 4: 15, 5: 52}


@pytest.mark.parametrize("n", BELL)
def test_up_to_five_every_way_is_tried_once(n: int) -> None:
    """All partitions but the whole group, none twice, everybody in exactly one part."""
    ways = list(partitions(n))
    assert len({frozenset(frozenset(part) for part in way) for way in ways}) == len(ways) == BELL[n] - 1
    assert all(sorted(child for part in way for child in part) == list(range(n)) for way in ways)


@pytest.mark.parametrize("n", [6, 7, 8])
def test_up_to_eight_every_way_into_two(n: int) -> None:
    """2^(n-1) - 1 of them."""
    ways = list(partitions(n))
    assert all(len(way) == 2 for way in ways)
    assert len({frozenset(way) for way in ways}) == 2 ** (n - 1) - 1


def test_larger_groups_are_not_parted_by_machine() -> None:
    """Nine and more are for people."""
    assert list(partitions(9)) == []


def test_pairs_apart() -> None:
    """Three siblings, two together: two of the three pairs are parted."""
    assert pairs_apart(((0, 1), (2,))) == 2
    assert pairs_apart(((0,), (1,), (2,))) == 3
    assert pairs_apart(((0, 1, 2),)) == 0
