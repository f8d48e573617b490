"""A night worked on from the terminal, stored or only looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from app.cli.desk import Desk, console
from app.rematch.run import Outcome, rematch
from app.runs.working import run_now
from app.runs.workplace import Workplace, night_for, open_workplace
from app.store.run_records import Run, Wanted
from app.wording import words


@dataclass(slots=True)
class _Caught:
    """The outcome of a run that stores itself."""

    outcome: Outcome | None = None

    def rematch(self, *given: Any, **named: Any) -> Outcome:
        self.outcome = rematch(*given, **named)
        return self.outcome


def stored_night(desk: Desk, wanted: Wanted) -> tuple[Outcome | None, Run]:
    """Make and store a run; its outcome, None where it did not come so far, and the run as it ended."""
    caught = _Caught()
    place = replace(_workplace(desk), rematch=caught.rematch)
    with progress() as tell:
        run = run_now(place, wanted, tell=tell)
    return caught.outcome, run


def tried_night(desk: Desk, wanted: Wanted) -> Outcome:
    """What such a run would find now; nothing is stored."""
    place = _workplace(desk)
    night = night_for(place, wanted.options, wanted.as_of)
    with progress() as tell:
        return rematch(night, place.limits, with_frontier=wanted.options.frontier, tell=tell)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Shows the stage that a run is at; to be told of each."""
    with console.status("Reading ...") as status:
        yield lambda stage: status.update(f"{words(stage).capitalize()} ...")


def _workplace(desk: Desk) -> Workplace:
    return open_workplace(desk.database, desk.settings.authority, desk.settings.policies)
