"""Whether a home that is stored under a new reference is one that is stored already: then it would be there twice."""

from __future__ import annotations

from app.documents.places import Note
from app.matching.home import Home
from app.matching.pool import Pool

MOST_NAMED = 3


def notes_of(home: Home, pool: Pool) -> list[Note]:
    """What to say of a new home at the place of another of its kind that has its URN or name; nothing of any other.

    `pool`: the homes that are known. It may be a moment old: this is for a person to look at, and refuses nothing.
    """
    if home.ref in pool.row_of:
        return []
    twins = [other.ref for other in pool.records if _seems_the_same(home, other)]
    if not twins:
        return []
    told = (
        f"A home of this kind is stored at the same place with the same URN or name: {', '.join(twins[:MOST_NAMED])}. "
        "If it is this one, store it by that reference, or take one of the two away: its places are offered twice, and "
        "who lives in the one is not seen in the other."
    )
    return [Note("ref", told)]


def _seems_the_same(home: Home, other: Home) -> bool:
    if home.location is None or home.location != other.location or home.kind is not other.kind:
        return False
    return (home.urn is not None and home.urn == other.urn) or (home.name != "" and home.name == other.name)
