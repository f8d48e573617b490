"""What is said to whoever sends a caseload in which a child lives where nothing else here has it.

The caseload is counted by the local target and the costs. Whether a home has room, and who would live with whom, the
engine reads from the home itself: a child who is missing there takes no place, and nobody is kept safe from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.documents.places import Note
from app.matching.referral import ChildRef
from app.store.caseload import Doubts

MOST_TOLD = 100
"""Children of one import who are told of each by itself."""

NOT_LISTED = (
    "This home is stored, and the child is not among its residents. Places are counted, and who may live together is"
    " judged, by the home's own record; of the caseload only living apart, and where brothers and sisters live, take"
    " note. Have the home stored with this child among its `residents`; where the child does not live there, correct"
    " this record."
)
NOT_STORED = (
    "No home of this reference is stored: nobody is kept apart from the child there. Check the reference; of a home"
    " that is not in this inventory there is nothing more to do."
)
ELSEWHERE = (
    "Placement {placement} has the child in home {home}, where a place is taken up for it. If the child lives in this"
    " home now, have that placement ended first; if not, correct this record. Listed in both homes it would have two"
    " places."
)
MORE = "There are {count} more children of this import whose `home` should be looked at so."


def notes_of(doubts: Doubts, paths: Mapping[str, str]) -> list[Note]:
    """A note for each of these children who was sent. `paths`: how the path of each begins, by its reference."""
    found = ((f"{path}home", " ".join(_said(doubts, ChildRef(ref)))) for ref, path in paths.items())
    told = [Note(field, said) for field, said in found if said]
    more = len(told) - MOST_TOLD
    return told[:MOST_TOLD] + ([Note("children", MORE.format(count=more))] if more > 0 else [])


def _said(doubts: Doubts, child: ChildRef) -> Iterator[str]:
    """Where a placement has the child elsewhere, nobody is asked to list it in this home too."""
    lives = doubts.elsewhere.get(child)
    if lives is not None:
        yield ELSEWHERE.format(placement=lives.placement, home=lives.home)
    if child in doubts.not_stored:
        yield NOT_STORED
    elif lives is None and child in doubts.not_listed:
        yield NOT_LISTED
