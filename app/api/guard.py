"""The outermost layer: who is called, how much may be sent, how long it may take, and what never gets out.

It gives each request a number, refuses a Host that is not ours (a web page elsewhere could otherwise reach a
service on this machine by another name), stops a body that is too large or too slow while it arrives, adds
the headers that every answer carries, and answers what nobody expected without a word of what was sent.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem_response
from app.errors import BodyTooLarge, BodyTooSlow, HostNotAllowed, Internal, PlacementError

log = logging.getLogger(__name__)

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes that a body may have, by path for those that may have more; seconds it may take to arrive."""

    body_bytes: int
    larger: Mapping[str, int]
    body_timeout_s: float
    hosts: frozenset[str]


class Guard:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        number = uuid4().hex
        scope.setdefault("state", {})["correlation_id"] = number
        answer = _Answer(send, number)
        try:
            self._check_host(scope)
            await self._app(scope, self._limited(scope, receive), answer)
        except Exception as error:  # noqa: BLE001 - the last place that can keep it from getting out
            problem = error if isinstance(error, PlacementError) else Internal()
            if problem.status >= 500:
                _log(error, number)
            if not answer.begun:
                await problem_response(problem, number)(scope, receive, answer)

    def _check_host(self, scope: Scope) -> None:
        host = Headers(scope=scope).get("host", "")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        if name.lower() not in self._limits.hosts:
            raise HostNotAllowed

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        limit = self._limits.larger.get(scope["path"], self._limits.body_bytes)
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared[:20]) > limit:
            return _refusing
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
                raise BodyTooLarge
            return message

        return limited


async def _refusing() -> NoReturn:
    raise BodyTooLarge


class _Answer:
    """Sends an answer on, with the headers that each one carries."""

    def __init__(self, send: Send, number: str) -> None:
        self._send = send
        self._number = number
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Correlation-Id"] = self._number
        await self._send(message)


def _log(error: Exception, number: str) -> None:
    """Where it happened and of what kind it is; the text of an error may repeat what was sent."""
    frames = traceback.extract_tb(error.__traceback__)
    way = " < ".join(f"{frame.name} ({frame.filename.rpartition('/')[2]}:{frame.lineno})" for frame in frames[::-1])
    log.error("request %s failed with %s at %s", number, type(error).__name__, way)
