"""Every criterion a second time, for one child and one home, in plain Python on the records.

Each function answers the least and the most value it could have, 0 to 1000, the same where all is known;
or None where the criterion has nothing to say about the child. Written from what the criterion says it
does, not from how the engine does it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from app.geo.grid import Location
from app.matching.codes import (
    Answer,
    CulturalNeeds,
    NeedDomain,
    Religion,
)
from app.matching.local import Local
from app.matching.referral import Child, PlacedSibling
from tests.reference.basics import (
    FULL,
    Maybe,
    Pair,
    falling,
    in_zone,
    metres_between,
    whole_metres,
    within_miles,
    years_old,
)
from tests.reference.provision import fee, quality, sourcing, stability, step_down
from tests.reference.ranges import OPEN, Answered, Range, exactly, mean, share, share_of
from tests.reference.wishes import granted


def near_family(pair: Pair, params: Any) -> Answered:
    """How near the home is to the family home."""
    return _nearness(pair.referral.family_home, pair.home.location, params)


def _nearness(a: Location | None, b: Location | None, params: Any) -> Range:
    if a is None or b is None:
        return OPEN
    full, none = whole_metres(params.full_within_miles), whole_metres(params.none_beyond_miles)
    return exactly(falling(metres_between(a, b), full, none))


def education(pair: Pair, params: Any) -> Answered:
    """Full within reach of the school, then falling, sooner in Key Stage 4; nothing where there is no school."""
    child, home = pair.child, pair.home
    if child.attends_school is Answer.NO:
        return None
    if child.school is None or home.location is None:
        return OPEN
    away = metres_between(child.school, home.location)
    full = whole_metres(params.full_within_miles)
    usual = falling(away, full, whole_metres(params.none_beyond_miles))
    ks4 = falling(away, full, whole_metres(params.ks4_none_beyond_miles))
    in_ks4 = key_stage_4(child, pair.moves_in)
    if in_ks4 is None:
        return ks4, usual
    return exactly(ks4 if in_ks4 else usual)


def key_stage_4(child: Child, on: date) -> Maybe:
    """In Year 10 or 11, unless it is recorded otherwise: 14 or 15 on the last 31 August before the day."""
    if child.key_stage_4 is not None:
        return {Answer.YES: True, Answer.NO: False, Answer.NOT_KNOWN: None}[child.key_stage_4]
    if child.date_of_birth is None:
        return None
    school_year = on.year if on >= date(on.year, 9, 1) else on.year - 1
    return years_old(child.date_of_birth, date(school_year, 8, 31)) in (14, 15)


def in_area(pair: Pair, params: Any) -> Answered:
    """Full in the area; less next to it and at a distance, a little more where local by the council's word."""
    place, local = pair.home.location, pair.local
    if place is None:
        return params.at_a_distance, FULL
    if place.authority == local.authority:
        return exactly(FULL)
    adds = params.local_adds if is_local(place, local) else 0
    if place.authority is None:
        return params.at_a_distance + adds, FULL
    if place.authority in local.adjoining:
        return exactly(params.adjoining + adds)
    return exactly(params.at_a_distance + adds)


def is_local(place: Location, local: Local) -> bool:
    """By the council's own definition: inside its outline, or within so many miles of the centre."""
    if local.outline is not None:
        return in_zone(place, local.outline)
    return within_miles(place, Location(*local.centre), local.radius_miles)


def with_siblings(pair: Pair, params: Any) -> Answered:
    """The mean over brothers and sisters already placed: full in the same home, less with distance.

    One who is in none of the homes we hold may, for all we know, be in this one, unless the place says otherwise.
    """
    siblings = pair.child.placed_siblings
    if not siblings:
        return None
    worth = [_with_sibling(pair, sibling, params) for sibling in siblings]
    return mean((1, each) for each in worth)


def _with_sibling(pair: Pair, sibling: PlacedSibling, params: Any) -> Range:
    homes, living = pair.inventory.homes, pair.inventory.living_at.get(sibling.child, frozenset())
    lives_in = living | ({sibling.home} if sibling.home in homes else set())
    if pair.home.ref in lives_in:
        return exactly(FULL)
    places = [homes[ref].location for ref in sorted(lives_in)]
    place = sibling.location or next((place for place in places if place), None)
    most_elsewhere = params.near_at_most if lives_in else FULL
    if place is None or pair.home.location is None:
        return 0, most_elsewhere
    away = metres_between(place, pair.home.location)
    full, none = whole_metres(params.full_within_miles), whole_metres(params.none_beyond_miles)
    value = falling(away, full, none) * params.near_at_most // FULL
    return value, FULL if away == 0 and not lives_in else value


def disability(pair: Pair, _params: Any) -> Answered:
    """The share of the child's disabilities and ways of communicating that the home supports."""
    child, home = pair.child, pair.home
    if child.disabilities is None:
        return OPEN
    wanted = len(child.disabilities) + len(child.communication)
    if not wanted:
        return None
    heard = len(child.communication & home.communication)
    if home.disabilities_supported is None:
        return share(heard, wanted), share(heard + len(child.disabilities), wanted)
    return exactly(share(heard + len(child.disabilities & home.disabilities_supported), wanted))


def needs_fit(pair: Pair, params: Any) -> Answered:
    """Full less what each domain takes off where need exceeds capability; a range where either is not known.

    A child known to need nothing is not judged by it.
    """
    if all(pair.child.needs.get(domain) == 0 for domain in NeedDomain):
        return None
    least = most = FULL
    for domain in NeedDomain:
        need, can = pair.child.needs.get(domain), pair.home.capability.get(domain)
        worst = (3 if need is None else need) - (0 if can is None else can)
        best = (0 if need is None else need) - (3 if can is None else can)
        least -= _taken_off(worst, domain, params)
        most -= _taken_off(best, domain, params)
    return max(0, least), max(0, most)


def _taken_off(levels_short: int, domain: NeedDomain, params: Any) -> int:
    if levels_short <= 0:
        return 0
    points: int = (params.one_short, params.two_short, params.three_short)[levels_short - 1]
    return int(points * params.weight_percent[domain] // 100)


def identity(pair: Pair, _params: Any) -> Answered:
    """The share of what the child asks for in language, religion and culture that the home meets."""
    child, home = pair.child, pair.home
    met: list[Maybe] = []
    if child.asks_for_same_language:
        unknown = not child.languages or home.languages is None
        met.append(None if unknown else child.languages[0] in (home.languages or ()))
    if child.asks_for_same_religion:
        unknown = child.religion is Religion.NOT_KNOWN or home.religions_supported is None
        met.append(None if unknown else child.religion in (home.religions_supported or ()))
    if child.cultural_needs is CulturalNeeds.REQUIRED:
        culture = home.cultural_needs_supported
        met.append(None if culture is Answer.NOT_KNOWN else culture is Answer.YES)
    return share_of(met)


def wishes(pair: Pair, params: Any) -> Answered:
    """The share of the child's wishes that the home meets."""
    return share_of([granted(wish, pair, params) for wish in pair.child.wishes])


def contact(pair: Pair, params: Any) -> Answered:
    """The mean nearness of the people the child goes to see, weighed by how often."""
    places = pair.referral.contact_places
    if not places:
        return None
    return mean(
        (params.visit_weight[place.frequency], _nearness(place.location, pair.home.location, params))
        for place in places
    )


CRITERIA: dict[str, Callable[[Pair, Any], Answered]] = {
    "near_family": near_family,
    "education": education,
    "in_area": in_area,
    "with_siblings": with_siblings,
    "disability": disability,
    "needs_fit": needs_fit,
    "quality": quality,
    "fee": fee,
    "sourcing": sourcing,
    "identity": identity,
    "wishes": wishes,
    "contact": contact,
    "stability": stability,
    "step_down": step_down,
}
