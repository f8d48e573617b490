"""Where brothers and sisters cannot, or need not, all share a home: the best ways to part them, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from app.geo.grid import distance_m
from app.matching.assess import Block, Question
from app.matching.child_columns import ChildTable
from app.matching.columns import IntArray
from app.matching.parting import Partition, pairs_apart, partitions
from app.matching.party_columns import Party
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef


@dataclass(frozen=True, slots=True)
class SplitPart:
    """Some of the siblings, and the home they would share."""

    children: tuple[ChildRef, ...]
    home: HomeRef
    points: int


@dataclass(frozen=True, slots=True)
class Apart:
    """Two homes of one split and how far apart they are; None where a location is not known."""

    home: HomeRef
    other_home: HomeRef
    distance_m: int | None


@dataclass(frozen=True, slots=True)
class Split:
    """One way to part a sibling group. `value`: points less what the policy asks for each pair parted."""

    parts: tuple[SplitPart, ...]
    points: int
    pairs_apart: int
    value: int
    apart: tuple[Apart, ...]


def parts_of(party: Party) -> tuple[Party, ...]:
    """Every part of a sibling group that some way of parting it makes use of."""
    sets = sorted({part for way in partitions(len(party.members)) for part in way})
    return tuple(Party(party.referral, tuple(party.members[i] for i in part)) for part in sets)


def best_splits(question: Question, block: Block, price: int, most: int) -> tuple[Split, ...]:
    """The best split of each partition, best first; `price` is what one parted pair costs in points.

    The question's first party is the whole group, the others are its parts; `block` judges them all. Each
    part goes to a home of its own. Looking at each part's best P homes, P being the number of parts, is
    enough: if another were used, one of the P would be free and at least as good.
    """
    party = question.parties.parties[0]
    row_of = {part.members: row for row, part in enumerate(question.parties.parties)}
    top = {row: _top(block, row, len(party.members)) for row in row_of.values()}
    found = []
    for way in partitions(len(party.members)):
        rows = [row_of[tuple(party.members[i] for i in part)] for part in way]
        choice = _best_homes(block, rows, top)
        if choice is not None:
            found.append(_split(question, party, way, rows, choice, block, price))
    found.sort(key=lambda split: (-split.value, _total_m(split), [part.home for part in split.parts]))
    return tuple(found[:most])


def _best_homes(block: Block, rows: Sequence[int], top: Mapping[int, list[int]]) -> tuple[int, ...] | None:
    """The homes, all different, that together give these parts the most points; None where there are none."""
    best: tuple[int, ...] | None = None
    best_points = -1
    for homes in product(*(top[row][: len(rows)] for row in rows)):
        if len(set(homes)) < len(homes):
            continue
        points = sum(int(block.points[row, home]) for row, home in zip(rows, homes, strict=True))
        if points > best_points:
            best, best_points = homes, points
    return best


def _top(block: Block, row: int, most: int) -> list[int]:
    """The homes with the most points for a part, best first; among equals the first of the pool."""
    cols: IntArray = np.flatnonzero(block.allowed[row])
    points = block.points[row, cols]
    if len(cols) > most:
        keep = points >= np.partition(points, -most)[-most]
        cols, points = cols[keep], points[keep]
    return [int(col) for col in cols[np.argsort(-points, kind="stable")][:most]]


def _split(
    question: Question,
    party: Party,
    way: Partition,
    rows: Sequence[int],
    homes: tuple[int, ...],
    block: Block,
    price: int,
) -> Split:
    pool = question.pool
    parts = tuple(
        SplitPart(
            _names(question.children, [party.members[i] for i in part]),
            pool.records[home].ref,
            int(block.points[row, home]),
        )
        for part, row, home in zip(way, rows, homes, strict=True)
    )
    points, parted = sum(part.points for part in parts), pairs_apart(way)
    apart = tuple(
        Apart(pool.records[a].ref, pool.records[b].ref, _metres(pool, a, b)) for a, b in combinations(homes, 2)
    )
    return Split(parts, points, parted, points - price * parted, apart)


def _names(children: ChildTable, rows: Sequence[int]) -> tuple[ChildRef, ...]:
    return tuple(children.entries[row].child.ref for row in rows)


def _metres(pool: Pool, a: int, b: int) -> int | None:
    one, other = pool.records[a].location, pool.records[b].location
    if one is None or other is None:
        return None
    return int(distance_m(one.easting, one.northing, other.easting, other.northing))


def _total_m(split: Split) -> int:
    return sum(apart.distance_m or 0 for apart in split.apart)
