"""What the campaign has found, kept part by part: a run that is broken off loses nothing of what it did."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.report import RESULTS, Result

KEPT = RESULTS / "campaign.json"
ROOT = Path(__file__).parents[2]


def keep(result: Result, kept: Path = KEPT, made_from: str | None = None) -> None:
    """Write a row of full length, in the place of an older one of the same command, with what it was made from."""
    rows = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else []
    named = {row["command"]: row for row in rows}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    row: Mapping[str, Any] = asdict(result) | {"at": now, "made_from": version() if made_from is None else made_from}
    kept.parent.mkdir(exist_ok=True)
    ordered = [value for _, value in sorted((named | {result.command: row}).items())]
    kept.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")


def version() -> str:
    """The commit that is run, and whether anything differs from it; "unknown" outside a checkout."""
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return said.stdout.strip() or "unknown"
