"""A run from its records to its end. Whatever happens, it ends with a status that says so."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from app.errors import DatabaseBusy, DatabaseUnavailable, Internal, PlacementError, RunAlreadyMade, RunOvertaken
from app.matching.batch import Night
from app.matching.policy_values import PolicyError
from app.observing import faults
from app.observing.correlation import correlated
from app.rematch.faults import RunCancelled
from app.rematch.process import SolverProcess
from app.rematch.run import Outcome, RunStatus
from app.rematch.versions import versions
from app.runs.publishing import publish
from app.runs.telling import told
from app.runs.workplace import Workplace, night_of
from app.store import runs
from app.store.run_records import Run, Wanted
from app.store.session import Writing

log = logging.getLogger(__name__)

BEAT_S = 2.0
"""Seconds between signs of life of a run at work; also how soon it hears that somebody called it off."""

STOPPED = "service_stopped"
NO_POLICY = "policy_not_usable"
SOLVER_FAILED = "solver_failed"
CONTRADICTION = "contradiction"

Stopping = Callable[[], bool]
Tell = Callable[[str], None]


def nobody(_stage: str) -> None:
    """Tells nobody of a stage."""


def never() -> bool:
    """Nobody wants to stop."""
    return False


def run_now(place: Workplace, wanted: Wanted, stopping: Stopping = never, tell: Tell = nobody) -> Run:
    """Ask for a run and do it here and now; the run as it then stands. Raises `RunAlreadyMade`."""

    def begin(writing: Writing) -> Run:
        runs.recover(writing, place.authority)
        runs.request(writing, place.authority, wanted)
        taken = runs.take_up(writing, place.authority)
        if taken is None:
            raise RunAlreadyMade
        return taken

    return work(place, place.database.transact(begin), stopping, tell)


def work(place: Workplace, run: Run, stopping: Stopping = never, tell: Tell = nobody) -> Run:
    """Work on a run that was taken up, to its end; the run as it then stands.

    `stopping` is asked now and then: true gives the run up, because the service ends. `tell` hears each stage.
    """
    with correlated(run.id), Pulse(place, run, tell) as pulse:
        try:
            _carry_out(place, run, pulse, stopping)
        except RunOvertaken:
            log.warning("a run was cancelled or given up for dead: nothing of it counts", extra={"run": run.id})
        except RunCancelled:
            _fail(place, run, STOPPED)
        except (PolicyError, LookupError):
            _fail(place, run, NO_POLICY)
        except PlacementError as error:
            _fail(place, run, error.code)
        except Exception as error:  # noqa: BLE001 - a run never ends without saying so; the text may hold data
            log.error("a run failed", extra={"run": run.id} | faults.told(error))  # noqa: TRY400
            _fail(place, run, Internal.code)
        except BaseException:
            _fail(place, run, STOPPED)
            raise
    with place.database.reading() as reading:
        return runs.get(reading, place.authority, run.id)


class Pulse:
    """Signs of life while a run is at work, from a thread of its own. `lost`: somebody took the run away."""

    def __init__(self, place: Workplace, run: Run, tell: Tell = nobody) -> None:
        self.lost = False
        self._place, self._run, self._tell = place, run, tell
        self._stage = run.stage
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="run-pulse", daemon=True)

    def __enter__(self) -> Self:
        """Begin to beat."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop beating."""
        self._over.set()
        self._thread.join()

    def stage(self, stage: str) -> None:
        """What the run is at now; it is told with the next sign of life."""
        self._stage = str(stage)
        self._tell(self._stage)

    def _beat(self) -> None:
        while not self._over.wait(BEAT_S):
            try:
                self._place.database.transact(self._say)
            except RunOvertaken:
                self.lost = True
                return
            except (DatabaseBusy, DatabaseUnavailable):
                continue  # it may come back before the lease is over; if not, the fence decides

    def _say(self, writing: Writing) -> None:
        runs.keep_alive(writing, self._place.authority, self._run, self._stage)


def _carry_out(place: Workplace, run: Run, pulse: Pulse, stopping: Stopping) -> None:
    def cancelled() -> bool:
        return pulse.lost or stopping()

    with place.solver() as solver:
        pulse.stage("reading")
        night = _read(place, run)
        outcome = _solved(place, run, (night, solver), pulse, cancelled)
    if outcome.report is None:
        failure = CONTRADICTION if outcome.status is RunStatus.INFEASIBLE else SOLVER_FAILED
        _fail(place, run, outcome.faults[-1].code if outcome.faults else failure, told(outcome))
        return
    if cancelled():
        raise RunCancelled
    pulse.stage("publishing")
    publish(place, run, outcome)


def _read(place: Workplace, run: Run) -> Night:
    """What the run works on, stored with it."""
    night = night_of(place, run)
    about = {"policy_version": night.policy.version, "policy_sha256": night.policy.sha256}
    written = place.snapshot(night)
    place.database.transact(lambda writing: runs.keep_input(writing, place.authority, run, written, about, versions()))
    return night


def _solved(
    place: Workplace, run: Run, given: tuple[Night, SolverProcess | None], pulse: Pulse, cancelled: Stopping
) -> Outcome:
    night, solver = given
    named = {"with_frontier": run.options.frontier, "tell": pulse.stage, "cancelled": cancelled, "solver": solver}
    try:
        return place.rematch(night, place.limits, **named)
    except RunCancelled:
        if pulse.lost:
            raise RunOvertaken from None
        raise


def _fail(place: Workplace, run: Run, failure: str, report: Mapping[str, Any] | None = None) -> None:
    """Say that the run failed. Where even that cannot be said, its lease will run out."""
    log.warning("a run failed", extra={"run": run.id, "failure": failure})
    with suppress(RunOvertaken, DatabaseBusy, DatabaseUnavailable):
        place.database.transact(lambda writing: runs.fail(writing, place.authority, run, failure, report))
