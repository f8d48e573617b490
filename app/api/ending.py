"""The end of a process, told before it comes: readiness says no first, so that nobody sends it anything new.

Told to end (SIGTERM), a process stays open for a while, in which it answers `/health/ready` with 503 and everything
else as before. Then the server takes no more connections, answers what is in work, and the lifespan ends the rest.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Ending:
    """Whether this process is about to end. `drain_s`: how long it then still takes requests."""

    def __init__(self, drain_s: float = 0) -> None:
        self.drain_s = drain_s
        self._told = threading.Event()

    def begin(self) -> None:
        """It is, from now on."""
        self._told.set()

    @property
    def has_begun(self) -> bool:
        """Whether it is."""
        return self._told.is_set()


@contextmanager
def told_by_signals(ending: Ending) -> Iterator[None]:
    """Within, a signal begins the end, and reaches the server itself `drain_s` later; a second one at once.

    Only where there are signals: in the main thread of a process, while its event loop runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    servers = {number: signal.getsignal(number) for number in SIGNALS}

    def told(number: int, frame: FrameType | None) -> None:
        first = not ending.has_begun
        ending.begin()
        server = servers[signal.Signals(number)]
        if not callable(server):
            return
        if first and ending.drain_s > 0:
            log.info("about to end", extra={"seconds": ending.drain_s})
            loop.call_soon_threadsafe(loop.call_later, ending.drain_s, server, number, None)
        else:
            server(number, frame)

    for number in SIGNALS:
        signal.signal(number, told)
    try:
        yield
    finally:
        _put_back(servers, told)


def _put_back(servers: Mapping[signal.Signals, Any], ours: Any) -> None:
    """The server's handlers, unless somebody else's have taken our place."""
    for number, handler in servers.items():
        if signal.getsignal(number) is ours:
            signal.signal(number, handler)
