"""Children who left a home together are told of each, as far as one list is not for all of them."""

from __future__ import annotations

from app.api.waiting_notes import notes_of
from app.store.answered import Ended
from app.store.earlier import Earlier
from app.store.load import StoredReferral
from app.store.under_way import Waiting
from tests.support.builders import AS_OF, a_child, a_referral


def test_one_who_is_asked_for_and_one_who_is_not() -> None:
    """One end each, by one placement: the list is for the first, and the second is asked for by name."""
    listed, other = a_child(ref="C1"), a_child(ref="C2")
    ended = tuple(Ended(child.ref, "p" * 32, AS_OF, "CARPL", AS_OF) for child in (other, listed, listed))
    beside = Waiting(StoredReferral(a_referral(listed), 1), 1, Earlier((), ()), ended=ended)
    first, second = (note.note for note in notes_of(beside))
    assert ("Children of this list had" in first, "name them" in first) == (True, False)
    assert ("Brothers or sisters had" in second, "name them" in second) == (True, True)
