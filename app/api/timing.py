"""An end to every request: who has waited long enough is answered, even while the work still goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app.errors import WorkTooLong

_unfinished: set[asyncio.Future[None]] = set()
"""Work that nobody waits for any more. Held here, as the event loop alone would let go of it."""


async def within(work: Awaitable[None], seconds: float, afterwards: Callable[[], None]) -> None:
    """Do the work. Raises `WorkTooLong` where it takes longer; what it raises itself is raised.

    A thread cannot be stopped (only who waits for it), so work that takes too long goes on without anybody to hear of
    it until it ends, or the database ends it. `afterwards` is called when it really has: until then it is work.
    """
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda _task: afterwards())
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if done:
        task.result()
        return
    _unfinished.add(task)
    task.add_done_callback(_forget)
    raise WorkTooLong


def _forget(task: asyncio.Future[None]) -> None:
    _unfinished.discard(task)
    if not task.cancelled():
        task.exception()  # somebody has to ask, or it would be told as an error of ours
