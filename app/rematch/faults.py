"""What can go wrong with a solver, and a run that somebody called off. A docstring is the message for people.

`detail` is for whoever looks after the service: numbers, names of signals, indices of arrays; nobody's data.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import PlacementError


@dataclass(frozen=True, slots=True)
class Fault:
    """One attempt that failed, as it is kept with a run."""

    code: str
    message: str
    detail: str


class SolverFault(PlacementError):
    """The solver did not do its work. The last good proposals stand; run the rematch again."""

    status, code, title = 503, "solver_failed", "Solver failed"
    retry_after_s = 60

    def __init__(self, detail: str = "") -> None:
        super().__init__()
        self.detail = detail

    def as_fault(self) -> Fault:
        """This fault as a record."""
        return Fault(self.code, self.message(), self.detail)


class SolverNotStarted(SolverFault):
    """The solver's process could not be started, or ended before it had begun. Check memory and installation."""

    code, title = "solver_not_started", "Solver not started"


class SolverNoRoom(SolverFault):
    """There was no room on the disk to hand the night to the solver. Free some, then run the rematch again."""

    code, title = "solver_no_room", "No room for the solver"


class SolverHung(SolverFault):
    """The solver had not finished when its time was up, so it was stopped.

    Run it again; where that recurs, replay the run's snapshot with more seconds in its `limits`.
    """

    code, title = "solver_hung", "Solver out of time"


class SolverCrashed(SolverFault):
    """The solver's process broke off. Run it again; if that recurs, keep the snapshot and report it."""

    code, title = "solver_crashed", "Solver crashed"


class SolverOutOfMemory(SolverFault):
    """The solver needed more memory than it is allowed.

    Rematch fewer referrals at once, or replay the run's snapshot with more in its `limits`.
    """

    code, title = "solver_out_of_memory", "Solver out of memory"


class SolverGarbled(SolverFault):
    """The solver's answer was incomplete or not readable, so nothing of it was used. Run it again."""

    code, title = "solver_garbled", "Solver's answer not readable"


class SolverWrong(SolverFault):
    """The solver's answer did not stand up to checking, so nothing of it was used. Keep the snapshot and report it."""

    code, title = "solver_wrong", "Solver's answer wrong"


class RunCancelled(PlacementError):
    """The run was cancelled before it had finished. Nothing was changed; the last good proposals stand."""

    status, code, title = 409, "run_cancelled", "Run cancelled"
