"""`placement worker` and `placement migrate` from the command line, with logins as in production."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url, text
from typer.testing import CliRunner

from app.cli import app
from app.settings import Settings
from app.store import roles
from app.store.session import Database
from tests.support.builders import NOTTINGHAM


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A command sets logging up for its process; here others follow."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"PLACEMENT_DATABASE_URL": "sqlite:////nowhere/placement.db"}, "On SQLite the service does this work itself"),
        (
            {"PLACEMENT_DATABASE_URL": "postgresql+psycopg:///x", "PLACEMENT_READ_ONLY": "true"},
            "In read-only mode there is nothing to do",
        ),
        (
            {"PLACEMENT_DATABASE_URL": "postgresql+psycopg://canary-login:canary-word@/x?host=/nonexistent"},
            "Database unavailable",
        ),
    ],
)
def test_a_worker_that_cannot_work_says_why(variables: dict[str, str], told: str) -> None:
    """Gently, with exit code 1, and without repeating an address."""
    ended = CliRunner().invoke(app, ["worker"], env=variables)
    assert ended.exit_code == 1
    assert told in " ".join(ended.output.split())
    assert "canary" not in ended.output


def test_migrating_as_nobody_names_the_owners_address(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login that is still to be made cannot make itself: which variable is missing, or wrong, and not `migrate`."""
    service = make_url(postgres_url).set(username="placement_unborn", password="canary-word")
    address = service.render_as_string(hide_password=False)
    monkeypatch.setenv("PLACEMENT_DATABASE_URL", address)
    for owner, told in ((None, "set PLACEMENT_DATABASE_OWNER_URL as well"), (address, "_OWNER_URL: check its name")):
        if owner is not None:
            monkeypatch.setenv("PLACEMENT_DATABASE_OWNER_URL", owner)
        ended = CliRunner().invoke(app, ["migrate"])
        assert ended.exit_code == 1
        assert told in " ".join(ended.output.split())
        assert "canary" not in ended.output


def test_migrating_as_the_owner_lets_the_service_in(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The login of the service is made by the owner's; with it the service works, and may do no more than it should."""
    service = make_url(postgres_url).set(username="placement_service", password="canary-word")
    address = service.render_as_string(hide_password=False)
    monkeypatch.setenv("PLACEMENT_DATABASE_URL", address)
    monkeypatch.setenv("PLACEMENT_DATABASE_OWNER_URL", postgres_url)
    ended = CliRunner().invoke(app, ["migrate"])
    assert ended.exit_code == 0, ended.output
    assert "canary" not in ended.output + caplog.text
    database = Settings.read().open_database()
    with database.reading() as reading:
        roles.require_walls(reading)
        assert reading.execute(text("SELECT session_user || ' as ' || current_user")).scalar_one() == (
            "placement_service as placement_app"
        )
    database.close()
    assert database.authority == NOTTINGHAM
    assert "privileged" not in caplog.text
    owner = Database.open(postgres_url)
    with owner.writing() as writing:
        writing.execute(text("DROP OWNED BY placement_service"))
        writing.execute(text("DROP ROLE placement_service"))
    owner.close()
