"""Random referrals and homes that know of each other: siblings placed, people kept apart, names in approvals.

Everything comes from one seed. Facts are often not known, and figures lie close to the limits of the rules,
so that passing, failing and not knowing are all common. All people and places are invented.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar

from app.geo.grid import Location
from app.geo.zones import Circle, Polygon, Zone, zone_from_json
from app.matching.codes import (
    PLACE_CODES_OF_KIND,
    Adaptation,
    Answer,
    HomeKind,
    Judgement,
    KeepTogether,
    LivingCompanions,
    NeedDomain,
    Pets,
    Registration,
    Remand,
    Risk,
    RiskLevel,
    Route,
    Sector,
    Sex,
    SexAccepted,
    Suitability,
    Vulnerability,
)
from app.matching.home import Home, Resident, Terms
from app.matching.referral import Child, ChildRef, HomeRef, PlacedSibling, Referral, ReferralRef
from tests.support.builders import AS_OF, NOTTINGHAM

T = TypeVar("T")

CITY_SQUARE = zone_from_json(
    {
        "type": "Polygon",
        "coordinates": [[[-1.2, 52.93], [-1.1, 52.93], [-1.1, 52.98], [-1.2, 52.98], [-1.2, 52.93]]],
    }
)
assert isinstance(CITY_SQUARE, Polygon)


class World:
    """A maker of records from one seed. `referrals` and `homes` are what it made."""

    def __init__(self, seed: int, referrals: int = 4, homes: int = 6, not_known: float = 0.1) -> None:
        self._random = random.Random(seed)
        self._not_known = not_known
        people = [ChildRef(f"person-{i}") for i in range(referrals * 2 + homes)]
        self._children = people[: referrals * 2]
        self._others = people[referrals * 2 :]
        self._homes = [HomeRef(f"home-{i}") for i in range(homes)]
        self.homes = tuple(self._home(ref) for ref in self._homes)
        self.referrals = tuple(self._referral(i) for i in range(referrals))

    def _one(self, values: Sequence[T] | type[T]) -> T:
        return self._random.choice(list(values))  # type: ignore[call-overload,no-any-return]

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _known(self, value: T) -> T | None:
        return None if self._chance(self._not_known) else value

    def _some(self, values: Sequence[T] | type[T], most: int = 2) -> frozenset[T]:
        everything = list(values)  # type: ignore[arg-type]
        return frozenset(self._random.sample(everything, self._random.randint(0, min(most, len(everything)))))

    def _mostly(self, usual: T, values: type[T], probability: float = 0.7) -> T:
        return usual if self._chance(probability) else self._one(values)

    def _near(self, days: int = 4) -> date:
        return AS_OF + timedelta(days=self._random.randint(-days, days))

    def _born(self, *, near_birthday: bool = True) -> date:
        """Often a birthday of 13, 16 or 18 close to `AS_OF`, at times 29 February."""
        if self._chance(0.1):
            return date(self._one((2008, 2012)), 2, 29)
        year = AS_OF.year - (self._one((13, 16, 18)) if near_birthday else self._random.randint(2, 17))
        return self._near(2).replace(year=year) if self._chance(0.8) else date(year, 12, 31)

    def _location(self) -> Location:
        east, north = self._random.randint(-6000, 6000), self._random.randint(-6000, 6000)
        return Location(457300 + east, 339900 + north, NOTTINGHAM)

    def _risks(self) -> dict[Risk, RiskLevel]:
        levels = {risk: RiskLevel.NONE_KNOWN for risk in Risk if not self._chance(self._not_known / 5)}
        return {risk: self._mostly(level, RiskLevel, 0.9) for risk, level in levels.items()}

    def _needs(self) -> dict[NeedDomain, int]:
        return {
            domain: self._random.randint(0, 3)
            for domain in NeedDomain
            if not self._chance(self._not_known / 5)
        }

    def _zones(self) -> tuple[Zone, ...]:
        circle = Circle(457300, 339900, self._random.randint(500, 6000))
        return self._one(((), (), (circle,), (CITY_SQUARE,), (circle, CITY_SQUARE)))

    def _child(self, ref: ChildRef) -> Child:
        return Child(
            ref=ref,
            date_of_birth=self._known(self._born()),
            sex=self._one(Sex),
            deprivation_of_liberty=self._mostly(Answer.NO, Answer),
            secure_order=self._one(Answer),
            secure_under_13_approval=self._one(Answer),
            remand=self._mostly(Remand.NONE, Remand),
            foster_suitability=self._one(Suitability),
            residential_suitability=self._one(Suitability),
            supported_suitability=self._one(Suitability),
            living_companions=self._one(LivingCompanions),
            pets=self._one(Pets),
            needs_parent_and_child=self._one(Answer),
            adaptations=self._known(self._some(Adaptation)),
            needs=self._needs(),
            risks=self._risks(),
            vulnerabilities=self._known(self._some(Vulnerability)),
            live_apart_from=self._some([*self._others, *self._children], 1) - {ref},
            zones_to_avoid=self._zones(),
            current_home=self._one((None, None, *self._homes)),
            placed_siblings=tuple(
                PlacedSibling(person, self._one((None, *self._homes)))
                for person in sorted(self._some(self._others, 3))
            ),
        )

    def _referral(self, number: int) -> Referral:
        refs = self._children[2 * number : 2 * number + self._random.randint(1, 2)]
        return Referral(
            ref=ReferralRef(f"referral-{number}"),
            children=tuple(self._child(ref) for ref in refs),
            needed_by=self._near(3),
            waiting_since=AS_OF,
            keep_together=self._one(KeepTogether),
        )

    def _resident(self) -> Resident:
        return Resident(
            ref=self._one(self._others),
            date_of_birth=self._known(self._born()),
            sex=self._one(Sex),
            risks=self._risks(),
            vulnerabilities=self._known(self._some(Vulnerability)),
            living_companions=self._mostly(LivingCompanions.NO_PREFERENCE, LivingCompanions, 0.6),
            live_apart_from=self._some(self._children, 1) if self._chance(0.3) else frozenset(),
            fostered=self._chance(0.8),
        )

    def _terms(self) -> Terms:
        return Terms(
            age_min=self._known(self._one((0, 13, 16))),
            age_max=self._known(self._one((12, 15, 17))),
            sex=self._one(SexAccepted),
            siblings_only=self._mostly(Answer.NO, Answer),
            parent_and_child=self._one(Answer),
            named_children=self._some(self._children, 4) if self._chance(0.4) else frozenset(),
            exempt_children=self._some(self._children, 4),
        )

    def _home(self, ref: HomeRef) -> Home:
        kind = self._one(HomeKind)
        residents = {
            person.ref: person for person in (self._resident() for _ in range(self._one((0, 1, 2, 3))))
        }
        return Home(
            ref=ref,
            kind=kind,
            place_code=self._one(sorted(PLACE_CODES_OF_KIND[kind])),
            urn=None,
            sector=self._one(Sector),
            route=self._one(Route),
            location=self._known(self._location()),
            places=self._random.randint(0, 5),
            registration=self._mostly(Registration.REGISTERED, Registration),
            registered_from=self._known(self._near()),
            registered_to=self._one((None, None, self._near())),
            terms=self._terms(),
            places_held=self._one((0, 0, 1)),
            residents=tuple(residents.values()),
            judgement=self._one(Judgement),
            capability=self._needs(),
            adaptations=self._known(frozenset(Adaptation) - self._some(Adaptation)),
            pets=self._one(Answer),
            available_from=self._known(self._near()),
            confirmed_on=self._known(AS_OF - timedelta(days=self._random.randint(-1, 30))),
        )
