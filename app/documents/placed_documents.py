"""Children of the caseload out of their JSON form, and into it; one, or all with the number of each wrong row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.documents.fields import plain
from app.documents.placed_models import PlacedIn
from app.documents.places import Found, Note, Plain, Spot, lookup, settle, unplaced
from app.documents.problems import problems_of
from app.errors import FieldProblem, Invalid
from app.geo.postcodes import PostcodeDirectory
from app.matching.placed import Placed
from app.store.codec import decoder, encoder

PLACES = ("location", "family_home")
MOST_PROBLEMS = 1_000


@dataclass(frozen=True, slots=True)
class ReadPlaced:
    """The children that will do, what is wrong with others, and what should be known."""

    records: tuple[Placed, ...]
    problems: tuple[FieldProblem, ...]
    notes: tuple[Note, ...]


def read_placed(document: PlacedIn, directory: PostcodeDirectory) -> ReadPlaced:
    """The record of one child. Raises `Invalid` naming every field that will not do."""
    read = _settled([("", document)], directory, Found())
    if read.problems:
        raise Invalid(read.problems)
    return read


def read_caseload(rows: Sequence[Any], directory: PostcodeDirectory, at: str = "children") -> ReadPlaced:
    """Every row, all postcodes looked up at once. Two rows of one reference are refused."""
    found = Found()
    documents: list[tuple[str, PlacedIn]] = []
    first: dict[str, int] = {}
    for n, row in enumerate(rows):
        path = f"{at}[{n}]."
        try:
            document = PlacedIn.model_validate(row)
        except ValidationError as error:
            found.problems += problems_of(error.errors(include_input=False), path)
            continue
        if document.ref in first:
            said = f"Row {first[document.ref]} has the same reference."
            found.problem(f"{path}ref", said, "Send each child once.")
        first.setdefault(document.ref, n)
        documents.append((path, document))
    return _settled(documents, directory, found)


def write_placed(child: Placed) -> Plain:
    """The JSON form of a child of the caseload; `read_placed` gives the same record back."""
    written: Plain = encoder(Placed)(child)
    unplaced(iter([Spot(written, name, name) for name in PLACES]))
    return written


def _settled(documents: Sequence[tuple[str, PlacedIn]], directory: PostcodeDirectory, found: Found) -> ReadPlaced:
    written = [(path, plain(document)) for path, document in documents]
    spots = [Spot(each, name, f"{path}{name}") for path, each in written for name in PLACES]
    settle(spots, lookup(spots, directory), found)
    records = () if found.problems else tuple(decoder(Placed)(each) for _, each in written)
    return ReadPlaced(records, tuple(found.problems[:MOST_PROBLEMS]), tuple(found.notes))
