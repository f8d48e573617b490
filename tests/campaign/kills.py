"""A process is killed (SIGKILL) at each of many points of an accept and of a run, on both databases.

What was killed counts wholly or not at all; done again, it counts once. `python -m tests.campaign.kills`
"""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import update

from app.jobs.duties import Duties
from app.runs import working
from app.store import proposals, runs
from app.store.run_records import RunKind, RunStatus
from app.store.run_tables import runs as run_rows
from app.store.session import Database
from tests.campaign import accepting
from tests.campaign.copies import KINDS, Census, Copies, census, copies
from tests.campaign.counts import Counts, run
from tests.campaign.points import Points, chosen, die, ended, forked, without_transactions
from tests.support.builders import NOTTINGHAM
from tests.support.nights import a_workplace, asked, wanted
from tests.support.postgres import Postgres

POINTS, ROUNDS = 25, 10


@dataclass(frozen=True)
class Part:
    """Something that is killed. `do` does it; `check` says what is wrong after a kill and mends it, in words."""

    name: str
    fill: Callable[[Database], None]
    do: Callable[[Database], object]
    check: Callable[[str, Census, Census, bool], Sequence[str]]


def main(rounds: int = ROUNDS, points: int = POINTS, *, broken: bool = False, server: Postgres | None = None) -> Counts:
    """Kill an accept, an accept of what was held, and a run at so many points each, on both databases."""
    counts = Counts("kills", promised=len(PARTS) * len(KINDS) * points * rounds)
    for part in PARTS:
        for kind in KINDS:
            with copies(kind, part.fill, server) as made:
                _killed(part, made, points, rounds, counts, broken=broken)
    return counts


def _killed(part: Part, made: Copies, points: int, rounds: int, counts: Counts, *, broken: bool) -> None:
    with made.copy() as url:
        before = census(url)
        names = _passed(part, url)
        after = census(url)
    at_points = chosen(names, points)
    counts.notes[f"points_{part.name}_{made.kind}"] = f"{len(at_points)} of {len(names)}"
    for _ in range(rounds):
        for at in at_points:
            if counts.is_red(broken):
                return
            with made.copy() as url:
                how = ended(forked(partial(_die_at, part, url, at, broken=broken)))
                counts.check(how == -signal.SIGKILL, f"{part.name}, {made.kind}: {names[at]}: not killed but {how}")
                committed = at > _last_commit(names)
                wrong = part.check(url, before, after, committed)
                counts.failures += [f"{part.name}, {made.kind}, {names[at]}: {what}" for what in wrong]
                counts.done += 1


def _passed(part: Part, url: str) -> list[str]:
    """The names of the points that the whole of it passes, from its own process as when it is killed."""
    database = Database.open(url, NOTTINGHAM)
    points = Points(database.engine)
    part.do(database)
    database.close()
    return points.names


def _die_at(part: Part, url: str, at: int, *, broken: bool) -> None:
    database = without_transactions(url) if broken else Database.open(url, NOTTINGHAM)
    Points(database.engine, at, die)
    part.do(database)


def _last_commit(names: Sequence[str]) -> int:
    return max(at for at, name in enumerate(names) if name == "before COMMIT")


# -------------------------------------------------------------------------------------------------- an accept


def _check_accept(
    accept: Callable[[Database], str], url: str, before: Census, after: Census, committed: bool
) -> list[str]:
    """None of it or all of it; all of it where it was committed; with the same key again exactly all of it."""
    wrong = []
    found = census(url)
    if found not in (before, after):
        wrong.append(f"half of it is there: {_difference(before, found)}")
    if committed and found != after:
        wrong.append("it was committed and is lost")
    database = Database.open(url, NOTTINGHAM)
    try:
        answers = {accept(database), accept(database)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the retry did not work
        wrong.append(f"the retry failed with {type(error).__name__}")
        answers = {""}
    database.close()
    if len(answers) != 1:
        wrong.append("two retries were answered differently")
    if census(url) != after:
        wrong.append(f"after the retry it is not there exactly once: {_difference(after, census(url))}")
    return wrong


def _difference(wanted_there: Census, found: Census) -> dict[str, int]:
    names = {*wanted_there, *found}
    return {
        name: found.get(name, 0) - wanted_there.get(name, 0)
        for name in names
        if found.get(name, 0) != wanted_there.get(name, 0)
    }


# ----------------------------------------------------------------------------------------------------- a run


def _fill_run(database: Database) -> None:
    """A small authority, in which one run was published already and another is asked for."""
    accepting.fill(database)
    working.BEAT_S = 3_600.0  # signs of life come by the clock and would move the points
    working.run_now(a_workplace(database), wanted())
    asked(database, kind=RunKind.NIGHTLY)


def _do_run(database: Database) -> None:
    run_taken = database.transact(lambda writing: runs.take_up(writing, NOTTINGHAM))
    if run_taken is None:
        raise AssertionError
    working.work(a_workplace(database), run_taken)


def _standing(database: Database) -> list[tuple[tuple[str, ...], str]]:
    with database.reading() as reading:
        found = proposals.standing(reading, NOTTINGHAM)
    return sorted((tuple(sorted(map(str, each.children))), str(each.home)) for each in found)


def _check_run(url: str, _before: Census, _after: Census, committed: bool) -> list[str]:
    """The proposals of before stand, or the new ones, whole; after its lease the run is made again, once."""
    wrong = []
    database = Database.open(url, NOTTINGHAM)
    expected = _standing(database)
    with database.reading() as reading:
        made = runs.page(reading, NOTTINGHAM, None, 100)
        standing = runs.published(reading, NOTTINGHAM)
        unpublished = [r for r in made if r.status is not RunStatus.PUBLISHED]
        if any(proposals.of_run(reading, NOTTINGHAM, r.id) for r in unpublished):
            wrong.append("a run that was not published has proposals")
    if standing is None or len(expected) != 2:
        wrong.append(f"{len(expected)} proposals stand where two stood before and two are to come")
    if committed and (standing is None or standing.kind is not RunKind.NIGHTLY):
        wrong.append("it was published and is lost")
    if "damaged" in census(url):
        wrong.append("the trail or the file is damaged")
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    database.transact(lambda w: w.execute(update(run_rows).values(heartbeat_at=long_ago)))
    duties = Duties(a_workplace(database), hands_back=True)
    if duties.look():
        duties.make_run()
    with database.reading() as reading:
        nights = runs.nightly_runs(reading, NOTTINGHAM, wanted().business_date)
        standing = runs.published(reading, NOTTINGHAM)
    database_now = _standing(database)
    database.close()
    if [r.status for r in nights].count(RunStatus.PUBLISHED) != 1 or any(
        r.status not in (RunStatus.PUBLISHED, RunStatus.FAILED) for r in nights
    ):
        wrong.append(f"the night's runs ended as {[str(r.status) for r in nights]}")
    if standing is None or standing.kind is not RunKind.NIGHTLY or database_now != expected:
        wrong.append("made again, the run proposes something else")
    return wrong


PARTS = (
    Part("accept", accepting.fill, accepting.accept, partial(_check_accept, accepting.accept)),
    Part("accept_held", accepting.fill_held, accepting.accept_held, partial(_check_accept, accepting.accept_held)),
    Part("run", _fill_run, _do_run, _check_run),
)


def quiet() -> None:
    """What the product logs of all this is no news here."""
    logging.disable(logging.CRITICAL)


if __name__ == "__main__":
    quiet()
    sys.exit(0 if run(main, ROUNDS, points=POINTS)["is_whole"] else 1)
