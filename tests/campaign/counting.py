"""What the parts of the campaign are, and what each says of itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import Result

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]

QUICK_ROUNDS = {
    "access": 20,
    "audit": 200,
    "expiry": 20,
    "fuzz": 1_000,
    "histories": 10,
    "machine": 5,
    "messages": 3,
    "officer_and_run": 8,
}
"""Rounds of a quick run, where it is not one: only to see that a part works."""

BROKEN_ROUNDS = {"machine": 20, "expiry": 40}
"""Where a broken build needs more rounds than that to be seen."""

LONGEST_S = 3_600
QUIET = "ignore:Using `httpx` with `starlette.testclient`"
RUNNABLE = re.compile(r'^if __name__ == "__main__":$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """A module that can be run alone."""

    name: str

    @property
    def command(self) -> list[str]:
        """How to run it."""
        return [sys.executable, "-W", QUIET, "-m", f"tests.campaign.{self.name}"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a part said: what it is, how much it promised and did, how much went wrong, and the first of that."""

    what: str
    promised: int
    done: int
    failures: int
    seconds: float
    first_failures: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Something was promised, all of it was done, and nothing went wrong."""
        return self.failures == 0 and self.done >= self.promised > 0


def parts(folder: Path = FOLDER) -> list[Part]:
    """Every part, by name. What cannot be run alone is none."""
    files = sorted(file for file in folder.glob("*.py") if not file.name.startswith("_"))
    return [Part(file.stem) for file in files if RUNNABLE.search(file.read_text(encoding="utf-8"))]


def run_part(part: Part, *, quick: bool = False, broken: bool = False, without: str = "") -> Found:
    """Run it and read what it says. A part that ends without saying anything has failed.

    `broken`: with its guards taken away, or the one that is named, which it must notice.
    """
    rounds = QUICK_ROUNDS | (BROKEN_ROUNDS if broken else {})
    few = ["--rounds", str(rounds.get(part.name, 1))] if quick else []
    few += ["--broken"] if broken else []
    few += ["--without", without] if without else []
    try:
        done = subprocess.run(
            [*part.command, *few], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired:
        return Found(part.name, 1, 0, 1, LONGEST_S, (f"it did not end within {LONGEST_S} s",))
    found = together(part.name, said(done.stdout))
    if done.returncode and found.is_whole:
        return Found(found.what, found.promised, found.done, 1, found.seconds, (f"exit code {done.returncode}",))
    return found


def said(output: str) -> list[dict[str, Any]]:
    """The lines in which a part told its counts."""
    lines = []
    for line in output.splitlines():
        if line.startswith("{"):
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict) and {"part", "promised", "done", "failures"} <= set(value):
                lines.append(value)
    return lines


def together(name: str, lines: Iterable[dict[str, Any]]) -> Found:
    """Several lines of one part are one: each must be whole for the part to be."""
    given = list(lines)
    if not given:
        return Found(name, 1, 0, 1, 0, ("it ended without telling its counts",))
    short = sum(line["done"] < line["promised"] for line in given)
    told = [str(failure) for line in given for failure in line.get("first_failures", ())]
    if short:
        told.append("less was done than was promised")
    return Found(
        what=", ".join(str(line["part"]) for line in given),
        promised=sum(int(line["promised"]) for line in given),
        done=sum(min(int(line["done"]), int(line["promised"])) for line in given),
        failures=sum(_number(line["failures"]) for line in given) + short,
        seconds=round(sum(float(line.get("seconds", 0)) for line in given), 1),
        first_failures=tuple(told[:10]),
    )


def seen_red(part: Part, found: Found, without: str = "") -> Result:
    """The row of a part whose guard was taken away: it must have failed, and by what it found."""
    red = found.failures > 0 and found.done > 0
    command = f"python -m tests.campaign.{part.name} --broken" + (f' --without "{without}"' if without else "")
    return Result(
        f"{part.name}, {f'without: {without}' if without else 'its guard removed'}",
        found.failures,
        "failures",
        "at least 1",
        red,
        command,
    )


def row(part: Part, found: Found) -> Result:
    """A part as a row of the results."""
    reach = f"{found.promised}, no failure" + (f" ({found.failures} failures)" if found.failures else "")
    command = f"python -m tests.campaign.{part.name}"
    case = found.what if found.what.startswith(part.name) else f"{part.name}: {found.what}"
    return Result(f"{case} ({found.seconds:g} s)", found.done, "done", reach, found.is_whole, command)


def _number(failures: Any) -> int:
    return len(failures) if isinstance(failures, list) else int(failures)
