"""What the model found wrong, in our own words: which field, what, and the cure. Never a value that was sent.

Pydantic's own messages are not used, as some repeat the input, and a path may hold a key that somebody made
up. Only names that this service itself knows may stand in a path, and, where the answer goes to the sender alone,
an unknown one that is written as a field is: nobody could find it otherwise among forty.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.documents.decision_models import DECISIONS
from app.documents.fields import FIRST_DAY, LAST_DAY
from app.documents.home_models import HomeIn
from app.documents.placed_models import PlacedIn
from app.documents.referral_models import ReferralIn
from app.documents.run_models import RunIn
from app.documents.snapshot_models import SnapshotIn
from app.documents.webhook_models import WebhookIn
from app.errors import FieldProblem

Error = Mapping[str, Any]

MOST_GUESSES = 20
"""Unknown fields of one document for which the nearest known one is looked up."""

BARE_LIST = "bare_list"
"""An error of our own: a list where an object is expected that has such a list, under `name` of its context."""

WRITTEN_AS_A_FIELD = re.compile(r"[a-z][A-Za-z0-9_]{0,39}", re.ASCII)
"""What an unknown name must look like to be repeated to its sender. A person's name begins with a capital."""

_ENUM_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")
"""How Python writes a word of an enumeration that stands in a list of alternatives."""

_PLAIN = {
    "json_invalid": ("It is not JSON.", "Check commas, quotation marks and brackets."),
    "string_type": ("This must be text.", "Put it in quotation marks."),
    "string_pattern_mismatch": (
        "The text has characters that may not stand here.",
        "See the pattern in the API.",
    ),
    "int_type": ("This must be a whole number.", "Send digits, without quotation marks."),
    "int_from_float": ("This must be a whole number.", "Send digits, without a decimal point."),
    "int_parsing": ("This must be a whole number.", "Send digits."),
    "float_type": ("This must be a number.", "Send digits, without quotation marks."),
    "float_parsing": ("This must be a number.", "Send digits."),
    "bool_type": ("This must be true or false.", "Send true or false, without quotation marks."),
    "bool_parsing": ("This must be true or false.", "Send true or false."),
    "list_type": ("This must be a list.", "Put it in [ ]."),
    "dict_type": ("This must be an object.", "Put it in { }."),
    "model_type": ("This must be an object.", "Put it in { }."),
    "model_attributes_type": ("This must be an object.", "Put it in { }."),
    "day": ("This is not a date.", "Send YYYY-MM-DD, for example 2026-03-02."),
    "day_out_of_range": (
        f"This date is out of range: dates run from {FIRST_DAY} to {LAST_DAY}.",
        "Check the year, or send null where it may be null.",
    ),
    "language": ("This is not a language code.", "Send an ISO 639-1 code such as pl, or bfi for BSL."),
    "repeated": ("An entry stands in this list twice.", "Send each entry once."),
    "snapshot_version": ("This service reads version 1 of the format.", "Send 1, or use the service that wrote it."),
    "too_short": ("This list is too short.", "Send at least one entry."),
}

_BOUNDS = {
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "greater_than": "more than {gt}",
    "less_than": "less than {lt}",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} characters",
    "too_long": "at most {max_length} entries",
}


def problems_of(
    errors: Iterable[Error],
    at: str = "",
    *,
    path: Collection[str] = (),
    query: Collection[str] = (),
    repeat: bool = False,
) -> list[FieldProblem]:
    """The errors of a validation as problems; `at` begins their paths.

    `path` and `query`: names that the address itself reads there. `repeat`: the answer is for the sender alone,
    so that an unknown field may be named; what is stored, as the outcome of an import is, never repeats one.
    What an unknown field was meant to be is guessed for the first few errors alone: that takes a while.
    """
    telling = _Telling(at, frozenset((*path, *query)), frozenset(query), repeat=repeat)
    numbered = enumerate(errors)
    return list(dict.fromkeys(telling.problem(error, guess=number < MOST_GUESSES) for number, error in numbered))


@dataclass(frozen=True, slots=True)
class _Telling:
    """How errors are told: where their paths begin, which names the address reads, what may be repeated."""

    at: str
    asked: frozenset[str]
    query: frozenset[str]
    repeat: bool

    def problem(self, error: Error, *, guess: bool) -> FieldProblem:
        """One error in our words."""
        where = error["loc"]
        if error["type"] == "extra_forbidden":
            return self._unknown(where, guess=guess)
        return _told(error, _path(where, self.at, self.asked))

    def _unknown(self, where: tuple[str | int, ...], *, guess: bool) -> FieldProblem:
        """A field, or a name in the query, that is not known."""
        name = str(where[-1])
        may_repeat = self.repeat and WRITTEN_AS_A_FIELD.fullmatch(name) is not None
        shown = {*self.asked, name} if may_repeat else self.asked
        path = _path(where if may_repeat else where[:-1], self.at, shown)
        if where[0] == "query":
            taken = ", ".join(sorted(self.query))
            cure = f"This address reads: {taken}. Take out what is none of them." if taken else "Take it out."
            return FieldProblem(path, "The query has a name that is not known here.", cure)
        said = "This field is not known here." if may_repeat else "This object has a field that is not known here."
        return FieldProblem(path, said, _near(name, guess=guess))


def _told(error: Error, path: str) -> FieldProblem:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return FieldProblem(path, "This is missing.", _send_it(error["loc"]))
    if kind == BARE_LIST:
        return FieldProblem(path, "This must be an object, not a bare list.", f'Send {{"{context["name"]}": [...]}}.')
    if kind in _PLAIN:
        return FieldProblem(path, *_PLAIN[kind])
    if kind in _BOUNDS:
        return FieldProblem(path, f"This must be {_BOUNDS[kind].format_map(context)}.", "Check the value and its unit.")
    if kind in ("enum", "literal_error"):
        words = _ENUM_MEMBER.sub(r"\1", str(context["expected"]))
        return FieldProblem(path, "This is not one of the words that may stand here.", f"Send {words}.")
    return FieldProblem(
        path, "This is not what belongs here.", "Compare it with the example in the API's documentation."
    )


def _send_it(where: tuple[str | int, ...]) -> str:
    """What to do about something that is missing: `null` only where it may stand."""
    if where[0] == "header":
        return "Send this header."
    return "Send it, or null where it is not known." if where[-1] in _may_be_null() else "Send it; it cannot be null."


def _path(where: Iterable[str | int], at: str, more: Collection[str] = ()) -> str:
    """`children[0].sdq`: positions, and such names as are our own, or in `more`."""
    path = at.removesuffix(".")
    for step in where:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step in names() or step in more:
            path += f".{step}" if path else step
    return path or "body"


def _near(name: object, *, guess: bool) -> str:
    """The known name most like an unknown one, which itself is not repeated."""
    near = difflib.get_close_matches(str(name)[:40], names(), n=1) if guess else []
    if near and near[0] != name:
        return f"Did you mean {near[0]}? Fields that are not documented are refused, so that nothing is lost."
    return "Take it out: fields that are not documented are refused, so that nothing is lost unseen."


@cache
def names() -> frozenset[str]:
    """Every field name and code of the documents, and the names that requests add."""
    found = {"body", "query", "path", "header", "homes", "home", "referral", "inventory", "policy", "k"}
    found |= {"Idempotency-Key", "If-Match", "If-None-Match"}
    for part in _objects():
        found |= set(part.get("properties", ()))
        found |= {str(word) for word in part.get("enum", ())}
    return frozenset(found)


@cache
def _may_be_null() -> frozenset[str]:
    """Fields that must be sent, and may be sent as null. Each name means the same in every document."""
    return frozenset(
        name
        for part in _objects()
        for name in part.get("required", ())
        if {"type": "null"} in part["properties"][name].get("anyOf", ())
    )


def _objects() -> Iterator[dict[str, Any]]:
    """Every part of the schema of every document."""
    for model in (ReferralIn, HomeIn, PlacedIn, RunIn, SnapshotIn, WebhookIn, *DECISIONS):
        schema = model.model_json_schema()
        yield schema
        yield from schema.get("$defs", {}).values()
