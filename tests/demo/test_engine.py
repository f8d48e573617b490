"""The demo is worth showing: under the council's policy most searches find homes, and for good reasons some do not."""

from pathlib import Path

import numpy as np
import pytest

from app.demo.authority import Authority
from app.demo.cases import Special, order_of_cases
from app.matching.assess import assess_all
from app.matching.policy import Policy, parse_policy
from app.matching.pool import Pool
from app.matching.shortlist import question_for

POLICY = Path(__file__).parents[2] / "policies" / "nottingham-2023.toml"


@pytest.fixture(scope="module")
def allowed(default: Authority) -> list[int]:
    """For each search, how many homes may take all its children."""
    policy: Policy = parse_policy(POLICY.read_bytes(), POLICY.stem)
    pool = Pool.build(default.homes)
    return [
        int(np.count_nonzero(assess_all(question_for(referral, pool, policy, default.as_of)).allowed[0]))
        for referral in default.referrals
    ]


def test_most_searches_find_some_homes_and_none_finds_them_all(allowed: list[int], default: Authority) -> None:
    """A shortlist to choose from for three searches in four; never so many that nothing was ruled out."""
    assert sum(count >= 1 for count in allowed) >= 30
    assert sum(count >= 5 for count in allowed) >= 20
    assert max(allowed) < len(default.homes) // 4


def test_special_searches_are_as_hard_as_they_should_be(allowed: list[int]) -> None:
    """The impossible ones find nothing; the emergency and the only place for a parent and child do."""
    found = {
        case.special: count
        for case, count in zip(order_of_cases(), allowed, strict=True)
        if case.special is not Special.NONE
    }
    assert found[Special.IMPOSSIBLE_PLAN] == 0
    assert found[Special.IMPOSSIBLE_GROUP] == 0
    assert found[Special.EMERGENCY] >= 5
    assert 1 <= found[Special.PARENT_AND_CHILD] <= 3
