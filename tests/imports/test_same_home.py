"""An import of homes of which many have one number: what is said of them takes no time of those who wait for it."""

from __future__ import annotations

from app.imports.same_home import MOST_NAMED, MOST_TOLD, notes_of
from app.matching.codes import HomeKind
from app.matching.referral import HomeRef
from app.store.same_home import Known


class _Counted(str):
    """A reference that counts how often references are compared."""

    __slots__ = ()
    compared = 0

    def __lt__(self, other: str) -> bool:
        _Counted.compared += 1
        return str.__lt__(self, other)


def _told(count: int) -> tuple[list[str], int]:
    """What is said of so many new homes whose number is a word for none, and how many comparisons it took."""
    homes = [
        Known(HomeRef(_Counted(f"H{n:04}")), HomeKind.CHILDRENS_HOME, "0000000", f"N{n}", None) for n in range(count)
    ]
    _Counted.compared = 0
    notes = notes_of([home.ref for home in homes], homes)
    return [note.note for note in notes], _Counted.compared


def test_the_first_of_many_twins_are_named() -> None:
    """Each home is told of others than itself, so many and no more, the first by their references."""
    said, _ = _told(MOST_NAMED + 2)
    named = [[n for n in range(MOST_NAMED + 2) if f"H{n:04}" in one] for one in said]
    assert named == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]


def test_twice_as_many_homes_take_twice_as_long() -> None:
    """A placeholder in every row is nothing to wait for: nobody decides anything while an import is stored."""
    few, many = _told(300), _told(600)
    assert len(few[0]) == len(many[0]) == MOST_TOLD + 1
    assert many[1] < 3 * few[1]
