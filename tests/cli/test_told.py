"""What a command says when it is given something wrong: the cure, in words of the terminal, and one of three codes.

0: done. 1: it did not work. 2: the command was not given rightly.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from app.cli import app
from app.cli.desk import meant
from app.store import migrate
from app.store.session import Database
from tests.cli.conftest import Terminal

ROOT = Path(__file__).parents[2]
NOWHERE = "postgresql+psycopg://canary:canary@127.0.0.1:1/x"


def said(terminal: Terminal, *words: str, code: int) -> str:
    """What a command says, in one line; it ends with this code and never with a trace or words of HTTP."""
    result = terminal.run(*words)
    told = " ".join(result.output.translate(str.maketrans("", "", "│╭╮╰╯─")).split())
    assert result.exit_code == code, told
    assert "Traceback" not in told
    return told


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("match", "r-0001"), 1, "Did you mean R-0001?"),
        (("match", "R-0O01"), 1, "Did you mean R-0001?"),
        (("why-not", "R-0001", "h-0001"), 1, "Did you mean H-0001?"),
        (("match", "R-0001", "--as-of", "2026-02-30"), 2, "this must be a day such as 2026-11-22"),
        (("match", "R-0001", "--as-of", "22/11/2026"), 2, "this must be a day such as 2026-11-22"),
        (("match", "R-0001", "--as-of", "1850-01-01"), 1, "begins on"),
        (("rematch", "--dry-run", "--as-of", "1850-01-01"), 1, "begins on"),
        (("match", "R-0001", "--as-of", "2099-01-01"), 0, "Judged as of 1 January 2099"),
        (("token", "--subject", ""), 2, "must be one word"),
        (("token", "--subject", "a b"), 2, "must be one word"),
        (("end-sessions",), 2, "one of the two"),
        (("end-sessions", "--subject", "x", "--everybody"), 2, "one of the two"),
        (("erase",), 2, "give the reference of a child"),
        (("erase", "C-1", "--write-log", "x"), 2, "one of them"),
        (("replay", "README.md"), 1, "README.md is not JSON"),
        (("import", "README.md"), 1, "README.md is not JSON"),
    ],
)
def test_the_cure_is_told(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, told: str
) -> None:
    """Whatever was mistyped, nobody has to guess what would have been right; and nothing speaks of a request."""
    monkeypatch.setenv("PLACEMENT_LOCAL_KEYS", str(terminal.folder / "access"))
    monkeypatch.chdir(ROOT)
    answer = said(terminal, *words, code=code)
    assert told in answer
    for of_another_place in ("Body", "`errors`", "%Y", "Value error"):
        assert of_another_place not in answer


def test_wrong_usage_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with the command itself is told first, whatever is configured."""
    monkeypatch.delenv("PLACEMENT_DATABASE_URL", raising=False)
    for words in (["erase"], ["end-sessions"]):
        assert CliRunner().invoke(app, words).exit_code == 2
    assert CliRunner().invoke(app, ["migrate"]).exit_code == 1


def test_the_nearest_reference_is_told_and_no_far_one() -> None:
    """Case does not count; what resembles nothing is not guessed at."""
    known = ["R-0001", "R-0012", "Ref-B"]
    assert [meant(given, known)[0].cure for given in ("r-0001", "ref-b")] == [
        "Did you mean R-0001?",
        "Did you mean Ref-B?",
    ]
    assert meant("", known) == meant("something else", known) == []


def test_a_file_with_a_wrong_field_is_named(terminal: Terminal) -> None:
    """`replay` of JSON that is no snapshot: the file, the fields, and nothing of a request."""
    path = terminal.folder / "night.json"
    path.write_text("{}", encoding="utf-8")
    told = said(terminal, "replay", str(path), code=1)
    assert "night.jsoncannotbeusedasitstands" in "".join(told.split())  # a long path is cut where a line ends
    assert "Request" not in told


def test_a_database_that_is_not_there_is_not_made_by_looking(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong letter in the path is told with the path; laying it out says that a new one is made."""
    path = terminal.folder / "typo" / "x.db"
    monkeypatch.setenv("PLACEMENT_DATABASE_URL", f"sqlite:///{path}")
    for words in (["match", "R-0001"], ["rematch"], ["placements"], ["audit", "verify"], ["erase", "C-1", "--yes"]):
        assert "Check PLACEMENT_DATABASE_URL" in said(terminal, *words, code=1)
        assert not path.parent.exists()
    assert "a new one is made" in said(terminal, "migrate", code=0)
    assert "a new one is made" not in said(terminal, "migrate", code=0)


def test_a_database_that_somebody_changed_by_hand_is_not_sent_round_in_circles(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Migrating is no cure for it, so it is not told as one; nothing is changed."""
    path = terminal.folder / "changed.db"
    address = f"sqlite:///{path}"
    database = Database.open(address)
    migrate.upgrade(database)
    migrate.downgrade(database, "0014")
    with database.writing() as writing:
        triggers = writing.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in triggers:
            writing.execute(text(f"DROP TRIGGER {name}"))
    database.close()
    monkeypatch.setenv("PLACEMENT_DATABASE_URL", address)
    told = said(terminal, "migrate", code=1)
    assert ("Restore a backup" in told, "Run: placement migrate" in told) == (True, False)


def _as_a_process(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    given = {f"PLACEMENT_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "app.cli", *words]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | given, capture_output=True, text=True, check=False, timeout=90
    )


@pytest.mark.parametrize("address", ["nonsense", "mysql://canary/x", NOWHERE])
def test_an_address_that_leads_nowhere(address: str) -> None:
    """What to look at, in a sentence; no trace, no stray line before it, nothing of the address."""
    done = _as_a_process("match", "R-0001", database_url=address)
    told = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1
    assert "PLACEMENT_DATABASE_URL" in told
    assert told.startswith(("That did not work.", "Database unavailable."))
    assert "canary" not in told


def test_an_import_in_a_pipe_says_what_came_of_it_alone(terminal: Terminal) -> None:
    """No spinner, no clock: one line that another program can read."""
    path = terminal.homes_file("good.json", 3)
    assert terminal.run("import", str(path)).output.splitlines() == ["0 new, 0 changed, 3 as they were."]


def test_a_folder_of_keys_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    """Not when the first message is due: a worker and a service say so before they begin."""
    address = f"sqlite:///{tmp_path / 'x.db'}"
    done = _as_a_process("serve", "--no-demo", database_url=address, webhook_secrets=str(tmp_path / "nope"))
    assert done.returncode == 1
    assert "PLACEMENT_WEBHOOK_SECRETS: there is no folder" in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []
    settings = {"database_url": "postgresql+psycopg:///x?host=/nonexistent", "webhook_secrets": str(tmp_path / "nope")}
    assert "PLACEMENT_WEBHOOK_SECRETS" in _as_a_process("worker", **settings).stderr
