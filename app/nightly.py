"""When the nightly run is due: at a time of day in England, once a business date.

In the night of spring the clock jumps from 01:00 to 02:00: a run due between them begins an hour later by the
clock, at the instant it would have begun without the change. In the night of autumn the hour from 01:00 to 02:00
comes twice: the run is due in the first. That it is never made twice is not decided here but by the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.errors import RunAlreadyMade
from app.runs.workplace import Workplace
from app.store import runs
from app.store.run_records import Run, RunKind, RunStatus, Wanted

LONDON = ZoneInfo("Europe/London")

MAKE_UP = timedelta(hours=10)
"""A run that nobody made in time (the service was down) is made up for so long after it was due."""

ATTEMPTS = 3
PAUSE = timedelta(minutes=10)
"""A nightly run that failed is tried again after a pause, so many times in all."""


def due_on(day: date, at: time) -> datetime:
    """The instant at which the run of a business date is due."""
    return datetime.combine(day, at, tzinfo=LONDON).astimezone(UTC)


def next_due(now: datetime, at: time) -> tuple[datetime, date]:
    """The next run's instant, later than now, and its business date."""
    today = now.astimezone(LONDON).date()
    days = (today + timedelta(days=ahead) for ahead in (0, 1))
    return next((due_on(day, at), day) for day in days if due_on(day, at) > now)


def last_due(now: datetime, at: time) -> tuple[datetime, date]:
    """The instant at which a run was due last, not later than now, and its business date."""
    today = now.astimezone(LONDON).date()
    days = (today - timedelta(days=back) for back in (0, 1))
    return next((due_on(day, at), day) for day in days if due_on(day, at) <= now)


def is_owed(now: datetime, due: datetime, made: Sequence[Run]) -> bool:
    """Whether a nightly run should begin now. `made`: those of the business date, the newest first."""
    if now - due > MAKE_UP or len(made) >= ATTEMPTS:
        return False
    if not made:
        return True
    finished = made[0].finished_at
    return made[0].status is RunStatus.FAILED and finished is not None and now - finished >= PAUSE


def ask_if_owed(place: Workplace, at: time, now: datetime) -> Run | None:
    """Ask for the nightly run where it is due and not yet made; None otherwise.

    Of many services that ask at once one is given the run: the database sees to that.
    """
    due, day = last_due(now, at)
    with place.database.reading() as reading:
        made = runs.nightly_runs(reading, place.authority, day)
    if not is_owed(now, due, made):
        return None
    wanted = Wanted(RunKind.NIGHTLY, business_date=day, as_of=day)
    try:
        return place.database.transact(lambda writing: runs.request(writing, place.authority, wanted))
    except RunAlreadyMade:
        return None
