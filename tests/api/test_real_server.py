"""The same over a real server and real sockets on this machine: what a test client cannot show."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from app.documents.examples import A_HOME, A_REFERRAL
from app.main import create_app
from tests.api.service import TODAY, settings_for
from tests.support.access import bearer
from tests.support.at_once import until_let_in


@pytest.fixture
def address(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A running service on a free port."""
    settings = settings_for(f"sqlite:///{tmp_path / 'served.db'}", body_timeout_s=1, body_limit_bytes=20_000)
    config = uvicorn.Config(create_app(settings, lambda: TODAY), port=0, log_config=None, log_level=None, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    thread.join()


def _raw(address: tuple[str, int], *pieces: bytes, pause_s: float = 0) -> bytes:
    """Send bytes as they are and give what comes back."""
    with socket.create_connection(address, timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
            if select.select([connection], [], [], pause_s)[0]:
                break  # it has begun to answer: who goes on sending may lose the answer
        answer = b""
        while more := connection.recv(65_536):
            answer += more
        return answer


def _head(path: str, *lines: str, method: str = "PUT") -> bytes:
    usual = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", "Content-Type: application/json"]
    signed = [f"{name}: {value}" for name, value in bearer().items()]
    return "\r\n".join([*usual, *signed, *lines, "", ""]).encode()


def test_a_match_over_a_real_connection(address: tuple[str, int]) -> None:
    """Stored, matched, explained: over HTTP as the case management system would."""
    with httpx.Client(base_url=f"http://{address[0]}:{address[1]}", trust_env=False, headers=bearer()) as client:
        assert client.put(f"/homes/{A_HOME['ref']}", json=A_HOME).status_code == 201
        assert client.put(f"/referrals/{A_REFERRAL['ref']}", json=A_REFERRAL).status_code == 201
        found = client.post("/match", json={"referral_ref": A_REFERRAL["ref"]})
        assert found.json()["options"][0]["home"] == A_HOME["ref"]
        assert client.get(f"/referrals/{A_REFERRAL['ref']}/why-not/{A_HOME['ref']}").status_code == 200


def test_many_readers_and_writers_at_once(address: tuple[str, int]) -> None:
    """Sixteen clients change one home from the version they read, while others match: no error, no lost change."""
    url = f"http://{address[0]}:{address[1]}"
    statuses: list[int] = []

    def changed(client: httpx.Client, number: int, read: httpx.Response) -> httpx.Response:
        body = read.json() | {"places": number}
        return client.put(f"/homes/{A_HOME['ref']}", json=body, headers={"If-Match": read.headers["ETag"]})

    def work(number: int) -> None:
        with httpx.Client(base_url=url, trust_env=False, timeout=60, headers=bearer()) as client:
            for _ in range(5):
                if number % 2:
                    answer = until_let_in(lambda: client.post("/match", json={"referral": A_REFERRAL}))
                else:
                    read = until_let_in(lambda: client.get(f"/homes/{A_HOME['ref']}"))
                    answer = until_let_in(partial(changed, client, number, read))
                statuses.append(answer.status_code)

    with httpx.Client(base_url=url, trust_env=False, headers=bearer()) as client:
        assert client.put(f"/homes/{A_HOME['ref']}", json=A_HOME).status_code == 201
        threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(statuses) <= {200, 412}
        changes = sum(status == 200 for status in statuses) - 40
        assert client.get(f"/homes/{A_HOME['ref']}").headers["ETag"] == f'"v{changes + 1}"'


def test_a_body_in_chunks_is_stopped_at_the_limit(address: tuple[str, int]) -> None:
    """Without a declared length the body is counted as it comes."""
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    answer = _raw(address, _head("/homes/H", "Transfer-Encoding: chunked"), chunk, chunk)
    assert b" 413 " in answer.splitlines()[0]


def test_a_body_that_never_comes_is_given_up(address: tuple[str, int]) -> None:
    """A sender who stops half-way is answered 408 in time, and the service goes on."""
    answer = _raw(address, _head("/homes/H", "Content-Length: 100"), b'{"ref"')
    assert b" 408 " in answer.splitlines()[0]
    assert b"200" in _raw(address, _head("/health/live", method="GET")).splitlines()[0]


def test_drop_by_drop_is_given_up_too(address: tuple[str, int]) -> None:
    """A byte now and then does not extend the time."""
    answer = _raw(address, _head("/homes/H", "Content-Length: 12"), *[b"x"] * 12, pause_s=0.2)
    assert b" 408 " in answer.splitlines()[0]


@pytest.mark.parametrize("value", ["-1", "abc", "1, 2"])
def test_a_length_that_is_none_is_refused(address: tuple[str, int], value: str) -> None:
    """A wrong Content-Length is refused by the server or by us, never read."""
    answer = _raw(address, _head("/homes/H", f"Content-Length: {value}"))
    assert answer.splitlines()[0].split()[1] in {b"400", b"413"}


def test_another_host_is_refused(address: tuple[str, int]) -> None:
    """The Host header of another name is refused on the wire as well."""
    answer = _raw(address, b"GET /homes HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert b" 400 " in answer.splitlines()[0]
    problem: dict[str, Any] = json.loads(answer.rpartition(b"\r\n\r\n")[2])
    assert problem["code"] == "host_not_allowed"
