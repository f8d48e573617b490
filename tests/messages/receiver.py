"""A receiver of messages on this machine, which behaves as well or as badly as a test wants."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

OK = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

Behaviour = Callable[[socket.socket, "Request"], None]


@dataclass(frozen=True)
class Request:
    """What arrived: lines of the head, and the body."""

    head: list[str]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """Names in small letters."""
        pairs = (line.partition(": ") for line in self.head[1:])
        return {name.lower(): value for name, _, value in pairs}

    @property
    def message(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """What arrived so far, and how to answer."""

    port: int
    behave: Behaviour
    got: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        """Ids of the messages that arrived, in their order."""
        return [request.headers["placement-message-id"] for request in self.got]


def says(answer: bytes) -> Behaviour:
    """Answer with these bytes."""
    return lambda connection, _request: connection.sendall(answer)


def status(code: int) -> Behaviour:
    """Answer with a status."""
    return says(f"HTTP/1.1 {code} X\r\nContent-Length: 0\r\n\r\n".encode())


@contextmanager
def receiving(
    behave: Behaviour | None = None, wrap: Callable[[socket.socket], socket.socket] | None = None
) -> Iterator[Receiver]:
    """Listen on a free port until the block ends. `wrap`: puts TLS on a connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        receiver = Receiver(server.getsockname()[1], behave or says(OK))
        thread = threading.Thread(target=_serve, args=(server, receiver, wrap), daemon=True)
        thread.start()
        yield receiver
        receiver.behave = says(OK)
        with socket.socket() as last:  # closing a socket does not wake who waits in accept
            last.connect(("127.0.0.1", receiver.port))
            last.sendall(b"STOP")
        thread.join(10)


def _serve(server: socket.socket, receiver: Receiver, wrap: Callable[[socket.socket], socket.socket] | None) -> None:
    while True:
        connection, _ = server.accept()
        with connection:
            connection.settimeout(10)
            try:
                if connection.recv(4, socket.MSG_PEEK) == b"STOP":
                    return
                talking = wrap(connection) if wrap else connection
                with talking:
                    request = _read(talking)
                    receiver.got.append(request)
                    receiver.behave(talking, request)
            except OSError:
                continue


def _read(connection: socket.socket) -> Request:
    got = b""
    while b"\r\n\r\n" not in got:
        more = connection.recv(65_536)
        got += more
        if not more:
            raise OSError("nobody there")
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    request = Request(lines, body)
    while len(request.body) < int(request.headers["content-length"]):
        request = Request(lines, request.body + connection.recv(65_536))
    return request
