"""The caseload as the local target counts it, by each of the three measures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.geo.authorities import adjoining
from app.geo.grid import Location
from app.geo.zones import zone_from_json
from app.matching.local import LocalMeasure
from app.matching.placed import Placed, PlacedShare, placed_share
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef
from tests.support.builders import CITY_CENTRE, NOTTINGHAM, a_home, a_local
from tests.support.policies import a_policy

NEAR = Location(457_400, 340_000, NOTTINGHAM)
FAR = Location(530_000, 180_000, "E09000033")
JUST_IN = Location(CITY_CENTRE.easting + 32_186, CITY_CENTRE.northing, "E10000024")
JUST_OUT = Location(CITY_CENTRE.easting + 32_187, CITY_CENTRE.northing, "E10000024")


def _policy(measure: LocalMeasure, **changes: object) -> Policy:
    return a_policy(local=a_local(measure=measure, **changes))


def _share(policy: Policy, *placed: Placed, **more: object) -> tuple[int, int]:
    found = placed_share(placed, Pool.build([a_home(ref=HomeRef("H"), location=NEAR)]), policy, **more)  # type: ignore[arg-type]
    return found.local, found.total


def _child(ref: str = "C", **where: object) -> Placed:
    return Placed(ChildRef(ref), **where)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("where", "local"),
    [
        ({"location": NEAR}, 1),
        ({"location": FAR}, 0),
        ({"location": JUST_IN}, 1),
        ({"location": JUST_OUT}, 0),
        ({"home": HomeRef("H")}, 1),
        ({"home": HomeRef("H"), "location": FAR}, 1),
        ({"home": HomeRef("GONE"), "location": FAR}, 0),
        ({"home": HomeRef("GONE")}, 0),
        ({}, 0),
    ],
)
def test_from_the_centre(where: dict[str, object], local: int) -> None:
    """Within the radius to the metre; by the home where it is on the list; not known is not local, but counts."""
    assert _share(_policy(LocalMeasure.CENTRE), _child(**where)) == (local, 1)


def test_by_area() -> None:
    """In the authority's own area; adjoining is not in it."""
    assert adjoining(NOTTINGHAM)
    policy = _policy(LocalMeasure.AREA)
    assert _share(policy, _child("A", location=NEAR), _child("B", location=JUST_IN), _child("C")) == (1, 3)


def test_from_the_family_home() -> None:
    """From where the family lives; where that is not known the child is not local."""
    policy = _policy(LocalMeasure.HOME_POSTCODE)
    near_in_london = _child("A", location=FAR, family_home=replace(FAR, easting=FAR.easting + 100))
    assert _share(policy, near_in_london, _child("B", location=NEAR)) == (1, 2)
    assert _share(policy, _child(location=NEAR, family_home=FAR)) == (0, 1)


def test_inside_an_outline() -> None:
    """An outline takes the place of the radius."""
    square = [[-1.2, 52.9], [-1.1, 52.9], [-1.1, 53.0], [-1.2, 53.0], [-1.2, 52.9]]
    policy = _policy(LocalMeasure.CENTRE, outline=zone_from_json({"type": "Polygon", "coordinates": [square]}))
    assert _share(policy, _child("A", location=NEAR), _child("B", location=JUST_IN)) == (1, 2)
    assert _share(policy) == (0, 0)


def test_who_waits_for_another_home_is_counted_with_the_night() -> None:
    """A child who waits is left out, and so is what the child costs now."""
    placed = [_child("A", location=NEAR, weekly_fee_pence=5), _child("B", location=NEAR, weekly_fee_pence=7)]
    found = placed_share(placed, Pool.build([]), _policy(LocalMeasure.CENTRE), {ChildRef("A")})
    assert found == PlacedShare(1, 1, 7)
