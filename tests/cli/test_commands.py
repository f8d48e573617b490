"""The commands answer, and end gently when something is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.settings import Settings
from tests.cli.conftest import Terminal

DAY = ("--as-of", "2026-03-02")


def test_match_prints_a_shortlist(terminal: Terminal) -> None:
    """Who needs a home, the homes, the reasons and what is left out."""
    result = terminal.run("match", terminal.made.referrals[0].ref, *DAY)
    assert result.exit_code == 0, result.output
    assert "of 60 homes meet every rule" in result.output
    assert "Left out, by rule" in result.output


def test_why_not_prints_every_rule(terminal: Terminal) -> None:
    """All of them, each with its answer."""
    result = terminal.run("why-not", terminal.made.referrals[0].ref, terminal.made.homes[0].ref, *DAY)
    assert result.exit_code == 0, result.output
    for words in ("usable places", "age range", "near family", "With every rule met"):
        assert words in result.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("match", "R-none"), "Referral not found"),
        (("why-not", "R-0001", "H-none"), "Home not found"),
        (("match", "R-0001", "--policy", "nottingham-1999"), "there is no policy of that version"),
    ],
)
def test_what_is_not_there_is_said_gently(terminal: Terminal, words: tuple[str, ...], told: str) -> None:
    """Exit code 1, one message, no stack trace."""
    result = terminal.run(*words, *DAY)
    assert result.exit_code == 1
    assert told in result.output
    assert "Traceback" not in result.output


def test_import_stores_all_rows_or_none(terminal: Terminal) -> None:
    """The same file again changes nothing; one wrong row refuses the file and names the field."""
    good = terminal.homes_file("good.json", 10)
    assert "0 new, 0 changed, 10 as they were" in terminal.run("import", str(good)).output
    document = json.loads(good.read_text(encoding="utf-8"))
    document["homes"][0]["ref"] = "H-NEW"
    document["homes"][3]["places"] = -1
    bad = terminal.folder / "bad.json"
    bad.write_text(json.dumps(document), encoding="utf-8")
    refused = terminal.run("import", str(bad))
    assert refused.exit_code == 1
    assert "homes[3].places" in refused.output
    del document["homes"][3]
    bad.write_text(json.dumps(document), encoding="utf-8")
    assert "nothing was stored" in terminal.run("import", str(bad), "--dry-run").output
    assert "1 new, 0 changed, 8 as they were" in terminal.run("import", str(bad)).output


@pytest.mark.parametrize("text", ["", "[", '{"homes": 3}', '{"homes": [NaN]}', "\ufeff[]x"])
def test_import_of_no_homes_is_said_gently(terminal: Terminal, text: str) -> None:
    """Whatever the file holds."""
    path = terminal.folder / "odd.json"
    path.write_text(text, encoding="utf-8")
    result = terminal.run("import", str(path))
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_policy_check_names_what_is_wrong(terminal: Terminal, tmp_path: Path) -> None:
    """The shipped policies are complete; a document that is not is refused by file and key."""
    assert "policies are complete" in terminal.run("policy", "check").output
    (tmp_path / "broken.toml").write_text('version = "x"\n', encoding="utf-8")
    result = terminal.run("policy", "check", str(tmp_path))
    assert result.exit_code == 1
    assert "broken.toml" in result.output


def test_policy_check_names_every_document_that_is_wrong(terminal: Terminal, tmp_path: Path) -> None:
    """A criterion that is missing in all of them: each file, the key, and where the cure stands, in one look."""
    folder = tmp_path / "policies"
    folder.mkdir()
    whole = sorted(Path("policies").glob("*.toml"))
    for path in whole:
        text = path.read_text(encoding="utf-8")
        (folder / path.name).write_text(text.replace("[criteria.fee]", "[criteria.fees]"), encoding="utf-8")
    result = terminal.run("policy", "check", str(folder))
    told = " ".join(result.output.split())
    assert result.exit_code == 1
    for path in whole:
        assert f"{path.name}, key criteria" in told
    assert "docs/add-a-rule.md" in told
    assert "name the folder" in " ".join(terminal.run("policy", "check", "README.md").output.split())


def test_a_database_that_is_not_laid_out_is_said_gently(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says which command mends it, and that command does."""
    monkeypatch.setenv("PLACEMENT_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    assert "placement migrate" in terminal.run("match", "R-0001").output
    assert terminal.run("migrate").exit_code == 0
    assert "Referral not found" in terminal.run("match", "R-0001").output


def test_migrate_without_a_database_says_which_variable_to_set(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that nothing else would use is not made."""
    monkeypatch.delenv("PLACEMENT_DATABASE_URL")
    monkeypatch.setattr(Settings, "migrate_database", lambda _: (tmp_path / "made").touch())
    result = terminal.run("migrate")
    assert result.exit_code == 1
    assert "Set PLACEMENT_DATABASE_URL first" in " ".join(result.output.split())
    assert not (tmp_path / "made").exists()


def test_an_unknown_setting_is_refused(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt variable must not leave a default in force in silence."""
    monkeypatch.setenv("PLACEMENT_DATABSE_URL", "x")
    result = terminal.run("match", "R-0001")
    assert result.exit_code == 1
    assert "PLACEMENT_DATABSE_URL" in result.output
