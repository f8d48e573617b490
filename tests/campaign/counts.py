"""What a part of the campaign promised, did and found; a part that did less than it promised has failed."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

ALL = "all"
"""Every guard at once, as several stand behind each other: without one of them the next one refuses."""

ENOUGH = 10
"""So many failures of a broken build show that its guard is what the part rests on."""


@dataclass
class Counts:
    """One part. `failures`: what went wrong, in words that name nobody. `notes`: further figures."""

    part: str
    promised: int
    done: int = 0
    failures: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def check(self, holds: bool, otherwise: str) -> None:
        """Note a failure where something does not hold."""
        if not holds:
            self.failures.append(otherwise)

    def is_red(self, broken: bool) -> bool:
        """Whether a broken build was seen often enough: what is left of the rounds would say the same."""
        return broken and len(self.failures) >= ENOUGH

    @property
    def is_whole(self) -> bool:
        """Everything that was promised was done, and nothing failed."""
        return not self.failures and self.done >= self.promised

    def told(self) -> dict[str, Any]:
        """As it is printed, one line of JSON."""
        return {
            "part": self.part,
            "promised": self.promised,
            "done": self.done,
            "failures": len(self.failures),
            "first_failures": self.failures[:5],
            "seconds": round(time.monotonic() - self.began, 1),
            **self.notes,
        }


def run(
    part: Callable[..., Counts], rounds: int, argv: list[str] | None = None, guards: Sequence[str] = (), **more: int
) -> dict[str, Any]:
    """Run a part from the command line: `--rounds`, `--broken`, and what else it takes; prints one line.

    `guards`: those that may be taken away one by one.
    """
    parser = argparse.ArgumentParser(description=part.__doc__)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--broken", action="store_true", help="take the guard away: the part must then fail")
    if guards:
        parser.add_argument(
            "--without", choices=[ALL, *guards], default=ALL, help="with --broken: take away this guard alone"
        )
    for name, default in more.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    given = vars(parser.parse_args(argv))
    counts = part(**given)
    sys.stdout.write(json.dumps(counts.told()) + "\n")
    return counts.told() | {"is_whole": counts.is_whole}
