"""`make bench-run`: the nightly run beside its plain alternatives, from records to verified proposals.

Every measurement runs in a process of its own, and every choice is checked by `verify`. Ours includes the pool, all
rules and criteria, the solver's child process from its start to its end, and every check; the alternatives are given
the same problem and a limit of seconds, and their time is that of solving alone. Then the optimiser alone, on
invented arrays of growing size. Figures: `bench/results/night.json`; the picture of growth: `docs/growth.svg`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from app.matching.batch import batch
from app.matching.verify import verify
from app.rematch.run import Stage, rematch
from app.runs.working import run_now
from app.runs.workplace import open_workplace
from app.store import migrate, save
from app.store.run_records import RunKind, Wanted
from app.store.session import Database
from app.store.versions import Precondition
from bench.cases_matching import DAY, ROOT
from bench.night_cases import CASES, Case, authority_of, night_of, records_of
from bench.night_growth import grow
from bench.night_ways import DENSE, DENSE_PAIRS, WAYS
from bench.report import Result, publish

COMMAND = "make bench-run"
AUTHORITY = "E06000018"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ours:
    """What the run did: wall seconds until proposals were verified, and until they were explained too."""

    seconds: float
    explained: float
    objective: int
    bound: int
    placed: int
    children: int
    memory_mb: int
    pairs: int

    @property
    def gap_percent(self) -> float:
        """How far the choice may be below the best there is."""
        return 100 * (self.bound - self.objective) / max(1, abs(self.bound))


@dataclass(frozen=True, slots=True)
class Other:
    """What an alternative did. worth: None where it returned no placement at all, or one that breaks a rule."""

    seconds: float
    worth: int | None
    placed: int
    memory_mb: int


def alone(work: Callable[..., T], *given: Any) -> T:
    """Do it in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as process:
        return process.apply(work, given)


def measure_ours(case: Case) -> Ours:
    """Records to verified proposals."""
    records = records_of(case)
    begun = time.perf_counter()
    night = night_of(case, records)
    outcome = rematch(night, with_price=False)
    explained = time.perf_counter() - begun
    if outcome.report is None:
        raise AssertionError(f"{case.name}: {outcome.status}, {outcome.faults}")
    verified = explained - outcome.seconds[Stage.EXPLAINING]
    memory = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024
    told = outcome.report
    children = sum(len(referral.children) for referral in night.referrals)
    pairs = len(batch(night, 2).problem.pairs)
    return Ours(verified, explained, told.objective, told.bound, told.children_placed, children, memory, pairs)


def measure_other(case: Case, name: str, limit: float) -> Other:
    """One alternative on the same problem."""
    problem = batch(night_of(case, records_of(case)), 2).problem
    begun = time.perf_counter()
    chosen = WAYS[name](problem, limit)
    seconds = time.perf_counter() - begun
    verdict = verify(problem, chosen)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    existing = problem.local.existing_total if problem.local else 0
    worth = verdict.worth if chosen and not verdict.breaches else None
    return Other(seconds, worth, verdict.total - existing, memory)


def measure_stored(case: Case, folder: str) -> tuple[float, int]:
    """Database to stored proposals, the best of three nights in a row: seconds, and the gap in points."""
    made = authority_of(case)
    database = Database.open(f"sqlite:///{Path(folder) / 'night.db'}")
    try:
        migrate.upgrade(database)
        with database.writing() as writing:
            save.import_homes(writing, AUTHORITY, made.homes)
            for referral in made.referrals:
                save.save_referral(writing, AUTHORITY, referral, Precondition())
        place = open_workplace(database, AUTHORITY, ROOT / "policies")
        place.inventory.pool()
        times = []
        for _ in range(3):
            begun = time.perf_counter()
            run = run_now(place, Wanted(RunKind.MANUAL, DAY, DAY))
            times.append(time.perf_counter() - begun)
            if run.objective is None or run.bound is None:
                raise AssertionError(f"{case.name}: {run.status}, {run.failure}")
        return min(times), run.bound - run.objective
    finally:
        database.close()


def stored_rows() -> list[Result]:
    """Nottingham through its database."""
    case = CASES[0]
    with tempfile.TemporaryDirectory() as folder:
        seconds, gap = alone(measure_stored, case, folder)
    name = f"{case.name}, database to stored proposals"
    return [
        Result(name, round(seconds, 3), "s", "at most 1", seconds <= 1, COMMAND),
        Result(f"{name}, gap", gap, "points", "0, proven", gap == 0, COMMAND),
    ]


def rows_of(case: Case, limit: float) -> list[Result]:
    """Ours, then each alternative beside it."""
    ours = alone(measure_ours, case)
    print(f"{case.name}: {ours.seconds:.2f} s, gap {ours.gap_percent:.5f} %, {ours.pairs:,} allowed pairs", flush=True)
    most = f"at most {case.gap_percent:g}" if case.gap_percent else "0, proven"
    rows = [
        _row(case, "records to verified proposals", ours.seconds, "s", f"at most {case.seconds:g}",
             met=ours.seconds <= case.seconds),
        _row(case, "the same, explained too", ours.explained, "s"),
        _row(case, "gap", round(ours.gap_percent, 6), "%", most, met=ours.gap_percent <= case.gap_percent),
        _row(case, "memory, both processes", ours.memory_mb, "MB",
             f"at most {case.memory_mb}" if case.memory_mb else "",
             met=ours.memory_mb <= case.memory_mb if case.memory_mb else None),
        _row(case, "placed", ours.placed, f"of {ours.children} children"),
        _row(case, "allowed pairs", ours.pairs, "pairs"),
    ]  # fmt: skip
    for name in WAYS:
        rows += _other_rows(case, ours, name, limit)
    return rows


def _other_rows(case: Case, ours: Ours, name: str, limit: float) -> list[Result]:
    other = alone(measure_other, case, name, limit)
    stated = "" if name.startswith("first") else f", limit {limit:g} s"
    if name == DENSE and ours.pairs > DENSE_PAIRS:
        print(f"  {name}: not built", flush=True)
        return [_row(case, name, DENSE_PAIRS, "pairs are the most it is built for: not built")]
    if other.worth is None:
        print(f"  {name}: no placement in {other.seconds:.1f} s", flush=True)
        return [_row(case, f"{name}{stated}", round(other.seconds, 2), "s, no valid placement")]
    behind = 100 * (ours.objective - other.worth) / max(1, abs(ours.objective))
    print(f"  {name}: {other.seconds:.2f} s, {behind:.5f} % behind ours", flush=True)
    return [
        _row(case, f"{name}{stated}", round(other.seconds, 2), "s, solving alone"),
        _row(case, f"{name}, points behind ours", round(behind, 5), "%", "at least 0", met=behind >= 0),
        _row(case, f"{name}, placed", other.placed, "children"),
    ]


def _row(case: Case, what: str, value: float, unit: str, reach: str = "", *, met: bool | None = None) -> Result:
    return Result(f"{case.name}: {what}", round(value, 6), unit, reach, met, COMMAND)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help="words of the names of the cases wanted; all without")
    parser.add_argument("--limit", type=float, default=30.0, help="seconds for each alternative")
    parser.add_argument("--no-growth", action="store_true", help="leave the growing sizes out")
    given = parser.parse_args()
    wanted = [case for case in CASES if not given.cases or any(word in case.name for word in given.cases)]
    rows = stored_rows() if CASES[0] in wanted else []
    for case in wanted:
        rows += rows_of(case, given.limit)
    if not given.no_growth:
        rows += grow(COMMAND, lambda size: alone(*size))
    publish("some" if given.cases or given.no_growth else "night", rows)


if __name__ == "__main__":
    main()
