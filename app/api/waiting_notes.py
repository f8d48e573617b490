"""What a list should say of those for whom no home is looked for: they have a place, or their placement has ended.

No child is named: the placement is, and whoever reads the list may look at that.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.documents.places import Note
from app.matching.codes import KeepTogether
from app.matching.listed import Parted
from app.matching.referral import Rest
from app.store.placement_records import State
from app.store.under_way import Place, Waiting

FIELD = "referral.children"
"""What all of these notes are about."""

LIVES = (
    "They live there: to look for another home, have the case system send the referral again, with a `waiting_since` "
    "after the day of that move; until then nothing of this list can be held."
)
MOVES = (
    "This referral asks for another home for them, as its `waiting_since` is after the day of that move. To look for "
    "the others alone, name those in `children`. Where they are to stay, have the referral sent without them."
)
PURSUED = "Go on with that placement, or withdraw it first: until then nothing of this list can be held."
APART = "They must stay together: in any other home the rule siblings_together is not met."
PARTED = "They must stay together, but have places in several homes: the rule siblings_together is met in none."


def notes_of(found: Waiting) -> list[Note]:
    """What is to be said beside the list of a referral; nothing of one whose children all wait."""
    if not (found.places or found.ended or found.moving):
        return []
    return [Note(FIELD, " ".join(said)) for said in (*_placed(found), *_moving(found), *_ended(found))]


def parted_notes(parted: Parted | None, field: str) -> list[Note]:
    """What is to be said of a list for some of the children alone; nothing of one for all of them."""
    if parted is None:
        return []
    said = (
        "These are not all children of the referral for whom a home is looked for: whoever holds a place for them "
        "alone parts brothers and sisters, and says why (`reason`)."
    )
    homes = "No home could take all of them together." if not parted.open_to_all else _homes(parted.open_to_all)
    return [Note(field, f"{said} {homes}")]


def _homes(count: int) -> str:
    return "One home could take all of them together." if count == 1 else f"{count} homes could take all of them."


def _placed(found: Waiting) -> Iterator[list[str]]:
    places = {one.placement: one for one in found.places}
    record = found.referral.record
    if isinstance(record, Rest):
        required = record.keep_together is KeepTogether.REQUIRED
        together = [PARTED if len(record.siblings_at) > 1 else APART] if required else []
        for one in places.values():
            yield [f"Brothers or sisters {_have(one)}.", *together]
        return
    for one in places.values():
        yield [f"Children of this list {_have(one)}.", LIVES if one.state is State.PLACED else PURSUED]


def _moving(found: Waiting) -> Iterator[list[str]]:
    for one in {one.placement: one for one in found.moving}.values():
        yield [f"Children of this list live in home {one.home} (placement {one.placement}).", MOVES]


def _have(place: Place) -> str:
    return f"have a place in home {place.home} (placement {place.placement}, {place.state})"


def _ended(found: Waiting) -> Iterator[list[str]]:
    listed = {child.ref for child in found.referral.record.children}
    # Of one placement each child may have an end of its own.
    for one in {(each.placement, each.ended_on, each.reason): each for each in found.ended}.values():
        who = "Children of this list" if one.child in listed else "Brothers or sisters"
        if one.left_care:
            said = f"{who} left care on {one.ended_on} ({one.reason}, placement {one.placement})."
            cure = "The referral was not sent since: it must be, before a home can be held for them."
        else:
            said = f"{who} had a placement that ended on {one.ended_on} ({one.reason}, placement {one.placement})."
            cure = "The referral was not sent since: until it is, no run looks for a home for them."
        yield [said, cure]
