"""Several changes to the records of one party and one home, each judged by itself, all of them at once.

A call of NumPy costs far more than the pair it is about: many changed copies of one pair are judged as a list of
pairs, which takes hardly longer than one. What other homes are worth is asked again only where a change reaches them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np

from app.matching.assess import Block, Question, assess_block, child_points, judge_rules
from app.matching.child_columns import ChildLists, Children, ChildTable, Entry, child_entries, child_lists
from app.matching.columns import IntArray
from app.matching.home import Home
from app.matching.home_columns import Homes
from app.matching.pairs import child_list, party_list
from app.matching.party_columns import PartyTable, named_parties
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import ChildRef, Referral
from app.matching.shortlist import first_party, question_for
from app.matching.unit import Level


@dataclass(frozen=True, slots=True)
class Outcome:
    """What keeps the changed pair out (a mask of rules), and its points whatever the rules say.

    `children` and `lists`: the children as they are then, and what names particular homes for each.
    """

    in_the_way: int
    points: int
    children: tuple[Entry, ...]
    lists: tuple[ChildLists, ...]


def outcomes(
    copies: Sequence[tuple[Referral, Home]],
    pool: Pool,
    policy: Policy,
    as_of: date,
    named: Collection[ChildRef] | None = None,
) -> list[Outcome]:
    """Each referral, as changed, with its home, as changed, among the other homes of the pool. All of one home.

    `named`: of each referral these children; None: all of them.
    """
    if not copies:
        return []
    col, size = pool.row_of[copies[0][1].ref], len(pool)
    homes = Homes.from_records([home for _, home in copies])
    beside = replace(pool, columns=pool.columns.joined(homes))
    found = [_children(copy, pool.with_record(home), as_of) for copy, home in copies]
    children = _together(found, col, size)
    parties = PartyTable.build(named_parties(children, named), children)
    starts = parties.offsets[:-1]
    own = np.arange(size, size + len(copies))
    pairs = child_list(children, beside, policy.local, parties.member_rows, np.repeat(own, np.diff(parties.offsets)))
    whole = party_list(parties, beside, policy.local, np.arange(len(copies)), own)
    child_failed, child_open = judge_rules(pairs, policy.rules_of(Level.CHILD))
    party_failed, party_open = judge_rules(whole, policy.rules_of(Level.PARTY))
    failed = np.bitwise_or.reduceat(child_failed, starts) | party_failed
    not_known = (np.bitwise_or.reduceat(child_open, starts) | party_open) & ~failed
    bits: IntArray = failed | (not_known & np.uint32(policy.blocking_bits))
    points = np.add.reduceat(child_points(pairs, policy.criteria), starts)
    return [Outcome(int(bits[i]), int(points[i]), *found[i]) for i in range(len(copies))]


def points_elsewhere(question: Question, block: Block, referral: Referral, home: Home, outcome: Outcome) -> IntArray:
    """Points of the other homes that are allowed once these records stand; `block` is what was so before.

    Unless the referral was changed, or the home means something for its children elsewhere too (they leave it, a
    brother's way from it counts), they are what they were.
    """
    pool, col = question.pool, question.pool.row_of[home.ref]
    if referral is not question.parties.parties[0].referral or _reaches_others(question, outcome, col):
        as_of, named = question.children.entries[0].as_of, [child.ref for child in first_party(question)]
        changed = question_for(referral, pool.changed([home]), question.policy, as_of, named=named)
        block = assess_block(changed, 0, 1)
    allowed = block.allowed[0].copy()
    allowed[col] = False
    points: IntArray = block.points[0, allowed]
    return points


def _children(referral: Referral, pool: Pool, as_of: date) -> tuple[tuple[Entry, ...], tuple[ChildLists, ...]]:
    entries = child_entries((referral,), pool, as_of)
    return entries, tuple(child_lists(entry, pool) for entry in entries)


def _together(copies: Sequence[tuple[tuple[Entry, ...], tuple[ChildLists, ...]]], col: int, size: int) -> ChildTable:
    """The children of every copy; in its lists the home stands in the copy's own row, behind those of the pool."""
    entries = tuple(entry for found, _ in copies for entry in found)
    lists = tuple(_moved(one, col, size + i) for i, (_, found) in enumerate(copies) for one in found)
    return ChildTable(entries, Children.from_records(entries), lists)


def _moved(lists: ChildLists, col: int, to: int) -> ChildLists:
    def moved(rows: IntArray) -> IntArray:
        return np.append(rows[rows != col], to) if col in rows else rows

    changed: dict[str, Any] = {name: moved(getattr(lists, name)) for name in _HOMES}
    return replace(lists, **changed, sibling_homes=tuple(map(moved, lists.sibling_homes)))


_HOMES = tuple(f.name for f in fields(ChildLists) if f.name.endswith("_rows"))
"""Fields that say of each home by itself whether something is so there."""

_ONE_BY_ONE = ("apart_rows", "named_rows", "exempt_rows")
"""Of these: what a home may say of a child without anything being different in another home."""


def _reaches_others(question: Question, outcome: Outcome, col: int) -> bool:
    """Whether anything about the children was changed that may count in other homes too."""
    before = question.children
    for entry, lists, now, then in zip(before.entries, before.lists, outcome.children, outcome.lists, strict=True):
        left = [None if one.lives_in is None else one.lives_in.place_code for one in (entry, now)]
        if left[0] != left[1] or _elsewhere(lists, col) != _elsewhere(then, col):
            return True
    return False


def _elsewhere(lists: ChildLists, col: int) -> object:
    """What the lists say of other homes, to be compared."""
    one_by_one = [[row for row in getattr(lists, name).tolist() if row != col] for name in _ONE_BY_ONE]
    rest = [getattr(lists, name).tolist() for name in _HOMES if name not in _ONE_BY_ONE]
    siblings = [rows.tolist() for rows in lists.sibling_homes]
    return one_by_one, rest, siblings, lists.sibling_places, lists.contacts, lists.zones
