"""Too much at once, a service that starts anew, a database that comes back: how late, how long, and what was lost."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

import uvloop
from sqlalchemy import select

from app.demo.authority import Authority
from app.store.tables import homes
from bench.load_generator import Answered, Generator, steady
from bench.load_requests import matches, writes
from bench.load_service import AUTHORITY, Running
from bench.report import Result, at_most, percentile

COMMAND = "make bench-load"

RATE = 150.0
TIMES = 10
BEFORE_S = 5.0
AFTER_S = 15.0
LATE_MS = 2_000.0
CALM_MS = 150.0
RECOVERED_S = 10.0
SERVING_S = 5.0
WRITES_RATE = 40.0
AWAY_S = 5.0
GOOD = (200, 201)
TURNED_AWAY = (429, 503)


def ten_times(service: Running, made: Authority, seconds: float) -> list[Result]:
    """Ten times as many matches as it must bear, and then no more than that again."""
    burst_s = max(5.0, min(30.0, seconds / 2))
    end_s = BEFORE_S + burst_s
    moments = [
        *steady(RATE, BEFORE_S),
        *steady(RATE * TIMES, burst_s, BEFORE_S),
        *steady(RATE, AFTER_S, end_s),
    ]
    found = uvloop.run(Generator(service.port).run(moments, matches(made, service.case_system())))
    admitted = found.times(200, begin_s=BEFORE_S, end_s=end_s)
    refused = sum(found.statuses[status] for status in TURNED_AWAY)
    wrong = len(found.status) - found.statuses[200] - refused
    case, late = f"{TIMES} times the load", percentile(admitted, 0.99) if admitted else float("inf")
    return [
        at_most(f"{case}: admitted, p99", late, "ms", LATE_MS, COMMAND),
        Result(f"{case}: admitted", round(len(admitted) / burst_s, 1), "requests/s", "", None, COMMAND),
        Result(f"{case}: refused with 429 or 503", refused, "requests", "", None, COMMAND),
        Result(f"{case}: asked too late, at most", round(found.late_ms, 1), "ms", "", None, COMMAND),
        Result(f"{case}: neither answered nor refused", wrong, "requests", "0", wrong == 0, COMMAND),
        at_most(f"{case}: recovered after", _calm_after(found, end_s), "s", RECOVERED_S, COMMAND),
    ]


def _calm_after(found: Answered, end_s: float) -> float:
    """Seconds after the burst from which on every request is answered well within a second's p99."""
    calm = AFTER_S
    for second in range(int(AFTER_S) - 1, -1, -1):
        begin = end_s + second
        times, good = found.times(begin_s=begin, end_s=begin + 1), found.times(200, begin_s=begin, end_s=begin + 1)
        if len(times) != len(good) or percentile(good, 0.99) > CALM_MS:
            break
        calm = float(second)
    return calm if calm < AFTER_S else float("inf")


def restart_of_the_service(service: Running, made: Authority, seconds: float) -> list[Result]:
    """All processes killed at once in the midst of writing, and started anew."""
    del seconds

    def fault() -> float:
        service.stop(signal.SIGKILL)
        service.start()
        return time.monotonic()

    return _through("restart of the service (all processes killed)", service, made, fault)


def return_of_the_database(service: Running, made: Authority, seconds: float) -> list[Result]:
    """The database stopped for some seconds in the midst of writing, and started again."""
    del seconds

    def fault() -> float:
        service.postgres.stop()
        time.sleep(AWAY_S)
        service.postgres.start()
        return time.monotonic()

    return _through("return of the database", service, made, fault)


def _through(case: str, service: Running, made: Authority, fault: Callable[[], float]) -> list[Result]:
    """Write all the time, let it happen, and look what is there afterwards."""
    acknowledged: list[tuple[float, int]] = []
    statuses: list[tuple[float, int]] = []

    def answered(number: int, status: int) -> None:
        statuses.append((time.monotonic(), status))
        if status in GOOD:
            acknowledged.append((time.monotonic(), number))

    back_at: list[float] = []
    happening = threading.Timer(BEFORE_S, lambda: back_at.append(fault()))
    happening.start()
    moments = steady(WRITES_RATE, BEFORE_S + AWAY_S + AFTER_S)
    generator = Generator(service.port, answered)
    uvloop.run(generator.run(moments, writes(made, service.officer(), "L")))
    happening.join()
    (began,) = back_at
    first = min((at for at, _ in acknowledged if at > began), default=float("inf"))
    stored = _stored(service)
    lost = sum(f"L-{number}" not in stored for _, number in acknowledged)
    wrong = sum(status not in (*GOOD, *TURNED_AWAY, 0) for _, status in statuses)
    return [
        at_most(f"{case}: serving again after", first - began, "s", SERVING_S, COMMAND),
        Result(f"{case}: acknowledged", len(acknowledged), "changes", "", None, COMMAND),
        Result(f"{case}: acknowledged and lost", lost, "changes", "0", lost == 0, COMMAND),
        Result(f"{case}: answered with anything but success or come back", wrong, "requests", "0", wrong == 0, COMMAND),
    ]


def _stored(service: Running) -> set[str]:
    database = service.open_database()
    try:
        with database.reading() as reading:
            refs = reading.execute(select(homes.c.ref).where(homes.c.authority == AUTHORITY, homes.c.ref.like("L-%")))
            return set(refs.scalars())
    finally:
        database.close()
