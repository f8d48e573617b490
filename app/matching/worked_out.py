"""What rests on the parameters of a rule or criterion alone, worked out once for each and not once a question."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Parameters = TypeVar("Parameters")
Found = TypeVar("Found")

KEPT = 64
"""So many parameters are remembered of each piece of work: far more than a council has policies."""


def once_for_each(work: Callable[[Parameters], Found]) -> Callable[[Parameters], Found]:
    """Remember what was found for these very parameters, which never change. Safe to share between threads.

    They are known by being the same object, as they hold mappings, which cannot be looked up by what they say. The
    object is kept with what was found, so that no other can come to have its identity.
    """
    found: dict[int, tuple[Parameters, Found]] = {}

    @wraps(work)
    def remembered(params: Parameters) -> Found:
        known = found.get(id(params))
        if known is not None:
            return known[1]
        answer = work(params)
        if len(found) >= KEPT:
            found.clear()
        found[id(params)] = (params, answer)
        return answer

    return remembered
