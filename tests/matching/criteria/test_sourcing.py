"""The order of sourcing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.matching.codes import Route
from app.matching.criteria.sourcing import SOURCING
from tests.support.builders import a_child, a_home
from tests.support.criteria import PARAMS, score_one


@pytest.mark.parametrize(
    ("route", "tier", "value"),
    [
        (Route.IN_HOUSE, None, 1000),
        (Route.BLOCK, None, 1000),
        (Route.FRAMEWORK, 1, 700),
        (Route.FRAMEWORK, 2, 600),
        (Route.FRAMEWORK, 3, 500),
        (Route.FRAMEWORK, 4, 500),
        (Route.SPOT, None, 0),
        (Route.SPOT, 1, 0),
    ],
)
def test_in_house_or_block_then_framework_then_spot(route: Route, tier: int | None, value: int) -> None:
    """Within the framework the tiers in their order; elsewhere a tier says nothing."""
    found = score_one(SOURCING, a_child(), a_home(route=route, tier=tier))
    assert (found.value, found.known) == (value, True)
    assert found.facts == {"route": route, "tier": tier if route is Route.FRAMEWORK else None}


def test_a_tier_that_is_not_known_may_be_any() -> None:
    """From the last to the first."""
    found = score_one(SOURCING, a_child(), a_home(route=Route.FRAMEWORK, tier=None))
    assert (found.known, found.value, found.most) == (False, 500, 700)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"framework_tiers": ()}, "framework_tiers"),
        ({"framework_tiers": (500, 600)}, "framework_tiers"),
        ({"framework_tiers": (1001, 600)}, "framework_tiers"),
        ({"spot": 501}, "framework_tiers"),
        ({"in_house": 1001}, "in_house"),
        ({"block": -1}, "block"),
    ],
)
def test_values_against_the_order_are_refused(changes: dict[str, Any], name: str) -> None:
    """The message names the key."""
    with pytest.raises(ValueError, match=name):
        replace(PARAMS["sourcing"], **changes)
