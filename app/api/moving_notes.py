"""What should be said beside a home that is proposed or held for children who live somewhere by a placement already.

Accepting it begins a move, and nothing else in the answer says so. No child is named: the placement is, and whoever
reads of it may look at that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from app.documents.places import Note
from app.matching.referral import ChildRef, HomeRef
from app.store import moving_siblings
from app.store.lived_in import Lives
from app.store.moving_siblings import Leaving
from app.store.session import Database
from app.store.under_way import Waiting

FIELD = "children"
"""What all of these notes are about."""

MOVES = (
    "To go on with this moves them: that placement must end before they move in here. Where they are to stay, decline"
    " or withdraw this, and have the case system send the referral without them."
)
STAYS = "That is this home: nobody would move. Look at that placement first."

LEAVES = (
    "Brothers or sisters who live in this home by the records wait for another home themselves: these children would"
    " come to them as they leave. Look at their referral first."
)
LEAVES_SOON = (
    "Another home is held or accepted for brothers or sisters who live in this home by the records: these children"
    " would come to them as they leave. Look at their placement first."
)

SIBLINGS_WAIT = Note(
    "referral.children",
    "Brothers or sisters who are placed by the records wait for another home themselves: whoever comes to them where"
    " they live now comes as they leave. Look at their referral first.",
)
SIBLINGS_COME = Note(
    "referral.children",
    "A home is held or accepted for brothers or sisters who are placed by the records: they count as living there"
    " already, not where they live now. Look at their placement first.",
)


def notes_of(children: Collection[ChildRef], home: HomeRef, lives: Mapping[ChildRef, Lives]) -> list[Note]:
    """A note for each placement by which some of these children, for whom this home is, live somewhere."""
    where = dict.fromkeys(lives[child] for child in sorted(children) if child in lives)
    return [Note(FIELD, _said(one, home)) for one in where]


def leaving_notes(
    children: Collection[ChildRef], home: HomeRef, leaving: Mapping[ChildRef, Sequence[Leaving]]
) -> list[Note]:
    """Where a brother or sister lives in this home who is to have another. `leaving`: those of each child."""
    siblings = [one for child in children for one in leaving.get(child, ()) if home in one.homes]
    told = dict.fromkeys(LEAVES_SOON if one.found else LEAVES for one in siblings)
    return [Note(FIELD, one) for one in told]


def of_siblings(database: Database, authority: str, waiting: Waiting) -> list[Note]:
    """Beside a list: whether placed brothers and sisters are to have another home. Asked only where there are any.

    Of those of the same referral who have a place other notes tell.
    """
    named = {sibling.child for child in waiting.referral.record.children for sibling in child.placed_siblings}
    named -= {one.child for one in waiting.places}
    if not named:
        return []
    with database.reading() as reading:
        leaving = moving_siblings.who_leave(reading, authority, named)
    return [*([SIBLINGS_WAIT] if leaving.wait else []), *([SIBLINGS_COME] if leaving.come else [])]


def _said(lives: Lives, home: HomeRef) -> str:
    who = f"Children for whom this home is live in home {lives.home} (placement {lives.placement})."
    return f"{who} {STAYS if lives.home == home else MOVES}"
