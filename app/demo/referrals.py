"""The searches: children put together with where their families live, and when a home is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.demo.cases import Case, Special, children_of, order_of_cases
from app.demo.children import Seat, make_child
from app.demo.draws import BITS, Draws
from app.demo.places import NOTTINGHAM, Band, Council, Places
from app.geo.grid import Location, squared_distance
from app.geo.zones import Circle, Zone, zone_from_json
from app.matching.codes import Answer, KeepTogether, VisitFrequency
from app.matching.referral import Child, ContactPlace, Referral, ReferralRef

FAMILY_BANDS: Mapping[Band | None, int] = {Band.INSIDE: 905, Band.NEAR: 75, Band.FAR: 7, None: 13}
"""Where the family of a looked-after child lives; None is not known, or no fixed address."""

CONTACTS: Mapping[int, int] = {0: 14, 1: 58, 2: 28}
CONTACT_BANDS: Mapping[Band | None, int] = {Band.INSIDE: 78, Band.NEAR: 14, Band.FAR: 5, None: 3}
FREQUENCIES: Mapping[VisitFrequency, int] = {
    VisitFrequency.DAILY: 3,
    VisitFrequency.FEW_TIMES_A_WEEK: 12,
    VisitFrequency.WEEKLY: 34,
    VisitFrequency.FORTNIGHTLY: 22,
    VisitFrequency.MONTHLY: 21,
    VisitFrequency.OTHER: 8,
}

NEEDED_IN: Mapping[tuple[int, int], int] = {(1, 4): 24, (5, 28): 76}
"""Days until a home is needed, emergencies apart."""

ZONES_AT_RISK = 240
ZONES = 25
"""Per mille of children at risk, and of others, who must keep away from somewhere."""

ZONE_POLYGON: Mapping[str, object] = {
    "type": "Polygon",
    "coordinates": [[[-1.19, 52.93], [-1.13, 52.93], [-1.13, 52.965], [-1.19, 52.965], [-1.19, 52.93]]],
}
"""A rectangle over a part of Nottingham: zones may be drawn as well as given by a circle."""

SCHOOL_CHOICES = 4
"""The nearest of so many schools is the child's."""


@dataclass(frozen=True, slots=True)
class Search:
    """A referral with what the demo knows of it beyond the record."""

    number: int
    case: Case
    council: Council
    referral: Referral


def referral_ref(number: int) -> ReferralRef:
    """`R-0012` for the twelfth search."""
    return ReferralRef(f"R-{number + 1:04d}")


def make_searches(count: int, seed: int, as_of: date, places: Places) -> list[Search]:
    """So many searches, with everything but what ties them to particular homes."""
    order = order_of_cases()
    searches = Draws(seed, "searches", count)
    children = Draws(seed, "children", children_of(count))
    polygon = zone_from_json(ZONE_POLYGON)
    sizes = {council: council.postcodes for council in places.councils}
    made = []
    index = 0
    for number in range(count):
        case = order[number % len(order)]
        council = searches.pick("council", number, sizes)
        seats = [Seat(case, index + place, number, place, as_of) for place in range(case.size)]
        index += case.size
        home = family_home(places, council, searches, number)
        if case.special is Special.UASC:
            home = None
        made.append(
            Search(
                number,
                case,
                council,
                Referral(
                    ref=referral_ref(number),
                    children=tuple(
                        _settled(
                            make_child(seat, children, searches),
                            seat,
                            children,
                            places,
                            council,
                            home,
                            polygon,
                        )
                        for seat in seats
                    ),
                    needed_by=_needed_by(case, searches, number, as_of),
                    waiting_since=as_of - timedelta(days=_waited(case, searches, number)),
                    keep_together=searches.pick("together", number, case.together)
                    if case.size > 1
                    else KeepTogether.PREFERRED,
                    family_home=home,
                    contact_places=_contacts(places, council, case, searches, number),
                ),
            )
        )
    return made


def family_home(places: Places, council: Council, draws: Draws, index: int) -> Location | None:
    """Where a family lives: mostly in the council's area."""
    band = draws.pick("family band", index, FAMILY_BANDS)
    return None if band is None else places.spot(council, band, "families", draws.draw("family home", index))


def _needed_by(case: Case, draws: Draws, number: int, as_of: date) -> date:
    if case.special is Special.EMERGENCY:
        return as_of
    span = draws.pick("needed in", number, NEEDED_IN)
    return as_of + timedelta(days=draws.between("needed in days", number, *span))


def _waited(case: Case, draws: Draws, number: int) -> int:
    """Days since the search began: most are new, a few are old."""
    if case.special is Special.EMERGENCY:
        return 0
    at = draws.draw("waited", number)
    return int((((at * at) >> BITS) * 75) >> BITS)


def _contacts(places: Places, council: Council, case: Case, draws: Draws, number: int) -> tuple[ContactPlace, ...]:
    if case.special is Special.UASC:
        return ()
    found = []
    for turn in range(draws.pick("contacts", number, CONTACTS)):
        band = draws.pick(f"contact {turn} band", number, CONTACT_BANDS)
        where = None
        if band is not None:
            where = places.spot(council, band, "families", draws.draw(f"contact {turn} place", number))
        found.append(ContactPlace(where, draws.pick(f"contact {turn} often", number, FREQUENCIES)))
    return tuple(found)


def _settled(
    child: Child,
    seat: Seat,
    draws: Draws,
    places: Places,
    council: Council,
    home: Location | None,
    polygon: Zone,
) -> Child:
    """The child with its school and the places it must keep away from."""
    school = None
    if child.attends_school is Answer.YES and not draws.chance("school not known", seat.index, 30):
        school = _school(draws, seat.index, places, council, home)
    return replace(child, school=school, zones_to_avoid=_zones(seat, draws, places, council, polygon))


def _school(draws: Draws, index: int, places: Places, council: Council, home: Location | None) -> Location:
    """The nearest of a few schools; any of them for a child whose family lives nowhere we know."""
    choices = [
        places.spot(council, Band.INSIDE, "schools", draws.draw(f"school {turn}", index))
        for turn in range(SCHOOL_CHOICES)
    ]
    if home is None:
        return choices[0]
    near = [int(squared_distance(home.easting, home.northing, each.easting, each.northing)) for each in choices]
    return choices[near.index(min(near))]


def _zones(seat: Seat, draws: Draws, places: Places, council: Council, polygon: Zone) -> tuple[Zone, ...]:
    at_risk = seat.case.key in {"teenager at risk", "complex", "secure", "teenager on remand"}
    if not draws.chance("zone", seat.index, ZONES_AT_RISK if at_risk else ZONES):
        return ()
    if council.code == NOTTINGHAM and draws.chance("zone drawn", seat.index, 250):
        return (polygon,)
    middle = places.spot(council, Band.INSIDE, "zones", draws.draw("zone middle", seat.index))
    radius_m = 100 * draws.between("zone radius", seat.index, 8, 45)
    return (Circle(middle.easting, middle.northing, radius_m),)
