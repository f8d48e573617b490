"""Referrals as they are to be judged: with where others live, as far as any record of this database tells.

From whom a child must live apart, whoever of the two has the other in a list; and brothers and sisters who are placed.
The homes' own records, and whoever has a place by a placement, the engine sees in its pool. What it does not see is
asked here: whether anybody has the child in a list of their own, wherever they wait, and only where somebody must live
apart from somebody, or has brothers and sisters who are placed, where these live (`app.store.whereabouts`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, literal_column, select, true

from app.matching.living_apart import whose_home_matters, with_homes
from app.matching.referral import Child, ChildRef, HomeRef, PlacedSibling, Referral
from app.store.load import MOST_AT_ONCE
from app.store.prepared import IsOne, Prepared, of_refs
from app.store.rows import Row
from app.store.session import Database, Reading
from app.store.tables import children, has_listed
from app.store.whereabouts import LISTS, Whereabouts, whereabouts

KeptFrom = Mapping[ChildRef, frozenset[ChildRef]]
"""By child: who has it in a list of their own."""


def as_judged(reading: Reading, authority: str, referrals: Sequence[Referral]) -> tuple[Referral, ...]:
    """The referrals as they are to be judged: with the homes where others live who matter to their children."""
    return _known(reading, authority, referrals, _kept_from(_named(reading, authority, referrals)))


def judged_alone(
    database: Database, authority: str, referral: Referral, named: Sequence[Row] | None = None
) -> Referral:
    """The same of one referral, in a transaction of its own where there is anything to ask.

    `named`: what `of_referral` found; None where nobody asked, as the referral is not stored: it is told now.
    """
    stored = named is not None
    if named is None:
        with database.asking() as reading:
            named = _named(reading, authority, [referral])
    kept_from = _kept_from(named)
    if not kept_from and not whose_home_matters([referral]) and not _placed([referral]):
        return referral
    with database.reading() as reading:
        (known,) = _known(reading, authority, [referral], kept_from, stored=stored)
    return known


def of_referral(reading: Reading) -> Prepared:
    """The statement that asks who has a child of one stored referral in a list, to be asked beside others."""
    return _OF_REFERRAL[reading.dialect.name]


def _named(reading: Reading, authority: str, referrals: Sequence[Referral]) -> Sequence[Row]:
    people = [child.ref for referral in referrals for child in referral.children]
    if not people:
        return ()
    if len(people) > MOST_AT_ONCE:
        return _ALL[reading.dialect.name].rows(reading, authority=authority)
    return _OF_REFS[reading.dialect.name].rows(reading, authority=authority, refs=people)


def _kept_from(rows: Iterable[Row]) -> KeptFrom:
    found: dict[ChildRef, frozenset[ChildRef]] = defaultdict(frozenset)
    for row in rows:
        found[ChildRef(row["person"])] |= {ChildRef(row["ref"])}
    return dict(found)


def _placed(referrals: Iterable[Referral]) -> set[ChildRef]:
    children = (child for referral in referrals for child in referral.children)
    return {sibling.child for child in children for sibling in child.placed_siblings}


def _known(
    reading: Reading, authority: str, referrals: Sequence[Referral], kept_from: KeptFrom, *, stored: bool = True
) -> tuple[Referral, ...]:
    waiting = {child.ref for referral in referrals for child in referral.children}
    feared = whose_home_matters(referrals).union(*(kept_from[ref] for ref in kept_from.keys() & waiting))
    people = feared | _placed(referrals)
    if not people:
        return tuple(referrals)
    found = whereabouts(reading, authority, people)
    if stored:
        referrals = [_as_told_since(referral, found) for referral in referrals]
    lives = {person: found[person].anywhere for person in feared}
    siblings = {child: at for referral in referrals for child, at in _siblings(referral, found, stored=stored).items()}
    return with_homes(referrals, lives, kept_from, siblings)


def _as_told_since(referral: Referral, found: Mapping[ChildRef, Whereabouts]) -> Referral:
    """The referral without what a move of brothers and sisters made untrue that was told after it was stored."""
    children = tuple(_told_since(child, referral.ref, found) for child in referral.children)
    return referral if children == referral.children else replace(referral, children=children)


def _told_since(child: Child, by: str, found: Mapping[ChildRef, Whereabouts]) -> Child:
    """With those who left care nobody is to live any more."""
    siblings = tuple(
        _moved_since(sibling, by, found[sibling.child])
        for sibling in child.placed_siblings
        if not found[sibling.child].has_left_care(_said(sibling), by)
    )
    return child if siblings == child.placed_siblings else replace(child, placed_siblings=siblings)


def _moved_since(sibling: PlacedSibling, by: str, found: Whereabouts) -> PlacedSibling:
    """Without the place that they have left.

    Who lives nowhere by a placement may be back in the home, for all that is known to who must live apart from them.
    """
    if not found.has_left(sibling.home, by):
        return sibling
    return replace(sibling, location=None, home=sibling.home if found.moved is None else None)


def _said(sibling: PlacedSibling) -> frozenset[HomeRef]:
    return frozenset() if sibling.home is None else frozenset({sibling.home})


def _siblings(
    referral: Referral, found: Mapping[ChildRef, Whereabouts], *, stored: bool
) -> dict[ChildRef, dict[ChildRef, frozenset[HomeRef]]]:
    """Of brothers and sisters who are elsewhere than the homes and the child's own record say, where they are."""
    by = referral.ref if stored else None
    told: dict[ChildRef, dict[ChildRef, frozenset[HomeRef]]] = {}
    for child in referral.children:
        for sibling in child.placed_siblings:
            one, said = found[sibling.child], _said(sibling)
            now = one.to_join(said, by)
            # A place to come is nearer than a location, which says where they live until then.
            if now != one.in_homes | said or (one.comes is not None and sibling.location is not None):
                told.setdefault(child.ref, {})[sibling.child] = now
    return told


_HAS_A_LIST = has_listed("live_apart_from", "children.details")


def _lists(dialect: str, which: IsOne | None = None) -> Select[Any]:
    """Who has whom in a list of their own: `ref` has `person`."""
    listed = LISTS[dialect]("live_apart_from").table_valued("value", name="listed")
    person: ColumnElement[str] = literal_column("listed.value", String)
    wanted = select(children.c.ref, person.label("person")).select_from(children.join(listed, true()))
    mine = children.c.authority == bindparam("authority"), _HAS_A_LIST[dialect]
    return wanted.where(*mine, *(() if which is None else (which(person),)))


def _of_one(dialect: str) -> Select[Any]:
    theirs = children.alias()
    whose = theirs.c.authority == bindparam("authority"), theirs.c.referral_ref == bindparam("referral")
    return _lists(dialect, lambda person: person.in_(select(theirs.c.ref).where(*whose)))


_ALL = {dialect: Prepared(_lists(dialect)) for dialect in LISTS}
_OF_REFS = {dialect: of_refs(partial(_lists, dialect)) for dialect in LISTS}
_OF_REFERRAL = {dialect: Prepared(_of_one(dialect)) for dialect in LISTS}
