"""The nightly run begins at its time in England, once a business date, on the nights of the clock change too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier, Thread

import pytest

from app.jobs.threads import ThreadedJobs
from app.nightly import ATTEMPTS, MAKE_UP, PAUSE, ask_if_owed, due_on, is_owed, last_due, next_due
from app.store import runs
from app.store.run_records import Run, RunKind, RunStatus
from app.store.session import Database
from tests.support.builders import AS_OF, NOTTINGHAM, a_child, a_home, a_referral
from tests.support.nights import a_workplace, asked, now, store, taken_up

SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
"""The clock jumps from 01:00 to 02:00; the hour from 01:00 to 02:00 comes twice."""

MINUTE = timedelta(minutes=1)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database at the newest revision, empty."""
    opened = Database.open(database_url)
    yield opened
    opened.close()


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "at", "instant"),
    [
        (date(2026, 1, 15), "02:00", "2026-01-15T02:00"),
        (date(2026, 7, 15), "02:00", "2026-07-15T01:00"),
        (date(2026, 7, 15), "00:30", "2026-07-14T23:30"),
        (SPRING, "00:30", "2026-03-29T00:30"),
        (SPRING, "01:30", "2026-03-29T01:30"),
        (SPRING, "02:00", "2026-03-29T01:00"),
        (AUTUMN, "00:30", "2026-10-24T23:30"),
        (AUTUMN, "01:30", "2026-10-25T00:30"),
        (AUTUMN, "02:00", "2026-10-25T02:00"),
    ],
)
def test_the_instant_of_a_business_date(day: date, at: str, instant: str) -> None:
    """The time is England's, summer and winter; in the spring gap and the autumn hour it is one instant."""
    due = due_on(day, time.fromisoformat(at))
    assert due == _utc(instant)
    assert due.tzinfo is UTC


@pytest.mark.parametrize("at", [time(0, 0), time(0, 30), time(1, 30), time(2, 0), time(23, 59)])
@pytest.mark.parametrize("change", [SPRING, AUTUMN, date(2026, 6, 1), date(2026, 12, 31)])
def test_minute_by_minute_each_date_is_due_once(change: date, at: time) -> None:
    """Over four days around a change each business date is due at one instant, the next follows the last."""
    start = datetime.combine(change - timedelta(days=2), time(12), UTC)
    seen = {}
    for minutes in range(0, 4 * 24 * 60, 10):
        moment = start + minutes * MINUTE
        due, day = last_due(moment, at)
        after, following = next_due(moment, at)
        assert due <= moment < after
        assert following == day + timedelta(days=1)
        assert seen.setdefault(day, due) == due
    assert len(seen) == 5


def _nightly(database: Database, day: date) -> list[Run]:
    with database.reading() as reading:
        return runs.nightly_runs(reading, NOTTINGHAM, day)


@pytest.mark.parametrize("night", [SPRING, AUTUMN, date(2026, 7, 1)])
@pytest.mark.parametrize("at", ["00:30", "01:30", "02:00"])
def test_two_services_make_one_run_a_night(database: Database, database_url: str, night: date, at: str) -> None:
    """Two services that look every quarter of an hour through a night make exactly one run for its date."""
    store(database, [a_home()], [a_referral(a_child())])
    other = Database.open(database_url)
    clock = [datetime.combine(night - timedelta(days=1), time(20), UTC)]
    services = [
        ThreadedJobs.at(a_workplace(each), time.fromisoformat(at), lambda: clock[0]) for each in (database, other)
    ]
    begun = []
    while clock[0] < datetime.combine(night, time(9), UTC):
        before = len(_nightly(database, night))
        for service in services:
            service.tick()
        if len(_nightly(database, night)) > before:
            begun.append(clock[0])
        for service in services:
            service.work_one()
        clock[0] += 15 * MINUTE
    other.close()
    assert begun == [due_on(night, time.fromisoformat(at))]
    assert [(run.status, run.business_date, run.as_of) for run in _nightly(database, night)] == [
        (RunStatus.PUBLISHED, night, night)
    ]
    assert len(_nightly(database, night - timedelta(days=1))) <= 1


def test_many_services_at_the_same_moment(database: Database) -> None:
    """Eight ask at once: the database gives one of them the run."""
    place, start, answers = a_workplace(database), Barrier(8), []
    moment = due_on(SPRING, time(2)) + MINUTE

    def attempt() -> None:
        start.wait()
        answers.append(ask_if_owed(place, time(2), moment))

    threads = [Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer is not None for answer in answers) == 1
    assert len(_nightly(database, SPRING)) == 1


def test_a_missed_run_is_made_up_in_the_morning_and_not_later(database: Database) -> None:
    """A service that comes up at eight makes the run of two o'clock; one that comes up at night does not."""
    place, due = a_workplace(database), due_on(date(2026, 7, 1), time(2))
    assert ask_if_owed(place, time(2), due + MAKE_UP + MINUTE) is None
    assert ask_if_owed(place, time(2), due + timedelta(hours=6)) is not None


def test_a_failed_run_is_tried_again_a_few_times(database: Database) -> None:
    """After a pause, so many times in all."""
    for attempt in range(1, ATTEMPTS + 1):
        run = taken_up(database, kind=RunKind.NIGHTLY)
        database.transact(lambda w, run=run: runs.fail(w, NOTTINGHAM, run, "solver_hung"))  # type: ignore[misc]
        made, finished = _nightly(database, AS_OF), now(database, run).finished_at
        assert finished is not None
        assert len(made) == attempt
        assert not is_owed(finished + PAUSE - MINUTE, finished, made)
        assert is_owed(finished + PAUSE, finished, made) is (attempt < ATTEMPTS)


def test_a_cancelled_night_stays_cancelled(database: Database) -> None:
    """Whoever calls the nightly run off does not get it again by itself."""
    place, moment = a_workplace(database), due_on(SPRING, time(2))
    run = ask_if_owed(place, time(2), moment)
    assert run is not None
    database.transact(lambda w: runs.cancel(w, NOTTINGHAM, run.id))
    assert ask_if_owed(place, time(2), moment + 2 * PAUSE) is None


def test_a_manual_run_is_waited_for(database: Database) -> None:
    """While a person's run is at work the nightly one waits, and then begins."""
    place, moment = a_workplace(database), due_on(SPRING, time(2))
    manual = asked(database)
    assert ask_if_owed(place, time(2), moment) is None
    database.transact(lambda w: runs.cancel(w, NOTTINGHAM, manual.id))
    assert ask_if_owed(place, time(2), moment) is not None
