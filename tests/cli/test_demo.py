"""The demo is there when it is needed, for every command that answers, and is made anew when it no longer fits."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.demo.authority import Sizes
from app.store import migrate
from app.store.session import Database

demo = importlib.import_module("app.cli.demo")  # the package itself has the command under this name


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for a small demo, and no database configured."""
    monkeypatch.delenv("PLACEMENT_DATABASE_URL", raising=False)
    monkeypatch.setattr(demo, "FOLDER", tmp_path)
    monkeypatch.setattr(demo, "DEMO_DATABASE", f"sqlite:///{tmp_path / 'placement.db'}")
    monkeypatch.setattr(demo, "Sizes", lambda: Sizes(5, 60, 90))
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_match_and_why_not_work_on_the_demo_without_a_database() -> None:
    """An officer who has run the demo can ask about its children at once, and is told whose children these are."""
    for words in (("match", "R-0001"), ("why-not", "R-0001", "H-0001")):
        result = CliRunner().invoke(app, list(words))
        assert result.exit_code == 0, result.output
        assert "synthetic authority" in result.output


def test_a_demo_of_an_older_layout_is_made_anew(folder: Path) -> None:
    """After an upgrade that brings a migration the demo works, and is not met with advice that does not help."""
    assert CliRunner().invoke(app, ["demo"]).exit_code == 0
    database = Database.open(f"sqlite:///{folder / 'placement.db'}")
    migrate.downgrade(database, "base")
    migrate.upgrade(database, "0001")
    database.close()
    marker = folder / "made.json"
    made = json.loads(marker.read_text(encoding="utf-8"))
    marker.write_text(json.dumps(made | {"layout": "0001"}), encoding="utf-8")
    result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 0, result.output


@pytest.mark.usefixtures("folder")
def test_the_demo_ends_with_the_night() -> None:
    """All waiting children together: placed, local share against both marks, siblings, cost, gap, and the unplaced."""
    result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 0, result.output
    night = result.output.partition("The night: all waiting children together")[2]
    assert "docs/deciding.md" in night.partition("What to do next")[2], "from proposals to a decision is one step"
    for words in ("Children placed", "Local share", "floor 80 %", "ambition 85 %", "Brothers and sisters"):
        assert words in night
    for words in ("Weekly cost", "Gap", "proposals", "One more local child"):
        assert words in night.lower() or words in night
