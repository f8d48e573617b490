"""Who and what is counted: tests of one child of the caseload, one home, one waiting child."""

from __future__ import annotations

from collections.abc import Callable

from app.demo.figures import SHORT_BREAK_PLACES
from app.demo.places import CITY_CENTRES, LOCAL_MILES, NOTTINGHAM
from app.demo.residents import PlacedChild
from app.geo.grid import Location, squared_distance, squared_limit
from app.matching.codes import FOSTERING_KINDS, SUPPORTED_KINDS, HomeKind, Route
from app.matching.home import Home
from app.matching.referral import Child

Test = Callable[[PlacedChild], bool]


def fostered(row: PlacedChild) -> bool:
    """Lives with foster carers."""
    return row.kind in FOSTERING_KINDS or (row.kind is HomeKind.PARENT_AND_CHILD and row.place_code.startswith("U"))


def in_childrens_home(row: PlacedChild) -> bool:
    """Lives in a children's home."""
    return row.kind is HomeKind.CHILDRENS_HOME


def supported(row: PlacedChild) -> bool:
    """Lives in supported accommodation or lodgings."""
    return row.kind in SUPPORTED_KINDS


def external(row: PlacedChild) -> bool:
    """Bought from somebody else."""
    return row.route is not Route.IN_HOUSE


def in_boundary(row: PlacedChild) -> bool:
    """Lives in the council's area."""
    return row.location is not None and row.location.authority == NOTTINGHAM


def near_city(row: PlacedChild) -> bool:
    """Lives within 20 miles of the city centre."""
    return row.location is not None and _within(row.location, *CITY_CENTRES[NOTTINGHAM])


def near_home(row: PlacedChild) -> bool:
    """Lives within 20 miles of the family home."""
    home = row.family_home
    return row.location is not None and home is not None and _within(row.location, home.easting, home.northing)


def _within(place: Location, easting: int, northing: int) -> bool:
    square = squared_distance(place.easting, place.northing, easting, northing)
    return bool(square <= squared_limit(LOCAL_MILES))


def not_with_parent(row: PlacedChild) -> bool:
    """Not in a parent-and-child placement."""
    return row.kind is not HomeKind.PARENT_AND_CHILD


def both(*tests: Test) -> Test:
    """All of the tests together."""
    return lambda row: all(test(row) for test in tests)


def anybody(_row: PlacedChild) -> bool:
    """Every child of the caseload."""
    return True


def is_home(home: Home) -> bool:
    """A children's home."""
    return home.kind is HomeKind.CHILDRENS_HOME


def short_breaks(home: Home) -> bool:
    """The in-house home for short breaks."""
    return is_home(home) and home.places == SHORT_BREAK_PLACES.value


def own_home(home: Home) -> bool:
    """The council's own children's homes, short breaks apart."""
    return is_home(home) and home.route is Route.IN_HOUSE and not short_breaks(home)


def bought_home(home: Home) -> bool:
    """External children's homes outside the block contract."""
    return is_home(home) and home.route in {Route.FRAMEWORK, Route.SPOT}


def block_home(home: Home) -> bool:
    """Homes of the residential block contract."""
    return is_home(home) and home.route is Route.BLOCK


def own_supported(home: Home) -> bool:
    """The council's own supported accommodation."""
    return home.kind is HomeKind.SUPPORTED_ACCOMMODATION and home.route is Route.IN_HOUSE


def in_city(home: Home) -> bool:
    """In Nottingham."""
    return home.location is not None and home.location.authority == NOTTINGHAM


def free_places(home: Home) -> int:
    """Places that a child could have."""
    return home.places - home.places_held - len(home.residents)


def with_score(child: Child) -> bool:
    """Has an SDQ score."""
    return child.sdq is not None


def concern(child: Child) -> bool:
    """Has an SDQ score at a level of concern."""
    return child.sdq is not None and child.sdq >= 17


def everyone(_child: Child) -> bool:
    """Every waiting child."""
    return True
