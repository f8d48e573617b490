"""Fit of needs, domain by domain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.codes import NeedDomain
from app.matching.criteria.needs_fit import NEEDS_FIT, Params
from app.matching.finding import FULL
from tests.support.builders import a_child, a_home
from tests.support.criteria import PARAMS, Scored, score_one

NONE = dict.fromkeys(NeedDomain, 0)
HEALTH, BEHAVIOUR = NeedDomain.MENTAL_HEALTH, NeedDomain.BEHAVIOUR
LEVELS = st.fixed_dictionaries({domain: st.integers(0, 3) for domain in NeedDomain})


def found(needs: dict[NeedDomain, int], capability: dict[NeedDomain, int], params: object = None) -> Scored:
    """The score of a home with these capabilities for a child with these needs."""
    return score_one(NEEDS_FIT, a_child(needs=needs), a_home(capability=capability), params=params)


def test_enough_is_full_and_more_than_enough_is_no_better() -> None:
    """Capability at need, and above it."""
    needs = {**NONE, HEALTH: 2}
    assert found(needs, {**NONE, HEALTH: 2}).value == 1000
    assert found(needs, dict.fromkeys(NeedDomain, 3)).value == 1000


@pytest.mark.parametrize(("short", "value"), [(1, 850), (2, 600), (3, 200)])
def test_each_level_short_takes_its_part_off(short: int, value: int) -> None:
    """150, 400 and 800 of 1000."""
    score = found({**NONE, HEALTH: 3}, {**NONE, HEALTH: 3 - short})
    assert (score.value, score.known) == (value, True)
    assert score.facts == {"gaps": ("mental_health",), "largest_gap": short, "not_known": ()}


def test_domains_add_up() -> None:
    """Short by one and by two: 150 and 400 off. It never falls below nothing."""
    assert found({**NONE, HEALTH: 1, BEHAVIOUR: 2}, NONE).value == 450
    assert found(dict.fromkeys(NeedDomain, 3), NONE).value == 0


def test_a_domain_weighs_what_the_policy_says() -> None:
    """At 150 percent a level short takes 225 off, at 0 nothing."""
    weights = {**dict.fromkeys(NeedDomain, 100), HEALTH: 150, BEHAVIOUR: 0}
    params = Params(150, 400, 800, weights)
    assert found({**NONE, HEALTH: 1}, NONE, params).value == 775
    assert found({**NONE, BEHAVIOUR: 3}, NONE, params).value == 1000


def test_a_capability_that_is_not_known_could_be_anything() -> None:
    """With a need of 2 the home could be short by two; without a need it does not matter."""
    unknown = {domain: 3 for domain in NeedDomain if domain is not HEALTH}
    score = found({**NONE, HEALTH: 2}, unknown)
    assert (score.known, score.value, score.most) == (False, 600, 1000)
    assert score.facts == {"gaps": (), "largest_gap": 0, "not_known": ("mental_health",)}
    assert found({**NONE, BEHAVIOUR: 1}, unknown).known


def test_a_need_that_is_not_known_could_be_the_highest() -> None:
    """A home that can do 1 could be short by two; one that can do everything fits whatever the need."""
    needs = {domain: 0 for domain in NeedDomain if domain is not HEALTH}
    score = found(needs, dict.fromkeys(NeedDomain, 1))
    assert (score.known, score.value, score.most) == (False, 600, 1000)
    assert found(needs, dict.fromkeys(NeedDomain, 3)).known


def test_a_child_known_to_need_nothing_is_not_judged_by_it() -> None:
    """Every domain known to be 0; not known is another matter."""
    assert not found(NONE, NONE).applies
    assert found({}, NONE).applies


@given(needs=LEVELS, capability=LEVELS, raised=st.sampled_from(list(NeedDomain)))
def test_higher_capability_is_never_worse(
    needs: dict[NeedDomain, int], capability: dict[NeedDomain, int], raised: NeedDomain
) -> None:
    """One level more in any domain; and the value is the one worked out by hand."""
    better = {**capability, raised: min(3, capability[raised] + 1)}
    off = sum((0, 150, 400, 800)[max(0, needs[d] - capability[d])] for d in NeedDomain)
    assert found(needs, capability).value == max(0, FULL - off)
    assert found(needs, better).value >= found(needs, capability).value


def test_parameters_that_make_no_sense_are_refused() -> None:
    """A greater shortfall must not cost less, and every domain needs its weight."""
    everything = dict.fromkeys(NeedDomain, 100)
    with pytest.raises(ValueError, match="must not fall"):
        Params(400, 150, 800, everything)
    with pytest.raises(ValueError, match=r"weight_percent\.identity"):
        Params(150, 400, 800, {d: 100 for d in NeedDomain if d is not NeedDomain.IDENTITY})
    assert PARAMS["needs_fit"].weight_percent == everything
