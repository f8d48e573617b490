"""What becomes of the service when its database is taken away, damaged or full: 503, and nothing half written."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from starlette.testclient import TestClient

from app.documents.examples import A_HOME, A_REFERRAL
from app.errors import DatabaseRefused
from app.main import create_app
from app.store.session import Database
from tests.api.service import TODAY, send, settings_for
from tests.support.access import client_of
from tests.support.connections import renew_each_use

CANARY = "Zzyzx-Quetzal"


def _served(address: str) -> TestClient:
    return client_of(create_app(settings_for(address), lambda: TODAY))


def _everything(client: TestClient) -> list[Any]:
    """One request of every kind that needs the database, each over a connection of its own."""
    ref = A_REFERRAL["ref"]
    requests: list[tuple[str, str, Any]] = [
        ("GET", "/health/ready", None),
        ("GET", "/homes", None),
        ("GET", f"/homes/{CANARY}", None),
        ("GET", f"/referrals/{ref}/shortlist", None),
        ("PUT", f"/homes/{CANARY}", A_HOME | {"ref": CANARY}),
        ("POST", "/homes/import", {"homes": [A_HOME]}),
        ("POST", "/match", {"referral": A_REFERRAL}),
        ("DELETE", f"/homes/{A_HOME['ref']}", None),
    ]
    renew_each_use(client.app.state.service.database.engine)  # type: ignore[attr-defined]
    answers = []
    for method, path, body in requests:
        answers.append(send(client, method, path, body, If_Match="*"))
    return answers


def _deleted(path: Path) -> None:
    path.unlink()


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _overwritten(path: Path) -> None:
    path.write_bytes(b"This is not a database. " * 1_000)


def _torn(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))


@pytest.mark.parametrize("spoil", [_deleted, _emptied, _overwritten, _torn])
def test_a_spoilt_file_is_a_503(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: Callable[[Path], None]
) -> None:
    """Gone, empty or damaged: callers are told to come back, nothing is echoed, and no new file is made."""
    path = tmp_path / "spoilt.db"
    with _served(f"sqlite:///{path}") as client, caplog.at_level(logging.DEBUG, logger="app"):
        renew_each_use(client.app.state.service.database.engine)  # type: ignore[attr-defined]
        spoil(path)
        answers = _everything(client)
        assert [answer.status_code for answer in answers] == [503] * len(answers)
        assert client.get("/health/live").status_code == 200
    assert not any(CANARY in answer.text for answer in answers)
    assert CANARY not in caplog.text
    if spoil is _deleted:
        assert not path.exists()


def test_tables_that_are_gone_are_a_503(database_url: str) -> None:
    """A database that was laid out anew by somebody else, with other tables, is said not to be current."""
    with _served(database_url) as client:
        owner = Database.open(database_url)
        with owner.writing() as writing:
            for table in ("residents", "homes", "inventory_clock", "children", "referrals"):
                writing.execute(text(f"DROP TABLE {table}"))
        owner.close()
        answers = _everything(client)[1:]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(503, "schema_not_current")}


def test_a_file_that_is_no_database_is_refused_at_the_start(tmp_path: Path) -> None:
    """Opening it raises one of our own errors, which the commands say gently."""
    path = tmp_path / "letter.db"
    _overwritten(path)
    with pytest.raises(DatabaseRefused):
        Database.open(f"sqlite:///{path}")


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    """An import that no longer fits is a 503 and stores no home; with room again it goes through."""
    with _served(f"sqlite:///{tmp_path / 'full.db'}") as client:
        engine = client.app.state.service.database.engine  # type: ignore[attr-defined]
        assert send(client, "PUT", f"/homes/{A_HOME['ref']}", A_HOME).status_code == 201
        with client.app.state.service.database.reading() as reading:  # type: ignore[attr-defined]
            pages = reading.execute(text("PRAGMA page_count")).scalar_one()

        def little_room(connection: Any, _entry: Any) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages + 20}")

        event.listen(engine, "connect", little_room)
        renew_each_use(engine)
        many = {"homes": [A_HOME | {"ref": f"H{n}", "places": 3} for n in range(500)]}
        answer = send(client, "POST", "/homes/import", many, Idempotency_Key="full")
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert [stored["home"]["ref"] for stored in client.get("/homes").json()["homes"]] == [A_HOME["ref"]]
        assert client.get("/health/ready").json()["homes"] == 1
        event.remove(engine, "connect", little_room)
        answer = send(client, "POST", "/homes/import", many, Idempotency_Key="full")
        assert answer.json()["created"] == 500
