"""Which brothers and sisters who are placed are to have another home: whoever comes to them now would miss them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.matching.referral import ChildRef, HomeRef, PlacedSibling
from app.store.answered import ended_for
from app.store.codec import decoder
from app.store.load import MOST_AT_ONCE
from app.store.placement_records import State
from app.store.prepared import of_refs
from app.store.session import Reading
from app.store.tables import children
from app.store.under_way import places_of
from app.store.whereabouts import Whereabouts, whereabouts


class Leaving(NamedTuple):
    """A brother or sister who is to have another home. `homes`: where they live now; `found`: one is held, or taken."""

    homes: frozenset[HomeRef]
    found: bool


class Leavers(NamedTuple):
    """Who is to have another home: for `wait` one is looked for, for `come` one is held or accepted."""

    wait: frozenset[ChildRef]
    come: frozenset[ChildRef]


def of_children(
    reading: Reading, authority: str, among: Collection[ChildRef]
) -> Mapping[ChildRef, tuple[Leaving, ...]]:
    """By child who waits in a referral: the placed brothers and sisters who are to have another home, and from where.

    Where they live is what a list for the child goes by.
    """
    rows = [row for some in _at_once(among) for row in _NAMED.rows(reading, authority=authority, refs=some)]
    named = {ChildRef(row["ref"]): (row["referral_ref"], _siblings(row["placed_siblings"] or ())) for row in rows}
    leaving = who_leave(reading, authority, {one.child for _, siblings in named.values() for one in siblings})
    who = leaving.wait | leaving.come
    known = whereabouts(reading, authority, who)
    found = {
        child: tuple(_leaving(one, by, known[one.child], leaving) for one in siblings if one.child in who)
        for child, (by, siblings) in named.items()
    }
    return {child: siblings for child, siblings in found.items() if siblings}


def _leaving(sibling: PlacedSibling, by: str, known: Whereabouts, leaving: Leavers) -> Leaving:
    said = () if sibling.home is None else (sibling.home,)
    return Leaving(known.lives_at(said, by) - {known.comes}, sibling.child in leaving.come)


def who_leave(reading: Reading, authority: str, people: Collection[ChildRef]) -> Leavers:
    """Those of these people who wait in a referral of their own. Nothing is asked of nobody."""
    wait, come = set[ChildRef](), set[ChildRef]()
    for some in _at_once(people):
        known = [ChildRef(row["ref"]) for row in _NAMED.rows(reading, authority=authority, refs=some)]
        if known:
            places = places_of(reading, authority, known)
            come |= {one.child for one in places if one.state is not State.PLACED}
            over = {one.child for one in ended_for(reading, authority, known)}
            wait |= set(known) - {one.child for one in places} - over
    return Leavers(frozenset(wait), frozenset(come))


def _at_once(refs: Iterable[ChildRef]) -> list[list[ChildRef]]:
    ordered = sorted(set(refs))
    return [ordered[start : start + MOST_AT_ONCE] for start in range(0, len(ordered), MOST_AT_ONCE)]


_siblings = decoder(tuple[PlacedSibling, ...])
_NAMED = of_refs(
    lambda is_one: select(
        children.c.ref, children.c.referral_ref, children.c.details["placed_siblings"].label("placed_siblings")
    ).where(children.c.authority == bindparam("authority"), is_one(children.c.ref))
)
