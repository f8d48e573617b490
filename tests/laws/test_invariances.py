"""What must not matter does not: order, company and names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any

import numpy as np
import pytest

from app.geo.zones import Circle, Polygon
from app.matching import assess as assessing
from app.matching.assess import Question, assess, assess_block
from app.matching.assess_open import assess_open
from app.matching.explain import explain
from app.matching.pairs import child_grid, child_list, party_grid, party_list
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import HomeRef, Referral, ReferralRef
from app.matching.shortlist import shortlist
from app.matching.unit import Level
from tests.support.answers import answers, question, worlds_and_policies
from tests.support.worlds import World

# ----------------------------------------------------------------------------------------------------- order

ORDERED = {"languages"}
"""Tuples whose order says something: the first language is the one the child speaks first."""


def shuffled(record: Any, rng: Random) -> Any:
    """The same record with everything that has no order put into another; the shape of a zone is kept."""
    if isinstance(record, (Circle, Polygon)):
        return record
    if is_dataclass(record) and not isinstance(record, type):
        inner = [f.name for f in fields(record) if f.init and f.name not in ORDERED]
        return replace(record, **{name: shuffled(getattr(record, name), rng) for name in inner})
    if isinstance(record, Mapping):
        return dict(rng.sample(list(record.items()), len(record)))
    if isinstance(record, frozenset):
        return frozenset(rng.sample(sorted(record), len(record)))
    if isinstance(record, tuple):
        return tuple(shuffled(item, rng) for item in rng.sample(record, len(record)))
    return record


@pytest.mark.parametrize("seed", range(3))
def test_order_changes_nothing(seed: int) -> None:
    """Homes, referrals, brothers and sisters, residents, risks, zones, contacts: in any order the same."""
    rng = Random(seed)
    for world, policy in worlds_and_policies(3, referrals=6, homes=12):
        other = shuffled(world, rng)
        assert other != world
        assert answers(other, policy) == answers(world, policy)


def test_order_changes_no_shortlist() -> None:
    """The shortlist itself: the same homes in the same places, ties and near misses included."""
    rng = Random(5)
    for world, policy in worlds_and_policies(4, referrals=5, homes=15):
        twins = tuple(replace(home, ref=HomeRef(f"{home.ref}-twin"), residents=()) for home in world.homes)
        homes = (*(replace(home, residents=()) for home in world.homes), *twins)  # so that there are ties
        one, other = Pool.build(homes), Pool.build(rng.sample(homes, len(homes)))
        for referral in world.referrals:
            assert shortlist(referral, one, policy, world.as_of) == shortlist(referral, other, policy, world.as_of)


# --------------------------------------------------------------------------------------------------- company


@pytest.mark.parametrize("pairs_a_block", [1, 7, 64, 10_000])
@pytest.mark.parametrize("threads", [1, 2])
def test_block_size_and_threads_change_nothing(
    pairs_a_block: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the work is cut up, every number is the same."""
    for world, policy in worlds_and_policies(2, referrals=8, homes=20):
        asked = question(world, policy)
        whole = assess_block(asked, 0, len(asked.parties))
        monkeypatch.setattr(assessing, "PAIRS_A_BLOCK", pairs_a_block)
        blocks = list(assess(asked, threads=threads))
        assert [block.stop for block in blocks[:-1]] == [block.start for block in blocks[1:]]
        assert len(blocks) == (len(asked.parties) if pairs_a_block == 1 else len(blocks))
        for name in ("failed", "not_known", "allowed", "points"):
            together = np.concatenate([getattr(block, name) for block in blocks])
            assert np.array_equal(together, getattr(whole, name))
            assert together.dtype == getattr(whole, name).dtype
        opened = list(assess_open(asked, threads=threads))
        rows = np.repeat(np.arange(len(asked.parties)), np.concatenate([block.count for block in opened]))
        homes, points = (np.concatenate([getattr(block, name) for block in opened]) for name in ("home", "points"))
        assert np.array_equal(np.stack([rows, homes]), np.stack(np.nonzero(whole.allowed)))
        assert np.array_equal(points, whole.points[whole.allowed])
        assert points.dtype == whole.points.dtype


def test_a_pair_alone_is_judged_as_in_a_crowd() -> None:
    """Every rule and criterion, every pair: in the grid, in a list of pairs, and by itself."""
    compared = 0
    for world, policy in worlds_and_policies(3, referrals=4, homes=10):
        asked = question(world, policy)
        for setting in policy.rules:
            grid, one_by_one, listed = _three_ways(asked, setting.rule.level, policy)
            for pairs, found in zip((*one_by_one, listed), _cells(setting, grid, one_by_one, listed), strict=True):
                assert found, (setting.rule.code, pairs.rows, pairs.cols)
                compared += 1
        for criterion in policy.criteria:
            grid, one_by_one, listed = _three_ways(asked, Level.CHILD, policy)
            crowd = _scored(criterion, grid)
            assert np.array_equal(_scored(criterion, listed).reshape(crowd.shape), crowd), criterion.criterion.code
            alone = np.concatenate([_scored(criterion, pairs) for pairs in one_by_one], axis=1)
            assert np.array_equal(alone.reshape(crowd.shape), crowd), criterion.criterion.code
            compared += len(one_by_one)
    assert compared > 5000


def _three_ways(asked: Question, level: Level, policy: Policy) -> tuple[Any, list[Any], Any]:
    """The grid of everybody with every home; each pair as a grid of one; all pairs as a list."""
    table: Any = asked.children if level is Level.CHILD else asked.parties
    grid, edges = (child_grid, child_list) if level is Level.CHILD else (party_grid, party_list)
    rows = np.arange(len(asked.children.entries) if level is Level.CHILD else len(asked.parties))
    cols = np.arange(len(asked.pool))
    every = [(row, col) for row in rows for col in cols]
    one_by_one = [grid(table, asked.pool, policy.local, np.array([r]), np.array([c])) for r, c in every]
    listed = edges(table, asked.pool, policy.local, np.repeat(rows, len(cols)), np.tile(cols, len(rows)))
    return grid(table, asked.pool, policy.local, rows, cols), one_by_one, listed


def _judged(setting: Any, pairs: Any) -> Any:
    finding = setting.rule.judge(pairs, setting.params)
    unknown = np.bool_(False) if finding.not_known is None else finding.not_known
    return np.stack([np.broadcast_to(each, pairs.shape) for each in (finding.fails, unknown)])


def _scored(setting: Any, pairs: Any) -> Any:
    score = setting.criterion.judge(pairs, setting.params)
    applies = np.bool_(True) if score.applies is None else score.applies
    unknown = np.bool_(False) if score.not_known is None else score.not_known
    most = score.value if score.most is None else score.most
    found = np.stack([np.broadcast_to(each, pairs.shape) for each in (score.value, unknown, applies, most)])
    return found.reshape(4, -1)


def _cells(setting: Any, grid: Any, one_by_one: list[Any], listed: Any) -> list[bool]:
    crowd = _judged(setting, grid)
    assert not (crowd[0] & crowd[1]).any(), f"{setting.rule.code} both fails and is not known"
    flat = crowd.reshape(2, -1)
    alone = [np.array_equal(_judged(setting, pairs).reshape(2), flat[:, i]) for i, pairs in enumerate(one_by_one)]
    return [*alone, np.array_equal(_judged(setting, listed), flat)]


def test_an_explanation_alone_is_the_one_among_many() -> None:
    """Explained by itself or with all other homes, a pair is explained with the same words and numbers."""
    for world, policy in worlds_and_policies(2, referrals=3, homes=10):
        asked = question(world, policy)
        for party in range(len(asked.parties)):
            many = explain(asked, party, np.arange(len(asked.pool)))
            assert many == [explain(asked, party, np.array([col]))[0] for col in range(len(asked.pool))]


def test_other_homes_and_other_referrals_change_nothing() -> None:
    """Between strangers: a home and a referral are judged alike whoever else waits and is offered."""
    for world, policy in worlds_and_policies(4, referrals=5, homes=12):
        crowd = answers(world, policy)
        for referral in world.referrals:
            if any(child.placed_siblings or child.current_home for child in referral.children):
                continue  # where they live is known from the other homes
            if _lists_any(referral, world):
                continue
            for home in world.homes:
                alone = answers(replace(world, referrals=(referral,), homes=(home,)), policy)
                assert alone == {key: crowd[key] for key in alone}


def _lists_any(referral: Referral, world: World) -> bool:
    own = {child.ref for child in referral.children}
    return any(resident.ref in own for home in world.homes for resident in home.residents)


# ----------------------------------------------------------------------------------------------------- names

RENAMED = {"ref", "home", "child", "current_home", "live_apart_from", "named_children", "exempt_children"}


def renamed(record: Any, name: Callable[[str], str], field: str = "") -> Any:
    """The same record with every reference to a child, a home or a referral exchanged."""
    if is_dataclass(record) and not isinstance(record, type):
        inner = [f.name for f in fields(record) if f.init]
        return replace(record, **{each: renamed(getattr(record, each), name, each) for each in inner})
    if field in RENAMED and isinstance(record, str):
        return name(record)
    if isinstance(record, frozenset) and field in RENAMED:
        return frozenset(name(ref) for ref in record)
    if isinstance(record, tuple):
        return tuple(renamed(item, name) for item in record)
    return record


def test_names_change_nothing() -> None:
    """With every reference exchanged, everybody is judged as before under the new name."""
    for seed, (world, policy) in enumerate(worlds_and_policies(4, referrals=6, homes=12)):
        names = _Names(Random(seed))
        other = renamed(world, names)
        expected = {(frozenset(map(names, who)), names(home)): a for (who, home), a in answers(world, policy).items()}
        assert answers(other, policy) == expected
        pool, other_pool = Pool.build(world.homes), Pool.build(other.homes)
        for referral, under_another in zip(world.referrals, other.referrals, strict=True):
            before = shortlist(referral, pool, policy, world.as_of, k=100)
            after = shortlist(under_another, other_pool, policy, world.as_of, k=100)
            assert {(option.rank, option.explanation.home) for option in after.options} == {
                (option.rank, names(option.explanation.home)) for option in before.options
            }


class _Names:
    """A new name for every reference, in no order that the old ones had."""

    def __init__(self, rng: Random) -> None:
        self._rng, self._names = rng, dict[str, str]()

    def __call__(self, ref: str) -> str:
        return self._names.setdefault(ref, f"{self._rng.getrandbits(64):016x}")


def test_ties_are_broken_by_lot_and_not_by_name() -> None:
    """Among equals no name comes first for every referral: the order is drawn anew for each."""
    (world, policy), *_ = worlds_and_policies(1, referrals=1, homes=1)
    calm = replace(policy, rules=tuple(replace(s, enabled=False) for s in policy.rules))
    homes = tuple(replace(world.homes[0], ref=HomeRef(f"home-{i}"), residents=()) for i in range(8))
    first = set()
    for i in range(40):
        referral = replace(world.referrals[0], ref=ReferralRef(f"asked-{i}"))
        found = shortlist(referral, Pool.build(homes), calm, world.as_of)
        assert {option.rank for option in found.options} == {1}
        first.add(found.options[0].explanation.home)
    assert len(first) > 4


def test_a_name_is_a_name() -> None:
    """`renamed` reaches every reference: none of the old ones is left anywhere."""
    (world, _), *_ = worlds_and_policies(1, referrals=6, homes=12)
    assert "home-" in repr(world.homes)
    assert not re.search("home-|referral-|nobody-", repr(renamed(world, _Names(Random(1)))))
