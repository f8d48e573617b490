"""Places in documents: postcodes looked up all at once, and what is to be said about those that cannot be.

A home postcode that is known but has no position is taken as not known, with a note. The centre of a zone
is not: a zone that silently fell away could cost a child's safety, so it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from app.errors import FieldProblem
from app.geo.grid import Location
from app.geo.postcodes import (
    PostcodeDirectory,
    PostcodeError,
    PostcodeOffGrid,
    PostcodeWithoutCoordinates,
)

Plain: TypeAlias = dict[str, Any]

Answers: TypeAlias = Mapping[str, Location | PostcodeError]
"""Each postcode with its place, or why it has none."""

NOT_PLACED = (PostcodeOffGrid, PostcodeWithoutCoordinates)
"""Known postcodes of which nobody can say how far they are."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something the caller should know about a field, though it was taken."""

    field: str
    note: str


@dataclass(slots=True)
class Found:
    """What came of reading documents: problems refuse them, notes do not."""

    problems: list[FieldProblem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def problem(self, where: str, problem: str, cure: str) -> None:
        """Note something that refuses the document."""
        self.problems.append(FieldProblem(where, problem, cure))


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a plain document: the object that holds it, the name it has there, and its path."""

    holder: Plain
    name: str
    path: str


def lookup(spots: Sequence[Spot], directory: PostcodeDirectory) -> Answers:
    """Every postcode of these places, looked up once."""
    texts = sorted({text for spot in spots if isinstance(text := spot.holder[spot.name], str)})
    return dict(zip(texts, directory.locate_many(texts), strict=True)) if texts else {}


def settle(spots: Sequence[Spot], answers: Answers, found: Found) -> None:
    """Put the plain location (or None) where a postcode or grid point stands."""
    for spot in spots:
        value = spot.holder[spot.name]
        if isinstance(value, str):
            spot.holder[spot.name] = _located(answers[value], spot.path, found)
        elif value is not None:
            spot.holder[spot.name] = {**value, "postcode": None}


def _located(answer: Location | PostcodeError, path: str, found: Found) -> Plain | None:
    if isinstance(answer, Location):
        return {
            "easting": answer.easting,
            "northing": answer.northing,
            "authority": answer.authority,
            "postcode": answer.postcode,
        }
    if isinstance(answer, NOT_PLACED):
        found.notes.append(Note(path, f"Taken as not known. {answer.message}"))
    else:
        first, _, rest = answer.message.partition(". ")
        found.problem(path, f"{first}.", rest)
    return None


def unplaced(spots: Iterator[Spot]) -> None:
    """The other way: where a plain location stands, put its postcode, or the grid point where it has none."""
    for spot in spots:
        value = spot.holder[spot.name]
        if value is not None:
            postcode = value.pop("postcode")
            spot.holder[spot.name] = value if postcode is None else postcode
