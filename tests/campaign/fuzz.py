"""Schemathesis against the whole API until enough cases were made. `python -m tests.campaign.fuzz`.

Every answer is one that the description names, in its form, and never a 5xx; data against the schema is refused.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path
from unittest import mock

from app.store import load
from tests.api import fuzz
from tests.campaign.counts import Counts, run

CASES = 20_000
AN_OPERATION = 30
"""Random requests for each operation in one pass; a pass also makes examples, boundaries and stateful requests."""

MOST_PASSES = 60


def main(rounds: int = CASES, *, broken: bool = False) -> Counts:
    """Pass after pass, each with a seed of its own. `broken`: one address fails on everything it finds."""
    counts = Counts("fuzz: random requests against every operation", rounds)
    statuses: Counter[str] = Counter()
    for seed in range(1, MOST_PASSES + 1):
        with tempfile.TemporaryDirectory(prefix="placement-fuzz-") as folder, mock.patch.object(load, *_broken(broken)):
            code, output, found = fuzz.run(min(AN_OPERATION, rounds), seed, Path(folder))
        counts.done += found["cases"]
        statuses.update(found["statuses"])
        counts.check(code == 0, f"seed {seed}: {_told(output)}")
        bad = sum(count for status, count in found["statuses"].items() if status.startswith("5"))
        counts.check(bad == 0, f"seed {seed}: {bad} answers of 5xx")
        if counts.done >= rounds or broken:
            break
    counts.notes["statuses"] = dict(sorted(statuses.items()))
    return counts


def _broken(broken: bool) -> tuple[str, object]:
    def fails(*_arguments: object) -> None:
        raise ValueError("broken on purpose")

    return "homes_page", fails if broken else load.homes_page


def _told(output: str) -> str:
    """The lines that name what failed, without the data that was sent."""
    lines = [line.strip() for line in output.splitlines() if line.strip().startswith(("- ", "FAILURES", "_____"))]
    return "; ".join(dict.fromkeys(lines))[:500] or "schemathesis ended with an error"


if __name__ == "__main__":
    sys.exit(0 if run(main, CASES)["is_whole"] else 1)
