"""The number under which everything that belongs to one request or one run can be found again.

It stands in a context variable, so whatever is logged on the way, in threads of the request too, carries it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

_WELL_FORMED = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
"""Hexadecimal digits alone, as a UUID or without its dashes: nobody's name can be written in them."""

_current: ContextVar[str | None] = ContextVar("correlation", default=None)


def new_number() -> str:
    """A number that nobody has used before."""
    return uuid4().hex


def accepted(given: str | None) -> str:
    """The number that a caller gave, if it is one; else a new one. What is not well formed is never repeated."""
    return given if given is not None and _WELL_FORMED.fullmatch(given) else new_number()


def current() -> str | None:
    """The number of what is going on here; None outside of any request or run."""
    return _current.get()


@contextmanager
def correlated(number: str) -> Iterator[None]:
    """Everything within belongs to this number."""
    token = _current.set(number)
    try:
        yield
    finally:
        _current.reset(token)


def pseudonym(authority: str, subject: str) -> str:
    """Stands for a caller in a log: the same each time, and nobody can be read off it.

    Who has the list of subjects can still find out whose it is, as an investigation must.
    """
    return hashlib.blake2b(f"{authority}\n{subject}".encode(), digest_size=8, person=b"placement-log").hexdigest()
