"""Results of a benchmark run: one row a case, printed as a table and written as JSON."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Result:
    """One figure. `reach` is what it should reach, as text; `met` whether it did; None where nothing is set."""

    case: str
    value: float | int | str
    unit: str
    reach: str
    met: bool | None
    command: str


def at_most(case: str, value: float, unit: str, limit: float, command: str) -> Result:
    """A figure that should not be above a limit."""
    return Result(case, round(value, 3), unit, f"at most {limit:g}", value <= limit, command)


def at_least(case: str, value: float, unit: str, limit: float, command: str) -> Result:
    """A figure that should not be below a limit."""
    return Result(case, round(value, 3), unit, f"at least {limit:g}", value >= limit, command)


def publish(name: str, results: list[Result]) -> None:
    """Print the table, and write `bench/results/<name>.json`."""
    table = Table(title=f"{name} (Python {platform.python_version()})")
    for heading in ("case", "value", "unit", "reach", "met"):
        table.add_column(heading, justify="right" if heading == "value" else "left")
    for result in results:
        met = "" if result.met is None else "yes" if result.met else "NO"
        table.add_row(result.case, f"{result.value}", result.unit, result.reach, met)
    Console(width=150).print(table)
    RESULTS.mkdir(exist_ok=True)
    rows = [asdict(result) for result in results]
    (RESULTS / f"{name}.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def percentile(times: list[float], share: float) -> float:
    """The smallest time that at least this share of the times does not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]
