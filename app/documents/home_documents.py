"""Homes out of their JSON form, and into it; one, or a whole inventory with the number of each wrong row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from app.documents.checks import check_home
from app.documents.fields import plain
from app.documents.home_models import HomeIn
from app.documents.places import Answers, Found, Note, Plain, Spot, lookup, settle, unplaced
from app.documents.problems import problems_of
from app.errors import FieldProblem, Invalid
from app.geo.postcodes import PostcodeDirectory
from app.matching.home import Home
from app.store.codec import decoder, encoder

MOST_PROBLEMS = 1_000
"""Problems told in one answer; the rest are counted."""


@dataclass(frozen=True, slots=True)
class ReadHome:
    """A home, and what its sender should know."""

    record: Home
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class ReadHomes:
    """The homes of an inventory that will do, what is wrong with the others, and what should be known."""

    records: tuple[Home, ...]
    problems: tuple[FieldProblem, ...]
    rows_refused: int
    notes: tuple[Note, ...]


def read_home(document: HomeIn, directory: PostcodeDirectory, today: date, at: str = "") -> ReadHome:
    """The record of a home. Raises `Invalid` naming every field that will not do; `at` begins their paths."""
    found = Found()
    written = plain(document)
    spots = [Spot(written, "location", f"{at}location")]
    record = _settled(document, written, spots, lookup(spots, directory), (today, at, found))
    if record is None:
        raise Invalid(found.problems)
    return ReadHome(record, tuple(found.notes))


def read_homes(rows: Sequence[Any], directory: PostcodeDirectory, today: date, at: str = "homes") -> ReadHomes:
    """Every row that is a home, and the problems of the others by row. Two rows of one reference: refused."""
    every = Found()
    documents: list[tuple[int, HomeIn]] = []
    refused: set[int] = set()
    for n, row in enumerate(rows):
        try:
            documents.append((n, HomeIn.model_validate(row)))
        except ValidationError as error:
            refused.add(n)
            if len(every.problems) < MOST_PROBLEMS:
                every.problems += problems_of(error.errors(include_input=False), f"{at}[{n}].")
    refused |= _repeated(documents, at, every)
    plains = [(n, document, plain(document)) for n, document in documents if n not in refused]
    spots = [Spot(written, "location", f"{at}[{n}].location") for n, _, written in plains]
    answers = lookup(spots, directory)
    records = []
    for (n, document, written), spot in zip(plains, spots, strict=True):
        found = Found()
        record = _settled(document, written, [spot], answers, (today, f"{at}[{n}].", found))
        every.problems += found.problems
        every.notes += found.notes
        if record is None:
            refused.add(n)
        else:
            records.append(record)
    return ReadHomes(tuple(records), tuple(every.problems[:MOST_PROBLEMS]), len(refused), tuple(every.notes))


def write_home(home: Home) -> Plain:
    """The JSON form of a home; `read_home` gives the same record back."""
    return home_as_sent(encoder(Home)(home))


def home_as_sent(written: Plain) -> Plain:
    """The JSON form of a home out of what is stored for it, which becomes that."""
    unplaced(iter([Spot(written, "location", "location")]))
    return written


def _settled(
    document: HomeIn, written: Plain, spots: list[Spot], answers: Answers, about: tuple[date, str, Found]
) -> Home | None:
    today, at, found = about
    check_home(document, today, found, at)
    settle(spots, answers, found)
    return None if found.problems else decoder(Home)(written)


def _repeated(documents: Sequence[tuple[int, HomeIn]], at: str, found: Found) -> set[int]:
    first: dict[str, int] = {}
    again = set()
    for n, document in documents:
        if document.ref in first:
            again.add(n)
            where = f"{at}[{n}].ref"
            found.problem(where, f"Row {first[document.ref]} has the same reference.", "Send each home once.")
        first.setdefault(document.ref, n)
    return again
