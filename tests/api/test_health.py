"""What readiness knows, what reading alone means, and how an end is told before it comes."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import namedtuple
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event, text, update
from starlette.responses import Response
from starlette.testclient import TestClient

from app.access.principal import Kind, Principal, Role
from app.api.ending import Ending, told_by_signals
from app.api.sessions import Sessions
from app.documents.examples import A_HOME, A_REFERRAL
from app.main import create_app
from app.store import condition
from app.store.access_tables import sessions
from app.store.session import Database
from tests.api.service import TODAY, send, settings_for
from tests.support.access import AUTHORITY, client_of
from tests.support.connections import renew_each_use

WRITES: list[tuple[str, str, Any]] = [
    ("PUT", f"/homes/{A_HOME['ref']}", A_HOME),
    ("DELETE", f"/homes/{A_HOME['ref']}", None),
    ("POST", "/homes/import", {"homes": [A_HOME]}),
    ("PUT", f"/referrals/{A_REFERRAL['ref']}", A_REFERRAL),
    ("DELETE", f"/referrals/{A_REFERRAL['ref']}", None),
    ("POST", "/caseload/import", {"children": []}),
    ("POST", "/runs", {}),
]

READS: list[tuple[str, str, Any]] = [
    ("GET", "/health/live", None),
    ("GET", "/health/ready", None),
    ("GET", "/homes", None),
    ("GET", f"/homes/{A_HOME['ref']}", None),
    ("GET", "/referrals", None),
    ("GET", f"/referrals/{A_REFERRAL['ref']}", None),
    ("GET", f"/referrals/{A_REFERRAL['ref']}/shortlist", None),
    ("GET", f"/referrals/{A_REFERRAL['ref']}/why-not/{A_HOME['ref']}", None),
    ("GET", "/caseload", None),
    ("GET", "/runs", None),
    ("GET", "/proposals", None),
    ("GET", "/policies", None),
    ("POST", "/match", {"referral_ref": A_REFERRAL["ref"]}),
    ("POST", "/match", {"referral": A_REFERRAL}),
]


def _filled(url: str) -> Any:
    settings = settings_for(url)
    with client_of(create_app(settings, lambda: TODAY)) as client:
        assert send(client, "PUT", f"/homes/{A_HOME['ref']}", A_HOME).status_code == 201
        assert send(client, "PUT", f"/referrals/{A_REFERRAL['ref']}", A_REFERRAL).status_code == 201
    return settings


def _only_reading(client: TestClient) -> None:
    """Everything can be looked at, and nothing changed."""
    for method, path, body in READS:
        answer = send(client, method, path, body)
        assert answer.status_code == 200, (method, path, answer.text)
    for method, path, body in WRITES:
        answer = send(client, method, path, body, If_Match="*")
        assert (answer.status_code, answer.json()["code"]) == (503, "read_only"), (method, path, answer.text)
        assert int(answer.headers["Retry-After"]) > 0
    assert client.get("/health/ready").json()["notes"] == ["read_only"]


def test_reading_alone_by_setting(database_url: str) -> None:
    """Every reading address answers, a match too; every change is told to come back."""
    settings = _filled(database_url).model_copy(update={"read_only": True})
    with client_of(create_app(settings, lambda: TODAY)) as client:
        _only_reading(client)


def test_reading_alone_because_the_database_says_so(postgres_url: str) -> None:
    """The same where the database takes no changes: nobody has to tell the service, and it ends as it began."""
    settings = _filled(postgres_url)
    owner = Database.open(postgres_url)
    name = owner.engine.url.database

    def say(value: str) -> None:
        with owner.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET default_transaction_read_only = off"))
            connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}"))

    say("on")
    with client_of(create_app(settings, lambda: TODAY)) as client:
        _only_reading(client)
        say("off")
        renew_each_use(client.app.state.service.database.engine)  # type: ignore[attr-defined]
        assert send(client, "PUT", "/homes/H-2", A_HOME | {"ref": "H-2"}).status_code == 201
        assert client.get("/health/ready").json()["notes"] == []
    owner.close()


def test_a_file_that_may_only_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite refuses a change to a file that it may only read: told as what it is."""
    settings = _filled(f"sqlite:///{tmp_path / 'only.db'}")
    real = condition.os.access
    monkeypatch.setattr(condition.os, "access", lambda path, mode: mode != os.W_OK and real(path, mode))
    with client_of(create_app(settings, lambda: TODAY)) as client:
        engine = client.app.state.service.database.engine  # type: ignore[attr-defined]
        renew_each_use(engine)
        event.listen(engine, "connect", lambda connection, _entry: connection.execute("PRAGMA query_only = ON"))
        _only_reading(client)


def test_little_room_is_told(lite: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside an SQLite file the free space is looked at; the service goes on."""
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as the standard library has it
    object.__setattr__(lite.app.state.service, "disk_low_mb", 500)  # type: ignore[attr-defined]
    for free, notes in ((499_999_999, ["disk_space_low"]), (500_000_000, [])):
        monkeypatch.setattr(condition.shutil, "disk_usage", lambda _path, free=free: usage(0, 0, free))
        answer = lite.get("/health/ready")
        assert (answer.status_code, answer.json()["notes"]) == (200, notes)


def test_a_day_without_a_policy_is_told(tmp_path: Path) -> None:
    """Long before the first policy there is none to match by."""
    settings = settings_for(f"sqlite:///{tmp_path / 'old.db'}")
    with client_of(create_app(settings, lambda: TODAY.replace(year=1990))) as client:
        assert client.get("/health/ready").json()["notes"] == ["no_policy_in_effect"]


def test_about_to_end_it_is_not_ready(lite: TestClient) -> None:
    """It still answers everything else, and lives."""
    lite.app.state.service.ending.begin()  # type: ignore[attr-defined]
    answer = lite.get("/health/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "ending")
    assert answer.headers["Retry-After"]
    assert lite.get("/health/live").status_code == 200
    assert lite.get("/homes").status_code == 200


@pytest.fixture
def heard() -> Iterator[list[float]]:
    """When the server itself heard of a signal."""
    times: list[float] = []
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: times.append(time.monotonic()))
    yield times
    signal.signal(signal.SIGTERM, before)


def test_a_signal_is_told_first_and_obeyed_later(heard: list[float]) -> None:
    """Readiness says no at once; the server stops taking requests when others know."""

    async def play() -> tuple[Ending, float]:
        ending = Ending(drain_s=0.2)
        with told_by_signals(ending):
            began = time.monotonic()
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.01)
            assert ending.has_begun
            assert heard == []
            await asyncio.sleep(0.4)
        return ending, began

    _, began = asyncio.run(play())
    assert len(heard) == 1
    assert heard[0] - began >= 0.2


def test_a_second_signal_is_obeyed_at_once(heard: list[float]) -> None:
    """Whoever asks twice does not want to wait."""

    async def play() -> None:
        with told_by_signals(Ending(drain_s=60)):
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.01)

    asyncio.run(play())
    assert len(heard) == 1


def test_the_handlers_are_put_back(heard: list[float]) -> None:
    """Afterwards a signal reaches the server as before."""

    async def play() -> None:
        with told_by_signals(Ending(drain_s=60)):
            await asyncio.sleep(0)

    asyncio.run(play())
    os.kill(os.getpid(), signal.SIGTERM)
    assert len(heard) == 1


def test_ready_says_what_it_looked_at(client: TestClient) -> None:
    """On both databases: the homes as they are stored, and nothing to look after."""
    assert isinstance(client.app, FastAPI)
    assert send(client, "PUT", f"/homes/{A_HOME['ref']}", A_HOME).status_code == 201
    assert client.get("/health/ready").json() == {"status": "ready", "homes": 1, "notes": []}


def test_a_browser_can_look_on_while_only_reading(database_url: str) -> None:
    """That a session was used cannot be written down then, and is not what an officer must wait for."""
    settings_for(database_url)
    officer = Principal("somebody", Kind.PERSON, AUTHORITY, frozenset({Role.OFFICER}))
    writable, only = Database.open(database_url, AUTHORITY), Database.open(database_url, AUTHORITY, read_only=True)
    hour = timedelta(hours=1)
    answer = Response()
    Sessions(writable, AUTHORITY, False, hour, hour).begin(officer, answer)
    with writable.writing() as writing:
        writing.execute(update(sessions).values(last_used_at=datetime.now(UTC) - timedelta(minutes=10)))
    secret = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert Sessions(only, AUTHORITY, False, hour, hour).principal(secret).subject == "somebody"
    writable.close()
    only.close()
