"""The straight line that most criteria fall along."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.matching.criteria.falling import falling, falling_share

LIMITS = st.tuples(st.integers(0, 3_000_000), st.integers(1, 3_000_000)).map(lambda t: (t[0], t[0] + t[1]))


def on_the_line(amount: Fraction, full: int, none: int) -> int:
    """The same line in fractions: 1000 at `full`, 0 at `none`, rounded down."""
    share = (none - amount) / Fraction(none - full)
    return max(0, min(1000, (share * 1000).__floor__()))


@given(limits=LIMITS, amounts=st.lists(st.integers(-1, 2**31 - 1), min_size=1), wide=st.booleans())
def test_it_is_the_exact_line_rounded_down(limits: tuple[int, int], amounts: list[int], wide: bool) -> None:
    """In 32 and in 64 bits, at any size."""
    array = np.array(amounts, dtype=np.int64 if wide else np.int32)
    assert falling(array, *limits).tolist() == [on_the_line(Fraction(a), *limits) for a in amounts]


@given(
    limits=st.tuples(st.integers(0, 5_000), st.integers(1, 4_999)).map(lambda t: (t[0], t[0] + t[1])),
    part=st.integers(0, 2**31 - 1),
    whole=st.integers(1, 2**31 - 1),
)
def test_a_share_is_never_rounded_first(limits: tuple[int, int], part: int, whole: int) -> None:
    """The share of any two amounts, as exact as a fraction."""
    found = falling_share(np.array([part]), np.array([whole]), *limits)
    assert found.tolist() == [on_the_line(Fraction(100 * part, whole), *limits)]


def test_both_ends_belong_to_the_line() -> None:
    """Full at the first limit, half in the middle, nothing at the second."""
    assert falling(np.array([0, 10, 15, 20, 21]), 10, 20).tolist() == [1000, 1000, 500, 0, 0]
