"""What the model found wrong, in our own words: which field, what, and the cure. Never what was sent.

Pydantic's own messages are not used, as some repeat the input, and a path may hold a key that somebody made
up. Only names that this service itself knows may stand in a path.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
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

_PLAIN = {
    "missing": ("This field is missing.", "Send it. Where null may stand and it is not known, send null."),
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


def problems_of(errors: Iterable[Error], at: str = "") -> list[FieldProblem]:
    """The errors of a validation as problems; `at` begins their paths.

    What an unknown field was meant to be is guessed for the first few errors alone: that takes a while.
    """
    numbered = enumerate(errors)
    return list(dict.fromkeys(_problem(error, at, guess=number < MOST_GUESSES) for number, error in numbered))


def _problem(error: Error, at: str, *, guess: bool) -> FieldProblem:
    kind, context, where = error["type"], error.get("ctx", {}), error["loc"]
    if kind == "extra_forbidden":
        return FieldProblem(
            _path(where[:-1], at), "This object has a field that is not known here.", _near(where[-1], guess=guess)
        )
    path = _path(where, at)
    if kind == BARE_LIST:
        return FieldProblem(path, "This must be an object, not a bare list.", f'Send {{"{context["name"]}": [...]}}.')
    if kind in _PLAIN:
        return FieldProblem(path, *_PLAIN[kind])
    if kind in _BOUNDS:
        return FieldProblem(path, f"This must be {_BOUNDS[kind].format_map(context)}.", "Check the value and its unit.")
    if kind in ("enum", "literal_error"):
        return FieldProblem(path, "This is not one of the words that may stand here.", f"Send {context['expected']}.")
    return FieldProblem(
        path, "This is not what belongs here.", "Compare it with the example in the API's documentation."
    )


def _path(where: Iterable[str | int], at: str) -> str:
    """`children[0].sdq`: positions, and such names as are our own."""
    path = at.removesuffix(".")
    for step in where:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step in names():
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
    for model in (ReferralIn, HomeIn, PlacedIn, RunIn, SnapshotIn, WebhookIn, *DECISIONS):
        schema = model.model_json_schema()
        for part in (schema, *schema.get("$defs", {}).values()):
            found |= set(part.get("properties", ()))
            found |= {str(word) for word in part.get("enum", ())}
    return frozenset(found)
