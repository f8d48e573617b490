"""`placement rematch` and `placement replay`: stored, kept in files, and made again; what cannot be is told."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.cli import nights, rematching
from app.cli.desk import today
from app.matching.referral import HomeRef
from app.rematch.run import Outcome, rematch
from app.store import save
from app.store.run_records import Run
from app.store.session import Database
from tests.cli.conftest import DAY as MADE_ON
from tests.cli.conftest import Terminal
from tests.cli.printing import in_one_line

EXAMPLE = Path(__file__).parents[2] / "docs" / "snapshot.md"


@pytest.fixture
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Today is the day for which the authority was made."""
    monkeypatch.setattr(rematching, "today", lambda: MADE_ON)


@pytest.mark.usefixtures("on_the_day")
def test_rematch_stores_and_shows(terminal: Terminal) -> None:
    """The figures of the night, each proposal with why, and under which number it is stored."""
    result = terminal.run("rematch")
    assert result.exit_code == 0, result.output
    for words in ("Children placed", "Local share", "floor 80 %", "ambition 85 %", "Brothers and sisters"):
        assert words in result.output
    for words in ("Weekly cost", "Gap", "Proposals", "One more local child", "Stored as run 1"):
        assert words in result.output
    again = terminal.run("rematch")
    assert "Stored as run 2" in again.output
    assert "as proposed before" in in_one_line(again.output).lower()


@pytest.mark.usefixtures("on_the_day")
@pytest.mark.parametrize("count", [1, 2])
def test_what_was_dropped_is_listed_with_its_reason(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """While the run works, homes vanish: whoever was to go there is named after the tables, with why."""
    gone: list[HomeRef] = []

    def slow(*given: Any, **named: Any) -> Outcome:
        outcome = rematch(*given, **named)
        gone.extend(sorted({one.home for one in outcome.proposals})[:count])
        database = Database.open(f"sqlite:///{terminal.folder / 'cli.db'}")
        for ref in gone:
            home = outcome.night.pool.record(ref)
            with database.writing() as writing:
                save.import_homes(writing, "E06000018", [replace(home, terms=replace(home.terms, age_max=0))])
        database.close()
        return outcome

    monkeypatch.setattr(nights, "rematch", slow)
    result = terminal.run("rematch")
    assert result.exit_code == 0, result.output
    text = in_one_line(result.output.partition("Stored as run 1")[2])
    heading = "1 proposal listed above has become" if count == 1 else "2 proposals listed above have become"
    assert heading in text
    for ref in gone:
        assert f" to {ref}: rules not met (age range)" in text


@pytest.mark.usefixtures("on_the_day")
def test_one_proposal_stands(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """One stands, several stand."""
    shown = rematching.stored_night

    def one_alone(*given: Any) -> tuple[Outcome | None, Run]:
        outcome, run = shown(*given)
        return outcome, replace(run, proposed=1)

    assert "proposals stand." in terminal.run("rematch").output
    monkeypatch.setattr(rematching, "stored_night", one_alone)
    assert "1 proposal stands." in terminal.run("rematch").output


@pytest.mark.usefixtures("on_the_day")
def test_dry_run_snapshot_and_replay(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dry run stores nothing; its input, replayed without any database, gives the same bytes."""
    snapshot, out, again = (terminal.folder / name for name in ("night.json", "one.json", "two.json"))
    result = terminal.run("rematch", "--dry-run", "--frontier", "--snapshot", str(snapshot), "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "Nothing was stored" in result.output
    assert "What other shares of local children would cost" in result.output
    assert snapshot.stat().st_mode & 0o077 == 0
    monkeypatch.delenv("PLACEMENT_DATABASE_URL")
    monkeypatch.setenv("PLACEMENT_POSTCODES", "/nowhere")
    replayed = terminal.run("replay", str(snapshot), "--frontier", "--out", str(again))
    assert replayed.exit_code == 0, replayed.output
    assert out.read_bytes() == again.read_bytes()
    assert json.loads(out.read_bytes())["report"]["proposals"]


def test_a_past_day_is_not_stored(terminal: Terminal) -> None:
    """Proposals for a day that is over could only mislead."""
    refused = terminal.run("rematch", "--as-of", "2026-03-02")
    assert refused.exit_code == 1
    assert "--dry-run" in refused.output
    assert terminal.run("rematch", "--as-of", "2026-03-02", "--dry-run").exit_code == 0


@pytest.mark.parametrize("days", [15, 600])
def test_a_day_too_far_away_is_not_stored(terminal: Terminal, days: int) -> None:
    """The same days as over HTTP: beyond, most proposals would fall for want of records, and replace good ones."""
    day = (today() + timedelta(days=days)).isoformat()
    refused = terminal.run("rematch", "--as-of", day)
    assert refused.exit_code == 1
    assert "more than 14 days away" in in_one_line(refused.output)
    assert "Stored" not in refused.output


@pytest.mark.usefixtures("on_the_day")
@pytest.mark.parametrize("option", ["--snapshot", "--out"])
@pytest.mark.parametrize("where", ["nowhere/file.json", "."])
def test_a_file_that_cannot_be_written_is_found_out_first(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, option: str, where: str
) -> None:
    """Before anything is solved or stored."""
    monkeypatch.setattr(rematching, "stored_night", lambda *_given: pytest.fail("it began all the same"))
    result = terminal.run("rematch", option, str(terminal.folder / where))
    assert result.exit_code == 1
    assert "Nothing was done." in in_one_line(result.output)
    assert not list(terminal.folder.glob("**/*.part"))


def test_replay_tries_its_file_first(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does a replay."""
    monkeypatch.setattr(rematching, "solve_night", lambda *_given, **_named: pytest.fail("it began all the same"))
    file = terminal.folder / "hand.json"
    file.write_text("{}", encoding="utf-8")
    result = terminal.run("replay", str(file), "--out", str(terminal.folder / "nowhere" / "out.json"))
    assert result.exit_code == 1
    assert "Nothing was done." in in_one_line(result.output)


@pytest.mark.usefixtures("on_the_day")
def test_what_is_stored_is_said_before_what_may_fail(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full when the files are written: by then it has been said under which number the run is stored."""

    def full(*_given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rematching, "_write", full)
    result = terminal.run("rematch", "--out", str(terminal.folder / "out.json"))
    assert result.exit_code == 1
    assert "Stored as run 1" in result.output


def test_the_documented_example_is_replayed(terminal: Terminal) -> None:
    """A file written by hand is solved, and why is said."""
    text = EXAMPLE.read_text(encoding="utf-8")
    file = terminal.folder / "hand.json"
    file.write_text(text.partition("```json snapshot\n")[2].partition("```")[0], encoding="utf-8")
    result = terminal.run("replay", str(file))
    assert result.exit_code == 0, result.output
    assert "3 of 3" in result.output
    assert "goes to R-2" in in_one_line(result.output)


def test_a_spoilt_file_ends_gently(terminal: Terminal) -> None:
    """The field and its cure, exit code 1, no stack trace."""
    file = terminal.folder / "spoilt.json"
    file.write_text('{"format": "placement-snapshot", "version": 1, "as_of": "soon", "policy": "x"}', encoding="utf-8")
    result = terminal.run("replay", str(file))
    assert result.exit_code == 1
    assert "as_of: This is not a date." in result.output
    assert "Traceback" not in result.output


def test_replay_reads_whole_files_alone(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device, a pipe that nobody writes to, a file larger than may be read: said at once, with what to do."""
    pipe, large = terminal.folder / "pipe", terminal.folder / "large.json"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        result = terminal.run("replay", str(path))
        assert result.exit_code == 1
        assert "copy it to one first" in in_one_line(result.output)
    large.write_text(" " * 1_001, encoding="utf-8")
    monkeypatch.setenv("PLACEMENT_INVENTORY_LIMIT_BYTES", "1000")
    result = terminal.run("replay", str(large))
    assert result.exit_code == 1
    assert "PLACEMENT_INVENTORY_LIMIT_BYTES says how many" in in_one_line(result.output)
    assert "Traceback" not in result.output
