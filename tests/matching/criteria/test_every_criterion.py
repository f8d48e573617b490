"""What must hold of every criterion, on random worlds. A new criterion is tested by being in `CRITERIA`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.codes import Answer, CulturalNeeds, Ethnicity, Judgement, Religion, Sex
from app.matching.criteria import CRITERIA
from app.matching.finding import FULL, Value
from app.matching.home import Home
from app.matching.referral import Child, ChildRef, PlacedSibling, Referral
from app.matching.unit import Criterion
from tests.support.builders import a_child, a_referral, a_resident
from tests.support.criteria import PARAMS, Spread, World, a_world, random_home, spread_out, with_child

SEEDS = st.integers(0, 2**32)
EVERY = pytest.mark.parametrize("criterion", CRITERIA, ids=lambda criterion: criterion.code)


def same(one: Spread, other: Spread) -> bool:
    """Whether two scores say the same of every pair, bit for bit."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def cut(spread: Spread, index: Any) -> Spread:
    """The score of some of the pairs."""
    return Spread(*(part[index] for part in spread))


def test_each_criterion_has_a_name_of_its_own() -> None:
    """Policies, results and pages find a criterion by its code."""
    assert len({criterion.code for criterion in CRITERIA}) == len(CRITERIA) > 0


@EVERY
@settings(max_examples=25)
@given(seed=SEEDS)
def test_one_pair_a_list_and_a_grid_say_the_same(criterion: Criterion, seed: int) -> None:
    """One pair alone gives bit for bit what it gives in a list and in a crowd."""
    random = Random(seed)
    world = a_world(random)
    grid = world.judged(criterion)
    rows, cols = np.nonzero(np.array([[random.random() < 0.6 for _ in row] for row in grid.value]))
    pairs = world.edges(rows, cols)
    listed = spread_out(criterion.judge(pairs, PARAMS[criterion.code]), pairs)
    assert same(listed, cut(grid, (rows, cols)))
    for i in range(0, len(rows), 7):
        pair = world.edges(rows[i : i + 1], cols[i : i + 1])
        alone = spread_out(criterion.judge(pair, PARAMS[criterion.code]), pair)
        assert same(alone, cut(listed, slice(i, i + 1)))


@EVERY
@settings(max_examples=25)
@given(seed=SEEDS)
def test_facts_of_a_grid_and_a_list_are_the_same(criterion: Criterion, seed: int) -> None:
    """What a person is told about a pair does not depend on the company it was judged in."""
    world = a_world(Random(seed))
    grid = world.grid()
    rows, cols = (axis.ravel() for axis in np.indices(grid.shape))
    pairs = world.edges(rows, cols)
    listed = criterion.judge(pairs, PARAMS[criterion.code]).facts()
    assert told(criterion, world) == {name: fact.decoded(pairs.shape) for name, fact in listed.items()}


@EVERY
@settings(max_examples=25)
@given(seed=SEEDS)
def test_values_keep_to_the_scale(criterion: Criterion, seed: int) -> None:
    """0 <= value <= most <= 1000, and whether a criterion applies depends on the child alone."""
    found = a_world(Random(seed)).judged(criterion)
    assert (found.value >= 0).all()
    assert (found.value <= np.where(found.not_known, found.most, FULL)).all()
    assert (found.most <= FULL).all()
    assert (found.applies == found.applies[:, :1]).all()


@EVERY
@settings(max_examples=25)
@given(seed=SEEDS)
def test_ethnicity_changes_nothing(criterion: Criterion, seed: int) -> None:
    """Ethnicity is carried for monitoring only."""
    random = Random(seed)
    world = a_world(random)
    flipped = tuple(
        with_child(referral, lambda child: replace(child, ethnicity=random.choice([None, *Ethnicity])))
        for referral in world.referrals
    )
    assert same(world.judged(criterion), replace(world, referrals=flipped).judged(criterion))


@EVERY
@settings(max_examples=25)
@given(seed=SEEDS)
def test_who_a_child_is_counts_only_where_it_asks(criterion: Criterion, seed: int) -> None:
    """Sex never counts; religion, language and culture do not where the child does not ask for them."""
    random = Random(seed)
    world = a_world(random)
    asks_nothing = World(
        tuple(
            with_child(
                referral,
                lambda child: replace(
                    child,
                    asks_for_same_language=False,
                    asks_for_same_religion=False,
                    cultural_needs=CulturalNeeds.NOT_REQUIRED,
                ),
            )
            for referral in world.referrals
        ),
        world.homes,
    )
    flipped = tuple(
        with_child(
            referral,
            lambda child: replace(
                child,
                sex=random.choice(list(Sex)),
                religion=random.choice(list(Religion)),
                languages=tuple(random.sample(["en", "pl", "zu"], random.randint(0, 2))),
                cultural_needs=random.choice([CulturalNeeds.NOT_REQUIRED, CulturalNeeds.NOT_KNOWN]),
            ),
        )
        for referral in asks_nothing.referrals
    )
    assert same(asks_nothing.judged(criterion), replace(asks_nothing, referrals=flipped).judged(criterion))


@EVERY
@settings(max_examples=25)
@given(seed=SEEDS)
def test_the_order_of_what_is_given_changes_nothing(criterion: Criterion, seed: int) -> None:
    """Homes, contact places and placed siblings in any order; further homes of the pool do not matter."""
    random = Random(seed)
    world = a_world(random)
    turned = tuple(
        replace(
            with_child(referral, lambda c: replace(c, placed_siblings=tuple(reversed(c.placed_siblings)))),
            contact_places=tuple(reversed(referral.contact_places)),
        )
        for referral in world.referrals
    )
    more = (*reversed(world.homes), random_home(random, 99))
    other = World(turned, more).judged(criterion)
    assert same(world.judged(criterion), cut(other, (slice(None), slice(len(world.homes)))))


HOME_FACTS: dict[str, Any] = {
    "location": None,
    "tier": None,
    "judgement": Judgement.NOT_KNOWN,
    "disabilities_supported": None,
    "languages": None,
    "religions_supported": None,
    "cultural_needs_supported": Answer.NOT_KNOWN,
    "pets": Answer.NOT_KNOWN,
    "ended_placements": None,
    "unplanned_endings": None,
}

CHILD_FACTS: dict[str, Any] = {
    "school": None,
    "attends_school": Answer.NOT_KNOWN,
    "key_stage_4": Answer.NOT_KNOWN,
    "disabilities": None,
    "religion": Religion.NOT_KNOWN,
    "languages": (),
}


def forgetful_homes(home: Home) -> Iterator[Home]:
    """The home with one fact not known any more, for every fact."""
    for name, unknown in HOME_FACTS.items():
        yield replace(home, **{name: unknown})
    for domain in home.capability:
        yield replace(home, capability={d: n for d, n in home.capability.items() if d is not domain})
    yield replace(home, weekly_fee_pence={})


def forgetful_referrals(referral: Referral) -> Iterator[Referral]:
    """The referral with one fact not known any more, for every fact."""
    yield replace(referral, family_home=None)
    for i in range(len(referral.contact_places)):
        places = list(referral.contact_places)
        places[i] = replace(places[i], location=None)
        yield replace(referral, contact_places=tuple(places))
    for name, unknown in CHILD_FACTS.items():
        yield with_child(referral, lambda child, name=name, unknown=unknown: replace(child, **{name: unknown}))
    yield with_child(referral, lambda child: replace(child, package=None, needs={}))
    yield with_child(referral, lambda child: replace(child, needs=dict(list(child.needs.items())[1:])))
    for changes in ({"home": None}, {"location": None}, {"home": None, "location": None}):
        yield with_child(referral, _siblings(lambda sibling, c=changes: replace(sibling, **c)))


def _siblings(change: Callable[[PlacedSibling], PlacedSibling]) -> Callable[[Child], Child]:
    return lambda child: replace(child, placed_siblings=tuple(change(s) for s in child.placed_siblings))


def assert_still_possible(before: Spread, after: Spread) -> None:
    """What was found before lies within what is possible after a fact was forgotten."""
    judged = before.applies & after.applies
    assert (after.applies | ~before.applies).all(), "forgetting a fact took a criterion away"
    low, high = after.value, np.where(after.not_known, after.most, after.value)
    highest = np.where(before.not_known, before.most, before.value)
    assert (~judged | ((low <= before.value) & (highest <= high))).all()


@EVERY
@settings(max_examples=15)
@given(seed=SEEDS)
def test_forgetting_a_fact_of_a_home_only_widens_the_range(criterion: Criterion, seed: int) -> None:
    """What is not known is never read as anything better or worse than it could be."""
    random = Random(seed)
    world = a_world(random)
    at = random.randrange(len(world.homes))
    before = world.judged(criterion)
    for home in forgetful_homes(world.homes[at]):
        homes = (*world.homes[:at], home, *world.homes[at + 1 :])
        assert_still_possible(before, replace(world, homes=homes).judged(criterion))


@EVERY
@settings(max_examples=15)
@given(seed=SEEDS)
def test_forgetting_a_fact_of_a_child_only_widens_the_range(criterion: Criterion, seed: int) -> None:
    """The same for the child, its family, its school, its contacts and its brothers and sisters."""
    random = Random(seed)
    world = a_world(random)
    at = random.randrange(len(world.referrals))
    before = world.judged(criterion)
    for referral in forgetful_referrals(world.referrals[at]):
        referrals = (*world.referrals[:at], referral, *world.referrals[at + 1 :])
        assert_still_possible(before, replace(world, referrals=referrals).judged(criterion))


@EVERY
@settings(max_examples=10)
@given(seed=SEEDS)
def test_nothing_about_residents_is_read_but_how_many_they_are(criterion: Criterion, seed: int) -> None:
    """Who lives in a home changes neither points nor what is told: that is for the rules alone."""
    random = Random(seed)
    world = a_world(random)
    known = {sibling.child for r in world.referrals for c in r.children for sibling in c.placed_siblings}
    others = tuple(
        replace(
            home,
            residents=tuple(
                resident if resident.ref in known else a_resident(sex=Sex.FEMALE, date_of_birth=None, risks={})
                for resident in home.residents
            ),
        )
        for home in world.homes
    )
    changed = replace(world, homes=others)
    assert same(world.judged(criterion), changed.judged(criterion))
    assert told(criterion, world) == told(criterion, changed)


def told(criterion: Criterion, world: World) -> dict[str, list[Value]]:
    """All facts about all pairs."""
    pairs = world.grid()
    facts = criterion.judge(pairs, PARAMS[criterion.code]).facts()
    return {name: fact.decoded(pairs.shape) for name, fact in facts.items()}


@EVERY
def test_an_empty_pool_is_no_error(criterion: Criterion) -> None:
    """No homes, no answers."""
    world = World((a_referral(a_child(placed_siblings=(PlacedSibling(ChildRef("sibling")),))),), ())
    assert world.judged(criterion).value.shape == (1, 0)
