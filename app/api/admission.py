"""How many requests are worked on at once, how many wait for their turn, and who is told to come back.

Beyond what a machine can do, each further request only makes all others late, until nobody is answered in time.
So few are worked on, some wait, and the rest are refused at once and cheaply.

Who asks much waits for its own: callers that wait are let in one after the other in turn, each caller's requests in
the order in which they came, and where there is no more room to wait, whoever takes most of it makes room. A caller
who is alone may have every turn. Requests with a large body, each of which may take many seconds, have a door of
their own in front of this one, so that they can never have every turn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from app.errors import Overloaded

OPEN_TO_ALL = ("/health/", "/metrics")
"""Addresses that are answered however much there is to do: those who look after the service ask here."""


LARGE_WAITING = 4
"""Requests with a large body that may wait for their turn."""

MOST_ASIDE = 12
"""Requests that may stand aside at once: each keeps a thread, and those who look after the service need some too."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Requests worked on at once, requests that may wait, and how long one waits at most.

    `large_at_once`: of those worked on, requests with a large body.
    """

    at_once: int = 4
    waiting: int = 64
    wait_s: float = 1.0
    large_at_once: int = 1

    def of_large(self) -> Crowd:
        """The same for requests with a large body alone: few of them wait, as each is kept in memory meanwhile."""
        return Crowd(min(self.large_at_once, self.at_once), min(self.waiting, LARGE_WAITING), self.wait_s)


def nobody() -> Hashable:
    """Where callers are not told apart."""
    return ""


class Door:
    """Lets requests in, callers in turn. For one event loop."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._inside = 0
        self._aside = 0
        self._waiting = 0
        self._queues: dict[Hashable, deque[asyncio.Future[None]]] = {}
        """What each caller waits for; whose turn is next comes first."""

    def is_full(self, who: Callable[[], Hashable] = nobody) -> bool:
        """Whether the next would be refused: worth knowing before anything of a request is read."""
        if self._waiting < self._crowd.waiting or self._inside < self._crowd.at_once:
            return False
        return self._greediest(who()) is None

    async def enter(self, who: Callable[[], Hashable] = nobody) -> None:
        """Wait for a turn; each entry needs its `leave`. Raises `Overloaded` where it would take too long.

        `who` tells whose request it is. It is only asked where there is a queue.
        """
        if self._inside < self._crowd.at_once and not self._waiting:
            self._inside += 1
            return
        caller = who()
        if self._waiting >= self._crowd.waiting and not self._make_room(caller):
            raise Overloaded
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(caller, deque()).append(turn)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._crowd.wait_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave()  # its turn came in the very moment in which it gave up
            elif turn in self._queues.get(caller, ()):
                self._queues[caller].remove(turn)
                self._forget(caller)
            if isinstance(error, TimeoutError):
                raise Overloaded from None
            raise

    def leave(self) -> None:
        """Make room for the next that still waits."""
        while self._queues:
            caller, queue = next(iter(self._queues.items()))
            turn = queue.popleft()
            del self._queues[caller]  # and behind all others, if more of it wait
            if queue:
                self._queues[caller] = queue
            self._waiting -= 1
            if not turn.done():
                turn.set_result(None)
                return
        self._inside -= 1

    def _greediest(self, caller: Hashable) -> Hashable | None:
        """Whose waiting requests take so much more room than this caller's that one of them must go; None: nobody's."""
        if not self._queues:
            return None
        most = max(self._queues, key=lambda one: len(self._queues[one]))
        mine = len(self._queues.get(caller, ()))
        return most if len(self._queues[most]) > mine + 1 else None

    def _make_room(self, caller: Hashable) -> bool:
        """Refuse the latest of whoever waits for most; whether there is room now."""
        greedy = self._greediest(caller)
        if greedy is None:
            return False
        turn = self._queues[greedy].pop()
        self._forget(greedy)
        if not turn.done():
            turn.set_exception(Overloaded())
        return True

    def _forget(self, caller: Hashable) -> None:
        """One of this caller's waits no more."""
        self._waiting -= 1
        if not self._queues[caller]:
            del self._queues[caller]

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
