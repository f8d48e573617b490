"""How many requests are worked on at once, how many wait for their turn, and who is told to come back.

Beyond what a machine can do, each further request only makes all others late, until nobody is answered in time.
So few are worked on, some wait, and the rest are refused at once and cheaply.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from app.errors import Overloaded

OPEN_TO_ALL = ("/health/", "/metrics")
"""Addresses that are answered however much there is to do: those who look after the service ask here."""


MOST_ASIDE = 12
"""Requests that may stand aside at once: each keeps a thread, and those who look after the service need some too."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Requests worked on at once, requests that may wait, and how long one waits at most."""

    at_once: int = 4
    waiting: int = 64
    wait_s: float = 1.0


class Door:
    """Lets requests in, in the order in which they came. For one event loop."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._inside = 0
        self._aside = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def is_full(self) -> bool:
        """Whether the next would be refused: worth knowing before anything of a request is read."""
        return len(self._queue) >= self._crowd.waiting and self._inside >= self._crowd.at_once

    async def enter(self) -> None:
        """Wait for a turn; each entry needs its `leave`. Raises `Overloaded` where it would take too long."""
        if self._inside < self._crowd.at_once and not self._queue:
            self._inside += 1
            return
        if self.is_full:
            raise Overloaded
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            async with asyncio.timeout(self._crowd.wait_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.leave()  # its turn came in the very moment in which it gave up
            elif turn in self._queue:
                self._queue.remove(turn)
            if isinstance(error, TimeoutError):
                raise Overloaded from None
            raise

    def leave(self) -> None:
        """Make room for the next that still waits."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._inside -= 1

    def step_aside(self) -> bool:
        """Make room while only waiting for what others do, such as a commit that several share; whether there is any.

        Who stood aside ends with `come_back` instead of `leave`: what is left to do then is to answer.
        """
        if self._aside >= MOST_ASIDE:
            return False
        self._aside += 1
        self.leave()
        return True

    def come_back(self) -> None:
        """End what began with standing aside."""
        self._aside -= 1


def waits(path: str) -> bool:
    """Whether a request to this address has to wait for its turn."""
    return not path.startswith(OPEN_TO_ALL)
