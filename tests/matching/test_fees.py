"""Which fee a home would charge for a child."""

from __future__ import annotations

import numpy as np
import pytest

from app.matching.child_columns import ChildTable
from app.matching.codes import NeedDomain, Package, Route
from app.matching.fees import weekly_fee
from app.matching.home import Home
from app.matching.pairs import child_grid
from app.matching.pool import Pool
from app.matching.referral import Child
from tests.support.builders import AS_OF, a_child, a_home, a_local, a_referral

CORE, ENHANCED, COMPLEX = Package


def charged(child: Child, home: Home) -> tuple[int, Package | None]:
    """Pence and package for one pair; -1 and None where not known."""
    pool = Pool.build((home,))
    table = ChildTable.build((a_referral(child),), pool, AS_OF)
    pence, package = weekly_fee(child_grid(table, pool, a_local(), np.array([0]), np.array([0])))
    position = int(package[0, 0])
    return int(pence[0, 0]), None if position < 0 else list(Package)[position]


@pytest.mark.parametrize(
    ("asked", "prices", "fee", "package"),
    [
        (CORE, {CORE: 1, ENHANCED: 2, COMPLEX: 3}, 1, CORE),
        (ENHANCED, {CORE: 1, ENHANCED: 2, COMPLEX: 3}, 2, ENHANCED),
        (COMPLEX, {CORE: 1, ENHANCED: 2, COMPLEX: 3}, 3, COMPLEX),
        (CORE, {ENHANCED: 2, COMPLEX: 3}, 2, ENHANCED),
        (CORE, {COMPLEX: 3}, 3, COMPLEX),
        (ENHANCED, {CORE: 1, COMPLEX: 3}, 3, COMPLEX),
        (ENHANCED, {CORE: 1}, -1, None),
        (CORE, {}, -1, None),
        (CORE, {CORE: 0, ENHANCED: 2}, 0, CORE),
    ],
)
def test_the_package_needed_or_the_next_higher(
    asked: Package, prices: dict[Package, int], fee: int, package: Package | None
) -> None:
    """Never a lower one; a price of nothing is a price."""
    assert charged(a_child(package=asked), a_home(weekly_fee_pence=prices)) == (fee, package)


def test_the_package_follows_the_highest_need_where_none_is_asked_for() -> None:
    """Level 2 calls for Enhanced; without package and needs it is not known."""
    needs = {**dict.fromkeys(NeedDomain, 0), NeedDomain.BEHAVIOUR: 2}
    home = a_home(weekly_fee_pence={CORE: 1, ENHANCED: 2, COMPLEX: 3})
    assert charged(a_child(package=None, needs=needs), home) == (2, ENHANCED)
    assert charged(a_child(package=None, needs={}), home) == (-1, None)


def test_a_block_contract_void_costs_its_marginal_fee() -> None:
    """Also where the package is not priced, or not known."""
    void = {"route": Route.BLOCK, "void_fee_pence": 7}
    assert charged(a_child(), a_home(weekly_fee_pence={CORE: 5}, **void)) == (7, CORE)
    assert charged(a_child(), a_home(weekly_fee_pence={}, **void)) == (7, None)
    assert charged(a_child(package=None, needs={}), a_home(weekly_fee_pence={CORE: 5}, **void)) == (7, None)
    assert charged(a_child(), a_home(weekly_fee_pence={CORE: 5}, void_fee_pence=7)) == (5, CORE)
