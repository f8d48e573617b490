"""The outermost layer: who is called, how much may be sent, how long it may take, and what never gets out.

It gives each request a number, refuses a Host that is not ours (a web page elsewhere could otherwise reach a
service on this machine by another name; `ALIVE` alone may be asked by any), stops a body that is too large or
too slow while it arrives, adds the headers that every answer carries, and answers what nobody expected without
a word of what was sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import NoReturn

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.admission import Crowd, Door, nobody, waits
from app.api.problems import problem_response
from app.api.timing import within
from app.api.watching import Watch
from app.errors import BodyTooLarge, BodyTooSlow, FieldProblem, HostNotAllowed, Internal, Overloaded, PlacementError
from app.observing import metrics
from app.observing.correlation import accepted

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

ALIVE = "/health/live"
"""Answered under any name: a container asks itself at its own address, and one word tells nobody anything."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes that a body may have, by path for those that may have more; seconds it may take to arrive.

    `request_timeout_s`: seconds after which a request is answered that has nothing to wait for but us.
    """

    body_bytes: int
    larger: Mapping[str, int]
    body_timeout_s: float
    hosts: frozenset[str]
    request_timeout_s: float = 60
    crowd: Crowd = field(default_factory=Crowd)


PATIENCE_S = 0.25
"""A request that is worked on for longer, or waits for a lock, holds up nobody any more: the next is let in."""


class Guard:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, limits: Limits, whose: Callable[[Scope], Hashable]) -> None:
        self._app = app
        self._limits = limits
        self._whose = whose
        self._door = Door(limits.crowd)
        self._door_of_large = Door(limits.crowd.of_large())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        number = accepted(Headers(scope=scope).get("x-correlation-id"))
        scope.setdefault("state", {})["correlation_id"] = number
        with Watch(scope, number) as watch:
            await self._answered(scope, receive, _Answer(send, number, watch))

    async def _answered(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        who = partial(self._whose, scope)
        turn = _Turn(self._door, needed=waits(scope["path"]), who=who, door_of_large=self._door_of_large)
        scope["state"]["step_aside"] = turn.step_aside
        try:
            self._check_host(scope)
            turn.check()
            body = await self._limited(scope, receive, turn)
            seconds = self._limits.request_timeout_s + (0 if body is receive else self._limits.body_timeout_s)
            await within(self._app(scope, body, answer), seconds, turn.end)
        except ClientDisconnect:
            answer.is_over = True  # nobody is there to be answered, and nothing of ours went wrong
        except Exception as error:  # noqa: BLE001 - the last place that can keep it from getting out
            problem = error if isinstance(error, PlacementError) else Internal()
            if problem.status >= 500 and not isinstance(error, Overloaded):
                answer.watch.failed(error)
            if not answer.begun:
                await problem_response(problem, answer.number)(scope, receive, answer)
            answer.is_over = True

    def _check_host(self, scope: Scope) -> None:
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) > 1:  # what stands before us may have heeded the other
            raise HostNotAllowed
        if scope["path"] == ALIVE:
            return
        host = hosts[0] if hosts else ""
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        if name.lower() not in self._limits.hosts:
            raise HostNotAllowed

    async def _limited(self, scope: Scope, receive: Receive, turn: _Turn) -> Receive:
        """A body in the limits. The turn of a request comes when its body is there: a slow sender holds up nobody."""
        limit = self._limits.larger.get(scope["path"], self._limits.body_bytes)
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "0")
        if declared == "0" and "transfer-encoding" not in headers:
            await turn.come()
            return receive
        if not declared.isdecimal() or int(declared[:20]) > limit:
            return _refusing(limit)
        got = 0
        loop = asyncio.get_running_loop()
        until = loop.time() + self._limits.body_timeout_s
        complete = False

        async def limited() -> Message:
            nonlocal got, complete
            if complete:
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise BodyTooSlow from None
            got += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if got > limit:
                raise _too_large(limit)
            if complete:
                await turn.come(large=got > self._limits.body_bytes)
            return message

        return limited


def _refusing(limit: int) -> Receive:
    async def refusing() -> NoReturn:
        raise _too_large(limit)

    return refusing


def _too_large(limit: int) -> BodyTooLarge:
    problem = f"This address takes at most {limit} bytes in one request."
    return BodyTooLarge([FieldProblem("body", problem, "Send less at once: a list in several requests.")])


class _Turn:
    """A request's turn: comes once at most, and ends if it came. One with a large body has to pass two doors."""

    def __init__(
        self,
        door: Door,
        *,
        needed: bool,
        who: Callable[[], Hashable] = nobody,
        door_of_large: Door | None = None,
    ) -> None:
        self._door = door
        self._door_of_large = door_of_large
        self._needed = needed
        self._who = who
        self._inside = False
        self._inside_large = False
        self._is_aside = False
        self._loop = asyncio.get_running_loop()
        self._patience: asyncio.TimerHandle | None = None

    def check(self) -> None:
        """Raise `Overloaded` where it will not come: before anything of the request is read."""
        if self._needed and self._door.is_full(self._who):
            metrics.TURNED_AWAY.inc()
            raise Overloaded

    async def come(self, *, large: bool = False) -> None:
        """Wait for it. Raises `Overloaded`."""
        if self._needed and not self._inside:
            try:
                if large and self._door_of_large is not None:
                    await self._door_of_large.enter(self._who)
                    self._inside_large = True
                await self._door.enter(self._who)
            except Overloaded:
                metrics.TURNED_AWAY.inc()
                raise
            self._inside = True
            self._patience = self._loop.call_later(PATIENCE_S, self._step_aside)

    def step_aside(self) -> None:
        """From a thread of the request: let the next in while this one only waits for what others do."""
        self._loop.call_soon_threadsafe(self._step_aside)

    def _step_aside(self) -> None:
        if self._inside and self._door.step_aside():
            self._inside, self._is_aside = False, True

    def end(self) -> None:
        """Let the next in."""
        if self._patience is not None:
            self._patience.cancel()
        if self._inside_large and self._door_of_large is not None:
            self._inside_large = False
            self._door_of_large.leave()
        if self._inside:
            self._inside = False
            self._door.leave()
        elif self._is_aside:
            self._is_aside = False
            self._door.come_back()


class _Answer:
    """Sends an answer on, with the headers that each one carries."""

    def __init__(self, send: Send, number: str, watch: Watch) -> None:
        self._send = send
        self.number = number
        self.watch = watch
        self.begun = False
        self.is_over = False
        """From then on nothing more is sent: the caller was told that it took too long, and the work goes on."""

    async def __call__(self, message: Message) -> None:
        if self.is_over:
            return
        if message["type"] == "http.response.start":
            self.begun = True
            self.watch.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Correlation-Id"] = self.number
        await self._send(message)
