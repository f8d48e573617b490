"""A small TCP proxy in front of PostgreSQL, which knows where messages begin and can cut the line at any of them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

RESET_AT_CLOSE = struct.pack("ii", 1, 0)


class Cut(StrEnum):
    """When the line is cut: the message never arrives, or has arrived and nothing more does."""

    BEFORE = "before"
    AFTER = "after"


@dataclass
class Line:
    """What the proxy does to the messages that pass it. `seen`: their names, in the order in which they passed.

    `at`: the number of the message at which the line is cut, once. `delay_s`: every message is late by so much.
    """

    at: int | None = None
    cut: Cut = Cut.BEFORE
    delay_s: float = 0.0
    seen: list[str] = field(default_factory=list)
    was_cut: bool = False

    def passes(self, name: str) -> bool:
        """Whether this message is the one at which the line is cut."""
        self.seen.append(name)
        if self.was_cut or self.at != len(self.seen) - 1:
            return False
        self.was_cut = True
        return True


class Proxy:
    """Listens on a port of this machine and passes messages on to the socket of a server."""

    def __init__(self, socket_path: Path) -> None:
        self.line = Line()
        self.port = 0
        self._path = socket_path
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End every line."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._client, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in (tasks := asyncio.all_tasks(self._loop)):
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = self.line
        try:
            server_reader, server_writer = await asyncio.open_unix_connection(str(self._path))
        except OSError:
            writer.transport.abort()
            return
        ways = [
            asyncio.ensure_future(_pass_on("client", reader, server_writer, line, first=True)),
            asyncio.ensure_future(_pass_on("server", server_reader, writer, line, first=False)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            _reset(writer)
            with contextlib.suppress(OSError, RuntimeError):
                server_writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the line as a broken network does: with a reset, and what was on its way is lost."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    writer.transport.abort()


async def _pass_on(
    side: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line, *, first: bool
) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, OSError):
        while True:
            kind = b"" if first else await reader.readexactly(1)
            head = await reader.readexactly(4)
            body = await reader.readexactly(int.from_bytes(head, "big") - 4)
            name = f"{side} {'startup' if first else kind.decode('latin-1')}{_word(kind, body)}"
            first = False
            if line.delay_s:
                await asyncio.sleep(line.delay_s)
            cut = line.passes(name)
            if cut and line.cut is Cut.BEFORE:
                return
            writer.write(kind + head + body)
            await writer.drain()
            if cut:
                await asyncio.sleep(0.02)  # it arrives, and the other side has the time to act on it
                return


def _word(kind: bytes, body: bytes) -> str:
    """What a statement begins with, or a completed one was: COMMIT is what one wants to find."""
    if kind in {b"Q", b"C"}:
        return " " + body.split(b"\0")[0].split(b" ")[0].decode("latin-1")
    return ""


@contextmanager
def proxied(socket_dir: Path) -> Iterator[Proxy]:
    """A proxy in front of the server whose socket is in a folder."""
    proxy = Proxy(socket_dir / ".s.PGSQL.5432")
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
