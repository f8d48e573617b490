"""Draws: even, the same everywhere, and not moved by how many there are."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demo.draws import Draws, chosen, even, picked, shared_out, stream_key

LAP = 1024


def test_a_stream_is_the_same_on_every_machine() -> None:
    """The numbers themselves are part of the contract: a change of them changes every demo."""
    assert even(stream_key(1, "homes", "fee"), 4).tolist() == [1123587670, 4237929609, 1635821002, 3467408222]


def test_every_block_of_a_lap_is_even() -> None:
    """Each 32 in a row fall once into each 32nd part, each 1,024 once into each 1,024th."""
    draws = even(stream_key(3, "x", "y"), 2 * LAP)
    for start in range(0, 2 * LAP, 32):
        assert sorted((draws[start : start + 32] >> 27).tolist()) == list(range(32))
    for start in (0, LAP):
        assert sorted((draws[start : start + LAP] >> 22).tolist()) == list(range(LAP))


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_a_longer_stream_begins_with_the_shorter(one: int, other: int) -> None:
    """How many are drawn changes none of them."""
    least = min(one, other)
    assert np.array_equal(even(7, one)[:least], even(7, other)[:least])


@pytest.mark.parametrize(("other", "scope"), [("sex", "homes"), ("age", "people")])
def test_streams_of_different_questions_are_unrelated(other: str, scope: str) -> None:
    """Another name or another scope gives another order: no trace of one in the other."""
    first = even(stream_key(1, "homes", "age"), 4 * LAP)
    second = even(stream_key(1, scope, other), 4 * LAP)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.06


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8).filter(any))
def test_a_table_is_met_to_within_one_in_a_lap(shares: list[int]) -> None:
    """Among 1,024 even draws each member has its share, give or take the two parts at its edges."""
    counts = Counter(picked(draw, dict(enumerate(shares))) for draw in even(5, LAP).tolist())
    for member, share in enumerate(shares):
        assert abs(counts[member] - LAP * share / sum(shares)) <= 2
        assert bool(counts[member]) == bool(share)


def test_a_table_of_nothing_is_refused() -> None:
    """Nobody can be picked where every share is nought."""
    with pytest.raises(ValueError, match="at least one share"):
        picked(0, {"a": 0})


def test_members_of_a_set_are_chosen_each_on_its_own() -> None:
    """Each has its own share; and having one says nothing about having the other."""
    sets = [chosen(draw, {"a": 300, "b": 100, "c": 0, "d": 1000}) for draw in even(9, 8 * LAP).tolist()]
    counts = Counter(member for each in sets for member in each)
    both = sum({"a", "b"} <= each for each in sets)
    assert counts["c"] == 0
    assert counts["d"] == 8 * LAP
    assert abs(counts["a"] / len(sets) - 0.3) < 0.02
    assert abs(both / len(sets) - 0.03) < 0.01


@given(st.integers(0, 10_000), st.lists(st.integers(0, 500), min_size=1, max_size=20).filter(any))
def test_what_is_shared_out_adds_up_and_is_in_proportion(total: int, shares: list[int]) -> None:
    """Nothing is lost, and nobody is more than one away from the exact part."""
    given_out = shared_out(total, shares)
    assert sum(given_out) == total
    assert all(
        abs(got * sum(shares) - total * share) < sum(shares) for got, share in zip(given_out, shares, strict=True)
    )


def test_chances_and_ranges_keep_to_their_bounds() -> None:
    """Nought is never, a thousand is always; both ends of a range occur."""
    draws = Draws(1, "x", LAP)
    assert not any(draws.chance("a", index, 0) for index in range(LAP))
    assert all(draws.chance("a", index, 1000) for index in range(LAP))
    assert {draws.between("b", index, 3, 9) for index in range(LAP)} == set(range(3, 10))
