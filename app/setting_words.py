"""What is said of a setting that will not do: the variable, what would do, and never what was given."""

from __future__ import annotations

import difflib
import json
import re
import types
from collections.abc import Iterable, Mapping
from typing import Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

PREFIX = "PLACEMENT_"

NEEDED: Mapping[str, str] = {
    "nightly_at": "must be a time of day such as 02:00, or empty for no nightly run",
    "authority": "must be a GSS code of an authority, such as E06000018",
    "trusted_proxies": "must be addresses or networks, none of which is everybody",
    "otlp_endpoint": "must be an address such as http://collector:4318/v1/traces, or empty for none",
    "oidc_scope": "must begin with the word openid, such as: openid profile",
}
"""What would be right, where a pattern could not say it to a person."""

EXAMPLES: Mapping[str, str] = {
    "allowed_hosts": '["placements.example.org"]',
    "trusted_proxies": '["10.0.0.5", "10.1.0.0/24"]',
    "oidc_algorithms": '["RS256", "ES256"]',
    "oidc_roles": '{"Placements Officers": "officer", "Nominated Officers": "approver"}',
    "oidc_person_values": '["user"]',
    "webhook_hosts": '["cases.example.org"]',
    "webhook_keys": '{"cases": "a key of at least 32 letters and digits"}',
}
"""A right value of each setting that holds several; such a one is given as JSON."""

_SAID_BY_KIND: Mapping[str, str] = {
    "bool_parsing": "must be true or false",
    "string_too_short": "must not be empty",
}

ADDRESS = "must be an address that begins with sqlite:/// or postgresql+psycopg://"


def told(error: ValidationError, fields: Mapping[str, FieldInfo]) -> str:
    """Each variable that will not do, and what would; never the value, which may be a secret."""
    said = []
    for one in error.errors(include_input=False, include_url=False):
        name = str(one["loc"][0]) if one["loc"] else ""
        needed = _needed(name, fields.get(name), one["type"], one.get("ctx", {}), one["msg"])
        said.append(f"{variable(name)}: {needed}" if name else named(needed, fields))
    return ". ".join(dict.fromkeys(said)) + "."


def variable(field: str) -> str:
    """The variable that sets a field."""
    return PREFIX + field.upper()


def require_json(given: Mapping[str, str], fields: Mapping[str, FieldInfo]) -> None:
    """Raise `ValueError` for a setting of several values that is no JSON, with an example. `given`: by variable."""
    for name, field in fields.items():
        if holds_several(field.annotation) and (text := given.get(variable(name))) is not None:
            try:
                json.loads(text)
            except ValueError:
                raise ValueError(f"{variable(name)}: {as_json(name)}.") from None


def holds_several(annotation: Any) -> bool:
    """Whether values of this type are written as JSON: a list, or words with what they stand for."""
    if get_origin(annotation) in {Union, types.UnionType}:
        return any(holds_several(part) for part in get_args(annotation))
    return get_origin(annotation) in {tuple, list, dict}


def as_json(name: str) -> str:
    """That a setting is written as JSON, with an example."""
    return f"must be JSON such as {EXAMPLES[name]}" if name in EXAMPLES else "must be JSON"


def unknown(names: Iterable[str], known: Iterable[str]) -> str:
    """That there are no such settings, each with what was meant most likely; without a guess all that there are."""
    known = sorted(known)
    guesses = {name: difflib.get_close_matches(name, known, 1, 0.85) for name in names}
    said = [f"No such setting: {name}.{f' Did you mean {near[0]}?' if near else ''}" for name, near in guesses.items()]
    if not all(guesses.values()):
        said.append(f"There are: {', '.join(known)}.")
    return " ".join(said)


def named(words: str, fields: Iterable[str]) -> str:
    """A sentence about fields, with the variables that set them in their place."""
    several = sorted((field for field in fields if "_" in field), key=len, reverse=True)
    words = re.sub(rf"\b({'|'.join(several)})\b", lambda found: variable(found[0]), words)
    return re.sub(r"\boidc_(?= )", variable("oidc_"), words)


def _needed(name: str, field: FieldInfo | None, kind: str, limits: Mapping[str, Any], words: str) -> str:
    if name in NEEDED:
        return NEEDED[name]
    if field is not None and holds_several(field.annotation):
        return as_json(name) + (f"; its words are {limits['expected']}" if "expected" in limits else "")
    if kind in {"int_parsing", "int_from_float", "int_type", "greater_than_equal", "less_than_equal"}:
        return _whole_number(field)
    if kind in {"literal_error", "enum"}:
        return f"must be {limits['expected']}"
    return _SAID_BY_KIND.get(kind) or words.removeprefix("Value error, ")


def _whole_number(field: FieldInfo | None) -> str:
    limits = {type(each).__name__.lower(): each for each in (field.metadata if field else ())}
    least, most = (getattr(limits.get(name), name, None) for name in ("ge", "le"))
    between = {
        (True, True): f" from {least} to {most}",
        (True, False): f" of {least} or more",
        (False, True): f" of {most} or less",
    }
    return f"must be a whole number{between.get((least is not None, most is not None), '')}"
