"""A run that was interrupted through no fault of its own is asked for anew, so that another worker makes it."""

from __future__ import annotations

from app.errors import RunAlreadyMade
from app.store import runs
from app.store.run_records import Run, Wanted
from app.store.session import Writing

INTERRUPTIONS = frozenset({runs.INTERRUPTED, "service_stopped"})
"""Failures that say nothing about the run itself: its worker died, or was told to stop."""

MOST_IN_A_ROW = 3
"""A run that was interrupted so often in a row may be what kills its workers: then a person has to look."""


def ask_again(writing: Writing, authority: str, run_id: str) -> Run | None:
    """Ask for the same run anew, in the caller's transaction.

    None where it was not interrupted, was so too often, or where another run is at work or made already.
    """
    run = runs.get(writing, authority, run_id)
    lately = runs.page(writing, authority, run.number + 1, MOST_IN_A_ROW)
    alike = [other for other in lately if _wish(other) == _wish(run) and other.failure in INTERRUPTIONS]
    if run.failure not in INTERRUPTIONS or len(alike) >= MOST_IN_A_ROW:
        return None
    try:
        return runs.request(writing, authority, _wish(run))
    except RunAlreadyMade:
        return None


def _wish(run: Run) -> Wanted:
    return Wanted(run.kind, run.business_date, run.as_of, run.options)
