"""Which brothers and sisters who are placed wait for another home themselves: whoever comes to them would miss them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import bindparam, select

from app.matching.referral import ChildRef, PlacedSibling
from app.store.answered import ended_for
from app.store.codec import decoder
from app.store.load import MOST_AT_ONCE
from app.store.prepared import of_refs
from app.store.session import Reading
from app.store.tables import children
from app.store.under_way import with_a_place

Siblings = tuple[PlacedSibling, ...]


def of_children(reading: Reading, authority: str, among: Collection[ChildRef]) -> Mapping[ChildRef, Siblings]:
    """By child who waits in a referral: the placed brothers and sisters for whom another home is looked for too."""
    named = {
        ChildRef(row["ref"]): _siblings(row["placed_siblings"] or ())
        for some in _at_once(among)
        for row in _NAMED.rows(reading, authority=authority, refs=some)
    }
    return those_who_wait(reading, authority, named)


def those_who_wait(reading: Reading, authority: str, named: Mapping[ChildRef, Siblings]) -> Mapping[ChildRef, Siblings]:
    """Of the placed brothers and sisters whom these children name. Nothing is asked where they name nobody."""
    waiting: set[ChildRef] = set()
    for some in _at_once({sibling.child for siblings in named.values() for sibling in siblings}):
        known = [ChildRef(row["ref"]) for row in _NAMED.rows(reading, authority=authority, refs=some)]
        if known:
            settled = with_a_place(reading, authority, known).keys()
            waiting |= set(known) - settled - {one.child for one in ended_for(reading, authority, known)}
    found = {child: tuple(one for one in siblings if one.child in waiting) for child, siblings in named.items()}
    return {child: siblings for child, siblings in found.items() if siblings}


def _at_once(refs: Iterable[ChildRef]) -> list[list[ChildRef]]:
    ordered = sorted(set(refs))
    return [ordered[start : start + MOST_AT_ONCE] for start in range(0, len(ordered), MOST_AT_ONCE)]


_siblings = decoder(Siblings)
_NAMED = of_refs(
    lambda is_one: select(children.c.ref, children.c.details["placed_siblings"].label("placed_siblings")).where(
        children.c.authority == bindparam("authority"), is_one(children.c.ref)
    )
)
