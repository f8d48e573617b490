"""Homes where somebody lives from whom a child must live apart, though the home's own record does not say so.

A home lists who lives there, and the register finds them by that. But a provider's record may be late, or name a child
otherwise: what the referral and the caseload say of where a person lives counts as well. Nobody is moved out of a home
by it: a home counts wherever one record says that the person lives there.

Where brothers and sisters live who are placed goes with the child in the same way, where a move that was told here
is newer than what its record and the homes say: with whom it must stay it is to live, not where they lived before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from types import MappingProxyType
from typing import TypeAlias

from app.matching.referral import Child, ChildAsKnown, ChildRef, HomeRef, Referral

Siblings: TypeAlias = Mapping[ChildRef, Mapping[ChildRef, Collection[HomeRef]]]
"""By child: where each of these brothers and sisters lives."""


def told_apart_at(child: Child, referral: Referral) -> frozenset[HomeRef]:
    """The homes where the child may not live, as its referral says, and as is known of it from elsewhere.

    Where brothers and sisters live who are placed, and where another child of the referral lives now, whoever of the
    two must live apart from the other.
    """
    found = {
        sibling.home
        for one in referral.children
        for sibling in one.placed_siblings
        if sibling.child in child.live_apart_from
    }
    found |= {one.current_home for one in referral.children if must_part(one, child)}
    known = child.live_apart_at if isinstance(child, ChildAsKnown) else frozenset[HomeRef]()
    return known.union(home for home in found if home is not None)


def siblings_known(child: Child) -> Mapping[ChildRef, frozenset[HomeRef]]:
    """Where brothers and sisters who are placed live, of whom something else is known than the records here say."""
    return child.siblings_live_at if isinstance(child, ChildAsKnown) else MappingProxyType({})


def must_part(one: Child, other: Child) -> bool:
    """Whether one of the two must live apart from the other."""
    return one.ref in other.live_apart_from or other.ref in one.live_apart_from


def whose_home_matters(referrals: Iterable[Referral]) -> frozenset[ChildRef]:
    """Of whom it has to be known where they live: from whom somebody must live apart, and whoever must."""
    asking = [child for referral in referrals for child in referral.children if child.live_apart_from]
    return frozenset(child.ref for child in asking).union(*(child.live_apart_from for child in asking))


def with_homes(
    referrals: Sequence[Referral],
    lives: Mapping[ChildRef, Collection[HomeRef]],
    kept_from: Mapping[ChildRef, Collection[ChildRef]] | None = None,
    siblings: Siblings | None = None,
) -> tuple[Referral, ...]:
    """The referrals with the homes that are known of these people, for every child that may not live beside them.

    `kept_from`: who has a child in a list of their own, wherever they wait. `siblings`: as for `with_known`.
    """
    apart: dict[ChildRef, set[HomeRef]] = defaultdict(set)
    for child in (child for referral in referrals for child in referral.children):
        for person in child.live_apart_from:
            apart[child.ref].update(lives.get(person, ()))
            apart[person].update(lives.get(child.ref, ()))
        for person in (kept_from or {}).get(child.ref, ()):
            apart[child.ref].update(lives.get(person, ()))
    return with_known(referrals, apart, siblings)


def with_known(
    referrals: Sequence[Referral], apart: Mapping[ChildRef, Collection[HomeRef]], siblings: Siblings | None = None
) -> tuple[Referral, ...]:
    """The referrals with what is known of others, for these children; the others as they are.

    `apart`: the homes where each may not live. `siblings`: where brothers and sisters of each live.
    """
    theirs: Siblings = siblings or {}

    def known(child: Child) -> Child:
        return _as_known(child, apart.get(child.ref, ()), theirs.get(child.ref, {}))

    return tuple(
        replace(referral, children=tuple(map(known, referral.children)))
        if any(apart.get(child.ref) or theirs.get(child.ref) for child in referral.children)
        else referral
        for referral in referrals
    )


def _as_known(child: Child, apart: Collection[HomeRef], siblings: Mapping[ChildRef, Collection[HomeRef]]) -> Child:
    if not (apart or siblings):
        return child
    own = {field.name: getattr(child, field.name) for field in fields(Child)}
    at = {sibling: frozenset(homes) for sibling, homes in siblings.items()}
    return ChildAsKnown(**own, live_apart_at=frozenset(apart), siblings_live_at=at)
