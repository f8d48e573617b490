"""Small random worlds: waiting referrals and homes with residents, tied together in awkward ways.

The same seed gives the same world. `worlds()` is the same as a Hypothesis strategy, so that a failing world
shrinks. All people and places are invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from hypothesis import strategies as st

from app.geo.grid import Location
from app.matching.codes import (
    FOSTERING_KINDS,
    Adaptation,
    Answer,
    HomeKind,
    LivingCompanions,
    NeedDomain,
    Pets,
    PlaceCode,
    Registration,
    Remand,
    Risk,
    RiskLevel,
    SexAccepted,
    Suitability,
)
from app.matching.home import Home, Terms
from app.matching.referral import Child, ChildRef, HomeRef, Referral, ReferralRef
from tests.support.chance import CENTRE, Chance, polygon_places
from tests.support.random_children import placed_sibling, random_referral
from tests.support.random_homes import random_home

DAYS = (
    date(2026, 3, 2),
    date(2026, 8, 31),
    date(2026, 9, 1),
    date(2027, 2, 28),
    date(2027, 3, 1),
    date(2028, 2, 29),
    date(2026, 12, 31),
)
"""Days on which something turns: the school year, a leap day, the year."""


@dataclass(frozen=True, slots=True)
class World:
    """Everybody who waits and every home, on a day."""

    as_of: date
    referrals: tuple[Referral, ...]
    homes: tuple[Home, ...]


def random_world(rng: Random, referrals: int = 6, homes: int = 12) -> World:
    """A world of this size."""
    chance = Chance(rng, 0.1)
    as_of = chance.one(DAYS)
    places = _places(chance)
    built = [random_home(chance.calmer(_wildness(chance)), HomeRef(f"home-{i}"), as_of, places) for i in range(homes)]
    where = [home.location for home in built if home.location]
    waiting = [
        random_referral(chance, ReferralRef(f"referral-{i}"), as_of, [*places, *where]) for i in range(referrals)
    ]
    return _tied(chance, World(as_of, tuple(waiting), tuple(built)))


def open_world(rng: Random, referrals: int = 4, homes: int = 12) -> World:
    """A world in which most homes could take most children: for lists with something on them."""
    world = random_world(rng, referrals, homes)
    everybody = frozenset(child.ref for referral in world.referrals for child in referral.children)
    opened = [_opened(home, everybody, world.as_of) if rng.random() < 0.7 else home for home in world.homes]
    waiting = [replace(r, children=tuple(_eased(rng, child, world) for child in r.children)) for r in world.referrals]
    return replace(world, referrals=tuple(waiting), homes=tuple(opened))


def _eased(rng: Random, child: Child, world: World) -> Child:
    """The child, mostly, without what would keep it from most homes; what it is worth where stays as it is."""
    if rng.random() < 0.3:
        return child
    return replace(
        child,
        date_of_birth=Chance(rng, 0.0).born(world.as_of, 1, 16),
        deprivation_of_liberty=Answer.NO,
        remand=Remand.NONE,
        foster_suitability=Suitability.SUITABLE,
        residential_suitability=Suitability.SUITABLE,
        living_companions=LivingCompanions.NO_PREFERENCE,
        pets=Pets.CAN,
        needs_parent_and_child=Answer.NO,
        adaptations=frozenset(),
        risks=dict.fromkeys(Risk, RiskLevel.NONE_KNOWN),
        vulnerabilities=frozenset(),
        zones_to_avoid=(),
        live_apart_from=frozenset(sorted(child.live_apart_from)[:1]),
    )


def _opened(home: Home, everybody: frozenset[ChildRef], as_of: date) -> Home:
    """The home with room for everybody, and nothing about it in the way; what it is worth stays as it is."""
    fostering = home.kind in FOSTERING_KINDS
    return replace(
        home,
        kind=HomeKind.FOSTER if fostering else HomeKind.CHILDRENS_HOME,
        place_code=PlaceCode.U6 if fostering else PlaceCode.K2,
        registration=Registration.REGISTERED,
        registered_from=date(2020, 1, 1),
        registered_to=None,
        places=len(home.residents) + home.places_held + 8,
        residents=tuple(replace(r, live_apart_from=frozenset()) for r in home.residents[:1]),
        terms=Terms(0, 18, SexAccepted.ANY, exempt_children=everybody),
        capability=dict.fromkeys(NeedDomain, 3),
        adaptations=frozenset(Adaptation),
        available_from=as_of,
        confirmed_on=as_of,
    )


def worlds(referrals: int = 3, homes: int = 6) -> st.SearchStrategy[World]:
    """Worlds of up to this size, as a Hypothesis strategy."""
    sizes = st.tuples(st.integers(1, referrals), st.integers(1, homes))
    return st.builds(lambda rng, size: random_world(rng, *size), st.randoms(use_true_random=False), sizes)


def _wildness(chance: Chance) -> float:
    return chance.one((0.0, 0.02, 0.02, 0.05, 0.1, 0.3, 0.8))


def _places(chance: Chance) -> list[Location]:
    """Where things happen: the centre, points on the edges of zones, and a few more."""
    return [
        Location(*CENTRE),
        chance.one(polygon_places()),
        chance.one(polygon_places()),
        *(chance.place(()) for _ in range(3)),
    ]


def _tied(chance: Chance, world: World) -> World:
    """The world after people in it were tied to each other, a random few in each way."""
    referrals = [
        replace(referral, children=tuple(_child_tied(chance, child, world) for child in referral.children))
        for referral in world.referrals
    ]
    referrals = [_siblings_tied(chance, referral, world.homes) for referral in referrals]
    homes = [_home_tied(chance, home, referrals) for home in world.homes]
    referrals = [_told_apart(referral) for referral in referrals]
    return replace(world, referrals=tuple(referrals), homes=tuple(homes))


def _child_tied(chance: Chance, child: Child, world: World) -> Child:
    """Somebody to live apart from, and a home that the child would leave."""
    if chance.hits(0.25):
        residents = [resident.ref for home in world.homes for resident in home.residents]
        waiting = [other.ref for referral in world.referrals for other in referral.children]
        nobody = ChildRef("nobody-here")
        apart = frozenset(chance.one((*residents, *waiting, nobody)) for _ in range(2)) - {child.ref}
        child = replace(child, live_apart_from=apart)
    if chance.hits(0.4):
        where = chance.one((*(home.ref for home in world.homes), HomeRef("home-of-another-council")))
        child = replace(child, current_home=where)
    return child


def _siblings_tied(chance: Chance, referral: Referral, homes: Sequence[Home]) -> Referral:
    """Brothers and sisters placed before: all residents of some home, one of them, or somebody elsewhere."""
    if not chance.hits(0.45):
        return referral
    home = chance.one(homes)
    people = [resident.ref for resident in home.residents]
    if chance.hits(0.5):
        people = people[:1]
    if chance.hits(0.2):
        people.append(ChildRef(f"{referral.ref}-elder"))
    everybody = chance.hits(0.8)
    children = []
    for child in referral.children:
        mine = people if everybody or chance.hits(0.5) else people[1:]
        siblings = tuple(
            placed_sibling(chance, person, home.ref, [h.location for h in homes if h.location]) for person in mine
        )
        children.append(replace(child, placed_siblings=siblings))
    return replace(referral, children=tuple(children))


def _told_apart(referral: Referral) -> Referral:
    """A child who must live apart from a brother or sister: placed before, or one who waits with it.

    By draws of its own, so that nothing else in a world is another for it.
    """
    chance = Chance(Random(f"{referral.ref} {referral.children[0].date_of_birth}"), 0.0)
    if not chance.hits(0.2):
        return referral
    child = chance.one(referral.children)
    family = [*(sibling.child for sibling in child.placed_siblings), *(one.ref for one in referral.children)]
    apart = replace(child, live_apart_from=child.live_apart_from | ({chance.one(family)} - {child.ref}))
    return replace(referral, children=tuple(apart if one is child else one for one in referral.children))


def _home_tied(chance: Chance, home: Home, referrals: Sequence[Referral]) -> Home:
    """Approvals and exemptions that name children, residents who must live apart, a child who lives there."""
    terms = home.terms
    if chance.hits(0.5 if home.kind is HomeKind.CONNECTED_PERSON else 0.08):
        terms = replace(terms, named_children=_named(chance, referrals))
    if chance.hits(0.3):
        terms = replace(terms, exempt_children=_named(chance, referrals))
    residents = list(home.residents)
    if residents and chance.hits(0.15):
        apart = frozenset({chance.one(chance.one(referrals).children).ref})
        residents[0] = replace(residents[0], live_apart_from=apart)
    if residents and chance.hits(0.1):
        residents[-1] = replace(residents[-1], ref=chance.one(chance.one(referrals).children).ref)
    if residents and chance.hits(0.4):
        born = chance.one(chance.one(referrals).children).date_of_birth
        twin = born + timedelta(days=chance.one((0, 0, 1, -1))) if born else None
        residents[-1] = replace(residents[-1], date_of_birth=twin)
    return replace(home, terms=terms, residents=tuple(residents))


def _named(chance: Chance, referrals: Sequence[Referral]) -> frozenset[ChildRef]:
    """The children of one referral, or all but one of them, or somebody else."""
    named = {child.ref for child in chance.one(referrals).children}
    if chance.hits(0.3):
        named.remove(min(named))
    if chance.hits(0.2):
        named.add(ChildRef("nobody-here"))
    return frozenset(named)
