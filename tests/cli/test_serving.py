"""`placement serve` as a process: several of them on PostgreSQL, one on SQLite, and a gentle end."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url

from app.access.local_issuer import LocalIssuer
from app.access.principal import Kind, Role
from app.store.embedded import AnotherServiceHere, serving_alone
from tests.api.service import settings_for

ROOT = Path(__file__).parents[2]


def _serve(*words: str, **settings: str) -> subprocess.Popen[str]:
    given = {f"PLACEMENT_{name.upper()}": value for name, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--no-demo", *words],
        cwd=ROOT,
        env={**os.environ, **given},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(client: httpx.Client) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError


@pytest.mark.slow
def test_several_processes_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    """They answer, add up their figures, say what they do in lines of JSON, and end when they are told to."""
    settings_for(postgres_url)
    token = LocalIssuer.open(tmp_path, "E06000018").token("somebody", tuple(Role), Kind.PERSON)
    port = _port()
    process = _serve(
        "--workers",
        "2",
        database_url=postgres_url,
        port=str(port),
        local_keys=str(tmp_path),
        nightly_at="",
        drain_s="1",
    )
    try:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, timeout=30) as client:
            _wait(client)
            for _ in range(20):
                with httpx.Client(base_url=str(client.base_url), headers=headers, trust_env=False) as another:
                    assert another.get("/homes").status_code == 200
            counted = [
                line for line in client.get("/metrics").text.splitlines() if 'route="/homes",status="200"' in line
            ]
            assert counted == ['placement_requests_total{method="GET",route="/homes",status="200"} 20.0']
            process.send_signal(signal.SIGTERM)
            time.sleep(0.7)  # the supervisor looks every half second
            assert client.get("/health/live").status_code == 200, "it still answers while others learn that it ends"
        said, _ = process.communicate(timeout=40)
    finally:
        process.kill()
    assert process.returncode in (0, -signal.SIGTERM)
    lines = [json.loads(line) for line in said.splitlines()]
    assert sum(line["event"].startswith("Finished server process") for line in lines) == 2
    assert sum(line["event"] == "about to end" for line in lines) == 2
    assert len({line["correlation"] for line in lines if line["event"] == "request"}) >= 20


def _last_words(process: subprocess.Popen[str]) -> str:
    """All that it says until it ends by itself."""
    try:
        return process.communicate(timeout=60)[0]
    finally:
        process.kill()


@pytest.mark.slow
def test_nothing_is_said_to_be_served_before_it_is(bare_postgres_url: str, tmp_path: Path) -> None:
    """A database that nobody laid out: the command that does is named, and no line says that anything is served."""
    process = _serve(database_url=bare_postgres_url, port=str(_port()), local_keys=str(tmp_path))
    told = _last_words(process)
    assert process.returncode == 1
    assert "placement migrate" in " ".join(told.split())
    assert '"event":"serving' not in told
    assert "Traceback" not in told


def test_a_second_service_on_the_same_file_is_refused(tmp_path: Path) -> None:
    """With the cure, and before it touches the file; when the first has ended the next may begin."""
    address = f"sqlite:///{tmp_path}/one.db"
    with serving_alone(make_url(address)):
        process = _serve(database_url=address, port=str(_port()), local_keys=str(tmp_path))
        told = _last_words(process)
        assert process.returncode == 1
        assert "Another service already works on this SQLite file" in " ".join(told.split())
        assert not (tmp_path / "one.db").exists()
        with pytest.raises(AnotherServiceHere), serving_alone(make_url(address)):
            pytest.fail("two at once")
    with serving_alone(make_url(address)):
        assert stat.S_IMODE((tmp_path / "one.db.serving").stat().st_mode) == 0o600


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "address", "said"),
    [
        (("--workers", "2"), "sqlite:///{folder}/one.db", "SQLite has one writer"),
        ((), "postgresql+psycopg://nobody:canary@127.0.0.1:1/none", "Database unavailable"),
        (("--workers", "2"), "postgresql+psycopg://nobody:canary@127.0.0.1:1/none", "database_unavailable"),
    ],
)
def test_what_cannot_start_says_so_and_fails(tmp_path: Path, words: tuple[str, ...], address: str, said: str) -> None:
    """One exit code, no stack trace, and nothing of the address in what is said."""
    process = _serve(*words, database_url=address.format(folder=tmp_path), port=str(_port()), local_keys=str(tmp_path))
    told = _last_words(process)
    assert process.returncode == 1
    assert said in " ".join(told.split())
    assert "Traceback" not in told
    assert "canary" not in told


def test_a_port_that_is_taken_is_told_with_the_cure(tmp_path: Path) -> None:
    """In a sentence, also where nobody sits at a terminal, and before anything is begun."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        database = f"sqlite:///{tmp_path}/one.db"
        process = _serve(database_url=database, port=str(port), local_keys=str(tmp_path))
        told = _last_words(process)
    assert process.returncode == 1
    words = " ".join(told.split())
    assert f"Port {port} is taken by another program." in words
    assert "PLACEMENT_PORT=8765 make serve" in words
    assert "Traceback" not in told
    assert "serving" not in told


def test_what_is_logged_at_the_start_says_something(tmp_path: Path) -> None:
    """Each line names an event, none only a place in the code of the server."""
    process = _serve(database_url=f"sqlite:///{tmp_path}/one.db", port=str(_port()), local_keys=str(tmp_path))
    try:
        assert process.stdout is not None
        events = []
        with process.stdout:
            for line in process.stdout:
                events.append(json.loads(line)["event"])
                if events[-1] == "Application startup complete.":
                    process.send_signal(signal.SIGTERM)
        process.wait(timeout=40)
    finally:
        process.kill()
    assert "serving" in events
    assert "there was no database here, so a new one is made" in events, "a wrong path must not pass unnoticed"
    assert events[-1].startswith("Finished server process")
    assert [event for event in events if ".py:" in event] == []
