import pytest

from app.geo.grid import Location
from app.geo.zones import Circle, Zone, zone_from_json
from app.matching.rules.exclusion_zone import EXCLUSION_ZONE
from tests.support.builders import NOTTINGHAM, a_child, a_home
from tests.support.judging import FAILS, NOT_KNOWN, PASSES, Answer2, after_remedies, case_of, judge_one

CIRCLE = Circle(457300, 339900, 1000)
SQUARE = zone_from_json(
    {
        "type": "Polygon",
        "coordinates": [[[-1.2, 52.93], [-1.1, 52.93], [-1.1, 52.98], [-1.2, 52.98], [-1.2, 52.93]]],
    }
)


@pytest.mark.parametrize(
    ("east", "north", "answer"),
    [
        (457300, 339900, FAILS),
        (458299, 339900, FAILS),
        (458300, 339900, FAILS),  # on the rim
        (458301, 339900, PASSES),
        (457900, 340700, FAILS),  # 600 and 800: exactly 1000
        (457901, 340700, PASSES),
    ],
)
def test_a_metre_inside_on_the_rim_and_outside(east: int, north: int, answer: Answer2) -> None:
    """The rim of a circle belongs to the zone, to the metre."""
    home = a_home(location=Location(east, north, NOTTINGHAM))
    assert judge_one(EXCLUSION_ZONE, a_child(zones_to_avoid=(CIRCLE,)), home).answer == answer


@pytest.mark.parametrize(("place", "answer"), [(Location(457300, 339900), FAILS), (Location(480000, 339900), PASSES)])
def test_a_polygon(place: Location, answer: Answer2) -> None:
    """Inside and outside a square of the city drawn in longitude and latitude."""
    home = a_home(location=place)
    assert judge_one(EXCLUSION_ZONE, a_child(zones_to_avoid=(SQUARE,)), home).answer == answer


@pytest.mark.parametrize("zones", [(CIRCLE, Circle(1, 1, 1)), (Circle(1, 1, 1), CIRCLE), (SQUARE, CIRCLE)])
def test_any_zone_is_enough(zones: tuple[Zone, ...]) -> None:
    """One of several zones keeps the child out."""
    home = a_home(location=Location(457300, 339900))
    assert judge_one(EXCLUSION_ZONE, a_child(zones_to_avoid=zones), home).answer == FAILS


def test_a_home_without_a_place() -> None:
    """Not known for a child with zones, no matter for one without; the map's origin is not its place."""
    nowhere = a_home(location=None)
    origin = Circle(0, 0, 10)
    assert judge_one(EXCLUSION_ZONE, a_child(zones_to_avoid=(CIRCLE,)), nowhere).answer == NOT_KNOWN
    assert judge_one(EXCLUSION_ZONE, a_child(zones_to_avoid=(origin,)), nowhere).answer == NOT_KNOWN
    assert judge_one(EXCLUSION_ZONE, a_child(), nowhere).answer == PASSES


def test_there_is_no_remedy() -> None:
    """Nobody is told to lift a measure of protection."""
    home = a_home(location=Location(457300, 339900))
    assert after_remedies(EXCLUSION_ZONE, case_of(a_child(zones_to_avoid=(CIRCLE,)), home)) is None
