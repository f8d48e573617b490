"""Heads of requests that are too large, or never end, on real sockets of this machine."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import uvicorn

from app.api import wire
from app.cli import serving
from app.documents.examples import A_HOME
from app.main import create_app
from tests.api.service import TODAY, settings_for
from tests.support.access import bearer

HEAD = f"Host: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: {bearer()['Authorization']}\r\n".encode()


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """A service that is run as `placement serve` runs it, but less patient."""
    monkeypatch.setattr(wire, "HEAD_TIMEOUT_S", 0.5)
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'wire.db'}"), lambda: TODAY)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, log_level=None, **serving.WIRE))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    thread.join()


def _sent(address: tuple[str, int], *pieces: bytes, times: int = 1, pause_s: float = 0) -> tuple[bytes, int]:
    """What comes back until the service closes the connection, and how many bytes it took."""
    with socket.create_connection(address, timeout=10) as connection:
        taken, answer = 0, b""
        with suppress(ConnectionError):
            for piece in (*pieces[:-1], *[pieces[-1]] * times):
                connection.sendall(piece)
                taken += len(piece)
                time.sleep(pause_s)
        with suppress(ConnectionError):
            while more := connection.recv(65_536):
                answer += more
        return answer, taken


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"GET /homes HTTP/1.1\r\n" + HEAD + b"X: ", b"a" * 65_536),
        (b"GET /homes HTTP/1.1\r\n" + HEAD, b"X: a\r\n" * 10_000),
        (b"PUT /homes/H HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;x=", b"a" * 65_536),
        (
            b"PUT /homes/H HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n",
            b"X: a\r\n" * 10_000,
        ),
    ],
    ids=["one header", "many headers", "chunk extension", "trailers"],
)
def test_a_head_without_end_is_given_up(address: tuple[str, int], begin: bytes, piece: bytes) -> None:
    """One endless header, endless headers, and what else is no body: the connection is closed after a little."""
    _, taken = _sent(address, begin, piece, times=1_000)
    assert taken < 30_000_000  # what fits into the buffers of the sockets, not the sixty million that wait


def test_a_head_that_never_comes_is_given_up(address: tuple[str, int]) -> None:
    """Half a head, a head drop by drop, or nothing: the connection does not stay for ever."""
    assert _sent(address, b"") == (b"", 0)
    assert _sent(address, b"GET /homes HTTP/1.1\r\nHost: 127")[0] == b""
    assert _sent(address, b"GET /homes HTTP/1.1\r\n", b"X", times=20, pause_s=0.1)[0] == b""


def test_what_is_well_formed_goes_through(address: tuple[str, int]) -> None:
    """Many requests on one connection, one after the other and at once, and a body in very small chunks."""
    live = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    last = live + b"Connection: close\r\n\r\n"
    answer, _ = _sent(address, live + b"\r\n", live + b"\r\n", *[live + b"X: " + b"a" * 30_000 + b"\r\n\r\n"] * 9, last)
    assert answer.count(b"HTTP/1.1 200") == 12
    answer, _ = _sent(address, (live + b"\r\n") * 2_000 + last)
    assert answer.count(b"HTTP/1.1 200") == 2_001
    body = json.dumps(A_HOME | {"lot": "x" * 90}).encode() + b" " * 50_000
    chunks = b"".join(b"1\r\n" + body[n : n + 1] + b"\r\n" for n in range(len(body)))
    put = b"PUT /homes/EXAMPLE-H1 HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n" + HEAD + b"\r\n"
    answer, _ = _sent(address, put + chunks + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 201"), answer[:300]


def test_no_web_sockets(address: tuple[str, int]) -> None:
    """There is nothing to upgrade to: the request is answered as any other."""
    upgrade = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert _sent(address, upgrade)[0].startswith(b"HTTP/1.1 200")
