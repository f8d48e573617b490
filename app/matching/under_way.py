"""Who is still looked for: children whose placement is under way, or was made, are not put forward again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, replace

from app.matching.referral import ChildRef, HomeRef, PlacedSibling, Referral, Rest


def still_waiting(referral: Referral, places: Mapping[ChildRef, HomeRef]) -> Referral | None:
    """The referral without the children who have a place, and where these will live told to the others.

    So those who are left may still come to live with their brothers and sisters, and must where they must stay
    together. None where nobody is left.
    """
    gone = {child.ref: places[child.ref] for child in referral.children if child.ref in places}
    if not gone:
        return referral
    left = tuple(child for child in referral.children if child.ref not in gone)
    if not left:
        return None
    people = []
    for child in left:
        known = tuple(sibling for sibling in child.placed_siblings if sibling.child not in gone)
        there = tuple(PlacedSibling(ref, home) for ref, home in gone.items())
        people.append(replace(child, placed_siblings=known + there))
    return rest_of(replace(referral, children=tuple(people)), frozenset(gone.values()))


def rest_of(referral: Referral, homes: frozenset[HomeRef]) -> Rest:
    """The referral as what is left of one whose others have places in these homes."""
    return Rest(**{field.name: getattr(referral, field.name) for field in fields(Referral)}, siblings_at=homes)


def whom_a_list_is_for(
    referral: Referral,
    answered: Collection[ChildRef],
    places: Mapping[ChildRef, HomeRef],
    left_care: Collection[ChildRef] = (),
    named: Collection[str] = (),
) -> Referral | None:
    """The referral with those who still wait; where nobody does, with those who have no place any more.

    Who left one may need another tonight, whether brothers and sisters stay there or not; of them who left care needs
    none, and is nobody with whom the others must stay together. `named`: children who are asked for. Where one of them
    is not among those who wait, it is for all who have no place, so that nobody is parted unseen. None: all have one.
    """
    for gone in (answered, left_care):
        for waiting in without_answered([referral], gone):
            left = still_waiting(waiting, places)
            if left is not None and (gone is left_care or _has_all(left, named, left_care)):
                return left
    return still_waiting(referral, places)


def _has_all(referral: Referral, named: Collection[str], left_care: Collection[ChildRef]) -> bool:
    return {*named} - {*left_care} <= {child.ref for child in referral.children}


def all_still_waiting(referrals: Iterable[Referral], places: Mapping[ChildRef, HomeRef]) -> tuple[Referral, ...]:
    """The same of many referrals, without those of which nobody is left."""
    if not places:
        return tuple(referrals)
    return tuple(left for referral in referrals if (left := still_waiting(referral, places)) is not None)


def without_answered(referrals: Iterable[Referral], answered: Collection[ChildRef]) -> Iterator[Referral]:
    """Referrals without children whose own was answered already, and without those of which nobody is left.

    Where these live by now nobody knows here: the others are told nothing of it.
    """
    for referral in referrals:
        left = tuple(child for child in referral.children if child.ref not in answered)
        if len(left) == len(referral.children):
            yield referral
        elif left:
            yield replace(referral, children=left)
