"""Children of referrals as columns. Rules and criteria read these through `Pairs.child`.

Built for one day: `on_day` is the day on which the child would move in, the later of the day the home is
needed by and `as_of`, and every age is the age on that day.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np

from app.geo.grid import Location
from app.geo.zones import Zone
from app.matching.codes import Answer, KeepTogether, NeedDomain, Package, RiskLevel
from app.matching.columns import NOT_KNOWN, BoolArray, IntArray, Table, column, day, frozen, known_or, ymd
from app.matching.home import Home
from app.matching.home_columns import ALL_DOMAINS, HIGHEST_LEVEL, levels_from, mask, risks_at
from app.matching.languages import LANGUAGE_POSITION
from app.matching.living_apart import siblings_known, told_apart_at
from app.matching.pool import Pool
from app.matching.referral import Child, HomeRef, PlacedSibling, Referral, Rest


@dataclass(frozen=True, slots=True)
class Entry:
    """One child, its referral and the day it is judged for; `lives_in`: the home it would leave, if held."""

    child: Child
    referral: Referral
    as_of: date
    lives_in: Home | None = None

    @property
    def moves_in(self) -> date:
        """The day on which the child would move in."""
        return max(self.referral.needed_by, self.as_of)


def _package(child: Child) -> int:
    """The package asked for, else the one that the highest level of need calls for, else not known."""
    if child.package is not None:
        return child.package.position
    if not child.needs:
        return NOT_KNOWN
    return {0: Package.CORE, 1: Package.CORE, 2: Package.ENHANCED, 3: Package.COMPLEX}[
        max(child.needs.values())
    ].position


def key_stage_4(child: Child, on: date) -> Answer:
    """Whether the child is in Year 10 or 11 on a day: aged 14 or 15 on the 31 August before it."""
    if child.key_stage_4 is not None:
        return child.key_stage_4
    if child.date_of_birth is None:
        return Answer.NOT_KNOWN
    year = on.year if on.month >= 9 else on.year - 1
    age = (year * 10000 + 831 - ymd(child.date_of_birth)) // 10000
    return Answer.YES if age in (14, 15) else Answer.NO


def _age(born: date | None, on: date) -> int:
    """Whole years on a day, below 0 for a child not yet born; see `age_known` for one whose birth is not known."""
    return NOT_KNOWN if born is None else (ymd(on) - ymd(born)) // 10000


def _easting(place: Location | None) -> int:
    return place.easting if place else 0


def _northing(place: Location | None) -> int:
    return place.northing if place else 0


@dataclass(frozen=True)
class Children(Table):
    """Columns of n children. Codes are positions in their lists, sets are bit masks, days are ordinals."""

    born: IntArray = column(np.int32, lambda e: day(e.child.date_of_birth))
    age: IntArray = column(np.int16, lambda e: _age(e.child.date_of_birth, e.moves_in))
    age_known: BoolArray = column(np.bool_, lambda e: e.child.date_of_birth is not None)
    on_day: IntArray = column(np.int32, lambda e: day(e.moves_in))
    as_of: IntArray = column(np.int32, lambda e: day(e.as_of))
    sex: IntArray = column(np.uint8, lambda e: e.child.sex.position)
    # who the child is; nothing here is read unless the child asks
    religion: IntArray = column(np.uint8, lambda e: e.child.religion.position)
    asks_for_religion: BoolArray = column(np.bool_, lambda e: e.child.asks_for_same_religion)
    language: IntArray = column(
        np.int16, lambda e: LANGUAGE_POSITION[e.child.languages[0]] if e.child.languages else NOT_KNOWN
    )
    asks_for_language: BoolArray = column(np.bool_, lambda e: e.child.asks_for_same_language)
    cultural_needs: IntArray = column(np.uint8, lambda e: e.child.cultural_needs.position)
    wishes: IntArray = column(np.uint16, lambda e: mask(e.child.wishes))
    # law
    legal_status: IntArray = column(np.uint8, lambda e: e.child.legal_status.position)
    deprivation_of_liberty: IntArray = column(np.uint8, lambda e: e.child.deprivation_of_liberty.position)
    secure_order: IntArray = column(np.uint8, lambda e: e.child.secure_order.position)
    secure_under_13_approval: IntArray = column(np.uint8, lambda e: e.child.secure_under_13_approval.position)
    uasc: IntArray = column(np.uint8, lambda e: e.child.uasc.position)
    remand: IntArray = column(np.uint8, lambda e: e.child.remand.position)
    # care plan
    foster_suitability: IntArray = column(np.uint8, lambda e: e.child.foster_suitability.position)
    residential_suitability: IntArray = column(np.uint8, lambda e: e.child.residential_suitability.position)
    supported_suitability: IntArray = column(np.uint8, lambda e: e.child.supported_suitability.position)
    companions: IntArray = column(np.uint8, lambda e: e.child.living_companions.position)
    pets: IntArray = column(np.uint8, lambda e: e.child.pets.position)
    needs_parent_and_child: IntArray = column(np.uint8, lambda e: e.child.needs_parent_and_child.position)
    package: IntArray = column(np.int8, lambda e: _package(e.child))
    # needs, one row a domain, -1 where not known
    needs: IntArray = column(
        np.int8, lambda e: [e.child.needs.get(d, NOT_KNOWN) for d in NeedDomain], rows=len(NeedDomain)
    )
    needs_from: IntArray = column(np.uint16, lambda e: levels_from(e.child.needs), rows=HIGHEST_LEVEL)
    needs_not_known: IntArray = column(np.uint16, lambda e: ALL_DOMAINS - mask(e.child.needs))
    disabilities: IntArray = column(np.uint16, lambda e: mask(e.child.disabilities))
    disabilities_known: BoolArray = column(np.bool_, lambda e: e.child.disabilities is not None)
    communication: IntArray = column(np.uint8, lambda e: mask(e.child.communication))
    adaptations: IntArray = column(np.uint16, lambda e: mask(e.child.adaptations))
    adaptations_known: BoolArray = column(np.bool_, lambda e: e.child.adaptations is not None)
    sdq: IntArray = column(np.int8, lambda e: known_or(e.child.sdq))
    # safety
    risks: IntArray = column(np.uint16, lambda e: risks_at(e.child.risks, RiskLevel.PRESENT))
    risks_not_known: IntArray = column(np.uint16, lambda e: risks_at(e.child.risks, RiskLevel.NOT_KNOWN))
    vulnerabilities: IntArray = column(np.uint16, lambda e: mask(e.child.vulnerabilities))
    vulnerabilities_known: BoolArray = column(np.bool_, lambda e: e.child.vulnerabilities is not None)
    # where life is
    has_family_home: BoolArray = column(np.bool_, lambda e: e.referral.family_home is not None)
    family_easting: IntArray = column(np.int32, lambda e: _easting(e.referral.family_home))
    family_northing: IntArray = column(np.int32, lambda e: _northing(e.referral.family_home))
    attends_school: IntArray = column(np.uint8, lambda e: e.child.attends_school.position)
    has_school: BoolArray = column(np.bool_, lambda e: e.child.school is not None)
    school_easting: IntArray = column(np.int32, lambda e: _easting(e.child.school))
    school_northing: IntArray = column(np.int32, lambda e: _northing(e.child.school))
    key_stage_4: IntArray = column(np.uint8, lambda e: key_stage_4(e.child, e.moves_in).position)
    moves_last_year: IntArray = column(np.int16, lambda e: e.child.moves_last_year)
    lives_in_place: IntArray = column(np.int8, lambda e: e.lives_in.place_code.position if e.lives_in else NOT_KNOWN)
    # which children have lists (see ChildLists)
    has_zones: BoolArray = column(np.bool_, lambda e: bool(e.child.zones_to_avoid))
    has_contacts: BoolArray = column(np.bool_, lambda e: bool(e.referral.contact_places))
    has_placed_siblings: BoolArray = column(np.bool_, lambda e: bool(e.child.placed_siblings))
    has_siblings_to_place: BoolArray = column(np.bool_, lambda e: len(e.referral.children) > 1)


NOWHERE: IntArray = frozen(np.zeros(0, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class ChildLists:
    """What one child has in any number: rows are rows of the pool's `Homes`.

    `sibling_places` and `sibling_homes` stand in the order of `placed_siblings`: where each lives, if known,
    and in which of the pool's homes, if in any. `family_rows`: where any brother or sister lives, those of the same
    referral too; `all_sibling_rows`: where one lives or is listed, and everybody fostered is one, or the child itself.
    `current_rows`: where the child lives; `fostered_rows`: which homes list it as fostered there. `is_rest`: brothers
    and sisters with whom it is to stay have a place already; `together_rows`: all of them have it there.
    """

    apart_rows: IntArray
    named_rows: IntArray
    exempt_rows: IntArray
    current_rows: IntArray
    fostered_rows: IntArray
    sibling_rows: IntArray
    family_rows: IntArray
    all_sibling_rows: IntArray
    is_rest: bool
    together_rows: IntArray
    sibling_places: tuple[Location | None, ...]
    sibling_homes: tuple[IntArray, ...]
    contacts: tuple[tuple[Location | None, int], ...]
    zones: tuple[Zone, ...]


def child_lists(entry: Entry, pool: Pool) -> ChildLists:
    """Everything about a child that names particular homes, people or places."""
    child = entry.child
    beside = [one.ref for one in entry.referral.children if one.ref != child.ref]
    siblings = {child.ref, *beside, *(sibling.child for sibling in child.placed_siblings)}
    each_at = tuple(homes_of(child, sibling, pool) for sibling in child.placed_siblings)
    sibling_homes = frozenset[HomeRef]().union(*each_at)
    apart = set(pool.kept_from.get(child.ref, ()))
    for person in child.live_apart_from:
        apart |= pool.living_at.get(person, frozenset())
    apart |= told_apart_at(child, entry.referral)
    family_homes = sibling_homes.union(*(pool.living_at.get(ref, ()) for ref in beside))
    others_at = _others_at(entry.referral, sibling_homes)
    # Whoever is still listed where they left is no stranger there, wherever they live now.
    listed_or_there = family_homes.union(*(pool.living_at.get(ref, ()) for ref in siblings - {child.ref}))
    only_siblings = {
        home
        for home in listed_or_there
        if all(resident.ref in siblings for resident in pool.record(home).residents if resident.fostered)
    }
    return ChildLists(
        apart_rows=_rows(pool, apart),
        named_rows=_rows(pool, pool.named_for.get(child.ref, ())),
        exempt_rows=_rows(pool, pool.exempt_for.get(child.ref, ())),
        current_rows=_rows(pool, _lives_at(child, pool)),
        fostered_rows=_rows(pool, _fostered_in(child, pool)),
        sibling_rows=_rows(pool, sibling_homes),
        family_rows=_rows(pool, family_homes),
        all_sibling_rows=_rows(pool, only_siblings),
        is_rest=bool(others_at),
        together_rows=_rows(pool, others_at) if len(others_at) == 1 else NOWHERE,
        sibling_places=tuple(map(partial(_place_of, child, pool), child.placed_siblings, each_at)),
        sibling_homes=tuple(map(pool.rows, each_at)),
        contacts=tuple((place.location, place.frequency.position) for place in entry.referral.contact_places),
        zones=child.zones_to_avoid,
    )


def _rows(pool: Pool, homes: Collection[HomeRef | None]) -> IntArray:
    return pool.rows(homes) if homes else NOWHERE


def _others_at(referral: Referral, sibling_homes: Collection[HomeRef]) -> Collection[HomeRef]:
    """Where the brothers and sisters have a place with whom the children of the referral are to stay.

    Those of the same referral, once they have one. And where a referral is of one child alone who must stay with
    brothers and sisters, those who are placed: nobody else can be meant.
    """
    if isinstance(referral, Rest):
        return referral.siblings_at
    alone = len(referral.children) == 1 and referral.keep_together is KeepTogether.REQUIRED
    return sibling_homes if alone else ()


def homes_of(child: Child, sibling: PlacedSibling, pool: Pool) -> frozenset[HomeRef]:
    """The homes of the pool where a brother or sister lives: as recorded with the child, or with the home.

    Where something else is known, as of who moved by a placement since, that alone.
    """
    known = siblings_known(child).get(sibling.child)
    if known is not None:
        return frozenset(home for home in known if home in pool.row_of)
    living = pool.living_at.get(sibling.child, frozenset())
    return living | {sibling.home} if sibling.home is not None and sibling.home in pool.row_of else living


def _place_of(child: Child, pool: Pool, sibling: PlacedSibling, homes: Collection[HomeRef]) -> Location | None:
    """Where a brother or sister lives: as recorded with the child, else where the home is; after a move that alone."""
    known = sibling.child in siblings_known(child) and bool(homes)
    if sibling.location is not None and not known:
        return sibling.location
    places = (pool.record(home).location for home in sorted(homes))
    return next((place for place in places if place is not None), None)


def _lives_at(child: Child, pool: Pool) -> list[HomeRef]:
    """Homes of the pool where the child lives: the one that the referral names, and any that lists the child."""
    named = child.current_home
    listed = sorted(home for home in pool.living_at.get(child.ref, frozenset()) if home != named)
    return [named, *listed] if named is not None and named in pool.row_of else listed


def _fostered_in(child: Child, pool: Pool) -> list[HomeRef]:
    """Homes of the pool that list the child among those who are fostered there."""
    listed = pool.living_at.get(child.ref, ())
    return [
        home for home in listed if any(one.ref == child.ref and one.fostered for one in pool.record(home).residents)
    ]


def _lives_in(child: Child, pool: Pool) -> Home | None:
    return next((pool.record(home) for home in _lives_at(child, pool)), None)


def child_entries(referrals: tuple[Referral, ...], pool: Pool, as_of: date) -> tuple[Entry, ...]:
    """The children of these referrals, each with the home of the pool that it would leave."""
    return tuple(
        Entry(child, referral, as_of, _lives_in(child, pool)) for referral in referrals for child in referral.children
    )


@dataclass(frozen=True, slots=True)
class ChildTable:
    """n children ready to be judged against one pool: entries, columns and lists in the same order."""

    entries: tuple[Entry, ...]
    columns: Children
    lists: tuple[ChildLists, ...]

    @classmethod
    def build(cls, referrals: tuple[Referral, ...], pool: Pool, as_of: date) -> ChildTable:
        """All children of the referrals, in the order given."""
        entries = child_entries(referrals, pool, as_of)
        return cls(entries, Children.from_records(entries), tuple(child_lists(e, pool) for e in entries))
