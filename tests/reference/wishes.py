"""What a child's wishes come to in a home."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from app.geo.grid import Location
from app.matching.codes import SUPPORTED_KINDS, HomeKind, Wish
from app.matching.home import Home
from tests.reference.basics import Maybe, Pair, opposite, said, within_miles
from tests.reference.provision import OTHER_CARERS, RELATIVES


def _with_a_family(home: Home) -> bool:
    """Foster care of any kind, or lodgings in somebody's household."""
    return home.place_code in RELATIVES | OTHER_CARERS or home.kind is HomeKind.SUPPORTED_LODGINGS


GRANTED: dict[Wish, Callable[[Home], Maybe]] = {
    Wish.LIVE_WITH_A_FAMILY: _with_a_family,
    Wish.LIVE_IN_A_CHILDRENS_HOME: lambda home: home.kind is HomeKind.CHILDRENS_HOME,
    Wish.MORE_INDEPENDENCE: lambda home: home.kind in SUPPORTED_KINDS,
    Wish.BE_WITH_OTHER_CHILDREN: lambda home: bool(home.residents),
    Wish.BE_THE_ONLY_CHILD: lambda home: not home.residents,
    Wish.LIVE_WITH_PETS: lambda home: said(home.pets),
    Wish.LIVE_WITHOUT_PETS: lambda home: opposite(said(home.pets)),
}


def granted(wish: Wish, pair: Pair, params: Any) -> Maybe:
    """Whether the home meets a wish."""
    if wish is Wish.STAY_AT_MY_SCHOOL:
        return _near(pair.child.school, pair.home.location, params.school_within_miles)
    if wish is Wish.STAY_IN_MY_AREA:
        return _near(pair.referral.family_home, pair.home.location, params.area_within_miles)
    return GRANTED[wish](pair.home)


def _near(a: Location | None, b: Location | None, miles: Decimal) -> Maybe:
    return None if a is None or b is None else within_miles(a, b, miles)
