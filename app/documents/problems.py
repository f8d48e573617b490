"""What the model found wrong, in our own words: which field, what, and the cure. Never a value that was sent.

Pydantic's own messages are not used, as some repeat the input, and a path may hold a key that somebody made
up. Only names that this service itself knows may stand in a path. An unknown one may be a person's, however it is
written, and is never repeated: what is told is the object in which it stands, how many there are, the known names
that are like them, and all that may stand there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import BaseModel

from app.documents.fields import FIRST_DAY, LAST_DAY
from app.documents.known_names import fields, fields_at, may_be_null, names
from app.errors import FieldProblem

Error = Mapping[str, Any]
Where: TypeAlias = tuple[str | int, ...]

MOST_GUESSES = 20
"""Unknown fields of one document for which the nearest known one is looked up."""

NOTHING_LOST = "Fields that are not documented are refused, so that nothing is lost."

BARE_LIST = "bare_list"
"""An error of our own: a list where an object is expected that has such a list, under `name` of its context."""

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
    document: type[BaseModel] | None = None,
) -> list[FieldProblem]:
    """The errors of a validation as problems; `at` begins their paths.

    `path` and `query`: names that the address itself reads there. `document`: what was to be sent, where all that may
    stand in an object is to be told beside a name in it that is not known. What an unknown name was meant to be is
    guessed for the first few alone: that takes a while.
    """
    found = list(errors)
    unknown = _unknown(found)
    asked, names_of_query = frozenset((*path, *query)), frozenset(query)
    guesses = MOST_GUESSES
    told: dict[FieldProblem, None] = {}
    for error in found:
        where = error["loc"]
        if error["type"] != "extra_forbidden":
            told[_told(error, _path(where, at, asked))] = None
        elif (made_up := unknown.pop(_place(where), None)) is not None:
            if where[0] == "query":
                problem = _of_query(len(made_up), names_of_query)
            else:
                inside = () if document is None else fields_at(document, where[:-1])
                problem = _of_object(_path(_place(where), at, asked), where, made_up, made_up[:guesses], inside)
            told[problem] = None
            guesses = max(0, guesses - len(made_up))
    return list(told)


def _unknown(errors: Iterable[Error]) -> dict[Where, list[str]]:
    """The names that are not known, by the place that is told of each."""
    found: dict[Where, list[str]] = {}
    for error in errors:
        if error["type"] == "extra_forbidden":
            found.setdefault(_place(error["loc"]), []).append(str(error["loc"][-1]))
    return found


def _place(where: Where) -> Where:
    """The object in which an unknown name stands; with the name, where it is a field of ours that belongs elsewhere."""
    return where if where[0] != "query" and where[-1] in fields() else where[:-1]


def _of_query(count: int, taken: Collection[str]) -> FieldProblem:
    named = ", ".join(sorted(taken))
    cure = f"This address reads: {named}. Take out what is none of them." if named else "Take it out."
    return FieldProblem("query", f"The query has {_so_many(count, 'name')} not known here.", cure)


def _of_object(
    path: str, where: Where, made_up: Sequence[str], guessed: Sequence[str], taken: Sequence[str]
) -> FieldProblem:
    """Names that are not known in an object: how many, the known ones that are like them, and all that there are."""
    is_ours = where[-1] in fields()
    said = "This field is" if is_ours else f"This object has {_so_many(len(made_up), 'field')}"
    near = dict.fromkeys(_near(name, taken) for name in guessed)
    meant = ", ".join(name for name in near if name is not None)
    cures = [f"Did you mean {meant}?"] if meant else []
    cures += [f"This object takes: {', '.join(taken)}."] if taken else []
    cures += [NOTHING_LOST if cures else f"Take it out: {NOTHING_LOST[0].lower()}{NOTHING_LOST[1:]}"]
    return FieldProblem(path, f"{said} not known here.", " ".join(cures))


def _so_many(count: int, kind: str) -> str:
    return f"a {kind} that is" if count == 1 else f"{count} {kind}s that are"


def _near(name: str, taken: Sequence[str]) -> str | None:
    """The known name most like an unknown one."""
    (near,) = difflib.get_close_matches(name[:40], taken or names(), n=1) or (None,)
    return near if near != name else None


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
    return "Send it, or null where it is not known." if where[-1] in may_be_null() else "Send it; it cannot be null."


def _path(where: Iterable[str | int], at: str, more: Collection[str] = ()) -> str:
    """`children[0].sdq`: positions, and such names as are our own, or in `more`."""
    path = at.removesuffix(".")
    for step in where:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step in names() or step in more:
            path += f".{step}" if path else step
    return path or "body"
