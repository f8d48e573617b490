"""One rematch from records to an outcome that may be stored and shown. Nothing unverified leaves here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from enum import StrEnum

from app.matching.batch import Batch, CannotPin, Night, Proposed, batch, in_order
from app.matching.branches import Claim
from app.matching.night_check import check_night
from app.matching.night_explained import proposed, report
from app.matching.night_report import NightReport
from app.matching.problem import Problem, Status
from app.matching.recheck import Verdict, recheck
from app.matching.report_check import check_report
from app.rematch.checking import Checked, Checker, Contradiction, check_spread
from app.rematch.faults import Fault, RunCancelled, SolverFault, SolverHung, SolverWrong
from app.rematch.limits import Limits, Strength
from app.rematch.process import Cancelled, SolverProcess, never
from app.rematch.target import FrontierPoint, TargetPrice, frontier, price_of_one_more


class Stage(StrEnum):
    """How far a run has come."""

    JUDGING = "judging"
    SOLVING = "solving"
    FALLING_BACK = "falling_back"
    EXPLAINING = "explaining"
    PRICING = "pricing"
    FRONTIER = "frontier"
    DONE = "done"


Progress = Callable[[Stage], None]
"""Told of each stage as it begins; FRONTIER once for each share."""


class RunStatus(StrEnum):
    """How a run ended. All but FAILED and INFEASIBLE have proposals."""

    PROVEN = "proven"
    """Nothing better exists: the certificate equals the objective."""
    FEASIBLE = "feasible"
    """A valid choice; the report says how many points a better one could gain at the very most."""
    FALLBACK = "fallback"
    """The solver failed; a valid choice made with less work, with its own gap."""
    FAILED = "failed"
    """No proposals: the solver failed, lighter work too. The last good proposals stand."""
    INFEASIBLE = "infeasible"
    """No choice exists: what is pinned contradicts a rule or a limit. The last good proposals stand."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run. Everything in it has been checked.

    report, proposals: None and empty where there is none; then `standing` are those of last night's proposals that
    keep every rule today, and `fallen` says of the others why not. faults: attempts that failed. contradictions: why
    there is no choice, in words with references. claimed_bound: see `Checked`. most_local_proven: a hard target is
    out of reach, and whether it is certain that no choice comes nearer; None where it is not out of reach. price: of
    one more local child. pins_left_out: they name a home or a child that is not there (any more).
    """

    night: Night
    status: RunStatus
    report: NightReport | None = None
    proposals: tuple[Proposed, ...] = ()
    faults: tuple[Fault, ...] = ()
    contradictions: tuple[str, ...] = ()
    standing: tuple[Proposed, ...] = ()
    fallen: tuple[Verdict, ...] = ()
    claimed_bound: int | None = None
    most_local_proven: bool | None = None
    pins_left_out: tuple[Proposed, ...] = ()
    price: TargetPrice | None = None
    frontier: tuple[FrontierPoint, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)


@dataclass(slots=True)
class _Run:
    """A run under way: who solves, who is told, what failed so far, and how long each stage took."""

    night: Night
    solver: SolverProcess
    limits: Limits
    strength: Strength
    tell: Progress
    cancelled: Cancelled
    faults: list[Fault] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    since: float = field(default_factory=time.perf_counter)
    stage: Stage | None = None
    check_until: float = 0.0

    def begin(self, stage: Stage) -> None:
        if self.cancelled():
            raise RunCancelled
        now = time.perf_counter()
        if self.stage is not None:
            self.seconds[self.stage] = self.seconds.get(self.stage, 0.0) + now - self.since
        self.stage, self.since = stage, now
        self.tell(stage)

    def checker(self, strength: Strength, posed: Batch) -> Checker:
        """Has problems solved and checked. To check an answer may take as long as to find it, and no longer."""

        def ask(problem: Problem) -> Claim:
            claim = self.solver.solve(problem, strength, self.cancelled)
            self.check_until = time.monotonic() + self.limits.of(strength).seconds_for(len(problem.pairs))
            return claim

        return Checker(ask, posed, self.look_up)

    def look_up(self) -> None:
        """Between two looks at an answer: whether anybody still wants it, and whether there is time left."""
        if self.cancelled():
            raise RunCancelled
        if time.monotonic() > self.check_until:
            raise SolverHung("its answer takes too long to check")


def rematch(
    night: Night,
    limits: Limits | None = None,
    *,
    strength: Strength = Strength.FULL,
    with_price: bool = True,
    with_frontier: bool = False,
    tell: Progress = lambda _stage: None,
    cancelled: Cancelled = never,
    solver: SolverProcess | None = None,
) -> Outcome:
    """The best proposal for all who wait, checked and explained; whatever happens, an honest outcome.

    `strength`: LIGHT makes the lighter attempt alone. `solver`: one that is running already, to be used and left
    running; it saves the half second that starting takes.
    Raises `RunCancelled` where `cancelled` says so; no solver is left behind.
    """
    limits = limits or Limits()
    own: AbstractContextManager[SolverProcess] = nullcontext(solver) if solver else SolverProcess(limits)
    lost = _strangers(night)
    pinned = in_order(pin for pin in night.pinned if pin not in lost)
    kept = replace(
        night,
        last=in_order(night.last),
        pinned=pinned,
        excluded=in_order(night.excluded),
        declined=in_order(night.declined),
    )
    with own as ready:
        run = _Run(kept, ready, limits, strength, tell, cancelled)
        outcome = _carried_out(run, with_price=with_price, with_frontier=with_frontier)
        run.begin(Stage.DONE)
    return replace(outcome, night=night, pins_left_out=lost, faults=tuple(run.faults), seconds=run.seconds)


def _carried_out(run: _Run, *, with_price: bool, with_frontier: bool) -> Outcome:
    run.begin(Stage.JUDGING)
    if wrong := _pins_break(run.night):
        return _without(run, RunStatus.INFEASIBLE, wrong)
    try:
        posed = batch(run.night, run.limits.threads)
    except CannotPin as error:
        return _without(run, RunStatus.INFEASIBLE, (str(error),))
    answer = _answered(run, posed)
    if answer is None:
        return _without(run, RunStatus.FAILED)
    if isinstance(answer, Contradiction):
        return _without(run, RunStatus.INFEASIBLE, _in_words(run.night, posed))
    run.begin(Stage.EXPLAINING)
    told = report(posed, answer.solution)
    if untrue := check_report(run.night, told, answer.solution.most_local_balance):
        run.faults.append(SolverWrong(f"{len(untrue)} faults in the report").as_fault())
        return _without(run, RunStatus.FAILED)
    outcome = Outcome(
        night=run.night,
        status=_status(run, answer),
        report=told,
        proposals=proposed(posed, answer.solution),
        claimed_bound=answer.claimed_bound,
        most_local_proven=None if answer.solution.most_local_balance is None else answer.most_proven,
    )
    # A solver that failed at full strength is not asked for as much again.
    checker = run.checker(Strength.LIGHT if run.faults else run.strength, posed)
    if with_price:
        run.begin(Stage.PRICING)
        outcome = replace(outcome, price=price_of_one_more(posed.problem, answer, checker))
    if with_frontier:
        points = frontier(posed.problem, checker, tell=lambda _share: run.begin(Stage.FRONTIER))
        outcome = replace(outcome, frontier=points)
    return outcome


def _answered(run: _Run, posed: Batch) -> Checked | Contradiction | None:
    """The checked answer of the full attempt, or of the lighter one; None where both failed or arrays are wrong."""
    if wrong := check_spread(posed):
        run.faults.append(SolverWrong(f"{len(wrong)} faults in the arrays").as_fault())
        return None
    attempts = [(Stage.SOLVING, run.strength)]
    if run.strength is Strength.FULL:
        attempts.append((Stage.FALLING_BACK, Strength.LIGHT))
    for stage, strength in attempts:
        run.begin(stage)
        try:
            return run.checker(strength, posed).answer(posed.problem)
        except SolverFault as fault:
            run.faults.append(fault.as_fault())
            run.solver.stop()  # it would be asked again as it is; whatever went wrong may still be in its memory
    return None


def _status(run: _Run, answer: Checked) -> RunStatus:
    if run.faults:
        return RunStatus.FALLBACK
    return RunStatus.PROVEN if answer.solution.status is Status.OPTIMAL else RunStatus.FEASIBLE


def _strangers(night: Night) -> tuple[Proposed, ...]:
    """Pins that name a home that is not on the list or a child who does not wait: homes close, children move."""
    waiting = {child.ref for referral in night.referrals for child in referral.children}
    here = night.pool.row_of
    return in_order(pin for pin in night.pinned if pin.home not in here or not pin.children <= waiting)


def _pins_break(night: Night) -> tuple[str, ...]:
    """What the pinned pairs break by themselves: every choice that holds them would break it too."""
    bare = replace(night, weekly_budget_pence=None)
    return tuple(dict.fromkeys(check_night(bare, tuple(dict.fromkeys(night.pinned))))) if night.pinned else ()


def _in_words(night: Night, posed: Batch) -> tuple[str, ...]:
    pinned = tuple(posed.proposed(int(pair)) for pair in posed.problem.pinned)
    return check_night(night, pinned) or ("what is pinned contradicts itself or a limit",)


def _without(run: _Run, status: RunStatus, contradictions: tuple[str, ...] = ()) -> Outcome:
    """No proposals tonight: what of last night's still stands."""
    verdicts = recheck(run.night, run.night.last)
    return Outcome(
        run.night,
        status,
        contradictions=contradictions,
        standing=tuple(verdict.proposed for verdict in verdicts if verdict.fallen is None),
        fallen=tuple(verdict for verdict in verdicts if verdict.fallen is not None),
    )
