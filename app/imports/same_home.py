"""Whether a home that is stored under a new reference is one that is stored already: then it would be there twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from app.documents.places import Note
from app.matching.codes import HomeKind
from app.matching.referral import HomeRef
from app.store.same_home import Known

MOST_NAMED = 3
MOST_TOLD = 100
"""Homes of one import of which each is told by itself."""

ONE_NUMBER_A_HOME = frozenset({HomeKind.CHILDRENS_HOME, HomeKind.SECURE_HOME, HomeKind.RESIDENTIAL_SCHOOL})
"""Kinds of which each home is registered by itself. Of others an agency's number is that of all its households."""

NO_URN = "XXXXXXX"
"""What stands in returns for a home that Ofsted does not inspect."""

TOLD = (
    "A home with the same URN, or of this kind and name at the same place, is stored already: {}. If it is this one,"
    " store it by that reference, or take one of the two away: its places are offered twice, and who lives in the one"
    " is not seen in the other."
)
MORE = "The same is so of {count} more homes of this import."

_Sign: TypeAlias = tuple[Any, ...]


def notes_of(new: Iterable[HomeRef], homes: Iterable[Known], paths: Mapping[str, str] | None = None) -> list[Note]:
    """A note for each new home that has the URN or name of another; nothing of any other. It refuses nothing.

    `homes`: all that are stored, with the new ones. `paths`: how the path of each begins, by its reference.
    """
    known = {home.ref: home for home in homes}
    same: dict[_Sign, list[HomeRef]] = defaultdict(list)
    for ref in sorted(known):
        for sign in _signs(known[ref]):
            # As many as are named, and the home itself: a placeholder may stand in every row of an import.
            if len(same[sign]) <= MOST_NAMED:
                same[sign].append(ref)
    told = []
    for ref in new:
        twins = sorted({other for sign in _signs(known[ref]) for other in same[sign]} - {ref})
        if twins:
            told.append(Note(f"{(paths or {}).get(ref, '')}ref", TOLD.format(", ".join(twins[:MOST_NAMED]))))
    more = len(told) - MOST_TOLD
    return told[:MOST_TOLD] + ([Note("homes", MORE.format(count=more))] if more > 0 else [])


def _signs(home: Known) -> Iterator[_Sign]:
    """What no two homes should have in common. Capitals and blanks make no other number or name."""
    urn, name = _bare(home.urn or ""), _bare(home.name)
    if urn and urn != _bare(NO_URN):
        if home.kind in ONE_NUMBER_A_HOME:
            yield ("urn", urn)
        elif home.location is not None:
            yield ("urn", urn, home.kind, home.location)
    if name and home.location is not None:
        yield ("name", name, home.kind, home.location)


def _bare(text: str) -> str:
    return "".join(text.split()).casefold()
