"""Judge one criterion on one child and one home, and random worlds for what must hold of every criterion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple, TypeVar

import numpy as np

from app.geo.grid import Location
from app.matching.child_columns import ChildTable
from app.matching.codes import (
    PLACE_CODES_OF_KIND,
    Answer,
    Code,
    Communication,
    CulturalNeeds,
    Disability,
    Ethnicity,
    HomeKind,
    Judgement,
    NeedDomain,
    Package,
    Religion,
    Route,
    Sex,
    Suitability,
    VisitFrequency,
    Wish,
)
from app.matching.criteria import (
    CRITERIA,
    contact,
    education,
    fee,
    in_area,
    near_family,
    needs_fit,
    quality,
    sourcing,
    stability,
    step_down,
    wishes,
    with_siblings,
)
from app.matching.finding import FULL, Score, Value
from app.matching.home import Home
from app.matching.local import Local
from app.matching.pairs import ChildPairs, child_grid, child_list
from app.matching.pool import Pool
from app.matching.referral import Child, ChildRef, ContactPlace, HomeRef, PlacedSibling, Referral
from app.matching.unit import Criterion, NoParams
from tests.support.builders import AS_OF, a_child, a_home, a_local, a_referral, a_resident

PARAMS: Mapping[str, Any] = {criterion.code: NoParams() for criterion in CRITERIA if criterion.params is NoParams} | {
    "near_family": near_family.Params(Decimal(3), Decimal(20)),
    "education": education.Params(Decimal(3), Decimal(20), Decimal(10)),
    "with_siblings": with_siblings.Params(800, Decimal(1), Decimal(20)),
    "in_area": in_area.Params(adjoining=500, at_a_distance=0, local_adds=300),
    "needs_fit": needs_fit.Params(150, 400, 800, dict.fromkeys(NeedDomain, 100)),
    "wishes": wishes.Params(Decimal(5), Decimal(5)),
    "contact": contact.Params(Decimal(3), Decimal(30), dict(zip(VisitFrequency, (20, 12, 6, 3, 2, 1), strict=True))),
    "stability": stability.Params(4, 10, 2, 5, 50, 2, 35),
    "quality": quality.Params(1000, 850, 300, 0, 1000, 400, 0, 500),
    "step_down": step_down.Params(1000, 900, 500, 100, 0),
    "sourcing": sourcing.Params(1000, 1000, (700, 600, 500), 0),
    "fee": fee.Params(
        80, 180, {kind: dict(zip(Package, (100_000, 200_000, 400_000), strict=True)) for kind in HomeKind}
    ),
}
"""Something reasonable for each criterion; a test that is about a parameter sets it itself."""


class Scored(NamedTuple):
    """What a criterion found. `most` equals `value` where the value is known."""

    value: int
    most: int
    known: bool
    applies: bool
    facts: Mapping[str, Value]


def score_one(
    criterion: Criterion,
    child: Child,
    home: Home,
    *,
    params: Any = None,
    others: tuple[Home, ...] = (),
    local: Local | None = None,
    **referral: Any,
) -> Scored:
    """Judge one home. `others` are further homes of the pool, `referral` changes the referral."""
    pool = Pool.build((home, *others))
    table = ChildTable.build((a_referral(child, **referral),), pool, AS_OF)
    pairs = child_list(
        table, pool, local or a_local(), np.array([0]), np.array([pool.row_of[home.ref]], dtype=np.int64)
    )
    score = criterion.judge(pairs, PARAMS[criterion.code] if params is None else params)
    spread = spread_out(score, pairs)
    facts = {name: fact.decoded(pairs.shape)[0] for name, fact in score.facts().items()}
    return Scored(
        int(spread.value[0]),
        int(spread.most[0]) if spread.not_known[0] else int(spread.value[0]),
        not bool(spread.not_known[0]),
        bool(spread.applies[0]),
        facts,
    )


class Spread(NamedTuple):
    """A score with every answer spread over the pairs."""

    value: Any
    not_known: Any
    applies: Any
    most: Any


def spread_out(score: Score, pairs: ChildPairs) -> Spread:
    """Every part of a score, spread over the pairs and checked to be of the right type."""
    assert score.value.dtype.kind == "i"
    no, yes = np.zeros(1, dtype=np.bool_), np.ones(1, dtype=np.bool_)
    parts = (
        score.value,
        no if score.not_known is None else score.not_known,
        yes if score.applies is None else score.applies,
        np.full(1, FULL) if score.most is None else score.most,
    )
    return Spread(*(np.broadcast_to(part, pairs.shape) for part in parts))


@dataclass(frozen=True)
class World:
    """Referrals and homes, everything drawn at random, a good part of it not known."""

    referrals: tuple[Referral, ...]
    homes: tuple[Home, ...]

    def judged(self, criterion: Criterion, *, params: Any = None) -> Spread:
        """Every child with every home, in one grid."""
        pairs = self.grid()
        return spread_out(criterion.judge(pairs, PARAMS[criterion.code] if params is None else params), pairs)

    def tables(self) -> tuple[ChildTable, Pool]:
        """Built as the engine builds them."""
        pool = Pool.build(self.homes)
        return ChildTable.build(self.referrals, pool, AS_OF), pool

    def grid(self) -> ChildPairs:
        """All children with all homes."""
        table, pool = self.tables()
        rows, cols = np.arange(len(table.entries)), np.arange(len(pool))
        return child_grid(table, pool, a_local(), rows, cols)

    def edges(self, rows: Any, cols: Any) -> ChildPairs:
        """A list of pairs; equal rows must stand together."""
        table, pool = self.tables()
        return child_list(table, pool, a_local(), np.asarray(rows), np.asarray(cols))


def a_world(random: Random, referrals: int = 3, homes: int = 6) -> World:
    """A small world. Some children have brothers and sisters who live in its homes."""
    made = tuple(random_home(random, number) for number in range(homes))
    requests = tuple(
        a_referral(
            *(random_child(random, made) for _ in range(random.choice((1, 1, 2)))),
            family_home=maybe(random, random_place(random)),
            contact_places=tuple(
                ContactPlace(maybe(random, random_place(random)), random.choice(list(VisitFrequency)))
                for _ in range(random.choice((0, 0, 1, 3)))
            ),
        )
        for _ in range(referrals)
    )
    return World(requests, made)


Anything = TypeVar("Anything")
AnyCode = TypeVar("AnyCode", bound=Code)


def maybe(random: Random, value: Anything, share: float = 0.2) -> Anything | None:
    """The value, or now and then None for not known."""
    return None if random.random() < share else value


def some(random: Random, codes: Iterable[AnyCode], share: float = 0.3) -> frozenset[AnyCode]:
    """A random part of a code list."""
    return frozenset(code for code in codes if random.random() < share)


def random_place(random: Random) -> Location:
    """Somewhere within about fifty miles of Nottingham, in one of three authorities or in none."""
    reach = random.choice((3_000, 30_000, 80_000))
    return Location(
        457_300 + random.randint(-reach, reach),
        339_900 + random.randint(-reach, reach),
        random.choice(("E06000018", "E10000024", "E06000015", None)),
    )


def random_child(random: Random, homes: tuple[Home, ...]) -> Child:
    """A child of whom any fact may be missing."""
    where = random.choice(homes)
    return a_child(
        sex=random.choice(list(Sex)),
        ethnicity=random.choice([None, *Ethnicity]),
        religion=random.choice(list(Religion)),
        languages=tuple(random.sample(["en", "pl", "bfi", "zu", "ur"], random.randint(0, 3))),
        cultural_needs=random.choice(list(CulturalNeeds)),
        asks_for_same_language=random.random() < 0.5,
        asks_for_same_religion=random.random() < 0.5,
        wishes=some(random, Wish),
        foster_suitability=random.choice(list(Suitability)),
        residential_suitability=random.choice(list(Suitability)),
        package=random.choice(list(Package)),
        disabilities=maybe(random, some(random, Disability, 0.2)),
        communication=some(random, Communication, 0.2),
        needs={domain: random.randint(0, 3) for domain in NeedDomain if random.random() < 0.9},
        school=maybe(random, random_place(random)),
        attends_school=random.choice(list(Answer)),
        key_stage_4=random.choice(list(Answer)),
        current_home=maybe(random, where.ref),
        moves_last_year=random.randint(0, 4),
        placed_siblings=tuple(random_sibling(random, random.choice(homes)) for _ in range(random.choice((0, 0, 1, 2)))),
    )


def random_sibling(random: Random, home: Home) -> PlacedSibling:
    """A brother or sister in this home, at some other place, or nobody knows where."""
    ref = ChildRef(f"sibling-{random.randint(0, 10**9)}")
    kind = random.randrange(5)
    if kind == 0 and home.residents:
        return PlacedSibling(home.residents[0].ref)
    if kind == 1:
        return PlacedSibling(ref)
    if kind == 2:
        return PlacedSibling(ref, location=random_place(random))
    return PlacedSibling(ref, home=home.ref, location=home.location if kind == 3 else None)


def random_home(random: Random, number: int) -> Home:
    """A home of which any fact may be missing."""
    kind = random.choice(list(HomeKind))
    ended = maybe(random, random.randint(0, 12))
    return a_home(
        ref=HomeRef(f"home-{number}"),
        kind=kind,
        place_code=random.choice(sorted(PLACE_CODES_OF_KIND[kind])),
        route=random.choice(list(Route)),
        tier=maybe(random, random.randint(1, 4)),
        location=maybe(random, random_place(random)),
        residents=tuple(a_resident() for _ in range(random.randint(0, 2))),
        weekly_fee_pence={p: random.randint(0, 900_000) for p in Package if random.random() < 0.7},
        void_fee_pence=maybe(random, random.randint(0, 20_000), 0.6),
        judgement=random.choice(list(Judgement)),
        capability={d: random.randint(0, 3) for d in NeedDomain if random.random() < 0.9},
        disabilities_supported=maybe(random, some(random, Disability, 0.6)),
        communication=some(random, Communication, 0.5),
        languages=maybe(random, frozenset(random.sample(["en", "pl", "bfi", "zu", "ur"], 2))),
        religions_supported=maybe(random, some(random, Religion, 0.5)),
        cultural_needs_supported=random.choice(list(Answer)),
        pets=random.choice(list(Answer)),
        ended_placements=ended,
        unplanned_endings=maybe(random, random.randint(0, ended or 0)),
    )


def with_child(referral: Referral, change: Any) -> Referral:
    """The referral with `change` done to each of its children."""
    return replace(referral, children=tuple(change(child) for child in referral.children))


def away_from(place: Location, metres: int, authority: str | None = "E06000018") -> Location:
    """So many metres east of a place."""
    return Location(place.easting + metres, place.northing, authority)


def never_rises(values: Iterable[int]) -> bool:
    """Whether no value is higher than the one before it, and the first and the last differ."""
    listed = list(values)
    return listed[0] > listed[-1] and all(a >= b for a, b in pairwise(listed))
