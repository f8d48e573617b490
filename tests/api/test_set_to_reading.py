"""A database that is set to take no changes, and to take them again, beneath a service that goes on running."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from app.documents.examples import A_HOME
from app.main import create_app
from app.store import told_otherwise
from app.store.session import Database
from tests.api.service import TODAY, send, settings_for
from tests.support.access import client_of

SOON_S = 10.0
"""How long a test waits at most for what should be so within two seconds; the machine may be busy."""

WAYS = {
    "database": ("ALTER DATABASE {database} SET default_transaction_read_only = {value}", "off"),
    "database, taken back": ("ALTER DATABASE {database} {value} default_transaction_read_only", None),
    "login": ("ALTER ROLE {login} SET default_transaction_read_only = {value}", "off"),
    "login in the database": (
        "ALTER ROLE {login} IN DATABASE {database} SET default_transaction_read_only = {value}",
        "off",
    ),
}


@contextmanager
def _owner(url: str) -> Iterator[Database]:
    owner = Database.open(url)
    try:
        yield owner
    finally:
        owner.close()


def _say(owner: Database, statement: str, value: str | None) -> None:
    given = {"database": owner.engine.url.database, "login": owner.engine.url.username, "value": value or "RESET"}
    if value == "on" and "{value} default" in statement:
        given["value"], statement = "SET", statement + " = on"
    with owner.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        connection.execute(text(statement.format(**given)))


def _put(client: TestClient, number: int) -> int:
    status: int = send(client, "PUT", f"/homes/H-{number}", A_HOME | {"ref": f"H-{number}"}).status_code
    return status


def _soon(is_so: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < SOON_S
        time.sleep(0.05)


def _notes(client: TestClient) -> list[str]:
    notes: list[str] = client.get("/health/ready").json()["notes"]
    return notes


@pytest.mark.parametrize("way", WAYS)
def test_a_running_service_heeds_it_both_ways(postgres_url: str, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Nobody restarts anything: soon no change is taken and readiness says so, and soon changes are taken again."""
    monkeypatch.setattr(told_otherwise, "ASK_AGAIN_S", 0.1)
    (statement, back), numbers = WAYS[way], count(1)
    settings = settings_for(postgres_url)
    with _owner(postgres_url) as owner, client_of(create_app(settings, lambda: TODAY)) as client:
        try:
            assert _put(client, 0) == 201
            _say(owner, statement, "on")
            _soon(lambda: _put(client, next(numbers)) == 503 and _notes(client) == ["read_only"])
            assert [client.get(path).status_code for path in ("/homes", "/homes/H-0")] == [200, 200]
            assert _put(client, next(numbers)) == 503
            _say(owner, statement, back)
            _soon(lambda: _put(client, next(numbers)) == 201 and _notes(client) == [])
            assert [_put(client, next(numbers)) for _ in range(5)] == [201] * 5
        finally:
            _say(owner, "ALTER ROLE {login} RESET ALL", "off")
            _say(owner, "ALTER ROLE {login} IN DATABASE {database} RESET ALL", "off")


def test_it_is_asked_now_and_then_and_the_promise_is_seconds(postgres_url: str) -> None:
    """Not at each use, which would cost every request a question; but within the seconds that the guide names."""
    assert 0.5 <= told_otherwise.ASK_AGAIN_S <= 5
    asked: list[bytes] = []
    real = told_otherwise._answer

    def counted(connection: object, question: bytes) -> str | None:
        asked.append(question)
        return real(connection, question)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(told_otherwise, "_answer", counted)
        with _owner(postgres_url) as owner:
            for _ in range(20):
                with owner.reading() as reading:
                    reading.execute(text("SELECT 1"))
    assert len(asked) <= 2 + 20 * 0.1


def test_what_we_asked_for_ourselves_is_not_asked_again(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that is set to reading alone keeps its connections, whatever the database says."""
    monkeypatch.setattr(told_otherwise, "ASK_AGAIN_S", 0.0)
    address = f"{postgres_url}&options=-c%20default_transaction_read_only%3Don"
    for database in (Database.open(postgres_url, read_only=True), Database.open(address)):
        pids = set()
        for _ in range(3):
            with database.reading() as reading:
                pids.add(reading.execute(text("SELECT pg_backend_pid()")).scalar_one())
        database.close()
        assert len(pids) == 1
