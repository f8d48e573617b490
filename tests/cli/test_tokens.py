"""`placement token` and `placement end-sessions`."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from typer.testing import CliRunner

from app.access.keys import ALGORITHMS, Keys
from app.access.local_issuer import LocalIssuer
from app.access.principal import Kind, Principal, Role
from app.access.tokens import TokenReader, Verifier
from app.cli import app
from app.store import sessions
from app.store.audit_tables import audit_entries
from app.store.session import Database
from tests.cli.conftest import Terminal

AUTHORITY = "E06000018"


@pytest.fixture
def keys(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of keys of the test's own."""
    folder = terminal.folder / "access"
    monkeypatch.setenv("PLACEMENT_LOCAL_KEYS", str(folder))
    return folder


def _read(keys: Path, token: str) -> Principal:
    issuer = LocalIssuer.open(keys, AUTHORITY)
    return TokenReader(Verifier(Keys(issuer.public_keys, wait=False), ALGORITHMS), issuer.claims()).read(token)


def test_a_token_is_one_line_that_the_service_takes(terminal: Terminal, keys: Path) -> None:
    """Nothing but the token, so that it can stand in another command; a person with every role."""
    printed = terminal.run("token").output
    assert printed.count("\n") == 1
    assert _read(keys, printed.strip()) == Principal("local-officer", Kind.PERSON, AUTHORITY, frozenset(Role))


def test_a_token_of_somebody_else(terminal: Terminal, keys: Path) -> None:
    """With the roles that are named, for a person or a system."""
    words = ("token", "--role", "officer", "--role", "auditor", "--subject", "ann", "--minutes", "5")
    found = _read(keys, terminal.run(*words).output.strip())
    assert (found.subject, found.roles) == ("ann", {Role.OFFICER, Role.AUDITOR})
    system = _read(keys, terminal.run("token", "--role", "case_system", "--system").output.strip())
    assert system.kind is Kind.SYSTEM
    assert terminal.run("token", "--role", "king").exit_code == 2


@settings(max_examples=60)
@given(subject=st.text(max_size=300) | st.text("ab !~\x7f", max_size=3))
def test_a_token_that_is_printed_is_one_that_the_service_takes(
    tmp_path_factory: pytest.TempPathFactory, subject: str
) -> None:
    """For any subject: either the service reads the token as that very subject's, or none is printed."""
    folder = tmp_path_factory.getbasetemp() / "one-key-for-all"
    done = CliRunner().invoke(app, ["token", f"--subject={subject}"], env={"PLACEMENT_LOCAL_KEYS": str(folder)})
    assert done.exit_code in {0, 2}, done.output
    if done.exit_code == 0:
        assert _read(folder, done.output.strip()).subject == subject
    else:
        assert not re.fullmatch(r"[!-~]{1,255}", subject)


def test_with_a_provider_there_are_no_tokens_of_ours(
    terminal: Terminal, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service would not take them, so none is made, and no key either."""
    monkeypatch.setenv("PLACEMENT_OIDC_ISSUER", "https://id.example")
    monkeypatch.setenv("PLACEMENT_OIDC_ROLES", '{"Officers": "officer"}')
    answer = terminal.run("token")
    assert answer.exit_code == 1
    assert "that provider alone" in answer.output
    assert not keys.exists()


def test_sessions_are_ended(terminal: Terminal) -> None:
    """Of one person, or everybody's; the audit trail says so."""
    database = Database.open(f"sqlite:///{terminal.folder / 'cli.db'}")
    with database.writing() as writing:
        for number, subject in enumerate(("ann", "ann", "bob", "eve")):
            principal = Principal(subject, Kind.PERSON, AUTHORITY)
            sessions.begin(writing, f"{number:064d}", principal, timedelta(hours=1))
    assert terminal.run("end-sessions").exit_code == 2
    assert terminal.run("end-sessions", "--subject", "ann", "--everybody").exit_code == 2
    assert "2 sessions ended" in terminal.run("end-sessions", "--subject", "ann").output
    assert "2 sessions ended" in terminal.run("end-sessions", "--everybody").output
    with database.reading() as reading:
        told = reading.execute(select(audit_entries.c.object_ref).order_by(audit_entries.c.seq)).scalars().all()
    database.close()
    assert told == ["ann", "everybody"]
