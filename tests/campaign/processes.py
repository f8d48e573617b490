"""Things that need nothing of each other, each in a process of its own, so that both cores have something to do."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_processes(actions: Sequence[Callable[[], T]]) -> list[T]:
    """What each gives, in their order. One alone is done here. Raises what one of them raised."""
    if len(actions) == 1:
        return [actions[0]()]
    with multiprocessing.get_context("fork").Pool(len(actions)) as pool:
        return pool.map(_done, actions, chunksize=1)


def _done(action: Callable[[], T]) -> T:
    return action()
