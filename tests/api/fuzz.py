"""Schemathesis against the whole API on a real socket: examples, boundaries, random and stateful requests.

`python -m tests.api.fuzz --cases 2000` for a campaign; a test runs it with few. Every answer must be one
that the description names, never a 5xx, in the documented form, and data against the schema must be refused.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.main import create_app
from tests.api.service import TODAY, settings_for
from tests.support.access import bearer
from tests.support.served import served

# Data that fits the schema may still contradict itself (a birth in the future, a postcode that does not exist).
ROOT = Path(__file__).parents[2]

CONFIGURATION = """
[[operations]]
include-name = "POST /homes/import"
checks.negative_data_rejection.enabled = false

[[operations]]
include-name = "POST /caseload/import"
checks.negative_data_rejection.enabled = false
"""
"""An import that skips wrong rows, or is done later, answers that it was taken and names them then."""

LEFT_OUT = "positive_data_acceptance,object_level_authorization"


PHASES = "examples", "coverage", "fuzzing", "stateful"


def run(cases: int, seed: int, folder: Path, phases: Sequence[str] = PHASES) -> tuple[int, str, dict[str, Any]]:
    """Exit code, output, and how many cases were made by phase and status."""
    app = create_app(settings_for(f"sqlite:///{folder / 'fuzzed.db'}"), lambda: TODAY)
    report, configuration = folder / "report.ndjson", folder / "schemathesis.toml"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.support.fuzz_hooks"}
    with served(app) as (host, port):
        done = subprocess.run(
            [
                Path(sys.executable).with_name("st"),
                "--no-color",
                f"--config-file={configuration}",
                "run",
                f"http://{host}:{port}/openapi.json",
                f"--phases={','.join(phases)}",
                f"--exclude-checks={LEFT_OUT}",
                f"--max-examples={cases}",
                f"--seed={seed}",
                f"--header=Authorization: {bearer()['Authorization']}",
                "--generation-database=none",
                "--suppress-health-check=all",
                "--warnings=off",
                "--continue-on-failure",
                f"--report-ndjson-path={report}",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env=environment,
        )
    return done.returncode, done.stdout + done.stderr, _counts(report)


def _counts(report: Path) -> dict[str, Any]:
    """Cases by status code, read off the report."""
    statuses: Counter[str] = Counter()
    for line in report.read_text(encoding="utf-8").splitlines():
        statuses.update(_statuses(json.loads(line)))
    return {"cases": sum(statuses.values()), "statuses": dict(sorted(statuses.items()))}


def _statuses(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [str(value["status_code"])] if isinstance(value.get("status_code"), int) else []
        return own + [status for each in value.values() for status in _statuses(each)]
    if isinstance(value, list):
        return [status for each in value for status in _statuses(each)]
    return []


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000, help="most cases for each operation")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        code, output, counts = run(chosen.cases, chosen.seed, Path(name))
    sys.stdout.write(f"{output}\n{json.dumps(counts)}\n")
    sys.exit(code)
