"""What a list should say of those for whom no home is looked for: they have a place, or their placement has ended.

And to whoever stores a referral, what its search begins for those who had or have a placement, and what it does not.

No child is named: the placement is, and whoever reads the list may look at that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.deciding import cures
from app.documents.places import Note
from app.matching.codes import KeepTogether
from app.matching.listed import Parted
from app.matching.referral import Rest
from app.store.answered import Ended
from app.store.placement_records import State
from app.store.under_way import Asks, Place, Waiting

FIELD = "referral.children"
"""What all notes beside a list are about."""

SEARCH = "waiting_since"
"""What those are about that are told to whoever stores a referral."""

LIVES = (
    "They live there: to look for another home, have the case system send the referral again, {cure} Until then nothing"
    " of this list can be held."
)
MOVES = (
    "This referral asks for another home for them, as the search of its `waiting_since` is not the one which that "
    "placement answered. To look for the others alone, name those in `children`. Where they are to stay, have the "
    "referral sent without them."
)
BEGUN = (
    "The `waiting_since` begins a move of children who live in home {home} (placement {placement}): another home is"
    " looked for them too. To look for the others alone, name those in `children` where you ask for a list and hold."
    " Where these are to stay, send the referral without them."
)
OVER = (
    "This begins no search for children whose placement {placement} ended on {ended_on} ({reason}): it is of before"
    " that, or was answered by it. {what} until the referral is sent with a `waiting_since` of {day} or later,"
    " once that day has come."
)
AGAIN = "until the referral is sent again, with a `waiting_since` of {day} or later, once that day has come"
NO_HOLD, NO_RUN = "No home can be held for them", "No run looks for a home for them"
MEANWHILE = "A person may hold one for them meanwhile."
BY_NAME = "A person may hold one for them meanwhile: name them in `children` where you ask for the list, and hold."
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
    if parted.others_at is not None:
        said += f" In home {parted.others_at} all the others live: there nobody is parted."
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
        lives = LIVES.format(cure=cures.A_MOVE.format(day=one.search_from))
        yield [f"Children of this list {_have(one)}.", lives if one.state is State.PLACED else PURSUED]


def _moving(found: Waiting) -> Iterator[list[str]]:
    for one in {one.placement: one for one in found.moving}.values():
        yield [f"Children of this list live in home {one.home} (placement {one.placement}).", MOVES]


def _have(place: Place) -> str:
    return f"have a place in home {place.home} (placement {place.placement}, {place.state})"


def _ended(found: Waiting) -> Iterator[list[str]]:
    listed = {child.ref for child in found.referral.record.children}
    for is_listed in (True, False):
        for one in _each_end(one for one in found.ended if (one.child in listed) is is_listed):
            who = "Children of this list" if is_listed else "Brothers or sisters"
            again, of_it = AGAIN.format(day=one.search_from), f"({one.reason}, placement {one.placement})"
            if one.left_care:
                yield [f"{who} left care on {one.ended_on} {of_it}. {NO_HOLD} {again}."]
            else:
                said = f"{who} had a placement that ended on {one.ended_on} {of_it}."
                yield [said, f"{NO_RUN} {again}.", MEANWHILE if is_listed else BY_NAME]


def _each_end(ended: Iterable[Ended]) -> Iterable[Ended]:
    """Of one placement each child may have an end of its own; those of one day and reason are told together."""
    return {(each.placement, each.ended_on, each.reason): each for each in ended}.values()


def notes_of_search(asks: Asks) -> list[Note]:
    """What to say to whoever has stored a referral: of a move that it begins, and of a search that is none."""
    lives = {one.placement: one for one in asks.moving}.values()
    begun = (BEGUN.format(home=one.home, placement=one.placement) for one in lives)
    over = (
        OVER.format(
            placement=one.placement,
            ended_on=one.ended_on,
            reason=one.reason,
            what=NO_HOLD if one.left_care else NO_RUN,
            day=one.search_from,
        )
        for one in _each_end(asks.ended)
    )
    return [Note(SEARCH, said) for said in (*begun, *over)]
