"""What was found stays, whatever becomes of the rest of a campaign."""

import json
from dataclasses import replace
from pathlib import Path

from bench.report import Result
from tests.campaign.keeping import keep, version

ROW = Result("disk: full", 5, "done", "5, no failure", True, "python -m tests.campaign.disk")


def test_parts_add_up_and_the_newest_counts(tmp_path: Path) -> None:
    """One row a command, in order, each with what it was made from."""
    kept = tmp_path / "results" / "campaign.json"
    keep(ROW, kept, "first")
    keep(replace(ROW, command="python -m tests.campaign.audit"), kept, "first")
    keep(replace(ROW, value=3, met=False), kept, "second")
    rows = json.loads(kept.read_text())
    assert [(row["command"].rpartition(".")[2], row["value"], row["met"], row["made_from"]) for row in rows] == [
        ("audit", 5, True, "first"),
        ("disk", 3, False, "second"),
    ]


def test_what_is_run_has_a_name() -> None:
    """A commit, or that it is not known."""
    assert version()
