"""What is said to whoever sends a caseload in which a child lives in a stored home that does not know of it.

The caseload is counted by the local target and the costs. Whether a home has room, and who would live with whom, the
engine reads from the home itself: a child who is missing there takes no place, and nobody is kept safe from it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from app.documents.places import Note
from app.matching.referral import ChildRef

MOST_TOLD = 100
"""Children of one import who are told of each by itself."""

NOT_LISTED = (
    "This home is stored, and the child is not among its residents. Places are counted, and who may live together is"
    " judged, by the home's own record; of the caseload only living apart takes note. Have the home stored with this"
    " child among its `residents`."
)
MORE = "The same is so of {count} more children of this import."


def notes_of(missing: Collection[ChildRef], paths: Mapping[str, str]) -> list[Note]:
    """A note for each of these children who was sent. `paths`: how the path of each begins, by its reference."""
    fields = [f"{path}home" for ref, path in paths.items() if ref in missing]
    told = [Note(field, NOT_LISTED) for field in fields[:MOST_TOLD]]
    more = len(fields) - len(told)
    return [*told, *([Note("children", MORE.format(count=more))] if more else [])]
