"""`python -m bench.load [CASE ...] [--seconds N] [--workers N]`: what the service bears, as it is really run.

PostgreSQL, the service and whoever asks share the machine. Requests come at their own rate, whatever becomes of
those before; nothing is left out of a percentile. Rows are written to `bench/results/load.json` by a whole run of full
length alone, else to `bench/results/some.json`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import uvloop
from rich.console import Console
from sqlalchemy import func, select

from app.demo.authority import Authority
from app.store.audit_tables import audit_entries
from bench.cases_matching import nottingham
from bench.load_faults import restart_of_the_service, return_of_the_database, ten_times
from bench.load_generator import Answered, Generator, steady
from bench.load_requests import matches, mixed
from bench.load_service import AUTHORITY, Running, running
from bench.report import Result, at_least, at_most, publish

COMMAND = "make bench-load"
FULL_S = 300
WARM_S = 5

MATCH_RATE, MIXED_RATE = 150.0, 400.0
P99_MS = 150.0


def match_recorded(service: Running, made: Authority, seconds: float) -> list[Result]:
    """POST /match over the 450 homes of a Nottingham, each recorded, at a steady rate."""
    case = "POST /match over 450 homes, recorded, PostgreSQL"
    request = matches(made, service.case_system())
    _ask(service, steady(MATCH_RATE / 2, WARM_S), request)
    before = _recorded(service)
    found = _ask(service, steady(MATCH_RATE, seconds), request)
    good, recorded = found.statuses[200], _recorded(service) - before
    return [
        *_rows(case, found, MATCH_RATE, seconds),
        Result(f"{case}: records", recorded, "entries", f"{good}", recorded == good, COMMAND),
    ]


def mixed_load(service: Running, made: Authority, seconds: float) -> list[Result]:
    """What officers and the case system do in a day, 80 readings to 20 changes, at a steady rate."""
    request = mixed(made, service.officer())
    _ask(service, steady(MIXED_RATE / 4, WARM_S), request)
    found = _ask(service, steady(MIXED_RATE, seconds), request)
    return _rows("mixed officer load, 80 reads : 20 writes", found, MIXED_RATE, seconds)


def _rows(case: str, found: Answered, rate: float, seconds: float) -> list[Result]:
    wrong = len(found.status) - sum(count for status, count in found.statuses.items() if 200 <= status < 300)
    reached = sum(1 for due, status in zip(found.due_s, found.status, strict=True) if 200 <= status < 300) / seconds
    return [
        at_least(f"{case}: rate for {seconds:g} s", reached, "requests/s", rate, COMMAND),
        at_most(f"{case}: p99", found.p(0.99), "ms", P99_MS, COMMAND),
        Result(f"{case}: p50", round(found.p(0.5), 1), "ms", "", None, COMMAND),
        Result(f"{case}: asked too late, at most", round(found.late_ms, 1), "ms", "", None, COMMAND),
        Result(f"{case}: errors", wrong, "requests", "0", wrong == 0, COMMAND),
    ]


def _ask(service: Running, moments: list[float], request: Callable[[int], bytes]) -> Answered:
    return uvloop.run(Generator(service.port).run(moments, request))


def _recorded(service: Running) -> int:
    wanted = select(func.count()).select_from(audit_entries).where(audit_entries.c.authority == AUTHORITY)
    database = service.open_database()
    try:
        with database.reading() as reading:
            return reading.execute(wanted).scalar_one()
    finally:
        database.close()


CASES: tuple[Callable[[Running, Authority, float], list[Result]], ...] = (
    match_recorded,
    mixed_load,
    ten_times,
    restart_of_the_service,
    return_of_the_database,
)


def main(given: list[str]) -> int:
    """Every case, or those named, each with a service and a database of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help=", ".join(case.__name__ for case in CASES))
    parser.add_argument("--seconds", type=float, default=FULL_S, help="how long the steady loads last")
    parser.add_argument("--workers", type=int, default=2, help="processes of the service")
    parser.add_argument("--log", type=Path, help="keep the log of the service here")
    chosen = parser.parse_args(given)
    if unknown := set(chosen.cases) - {case.__name__ for case in CASES}:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    results: list[Result] = []
    made = nottingham()
    for case in CASES:
        if not chosen.cases or case.__name__ in chosen.cases:
            Console(stderr=True).print(f"[dim]{case.__doc__}[/]")
            with running(made, chosen.workers) as service:
                try:
                    results += case(service, made, chosen.seconds)
                finally:
                    if chosen.log is not None:
                        chosen.log.write_bytes(service.log.read_bytes())
    whole = not chosen.cases and chosen.seconds >= FULL_S
    publish("load" if whole else "some", results)
    return 0 if all(result.met is not False for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
