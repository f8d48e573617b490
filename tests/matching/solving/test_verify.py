from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.matching.problem import LocalTarget, Problem, TargetMode
from app.matching.verify import verify
from tests.matching.solving.random_problems import make_pairs


def problem(**changes: object) -> Problem:
    """Referral 0: siblings 0 and 1 (together, apart); referrals 1 and 2: one child each. Two homes of three places."""
    rows = [[(0, 50, 2, 400), (1, 40, 0, 300)], [(0, 30, 1, 200), (1, 20, 0, 100)], [(0, 30, 1, 200), (1, 20, 0, 100)]]
    rows += [[(0, 10, 1, 150), (1, 5, 0, 50)], [(0, 10, 1, 150), (1, 5, 0, 50)]]
    base = Problem(
        child_key=np.arange(4, dtype=np.uint64),
        child_referral=np.array([0, 0, 1, 2], np.int32),
        placing_points=np.array([100, 100, 100, 100], np.int64),
        separated_pair=np.array([40, 0, 0], np.int64),
        party_key=np.arange(5, dtype=np.uint64),
        party_start=np.array([0, 2, 3, 4, 5, 6], np.int64),
        party_child=np.array([0, 1, 0, 1, 2, 3], np.int32),
        home_key=np.arange(2, dtype=np.uint64),
        places=np.array([3, 3], np.int32),
        shared_places=np.array([3, 3], np.int32),
        arrivals=np.array([3, 3], np.int32),
        home_price=np.array([0, 7], np.int64),
        pairs=make_pairs(rows),
        poses=np.zeros(5, np.uint64),
        harmed_by=np.zeros(5, np.uint64),
        conflict_parties=np.zeros((0, 2), np.int32),
        conflict_home=np.zeros(0, np.int32),
        unchanged_home=np.array([1, -1, -1, -1, -1], np.int32),
        unchanged_points=3,
        pinned=np.zeros(0, np.int64),
        excluded=np.zeros(0, np.int64),
    )
    return replace(base, **changes)


TOGETHER_0, TOGETHER_1, FIRST_0, SECOND_0, SECOND_1, THIRD_0, FOURTH_0 = 0, 1, 2, 4, 5, 6, 8


def test_worth_of_a_group_together() -> None:
    """Placing and points, less the home's price a child, and the bonus for last night's proposal."""
    assert verify(problem(), [TOGETHER_0]).worth == 200 + 50
    assert verify(problem(), [TOGETHER_1]).worth == 200 + 40 - 2 * 7 + 3


def test_worth_of_siblings_apart() -> None:
    """Two homes cost the pair in full, one placed and one waiting costs half of it."""
    assert verify(problem(), [FIRST_0, SECOND_1]).worth == 200 + 30 + 20 - 7 - 40
    assert verify(problem(), [FIRST_0]).worth == 100 + 30 - 20


def test_price_of_the_local_target() -> None:
    """Floor price up to the floor, ambition price from there, over batch and caseload together."""
    target = LocalTarget(TargetMode.ELASTIC, 5_000, 10_000, 9, 2, existing_local=0, existing_total=3)
    assert verify(problem(local=target), [TOGETHER_0]).worth == 250 - (9 * 1 + 2 * 2)
    assert verify(problem(local=target), []).worth == -(2 * 9 + 1 * 2)


BREACHES = [
    ([TOGETHER_0, SECOND_1], {}, "a child is placed twice"),
    ([FIRST_0, SECOND_0], {}, "two parties of one referral"),
    ([TOGETHER_0, THIRD_0], {"places": [2, 3]}, "more than its places"),
    ([TOGETHER_0, THIRD_0], {"shared_places": [2, 3]}, "more than its shared places"),
    ([TOGETHER_0, THIRD_0], {"arrivals": [1, 3]}, "more than its limit"),
    ([THIRD_0, FOURTH_0], {"poses": [0, 0, 0, 1, 0], "harmed_by": [0, 0, 0, 0, 3]}, "must not live together"),
    ([THIRD_0, FOURTH_0], {"poses": [0, 0, 0, 0, 2], "harmed_by": [0, 0, 0, 3, 0]}, "must not live together"),
    ([THIRD_0, FOURTH_0], {"conflict_parties": [[4, 3]], "conflict_home": [-1]}, "must not live together"),
    ([THIRD_0, FOURTH_0], {"conflict_parties": [[3, 4]], "conflict_home": [0]}, "must not live together"),
    ([TOGETHER_0], {"pinned": [THIRD_0]}, "pinned, but not chosen"),
    ([TOGETHER_0], {"excluded": [TOGETHER_0]}, "excluded, but chosen"),
    ([TOGETHER_0], {"weekly_budget_pence": 399}, "1 pence a week over"),
    ([TOGETHER_1], {"local": LocalTarget(TargetMode.HARD, 1, 1, 0, 0)}, "hard floor is missed"),
    ([0, 0], {}, "chosen twice"),
    ([99], {}, "does not exist"),
]


@pytest.mark.parametrize(("chosen", "changes", "words"), BREACHES)
def test_each_breach_is_found(chosen: list[int], changes: dict, words: str) -> None:
    """Every constraint, broken alone, is named."""
    base = problem()
    arrays = {
        name: np.array(value, getattr(base, name).dtype) if isinstance(value, list) else value
        for name, value in changes.items()
    }
    breaches = verify(problem(**arrays), chosen).breaches
    assert len(breaches) == 1
    assert words in breaches[0]


def test_what_just_fits_is_no_breach() -> None:
    """Each limit of the breaches above, met exactly."""
    exact = problem(
        places=np.array([3, 3], np.int32), arrivals=np.array([2, 3], np.int32), weekly_budget_pence=550,
        conflict_parties=np.array([[0, 3]], np.int32), conflict_home=np.array([1], np.int32),
        local=LocalTarget(TargetMode.HARD, 10_000, 10_000, 0, 0),
    )  # fmt: skip
    assert verify(exact, [TOGETHER_0, THIRD_0]).breaches == ()


def test_a_group_alone_may_exceed_the_shared_places() -> None:
    """The sibling exception of the fostering limit: one party alone needs only the places."""
    assert verify(problem(shared_places=np.array([1, 1], np.int32)), [TOGETHER_0]).breaches == ()


def test_a_claim_of_the_most_reachable_must_be_kept() -> None:
    """A choice that misses a hard floor must reach exactly what was claimed, and the target must be hard."""
    hard = problem(local=LocalTarget(TargetMode.HARD, 5_000, 5_000, 0, 0))
    assert verify(hard, [TOGETHER_1], -10_000).breaches == ()
    assert verify(hard, [TOGETHER_1], -9_999).breaches
    assert verify(problem(), [TOGETHER_0], -1).breaches
