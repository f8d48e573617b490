"""The fields that may stand in a log, each with the form of its values. Whatever is not here is left out.

A list of what is forbidden would have a gap on the day somebody logs a new thing. A name alone is no guarantee
either (`code="Jane"`), so values have forms too: numbers, codes, references made by this service itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Fits = Callable[[Any], bool]


def _pattern(text: str) -> Fits:
    compiled = re.compile(text, re.ASCII)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _all_of(fits: Fits) -> Fits:
    return lambda value: isinstance(value, list | tuple) and all(fits(each) for each in value)


CODE = _pattern(r"[a-z][a-z0-9_]{0,63}")
"""A stable word of this service: `database_busy`."""

KIND = _pattern(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")
"""Name of a class, module or function."""

NUMBER_OF_OURS = _pattern(r"[0-9a-f]{12,64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Hexadecimal digits, as this service draws and hashes them."""

ROUTE = _pattern(r"[a-z]+|/[a-z0-9_/.{}:-]{0,199}")
"""A template as it stands in the code: `/homes/{ref}`."""

FRAME = _pattern(r"[A-Za-z0-9_<>.]{1,100} \([A-Za-z0-9_<>. -]{1,100}:[0-9]{1,7}\)")
"""Where in the code: `match (match.py:90)`."""

WORDS = _pattern(r"[A-Za-z0-9_ .,:;()'+/=%-]{1,200}")
"""Versions and states that come from the machinery: `PostgreSQL 18.4`. No field about people has this form."""

FIELDS: Mapping[str, Fits] = {
    "action": _pattern(r"[a-z][a-z_]*([.:][a-z_]+)*"),
    "attempt": _number,
    "caused_by": KIND,
    "code": CODE,
    "correlation": NUMBER_OF_OURS,
    "count": _number,
    "driver": KIND,
    "errno": _pattern(r"E[A-Z0-9]{1,20}"),
    "error": KIND,
    "failure": CODE,
    "frames": _all_of(FRAME),
    "free_mb": _number,
    "job": _number,
    "kind": CODE,
    "logger": KIND,
    "message_id": NUMBER_OF_OURS,
    "method": _pattern(r"GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|other"),
    "ms": _number,
    "object": NUMBER_OF_OURS,
    "port": _number,
    "queue": CODE,
    "reason": _pattern(r"[a-z0-9][a-z0-9_]{0,63}"),
    "read_only": _truth,
    "revision": _pattern(r"[a-z0-9_]{1,64}"),
    "route": ROUTE,
    "run": NUMBER_OF_OURS,
    "run_number": _number,
    "seconds": _number,
    "sqlstate": _pattern(r"[0-9A-Z]{5}|SQLITE_[A-Z_]{1,40}|none"),
    "stage": CODE,
    "status": _number,
    "subject": NUMBER_OF_OURS,
    "task": KIND,
    "topic": _pattern(r"[a-z]+(\.[a-z_]+)*"),
    "version": WORDS,
    "workers": _number,
}
"""`correlation` joins the lines of one request or run; `subject` and `object` are pseudonyms (`correlation.py`)."""


def allowed(given: Iterable[tuple[str, Any]]) -> tuple[dict[str, Any], int]:
    """The fields that may be logged, and how many others there were."""
    kept, left_out = {}, 0
    for name, value in given:
        fits = FIELDS.get(name)
        plain = str(value) if isinstance(value, str) else value  # an enum is its text
        if fits is not None and fits(plain):
            kept[name] = plain
        else:
            left_out += 1
    return kept, left_out
