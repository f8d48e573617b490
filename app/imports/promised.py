"""What is said to whoever stores a home in which children have been given places, where it has no room for them now.

A provider's message is a fact and is never refused. But whoever sends it should not learn at the door of the home
that a child who was promised a place cannot move in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from app.documents.places import Note
from app.matching.home import Home
from app.matching.referral import HomeRef

TOO_FEW = (
    "Children were given places here by placements, and the home as it is stored now has too few"
    " (who lives here or is to: {there}; places held: {held}; places in all: {places})."
    " Until that is mended nobody is accepted or moves in. Look at the placements of this home."
)
MAYBE_TWICE = " Leave out of `places_held` every place that is held for a child of this service: it is counted already."


def note_of(home: Home, claimed: Collection[str], at: str = "") -> Note | None:
    """What is to be said of a home in which these children have places by placements; None where there is room.

    `at` begins the path of the field.
    """
    there = len({str(resident.ref) for resident in home.residents} | set(claimed))
    if not claimed or there + home.places_held <= home.places:
        return None
    said = TOO_FEW.format(there=there, held=home.places_held, places=home.places)
    return Note(f"{at}places", said + (MAYBE_TWICE if home.places_held else ""))


def notes_of(homes: Iterable[Home], claimed: Mapping[HomeRef, Collection[str]], paths: Mapping[str, str]) -> list[Note]:
    """The same of an inventory. `paths`: where each home stands in what was sent, by its reference."""
    found = (note_of(home, claimed.get(home.ref, ()), paths.get(home.ref, "")) for home in homes)
    return [note for note in found if note is not None]
