"""The fee against the reference."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.matching.codes import HomeKind, Package, Route
from app.matching.criteria.fee import FEE
from tests.support.builders import a_child, a_home
from tests.support.criteria import PARAMS, Scored, score_one

USUAL = PARAMS["fee"]
CORE, ENHANCED, COMPLEX = Package


def found(package: Package | None, prices: dict[Package, int], **home: object) -> Scored:
    """The score of a home with these prices for a child who needs this package."""
    child = a_child(package=package, needs={})
    return score_one(FEE, child, a_home(weekly_fee_pence=prices, **home))


def test_full_at_80_percent_of_the_reference_and_nothing_at_180() -> None:
    """The reference for Core is 100,000 pence."""
    fees = (0, 80_000, 80_001, 130_000, 179_999, 180_000)
    assert [found(CORE, {CORE: fee}).value for fee in fees] == [1000, 1000, 999, 500, 0, 0]


def test_cheaper_is_never_worse() -> None:
    """For each package."""
    for package in Package:
        values = [found(package, {package: fee}).value for fee in range(0, 1_000_000, 25_000)]
        assert values == sorted(values, reverse=True)
        assert (values[0], values[-1]) == (1000, 0)


def test_the_reference_is_that_of_the_kind_and_of_the_package_needed() -> None:
    """A home that sells only Complex is dear for a child who needs Core."""
    assert found(COMPLEX, {COMPLEX: 160_000}).value == 1000
    score = found(CORE, {COMPLEX: 160_000})
    assert score.value == 200
    assert score.facts == {
        "weekly_fee_pence": 160_000,
        "reference_pence": 100_000,
        "package": "Complex",
        "void": False,
    }
    dear = {**USUAL.reference_pence, HomeKind.CHILDRENS_HOME: dict.fromkeys(Package, 380_000)}
    home = a_home(kind=HomeKind.CHILDRENS_HOME, weekly_fee_pence={CORE: 300_000})
    assert score_one(FEE, a_child(), home, params=replace(USUAL, reference_pence=dear)).value == 1000


def test_a_void_counts_at_its_marginal_cost() -> None:
    """Only where a block contract pays for it."""
    void = found(CORE, {CORE: 500_000}, route=Route.BLOCK, void_fee_pence=5_000)
    assert (void.value, void.facts["weekly_fee_pence"], void.facts["void"]) == (1000, 5_000, True)
    assert found(CORE, {CORE: 500_000}, route=Route.FRAMEWORK, void_fee_pence=5_000).value == 0
    assert found(CORE, {CORE: 500_000}, route=Route.BLOCK, void_fee_pence=None).value == 0


def test_no_price_leaves_everything_open() -> None:
    """A price for a lower package is none for a higher."""
    for score in (found(CORE, {}), found(COMPLEX, {CORE: 1, ENHANCED: 2})):
        assert (score.known, score.value, score.most) == (False, 0, 1000)
        assert (score.facts["weekly_fee_pence"], score.facts["package"]) == (None, None)


def test_a_package_that_is_not_known_may_be_any() -> None:
    """Core at 130 percent is worth 500, Enhanced and Complex less than usual are full."""
    score = found(None, {CORE: 130_000, ENHANCED: 140_000, COMPLEX: 150_000})
    assert (score.known, score.value, score.most) == (False, 500, 1000)
    assert (score.facts["weekly_fee_pence"], score.facts["reference_pence"]) == (None, None)
    assert found(None, {COMPLEX: 1_000}).known
    assert not found(None, {CORE: 1_000}).known
    assert found(None, {COMPLEX: 900_000}).facts["reference_pence"] is None


@pytest.mark.parametrize("missing", [{}, {CORE: 1, ENHANCED: 1}, {CORE: 0, ENHANCED: 1, COMPLEX: 1}])
def test_every_kind_and_package_needs_a_reference(missing: dict[Package, int]) -> None:
    """The message names the one that is missing."""
    with pytest.raises(ValueError, match=r"reference_pence\.secure_home\."):
        replace(USUAL, reference_pence={**USUAL.reference_pence, HomeKind.SECURE_HOME: missing})
    with pytest.raises(ValueError, match="none_at_percent"):
        replace(USUAL, none_at_percent=80)
