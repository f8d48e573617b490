"""Whatever number stands in a policy, it is refused by its key when it is read, or a night can be worked on with it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents.snapshot_models import MOST_REFERRALS
from app.matching.batch import batch
from app.matching.policy import Policy, parse_policy
from app.matching.policy_values import MOST_POINTS, PolicyError
from app.matching.problem import PRICE_SCALE
from app.rematch.solving import solved
from tests.rematch.nights import a_night, default_policy

DEFAULT = (Path(__file__).parents[2] / "policies" / "nottingham-2023.toml").read_text(encoding="utf-8")
NUMBERS = [found.span(1) for found in re.finditer(r"(?m)^\w+ = (\d+)$", DEFAULT)]
POINTS = (
    "floor_price", "ambition_price", "today", "within_5_days", "later", "per_day_waiting", "separated_pair",
    "changed_proposal",
)  # fmt: skip
LARGE = st.sampled_from([MOST_POINTS, MOST_POINTS + 1, 2**31, 2**36, 2**40, 2**63, 10**30]) | st.integers(0, 10**12)


def with_number(key: str, number: int) -> Policy:
    """The default policy with another number at a key."""
    text, count = re.subn(rf"(?m)^{key} = .*$", f"{key} = {number}", DEFAULT, count=1)
    assert count == 1
    return parse_policy(text.encode(), "test.toml")


def read(text: str) -> Policy | PolicyError:
    """The policy, or why it is none."""
    try:
        return parse_policy(text.encode(), "test.toml")
    except PolicyError as error:
        return error


@given(st.sampled_from(NUMBERS), LARGE)
def test_a_number_is_refused_by_its_key_or_can_be_worked_with(place: tuple[int, int], number: int) -> None:
    """No number, whichever it replaces, breaks a night: it is refused when the policy is read, or it works."""
    text = DEFAULT[: place[0]] + str(number) + DEFAULT[place[1] :]
    section = re.findall(r"(?m)^\[(.*)\]$", DEFAULT[: place[0]])[-1]
    found = read(text)
    if isinstance(found, PolicyError):  # where several values are bounded together, the message is at one of them
        assert found.key.startswith(section.split(".")[0])
    else:
        posed = batch(a_night(policy=found, local_placed=0, total_placed=100_000))
        assert solved(posed.problem).solution.gap >= 0


@pytest.mark.parametrize("key", POINTS)
def test_the_largest_points(key: str) -> None:
    """The message says the key and how much may stand there."""
    with pytest.raises(PolicyError, match=f"key .*{key}: .*{MOST_POINTS}"):
        with_number(key, MOST_POINTS + 1)


@pytest.mark.parametrize("key", ["foster", "residential", "most_days_waiting"])
def test_the_largest_counts(key: str) -> None:
    """So with places and days."""
    with pytest.raises(PolicyError, match=rf"key .*{key}: must be a whole number from 0 to \d+"):
        with_number(key, 10**30)


@given(st.integers(0, MOST_POINTS))
def test_an_odd_price_of_a_separated_pair_is_refused(price: int) -> None:
    """Each of two children bears half of it, and nothing is rounded."""
    if price % 2:
        with pytest.raises(PolicyError, match=r"key siblings\.separated_pair: must be even"):
            with_number("separated_pair", price)
    else:
        assert with_number("separated_pair", price).separated_pair == price


def test_waiting_for_ever_stays_within_bounds() -> None:
    """Days and points a day are bounded each; so is what they come to."""
    with pytest.raises(PolicyError, match=r"key placing\.per_day_waiting: times most_days_waiting"):
        with_number("per_day_waiting", MOST_POINTS // 100)


def test_the_largest_night_stays_within_64_bits() -> None:
    """As many children as a snapshot may hold, each of them worth the most that a policy may say."""
    children, waiting = 12 * MOST_REFERRALS, 100_000
    assert 2 * MOST_POINTS * (children + waiting) * PRICE_SCALE < 2**62


@pytest.mark.parametrize(
    "price", ['floor_price = "strict"', "floor_price = -1", "floor_prize = 5", "floor_price = 1.5"]
)
def test_hard_is_a_word_that_is_named(price: str) -> None:
    """Who misspells it, or does not know what may stand there, is told the word."""
    with pytest.raises(PolicyError, match=r'key target\.floor_price: .*"hard"'):
        parse_policy(DEFAULT.replace("floor_price = 30000", price).encode(), "test.toml")
    hard = parse_policy(DEFAULT.replace("floor_price = 30000", 'floor_price = "hard"').encode(), "test.toml").target
    assert (hard.hard, hard.floor_price) == (True, 0)


def test_the_dearest_target_of_a_large_caseload() -> None:
    """The dearest floor that can be written, with a hundred thousand children placed and none of them local."""
    policy = with_number("floor_price", MOST_POINTS)
    policy = replace(policy, target=replace(policy.target, ambition_price=MOST_POINTS))
    posed = batch(a_night(policy=policy, local_placed=0, total_placed=100_000))
    assert solved(posed.problem).solution.gap == 0


def test_a_target_that_could_not_be_reckoned_is_refused_where_it_is_posed() -> None:
    """A problem made without a policy keeps to the same bound: it is refused with its field, not solved wrongly."""
    policy = default_policy()
    policy = replace(policy, target=replace(policy.target, floor_price=2**36))
    with pytest.raises(ValueError, match=r"local: its prices for 100005 children together are too large"):
        batch(a_night(policy=policy, local_placed=0, total_placed=100_000))
