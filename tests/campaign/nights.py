"""Two workers make the nightly run at once, and the one that has it is stopped (SIGSTOP) past its lease.

`python -m tests.campaign.nights`. It is stopped at every point at which it holds no lock; the other gives its run up,
makes the night's run and publishes; then the first is continued, and must be refused. On both databases.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from functools import partial

from sqlalchemy import text, update

from app.jobs.duties import Duties
from app.nightly import due_on
from app.runs import working
from app.store import proposals, runs
from app.store.run_records import RunStatus
from app.store.run_tables import runs as run_rows
from app.store.session import Database
from tests.campaign import accepting
from tests.campaign.copies import KINDS, Copies, copies
from tests.campaign.counts import Counts, run
from tests.campaign.points import Points, ended, forked
from tests.support.builders import AS_OF, NOTTINGHAM
from tests.support.nights import a_workplace
from tests.support.postgres import Postgres

ROUNDS = 5
LEAST = 5
"""A run has at least so many points at which a worker can stop without a lock."""

AT = time_of_day(2, 0)
PUBLISHED, REFUSED = 3, 4
"""Exit codes of the worker that was stopped: its run was published after all, or refused."""


def main(
    rounds: int = ROUNDS,
    most: int = 1_000,
    *,
    broken: bool = False,
    server: Postgres | None = None,
    kinds: Sequence[str] = KINDS,
) -> Counts:
    """Stop a worker at each of its points (`most`: at so many of them), so many times, on both databases."""
    working.BEAT_S = 3_600.0  # signs of life come by the clock and would move the points
    counts = Counts("nights", promised=0)
    for kind in kinds:
        with copies(kind, accepting.fill, server) as made:
            at_points = _between_transactions(_passed(made))[-most:]
            counts.notes[f"points_{kind}"] = len(at_points)
            counts.promised += rounds * (1 + max(len(at_points), min(most, LEAST)))
            for _ in range(rounds):
                counts.failures += [f"{kind}: {what}" for what in _race(made)]
                counts.done += 1
                for at in () if counts.is_red(broken) else at_points:
                    counts.failures += [f"{kind}, point {at}: {what}" for what in _stopped(made, at, broken=broken)]
                    counts.done += 1
    return counts


def _duties(database: Database) -> Duties:
    now = due_on(AS_OF, AT) + timedelta(minutes=1)
    return Duties(a_workplace(database), AT, lambda: now, hands_back=True)


def _night(duties: Duties) -> int:
    """One worker's look and work; how its run ended."""
    duties.look()
    made = duties.make_run()
    if made is None:
        return 0
    return PUBLISHED if made.status is RunStatus.PUBLISHED else REFUSED


def _in_a_process(url: str, at: int | None = None, *, broken: bool = False) -> None:
    database = Database.open(url, NOTTINGHAM)
    if at is not None:
        Points(database.engine, at, partial(os.kill, os.getpid(), signal.SIGSTOP))
    if broken:
        _without_fence()
    os._exit(_night(_duties(database)))


def _passed(made: Copies) -> list[str]:
    with made.copy() as url:
        database = Database.open(url, NOTTINGHAM)
        points = Points(database.engine)
        _night(_duties(database))
        database.close()
    return points.names


def _between_transactions(names: Sequence[str]) -> list[int]:
    """The points after a commit, from where the run was taken up: a worker that stops there holds no lock."""
    commits = [at for at, name in enumerate(names) if name.startswith("after ") and name.endswith("COMMIT")]
    taken_up = next(at for at, name in enumerate(names) if name == "after UPDATE runs")
    return [at for at in commits[:-2] if at > taken_up]  # the last but one publishes, the last only reads


def _race(made: Copies) -> list[str]:
    """Four workers look at once: one run, one publication."""
    with made.copy() as url:
        endings = [ended(child) for child in [forked(partial(_in_a_process, url)) for _ in range(4)]]
        wrong = [] if endings.count(PUBLISHED) == 1 and REFUSED not in endings else [f"ended as {endings}"]
        return wrong + _nights_of(url)


def _stopped(made: Copies, at: int, *, broken: bool) -> list[str]:
    with made.copy() as url:
        child = forked(partial(_in_a_process, url, at, broken=broken))
        _, status = os.waitpid(child, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return [f"was not stopped but ended as {status}"]
        try:
            other = _overtaken(url, broken=broken)
        finally:
            os.kill(child, signal.SIGCONT)
        ending = ended(child)
        wrong = [] if other == PUBLISHED else [f"the other's run ended as {other}"]
        wrong += [] if ending == REFUSED else [f"the one that was stopped ended as {ending}"]
        return wrong + _nights_of(url)


def _overtaken(url: str, *, broken: bool) -> int:
    """The lease of the one that is stopped runs out, and another makes the run."""
    owner = Database.open(url)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    owner.transact(lambda w: w.execute(update(run_rows).values(heartbeat_at=long_ago)))
    if broken:
        with owner.writing() as writing:
            for index in ("uq_runs_one_nightly", "uq_runs_one_at_work"):
                writing.execute(text(f"DROP INDEX {index}"))
    owner.close()
    database = Database.open(url, NOTTINGHAM)
    other = _night(_duties(database))
    database.close()
    return other


def _nights_of(url: str) -> list[str]:
    """What is wrong with the night: it has one published run, whose proposals stand, and no other has any."""
    database = Database.open(url, NOTTINGHAM)
    with database.reading() as reading:
        made = runs.nightly_runs(reading, NOTTINGHAM, AS_OF)
        standing = runs.published(reading, NOTTINGHAM)
        published = [one for one in made if one.status is RunStatus.PUBLISHED]
        others = [one for one in made if proposals.of_run(reading, NOTTINGHAM, one.id) and one not in published]
    database.close()
    sound = len(published) == 1 and standing is not None and standing.id == published[0].id and not others
    return [] if sound else [f"{len(published)} runs were published, {len(others)} others have proposals"]


def _without_fence() -> None:
    """The broken build, in the child alone: whoever believes that it may publish does."""

    def change(writing: object, authority: str, taken: runs.Run, _expected: object, values: object) -> None:
        mine = run_rows.c.authority == authority, run_rows.c.id == taken.id
        writing.execute(update(run_rows).where(*mine).values({"failure": None} | values))  # type: ignore[attr-defined, operator]

    runs._change = change  # type: ignore[assignment]
    runs.hold_fence = lambda *_given: None


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    sys.exit(0 if run(main, ROUNDS, most=1_000)["is_whole"] else 1)
