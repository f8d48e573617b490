"""Shortlists, near misses and splits the obvious way: judge everything, sort, look at every possibility."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, permutations

from app.geo.grid import Location
from app.matching.home import Home
from app.matching.local import Local
from app.matching.policy import Policy
from app.matching.referral import Child, HomeRef, Referral
from tests.reference.basics import Inventory, Pair, metres_between, within_miles
from tests.reference.criteria import education, is_local, key_stage_4
from tests.reference.judging import PlainResult, judge_pair

Results = Mapping[HomeRef, PlainResult]


def judge_all(
    referral: Referral, members: Sequence[Child], homes: Sequence[Home], policy: Policy, as_of: date
) -> Results:
    """One party with every home."""
    inventory = Inventory.of(homes)
    return {
        home.ref: judge_pair(referral, members, home, inventory, policy, as_of, points_always=True) for home in homes
    }


def in_the_way(result: PlainResult, policy: Policy) -> frozenset[str]:
    """Rules that keep the party out: failed, or not known where that blocks."""
    return result.failed | {code for code in result.not_known if policy.setting_of(code).blocks}


def rank_of(points: int, results: Results) -> int:
    """One more than how many allowed homes have more points."""
    return 1 + sum(result.allowed and result.points > points for result in results.values())


def how_far_out(result: PlainResult, policy: Policy, referral: Referral, home: Home) -> tuple[int, bool, int]:
    """What near misses are sorted by: rules in the way, a law among them, then most points first.

    Where places are missing, each of them counts as a rule in the way.
    """
    codes = in_the_way(result, policy)
    by_law = any(policy.setting_of(code).rule.statutory for code in codes)
    others = len(codes - {"usable_places"})
    missing = len(referral.children) + len(home.residents) + home.places_held - home.places
    return others + (missing if "usable_places" in codes else 0), by_law, -result.points


def is_too_small(referral: Referral, home: Home) -> bool:
    """Whether a home would have too few places for the party even if nobody lived there."""
    return home.places < len(referral.children)


Partition = tuple[tuple[Child, ...], ...]


def partitions(children: Sequence[Child]) -> Iterator[Partition]:
    """Every way to part brothers and sisters into two or more groups."""
    yield from (way for way in _groupings(tuple(children)) if len(way) > 1)


def _groupings(children: tuple[Child, ...]) -> Iterator[Partition]:
    if not children:
        yield ()
        return
    first, rest = children[0], children[1:]
    for size in range(len(rest) + 1):
        for others in combinations(rest, size):
            left = tuple(child for child in rest if child not in others)
            yield from (((first, *others), *way) for way in _groupings(left))


@dataclass(frozen=True, slots=True)
class PlainSplit:
    """The most that one way to part the children can be worth."""

    way: Partition
    points: int
    pairs_apart: int
    value: int


def best_splits(referral: Referral, homes: Sequence[Home], policy: Policy, as_of: date, price: int) -> list[PlainSplit]:
    """For each way to part the children, the best homes, all different; ways that find no homes are left out."""
    found = []
    for way in partitions(referral.children):
        judged = [judge_all(referral, part, homes, policy, as_of) for part in way]
        best = None
        for chosen in permutations([home.ref for home in homes], len(way)):
            results = [results[ref] for results, ref in zip(judged, chosen, strict=True)]
            if all(result.allowed for result in results):
                points = sum(result.points for result in results)
                best = points if best is None else max(best, points)
        if best is not None:
            apart = sum(len(one) * len(other) for one, other in combinations(way, 2))
            found.append(PlainSplit(way, best, apart, best - price * apart))
    return sorted(found, key=lambda split: -split.value)


@dataclass(frozen=True, slots=True)
class PlainWhere:
    """The three definitions of local side by side."""

    centre_m: int | None
    local_to_council: bool
    family_m: int | None
    pl_distance: float | None
    area: str


def where(referral: Referral, home: Home, local: Local) -> PlainWhere:
    """Where a home is for a referral."""
    place, family = home.location, referral.family_home
    metres = None if place is None or family is None else metres_between(place, family)
    area = _area(place, local)
    return PlainWhere(
        centre_m=None if place is None else metres_between(place, Location(*local.centre)),
        local_to_council=place is not None and is_local(place, local),
        family_m=metres,
        pl_distance=None if place is None or family is None else pl_distance(place, family),
        area=area,
    )


def approval(referral: Referral, home: Home, policy: Policy, as_of: date) -> str:
    """Who must approve: the director for a home at a distance, a nominated officer for one next to the area.

    Neither for a connected person or the authority's own carers. And a nominated officer, but not in an
    emergency, where a child who may be in Key Stage 4 could not keep its school as before. An emergency: needed on
    the day on which it was first asked for, and that was yesterday at the earliest.
    """
    emergency = referral.needed_by == referral.waiting_since and (as_of - referral.waiting_since).days <= 1
    area = _area(home.location, policy.local)
    own_carer = home.sector.value == "PR1" and (home.kind.value == "foster" or home.place_code.value.startswith("U"))
    if area == "in_area" or own_carer or home.kind.value == "connected_person":
        for child in referral.children:
            if not emergency and _moves_school_in_key_stage_4(child, referral, home, policy, as_of):
                return "nominated_officer"
        return "none"
    return "nominated_officer" if area == "adjoining" else "director_of_childrens_services"


def _moves_school_in_key_stage_4(child: Child, referral: Referral, home: Home, policy: Policy, as_of: date) -> bool:
    pair = Pair(child, referral.children, referral, home, Inventory.of(()), policy.local, as_of)
    params = next(setting.params for setting in policy.criteria if setting.criterion.code == "education")
    kept = education(pair, params)
    return kept is not None and kept != (1000, 1000) and key_stage_4(child, pair.moves_in) is not False


def pl_distance(a: Location, b: Location) -> float:
    """The formula of the statutory return, in miles."""
    metres = ((a.easting - b.easting) ** 2 + (a.northing - b.northing) ** 2) ** 0.5
    return round(metres / 1000 / 1.6093, 1)


def _area(place: Location | None, local: Local) -> str:
    if place is None or place.authority is None:
        return "not_known"
    if place.authority == local.authority:
        return "in_area"
    return "adjoining" if place.authority in local.adjoining else "at_a_distance"


def counts_as_local(referral: Referral, home: Home, local: Local) -> bool:
    """Whether the policy's target counts a placement there as local."""
    place, family = home.location, referral.family_home
    if place is None:
        return False
    match local.measure.value:
        case "centre":
            return is_local(place, local)
        case "area":
            return place.authority == local.authority
    return family is not None and within_miles(place, family, local.radius_miles)
