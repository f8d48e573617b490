"""A home from its frame: registration, terms, fees, Ofsted, when it is free. What it can do is in `care`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from app.demo.care import CARE_HOMES, adaptations_of, care_of, disabilities_of
from app.demo.draws import BITS, Draws
from app.demo.names import home_name
from app.demo.occupancy import Frame
from app.demo.places import Band
from app.demo.residents import residents_of
from app.demo.segments import ELSEWHERE, IN_CITY, Segment
from app.geo.grid import Location
from app.matching.codes import (
    FOSTERING_KINDS,
    SUPPORTED_KINDS,
    Answer,
    HomeKind,
    Judgement,
    Package,
    PlaceCode,
    Registration,
    Route,
    SexAccepted,
)
from app.matching.home import Home, Resident, Terms
from app.matching.referral import HomeRef

AGENCIES = 24
"""Fostering agencies and supported-accommodation providers: Ofsted judges them, not each address."""

USUAL_FOSTERING_LIMIT = 3

REGISTERED = {
    Registration.REGISTERED: 975,
    Registration.SUSPENDED: 7,
    Registration.CANCELLED: 5,
    Registration.UNREGISTERED: 8,
    Registration.NOT_KNOWN: 5,
}
FOSTER_SEX = {SexAccepted.ANY: 920, SexAccepted.MALE: 25, SexAccepted.FEMALE: 40, SexAccepted.NOT_KNOWN: 15}
HOME_SEX = {SexAccepted.ANY: 800, SexAccepted.MALE: 95, SexAccepted.FEMALE: 85, SexAccepted.NOT_KNOWN: 20}

# Days since the vacancy was confirmed; the last part is stale. None: nobody ever did.
CONFIRMED: Mapping[tuple[int, int] | None, int] = {
    (0, 2): 46,
    (3, 7): 32,
    (8, 13): 11,
    (15, 28): 5,
    (29, 90): 4,
    None: 2,
}
# Days from now until the place is free; below nought it has been for a while.
FREE_FROM: Mapping[tuple[int, int] | None, int] = {(-40, 0): 76, (1, 5): 9, (6, 28): 11, None: 4}

NO_ENDINGS_KNOWN = 60
LOCATION_NOT_KNOWN = 8
PRICE_NOT_KNOWN = 30
"""Per mille of homes of framework or spot providers."""

WITHOUT_URN = frozenset({PlaceCode.R1, PlaceCode.R2, PlaceCode.R5})
"""Codes for which the statutory return takes no URN (SSDA903 validation)."""


@dataclass(frozen=True, slots=True)
class HomeDraws:
    """The streams of one segment: of its homes and of the people in them; and those of all agencies."""

    homes: Draws
    people: Draws
    agencies: Draws


def home_ref(number: int) -> HomeRef:
    """`H-0123` for home 123, counted from 1."""
    return HomeRef(f"H-{number + 1:04d}")


def full_fees(frame: Frame, draws: Draws) -> dict[Package, int]:
    """Pence a week for each package, a dear home dear in all of them; whole multiples of 5 pounds."""
    segment = frame.segment
    at = draws.draw("fee", frame.index)
    if segment.skewed:
        at = (at * at) >> BITS
    fees = {}
    for package, (low, high) in segment.fees.items():
        steps = (high - low) // 5 + 1
        fees[package] = (low + 5 * ((at * steps) >> BITS)) * 100
    return fees


def offered(frame: Frame, draws: Draws) -> dict[Package, int]:
    """The packages a home takes, with their fees: a home that does little offers no complex care."""
    fees = full_fees(frame, draws)
    if len(fees) == 1:
        return fees
    level = draws.pick("level", frame.index, frame.segment.levels)
    if level < 2 and not draws.chance("complex all the same", frame.index, 150):
        fees.pop(Package.COMPLEX, None)
    if level < 1:
        fees.pop(Package.ENHANCED, None)
    return fees


def make_home(frame: Frame, draws: HomeDraws, band: Band, location: Location, as_of: date) -> Home:
    """The home at this place."""
    segment, index, own = frame.segment, frame.index, draws.homes
    terms = _terms(frame, own)
    residents = residents_of(frame, draws.people, terms.sex, as_of)
    special = segment.key in CARE_HOMES or own.chance("for disabled children", index, _disability_share(segment))
    fees = offered(frame, own)
    route = own.pick("route", index, segment.routes)
    bought = route in {Route.FRAMEWORK, Route.SPOT} and not frame.ours
    judgement, judged_on = _judged(frame, draws, band, as_of)
    place_code = own.pick("place code", index, segment.place_codes)
    ended, unplanned = _endings(frame, own)
    return Home(
        ref=home_ref(frame.number),
        kind=segment.kind,
        place_code=place_code,
        urn=_urn(frame, draws, place_code),
        sector=own.pick("sector", index, segment.sectors),
        route=route,
        location=None if bought and own.chance("location not known", index, LOCATION_NOT_KNOWN) else location,
        places=frame.places,
        name=home_name(frame.number, segment.kind),
        registration=_registration(frame, own),
        registered_from=_registered_from(frame, own, as_of),
        registered_to=_registered_to(frame, own, as_of),
        terms=_with_people(terms, frame, residents),
        tier=own.between("tier", index, 1, 3) if route is Route.FRAMEWORK else None,
        lot=segment.lots[own.between("lot", index, 0, len(segment.lots) - 1)] if route is Route.FRAMEWORK else None,
        weekly_fee_pence={} if bought and own.chance("price not known", index, PRICE_NOT_KNOWN) else fees,
        void_fee_pence=_void_fee(segment, own, index),
        places_held=frame.held,
        residents=residents,
        judgement=judgement,
        judged_on=judged_on,
        adaptations=adaptations_of(own, index, special=special),
        disabilities_supported=disabilities_of(own, index, special=special),
        available_from=_days_from(as_of, own, "free from", index, FREE_FROM),
        confirmed_on=_confirmed_on(as_of, own, index),
        ended_placements=ended,
        unplanned_endings=unplanned,
        **care_of(frame, own, special=special),
    )


def _disability_share(segment: Segment) -> int:
    return 55 if segment.kind is HomeKind.FOSTER else 110 if segment.kind is HomeKind.CHILDRENS_HOME else 0


def _terms(frame: Frame, draws: Draws) -> Terms:
    segment, index = frame.segment, frame.index
    unknown = draws.chance("ages not known", index, 12) and not frame.residents
    table = FOSTER_SEX if segment.kind is HomeKind.FOSTER else HOME_SEX
    mixed = segment.kind in {HomeKind.CONNECTED_PERSON, HomeKind.PARENT_AND_CHILD} or segment.key == "short_breaks"
    siblings = Answer.NO
    if segment.kind is HomeKind.FOSTER and frame.places > 1:
        siblings = draws.pick("siblings only", index, {Answer.NO: 92, Answer.YES: 6, Answer.NOT_KNOWN: 2})
    with_parent = Answer.YES if segment.kind is HomeKind.PARENT_AND_CHILD else Answer.NO
    if segment.kind is HomeKind.FOSTER:
        with_parent = draws.pick("with parent", index, {Answer.NO: 970, Answer.YES: 8, Answer.NOT_KNOWN: 22})
    return Terms(
        age_min=None if unknown else frame.ages.lowest,
        age_max=None if unknown else frame.ages.highest,
        sex=SexAccepted.ANY if mixed else draws.pick("sex accepted", index, table),
        siblings_only=siblings,
        parent_and_child=with_parent,
    )


def _with_people(terms: Terms, frame: Frame, residents: tuple[Resident, ...]) -> Terms:
    """A connected person is approved for the children who live there; four in a household need an exemption."""
    refs = frozenset(resident.ref for resident in residents)
    named = refs if frame.segment.kind is HomeKind.CONNECTED_PERSON else frozenset()
    fostered = frame.segment.kind is HomeKind.FOSTER and len(refs) > USUAL_FOSTERING_LIMIT
    return Terms(
        terms.age_min,
        terms.age_max,
        terms.sex,
        terms.siblings_only,
        terms.parent_and_child,
        named_children=named,
        exempt_children=refs if fostered else frozenset(),
    )


def _urn(frame: Frame, draws: HomeDraws, place_code: PlaceCode) -> str | None:
    """A number in the format of Ofsted's, out of ranges that are easily seen to be invented."""
    segment = frame.segment
    if place_code in WITHOUT_URN:
        return None
    if segment.kind in FOSTERING_KINDS or segment.kind is HomeKind.PARENT_AND_CHILD:
        in_house = Route.IN_HOUSE in segment.routes
        return "SC990000" if in_house else f"SC99{_agency(frame, draws.homes) + 1:04d}"
    if segment.kind in SUPPORTED_KINDS:
        return "9800000" if Route.IN_HOUSE in segment.routes else f"98{_agency(frame, draws.homes) + 1:05d}"
    if segment.kind is HomeKind.RESIDENTIAL_SCHOOL and draws.homes.chance("other inspector", frame.index, 200):
        return "XXXXXXX"
    return f"99{frame.number + 1:05d}"


def _agency(frame: Frame, draws: Draws) -> int:
    return draws.between("agency", frame.index, 0, AGENCIES - 1)


def _judged(frame: Frame, draws: HomeDraws, band: Band, as_of: date) -> tuple[Judgement, date | None]:
    segment, index, stream = frame.segment, frame.index, draws.homes
    if segment.kind in {HomeKind.FOSTER, HomeKind.PARENT_AND_CHILD} | SUPPORTED_KINDS:
        index, stream = _agency(frame, stream), draws.agencies
    table = IN_CITY if segment.judgements is ELSEWHERE and band is Band.INSIDE else segment.judgements
    # By position and not by segment: one agency has one judgement of its fostering.
    name = "supported" if segment.kind in SUPPORTED_KINDS else "judgement"
    judgement = stream.pick(name, index, table)
    if judgement in {Judgement.NOT_YET_INSPECTED, Judgement.NOT_JUDGED, Judgement.NOT_KNOWN}:
        return judgement, None
    return judgement, as_of - timedelta(days=stream.between(f"{name} days", index, 20, 700))


def _registration(frame: Frame, draws: Draws) -> Registration:
    """Only a home where none of the council's children lives may be anything but registered."""
    if frame.ours or frame.segment.routes.get(Route.IN_HOUSE):
        return Registration.REGISTERED
    return draws.pick("registration", frame.index, REGISTERED)


def _registered_from(frame: Frame, draws: Draws, as_of: date) -> date | None:
    if draws.chance("first day not known", frame.index, 8):
        return None
    most = 1_000 if frame.segment.kind in SUPPORTED_KINDS else 6_000  # registered from April 2023 on
    return as_of - timedelta(days=draws.between("first day", frame.index, 30, most))


def _registered_to(frame: Frame, draws: Draws, as_of: date) -> date | None:
    """A few homes will close: known in advance."""
    if not draws.chance("closes", frame.index, 12):
        return None
    return as_of + timedelta(days=draws.between("last day", frame.index, 3, 120))


def _void_fee(segment: Segment, draws: Draws, index: int) -> int | None:
    if segment.void_fee is None:
        return None
    low, high = segment.void_fee
    return 500 * draws.between("void fee", index, low // 5, high // 5)


def _days_from(
    as_of: date, draws: Draws, name: str, index: int, table: Mapping[tuple[int, int] | None, int]
) -> date | None:
    span = draws.pick(name, index, table)
    return None if span is None else as_of + timedelta(days=draws.between(f"{name}: days", index, *span))


def _confirmed_on(as_of: date, draws: Draws, index: int) -> date | None:
    later = _days_from(as_of, draws, "confirmed", index, CONFIRMED)
    return None if later is None else as_of - (later - as_of)


def _endings(frame: Frame, draws: Draws) -> tuple[int | None, int | None]:
    """Placements that ended, and those of them that nobody had planned."""
    if draws.chance("endings not known", frame.index, NO_ENDINGS_KNOWN):
        return None, None
    ended = draws.between("ended", frame.index, 0, 4 * frame.places if frame.places < 10 else 40)
    share = draws.between("unplanned", frame.index, 0, 40)
    return ended, ended * share // 100
