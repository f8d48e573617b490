"""Files, names and folders that somebody sends to break the commands: each ends gently and is printed as it is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from rich.errors import MarkupError

from app.documents.home_documents import write_home
from app.settings import PROJECT
from tests.cli.conftest import Terminal

DAY = ("--as-of", "2026-03-02")


def test_names_are_no_markup(terminal: Terminal) -> None:
    """Square brackets in a home's name are printed as they are, and break nothing."""
    name = "[/] [bold]Elm[/bold] [link=file:///x]House[/]"
    rows = [write_home(home) | {"name": name} for home in terminal.made.homes]
    path = terminal.folder / "brackets.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    assert terminal.run("import", str(path)).exit_code == 0
    for referral in terminal.made.referrals:
        result = terminal.run("match", referral.ref, *DAY)
        assert not isinstance(result.exception, MarkupError)
        assert result.exit_code == 0, result.output
    result = terminal.run("why-not", terminal.made.referrals[0].ref, terminal.made.homes[0].ref, *DAY)
    assert result.exit_code == 0, result.output
    assert "[bold]Elm[/bold]" in result.output
    assert "\\[" not in result.output


def test_reasons_of_a_policy_are_no_markup(terminal: Terminal, tmp_path: Path) -> None:
    """A reason may speak of [rules.ages]; the table shows it."""
    text = (PROJECT / "policies" / "nottingham-2023.toml").read_text(encoding="utf-8")
    changed = text.replace('because = "', 'because = "[/x] [rules.ages] ')
    assert changed != text
    (tmp_path / "brackets.toml").write_text(changed, encoding="utf-8")
    result = terminal.run("policy", "check", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "[/x]" in result.output


def test_the_key_of_a_policy_error_is_printed(terminal: Terminal, tmp_path: Path) -> None:
    """Where the message itself has square brackets, all of it is printed."""
    text = (PROJECT / "policies" / "nottingham-2023.toml").read_text(encoding="utf-8")
    (tmp_path / "[red]odd.toml").write_text('"[bold]" = 1\n' + text, encoding="utf-8")
    result = terminal.run("policy", "check", str(tmp_path))
    assert result.exit_code == 1
    told = " ".join(result.output.split())
    assert "[red]odd.toml" in told
    assert "key [bold]" in told


def _nested(path: Path) -> None:
    path.write_text("a=" + "[" * 100_000, encoding="utf-8")


def _digits(path: Path) -> None:
    path.write_text("a=" + "9" * 10_000, encoding="utf-8")


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)
    Thread(target=lambda: path.write_bytes(b'version = "x"'), daemon=True).start()


def _large(path: Path) -> None:
    path.write_bytes(b"#" * 11_000_000)


def _twice(path: Path) -> None:
    path.write_text("[a]\n[a]\n", encoding="utf-8")


def _locked(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("make", [_nested, _digits, _folder, _pipe, _large, _twice, _locked])
def test_a_policy_that_is_none_is_named(terminal: Terminal, tmp_path: Path, make: Callable[[Path], None]) -> None:
    """Too deep, too large, no file at all: the message names the document and says what is wrong."""
    folder = tmp_path / "documents"
    folder.mkdir()
    make(folder / "broken.toml")
    result = terminal.run("policy", "check", str(folder))
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    told = " ".join(result.output.split())
    assert "policy broken.toml" in told
    assert ", key " not in told  # that would be another complaint: it was read all the same


def test_what_is_no_file_is_not_read(terminal: Terminal) -> None:
    """A pipe or device could go on for ever."""
    path = terminal.folder / "pipe"
    os.mkfifo(path)
    Thread(target=lambda: path.write_bytes(b"[]"), daemon=True).start()
    result = terminal.run("import", str(path))
    assert result.exit_code == 1
    assert "not a file" in " ".join(result.output.split())


def test_a_file_larger_than_an_inventory_is_not_read(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command takes as much as the service does."""
    path = terminal.homes_file("large.json", 60)
    monkeypatch.setenv("PLACEMENT_INVENTORY_LIMIT_BYTES", "2000")
    result = terminal.run("import", str(path))
    assert result.exit_code == 1
    assert "2000 bytes" in " ".join(result.output.split())


def test_what_the_command_would_not_heed_is_refused(terminal: Terminal) -> None:
    """A file that says skip_row is not taken for one that says nothing."""
    path = terminal.homes_file("more.json", 2)
    document = json.loads(path.read_text(encoding="utf-8")) | {"on_problem": "skip_row"}
    path.write_text(json.dumps(document), encoding="utf-8")
    result = terminal.run("import", str(path))
    assert result.exit_code == 1
    assert "nothing else" in " ".join(result.output.split())


def test_errors_of_the_file_system_are_said_in_words(terminal: Terminal, tmp_path: Path) -> None:
    """Not by their number."""
    result = terminal.run("policy", "check", str(tmp_path / ("x" * 300)))
    assert result.exit_code == 1
    assert "name too long" in result.output
