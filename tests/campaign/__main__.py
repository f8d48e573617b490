"""The whole campaign: `python -m tests.campaign [--only PART ...] [--quick] [--broken] [--jobs N]`.

Every module here that can be run alone is a part. Each runs in a process of its own and says in one line what it
promised, did and found; two at a time, unless told otherwise. Too little done is a failure, and so is a part that says
nothing. Parts of full length are kept in `bench/results/campaign.json` as they end.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from rich.console import Console

from bench.report import Result, publish
from tests.campaign.counting import Part, parts, row, run_part, seen_red
from tests.campaign.keeping import keep
from tests.campaign.unguarded import ALONE

MINUTES = 60

JOBS = 2
"""Most of their time the parts wait, for a disk or for each other's locks."""

LONGEST = frozenset({"machine", "booking", "expiry", "kills"})
"""These begin first, so that none of them is left over at the end with nothing beside it."""

KEEPING = Lock()
"""One row is written after the other."""


def main(given: list[str]) -> int:
    """Run the parts and print a table; 1 where anything was missed."""
    known = parts()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[part.name for part in known], default=[])
    parser.add_argument("--quick", action="store_true", help="few rounds of each: only to see that all of it works")
    parser.add_argument("--broken", action="store_true", help="each part with its guard removed: it must fail")
    parser.add_argument("--jobs", type=int, default=JOBS, help="parts that run at once, each with its own database")
    chosen = parser.parse_args(given)
    wanted = [part for part in known if not chosen.only or part.name in chosen.only]
    began = time.monotonic()
    asked = [
        (part, guard) for part in wanted for guard in (("", *ALONE.get(part.name, ())) if chosen.broken else ("",))
    ]
    with ThreadPoolExecutor(chosen.jobs) as at_once:
        begun = {
            (part, guard): at_once.submit(_shown, part, quick=chosen.quick, broken=chosen.broken, without=guard)
            for part, guard in sorted(asked, key=lambda one: one[0].name not in LONGEST)
        }
        results = [begun[one].result() for one in asked]
    whole = not (chosen.only or chosen.quick or chosen.broken)
    if whole:
        minutes = round((time.monotonic() - began) / 60, 1)
        met = minutes <= MINUTES
        results.append(Result("the whole campaign", minutes, "minutes", f"at most {MINUTES}", met, "make campaign"))
        keep(results[-1])
    publish("broken" if chosen.broken and not chosen.only else "some", results)
    return 0 if all(result.met for result in results) else 1


def _shown(part: Part, *, quick: bool, broken: bool, without: str = "") -> Result:
    console = Console(stderr=True)
    console.print(f"[dim]{part.name}{f', without: {without}' if without else ''} ...[/]")
    found = run_part(part, quick=quick, broken=broken, without=without)
    if broken:
        return seen_red(part, found, without)
    for failure in found.first_failures:
        console.print(f"  {failure}", markup=False, highlight=False)
    result = row(part, found)
    if not quick:
        with KEEPING:
            keep(result)
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
