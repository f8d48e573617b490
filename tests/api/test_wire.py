"""Heads of requests that are too large, or never end, on real sockets of this machine."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from app.api import wire
from app.cli import serving
from app.documents.examples import A_HOME
from app.main import create_app
from tests.api.service import TODAY, settings_for
from tests.support.access import bearer
from tests.support.logs import logs_as_in_production, told

HEAD = f"Host: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: {bearer()['Authorization']}\r\n".encode()


@contextmanager
def _running(folder: Path, **changes: Any) -> Iterator[tuple[str, int]]:
    """A service that is run as `placement serve` runs it; its address."""
    settings = settings_for(f"sqlite:///{folder / 'wire.db'}", **changes)
    options = serving.WIRE | serving.behind(settings)
    app = create_app(settings, lambda: TODAY)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, log_level=None, **options))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """A service that is less patient."""
    monkeypatch.setattr(wire, "HEAD_TIMEOUT_S", 0.5)
    with _running(tmp_path) as where:
        yield where


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


def test_two_names_for_the_service_are_one_too_many(address: tuple[str, int]) -> None:
    """What stands before the service may have heeded the other one (RFC 9112, 3.2)."""
    for path in (b"/homes", b"/health/live"):
        for hosts in ((b"127.0.0.1", b"evil.example"), (b"evil.example", b"127.0.0.1"), (b"127.0.0.1", b"127.0.0.1")):
            named = b"".join(b"Host: " + host + b"\r\n" for host in hosts)
            head = b"GET " + path + b" HTTP/1.1\r\n" + named + b"Connection: close\r\n\r\n"
            assert _sent(address, head)[0].startswith(b"HTTP/1.1 400 "), hosts


CUT_OFF = {
    "no such chunk": b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    "an endless chunk": b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    "a body that stops": b"Content-Length: 100\r\n\r\n{",
}


@pytest.mark.parametrize("rest", CUT_OFF.values(), ids=CUT_OFF)
def test_a_request_that_breaks_off_is_no_failure_of_ours(address: tuple[str, int], rest: bytes) -> None:
    """Nobody is woken by it: it is noted as 499, as of whoever goes away."""
    with logs_as_in_production() as written:
        with socket.create_connection(address, timeout=5) as connection:
            connection.sendall(b"POST /match HTTP/1.1\r\n" + HEAD + rest)
            if not rest.endswith(b"{"):
                assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
        until = time.monotonic() + 5
        while "499" not in written.getvalue() and time.monotonic() < until:
            time.sleep(0.01)
    lines = [line for line in told(written) if line.get("route") == "/match" or line["event"] == "request failed"]
    assert [(line["event"], line["status"], line["level"]) for line in lines] == [("request", 499, "info")]


def _asked_by(address: tuple[str, int], *said: str) -> Counter[int]:
    """Statuses of a page that needs no sign-in, asked with each of these headers of a proxy."""
    found: Counter[int] = Counter()
    for one in said:
        head = f"GET /docs HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: {one}\r\nConnection: close\r\n\r\n"
        found[int(_sent(address, head.encode())[0].split(b" ", 2)[1])] += 1
    return found


def test_only_a_proxy_that_is_named_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else anybody would be as many as they like: the budget of an address is counted by where they come from."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    (tmp_path / "a").mkdir()
    with _running(tmp_path / "a", open_per_10_s=3) as alone:
        assert _asked_by(alone, *(f"10.0.0.{n}" for n in range(6)), "junk") == {200: 3, 429: 4}
    (tmp_path / "b").mkdir()
    with _running(tmp_path / "b", open_per_10_s=3, trusted_proxies=("192.0.2.0/24",)) as others:
        assert _asked_by(others, *(f"10.0.0.{n}" for n in range(6)), "junk") == {200: 3, 429: 4}
    (tmp_path / "c").mkdir()
    with _running(tmp_path / "c", open_per_10_s=3, trusted_proxies=("127.0.0.1",)) as behind:
        assert _asked_by(behind, *(f"10.0.0.{n}" for n in range(6))) == {200: 6}
        assert _asked_by(behind, *["made-up, 10.0.1.1"] * 4, "other, 10.0.1.1") == {200: 3, 429: 2}
