"""The council's children who are placed already: the children whom its local target counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from app.demo import people
from app.demo.draws import Draws
from app.demo.homes import full_fees
from app.demo.occupancy import Frame, place_id
from app.demo.places import Band, Council, Places
from app.demo.referrals import family_home
from app.demo.residents import AGES, MALE_FROM_11, MALE_UNDER_11, PlacedChild, package_of
from app.demo.segments import ELSEWHERE_CODES, SEGMENTS
from app.geo.grid import Location
from app.matching.codes import FOSTERING_KINDS, Sex
from app.matching.home import Home
from app.matching.referral import ChildRef

ELSEWHERE_BANDS = {Band.INSIDE: 45, Band.NEAR: 34, Band.FAR: 21}
WITH_PARENTS = "P1"

TOGETHER = {2: 560, 3: 900, 4: 1000}
"""Per mille of foster households with so many children in which those are brothers and sisters."""

APART = {2: (26, 74), 3: (43, 57), 4: (57, 43)}
"""Of children with one, two or three siblings in care: parts who live apart, and together (SEPARATED_OF_*)."""


def caseload_of(
    found: list[Frame],
    homes: list[Home],
    councils: list[Council],
    families: Mapping[ChildRef, Location | None],
    places: Places,
    seed: int,
    as_of: date,
) -> list[PlacedChild]:
    """As many children as live in the homes: those of the council there, and the rest elsewhere.

    `families`: where the families of those who wait for a move live.
    """
    rows = []
    draws = _draws(found, seed)
    for frame, home, council in zip(found, homes, councils, strict=True):
        fees = full_fees(frame, draws[frame.segment.key][0])
        offered = home.weekly_fee_pence or fees
        people_draws = draws[frame.segment.key][1]
        for place in frame.ours:
            resident = home.residents[frame.residents.index(place)]
            at = place_id(frame.segment, frame.index, place)
            package = package_of(frame, people_draws, place, offered)
            rows.append(
                PlacedChild(
                    child=resident.ref,
                    home=home.ref,
                    kind=home.kind,
                    route=home.route,
                    place_code=str(home.place_code),
                    location=home.location,
                    family_home=families[resident.ref]
                    if resident.ref in families
                    else family_home(places, council, people_draws, at),
                    weekly_fee_pence=offered[package],
                    date_of_birth=resident.date_of_birth,
                    sex=resident.sex,
                )
            )
    in_homes = sum(len(frame.residents) for frame in found)
    return _with_siblings(rows, families) + _elsewhere(in_homes - len(rows), places, seed, as_of)


def _draws(found: list[Frame], seed: int) -> dict[str, tuple[Draws, Draws]]:
    counts = {segment.key: 0 for segment in SEGMENTS}
    for frame in found:
        counts[frame.segment.key] += 1
    return {
        segment.key: (
            Draws(seed, f"homes/{segment.key}", counts[segment.key]),
            Draws(seed, f"placed/{segment.key}", counts[segment.key] * segment.most_places),
        )
        for segment in SEGMENTS
    }


def _elsewhere(count: int, places: Places, seed: int, as_of: date) -> list[PlacedChild]:
    """Children with adopters, with parents, in hospital: in no home on the list, at no fee that is known."""
    draws = Draws(seed, "elsewhere", count)
    sizes = {council: council.postcodes for council in places.councils}
    rows = []
    for index in range(count):
        council = draws.pick("council", index, sizes)
        code = draws.pick("place code", index, ELSEWHERE_CODES)
        family = family_home(places, council, draws, index)
        band = draws.pick("band", index, ELSEWHERE_BANDS)
        where: Location | None = places.spot(council, band, "elsewhere", draws.draw("place", index))
        if code == WITH_PARENTS:
            where = family
        adopted = code.startswith("A")
        age = draws.pick("age", index, {a: n for a, n in AGES.items() if a < 7} if adopted else AGES)
        male = draws.chance("sex", index, MALE_FROM_11 if age >= 11 else MALE_UNDER_11)
        rows.append(
            PlacedChild(
                child=ChildRef(f"E-{index + 1:04d}"),
                home=None,
                kind=None,
                route=None,
                place_code=code,
                location=where,
                family_home=family,
                weekly_fee_pence=0,
                date_of_birth=people.born(as_of, age, draws.between("birthday", index, 0, 364)),
                sex=Sex.MALE if male else Sex.FEMALE,
            )
        )
    return rows


def _with_siblings(rows: list[PlacedChild], families: Mapping[ChildRef, Location | None]) -> list[PlacedChild]:
    """The fostered children with brothers and sisters among them, as many apart as is published.

    Children who wait for a move are left out: theirs are in their referral.
    """
    in_home: dict[str, list[int]] = {}
    for row, child in enumerate(rows):
        if child.kind in FOSTERING_KINDS and child.home is not None and child.child not in families:
            in_home.setdefault(child.home, []).append(row)
    shared = [group for group in in_home.values() if 2 <= len(group) <= max(APART)]
    alone = [group[0] for group in in_home.values() if len(group) == 1]
    together = [group for turn, group in enumerate(shared) if turn * TOGETHER[len(group)] % 1000 < TOGETHER[len(group)]]
    groups = list(together)
    at = 0
    for size, (apart, whole) in APART.items():
        count = rounded(sum(len(group) == size for group in together) * apart, whole)
        for _ in range(count):
            groups.append(alone[at : at + size])
            at += size
    done = list(rows)
    for group in groups:
        for row in group:
            others = frozenset(rows[other].child for other in group if other != row)
            done[row] = replace(rows[row], siblings=others)
    return done


def rounded(part: int, whole: int) -> int:
    """A part of a whole to the nearest whole number."""
    return (2 * part + whole) // (2 * whole)
