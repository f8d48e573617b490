"""Requests at a given rate, whatever becomes of them: an open loop, as callers do not wait for one another.

Every request has its moment, fixed beforehand; its time runs from that moment and not from when a connection was
free. A service that stands still for a second is therefore seen to be late for all that came meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.report import percentile

CONNECTIONS = 1_000
"""Connections at most; beyond, requests wait here, and their time runs."""

GIVE_UP_S = 30.0
"""A request that has no answer by then is counted as one without."""

NO_ANSWER = 0


@dataclass(slots=True)
class Answered:
    """Moments (seconds from the beginning), statuses and milliseconds of all requests, in the order of their ends."""

    due_s: list[float] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)
    late_ms: float = 0.0
    """How late a request was begun at the worst, because whoever asks had no processor: part of its milliseconds."""

    @property
    def statuses(self) -> Counter[int]:
        """How often each status came; 0 is no answer."""
        return Counter(self.status)

    def times(self, *statuses: int, begin_s: float = 0.0, end_s: float = float("inf")) -> list[float]:
        """Milliseconds of requests with these statuses (any, if none is named) that were due between two moments."""
        return [
            ms
            for due, status, ms in zip(self.due_s, self.status, self.ms, strict=True)
            if begin_s <= due < end_s and (not statuses or status in statuses)
        ]

    def p(self, share: float, *statuses: int) -> float:
        """A percentile of the milliseconds."""
        times = self.times(*statuses)
        return percentile(times, share) if times else float("inf")


class _Connection(asyncio.Protocol):
    """One connection that is used again and again: a request out, its answer in."""

    def __init__(self, freed: Callable[[_Connection, int], None]) -> None:
        self._freed = freed
        self._transport: asyncio.Transport | None = None
        self._head = b""
        self._left = -1
        self._status = NO_ANSWER
        self.is_open = True
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self._transport = transport  # type: ignore[assignment]

    def send(self, request: bytes) -> None:
        """Ask."""
        self.busy, self._head, self._left, self._status = True, b"", -1, NO_ANSWER
        if self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """A piece of the answer. Every answer of the service says how long it is."""
        if self._left < 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._head[:end].lower()
            self._status = int(head[9:12])
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            data = self._head[end + 4 :]
            self._left = length
        self._left -= len(data)
        if self._left <= 0 and self.busy:
            self.busy = False
            self._freed(self, self._status)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio has it
        """It is gone, with its answer if there was one to come."""
        self.is_open = False
        if self.busy:
            self.busy = False
            self._freed(self, NO_ANSWER)

    def close(self) -> None:
        """Let go of it."""
        if self._transport is not None:
            self._transport.abort()


class Generator:
    """Sends requests to one address of this machine. `answered` sees each status with the number of its request."""

    def __init__(self, port: int, answered: Callable[[int, int], None] | None = None) -> None:
        self._port = port
        self._answered = answered
        self._free: deque[_Connection] = deque()
        self._open = 0
        self._waiting: deque[tuple[int, float, bytes]] = deque()
        self._asked: dict[_Connection, tuple[int, float]] = {}
        self._began = 0.0
        self.found = Answered()

    async def run(self, moments: Sequence[float], request: Callable[[int], bytes]) -> Answered:
        """Send a request at each of the moments (seconds from now, ascending), and wait for the answers."""
        self._began = time.perf_counter()
        for number, due in enumerate(moments):
            ahead = due - (time.perf_counter() - self._began)
            if ahead > 0:
                await asyncio.sleep(ahead)
            elif number % 50 == 0:
                await asyncio.sleep(0)
            late = (time.perf_counter() - self._began - due) * 1000
            self.found.late_ms = max(self.found.late_ms, late)
            self._send(number, due, request(number))
        until = time.perf_counter() + GIVE_UP_S
        while (self._asked or self._waiting) and time.perf_counter() < until:  # noqa: ASYNC110 - two of many
            await asyncio.sleep(0.01)
        for number, due in [*self._asked.values(), *((number, due) for number, due, _ in self._waiting)]:
            self._note(number, due, NO_ANSWER)
        for connection in [*self._free, *self._asked]:
            connection.busy = False
            connection.close()
        return self.found

    def _send(self, number: int, due: float, request: bytes) -> None:
        while self._free:
            connection = self._free.popleft()
            if connection.is_open:
                self._asked[connection] = (number, due)
                connection.send(request)
                return
        self._waiting.append((number, due, request))
        if self._open < CONNECTIONS:
            self._open += 1
            asyncio.get_running_loop().create_task(self._connect()).add_done_callback(lambda _: None)

    async def _connect(self) -> None:
        try:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(lambda: _Connection(self._freed), "127.0.0.1", self._port)
        except OSError:
            self._open -= 1
            if self._waiting:
                number, due, _ = self._waiting.popleft()
                self._note(number, due, NO_ANSWER)
            return
        self._use(connection)

    def _use(self, connection: _Connection) -> None:
        if self._waiting:
            number, due, request = self._waiting.popleft()
            self._asked[connection] = (number, due)
            connection.send(request)
        else:
            self._free.append(connection)

    def _freed(self, connection: _Connection, status: int) -> None:
        asked = self._asked.pop(connection, None)
        if asked is not None:
            self._note(*asked, status)
        if connection.is_open:
            self._use(connection)
        else:
            self._open -= 1

    def _note(self, number: int, due: float, status: int) -> None:
        self.found.due_s.append(due)
        self.found.status.append(status)
        self.found.ms.append((time.perf_counter() - self._began - due) * 1000)
        if self._answered is not None:
            self._answered(number, status)


def steady(rate: float, seconds: float, begin_s: float = 0.0) -> list[float]:
    """Moments at a steady rate."""
    return [begin_s + number / rate for number in range(int(rate * seconds))]


def http(method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")
