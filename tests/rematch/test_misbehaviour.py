"""T-17: whatever the solver's process does, the run ends, says so, and lets nothing unverified out."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.batch import Batch, batch
from app.matching.night_check import check_night
from app.matching.problem import Problem
from app.rematch import limits as solver_limits
from app.rematch import process, run, scratch
from app.rematch.checking import Answering, Checker
from app.rematch.crossing import write_problem
from app.rematch.faults import (
    RunCancelled,
    SolverCrashed,
    SolverFault,
    SolverGarbled,
    SolverHung,
    SolverNoRoom,
    SolverNotStarted,
    SolverOutOfMemory,
    SolverWrong,
)
from app.rematch.limits import Limits, Share
from app.rematch.process import SolverProcess
from app.rematch.run import RunStatus, rematch
from tests.rematch.nights import BadAtFirst, a_night, fake

QUICK = Limits(Share(1, 300), Share(1, 300))
ROOMY = Limits(Share(20, 300), Share(20, 300))


@pytest.mark.parametrize(
    ("way", "fault"),
    [
        ("spin", SolverHung),
        ("sleep", SolverHung),
        ("allocate", SolverOutOfMemory),
        ("hoard", SolverOutOfMemory),
        ("native_memory", SolverOutOfMemory),
        ("abort", SolverCrashed),
        ("segfault", SolverCrashed),
        ("exit_7", SolverCrashed),
        ("exit_0", SolverGarbled),
        ("chatter", SolverGarbled),
        ("no_file", SolverGarbled),
        ("garbage", SolverGarbled),
        ("half", SolverGarbled),
        ("flipped", SolverGarbled),
        ("another", SolverGarbled),
        ("beyond", SolverGarbled),
        ("enormous", SolverGarbled),
        ("pipe", SolverGarbled),
        ("endless", SolverGarbled),
        ("linked", SolverGarbled),
        ("folders", SolverGarbled),
        ("nowhere", SolverGarbled),
        ("beyond_numbers", SolverGarbled),
        ("long_header", SolverGarbled),
        ("wide", SolverGarbled),
        ("many_sets", SolverGarbled),
        ("never", SolverCrashed),
    ],
)
def test_every_ending_has_a_name(way: str, fault: type[SolverFault]) -> None:
    """T-17: a child that hangs, dies or writes rubbish becomes a typed fault, and the child is gone."""
    limits = QUICK if fault is SolverHung else ROOMY
    problem = batch(a_night()).problem
    with fake(way, limits=limits) as solver, pytest.raises(fault) as found:
        solver.solve(problem)
    assert found.value.message()
    assert type(found.value) is fault


def test_a_hang_on_a_small_night_is_noticed_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a country may take is not waited for where a town is solved."""
    monkeypatch.setattr(solver_limits, "ALWAYS_S", 1)
    monkeypatch.setattr(solver_limits, "LEAST_SHARE", 300)
    began = time.monotonic()
    with fake("spin", limits=Limits()) as solver, pytest.raises(SolverHung):
        solver.solve(batch(a_night()).problem)
    assert time.monotonic() - began < Limits().full.seconds / 2


@given(most=st.integers(1, 10_000), pairs=st.integers(0, 10**9), more=st.integers(0, 10**8))
def test_larger_problems_may_take_longer(most: int, pairs: int, more: int) -> None:
    """Never less for more pairs, never more than is allowed in all; a minute, and more for whoever allows more."""
    share = Share(most, 300)
    assert max(min(most, 60), most // 5) <= share.seconds_for(pairs) <= share.seconds_for(pairs + more) <= most


def test_a_country_may_take_all_that_is_allowed() -> None:
    """Fifteen million pairs and the limits of a run that nobody has set."""
    assert Limits().full.seconds_for(15_000_000) == Limits().full.seconds


def test_a_child_that_never_begins_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting is limited too."""
    monkeypatch.setattr(process, "STARTING_S", 0)
    with fake("silent", limits=QUICK) as solver, pytest.raises(SolverHung):
        solver.solve(batch(a_night()).problem)


def test_a_program_that_is_not_there() -> None:
    """The fault comes when the solver is needed, and not before."""
    with SolverProcess(Limits(), ("/nowhere/solver",)) as solver, pytest.raises(SolverNotStarted):
        solver.solve(batch(a_night()).problem)


@pytest.mark.parametrize(
    "way", ["dearer", "too_sure", "too_modest", "everything", "infeasible", "modest_target", "abort", "half", "spin"]
)
def test_first_attempt_bad_second_good(way: str) -> None:
    """The lighter attempt gives checked proposals; the run says what happened to the first."""
    night = a_night()
    limits = replace(QUICK, light=Share(20, 300)) if way == "spin" else ROOMY
    with BadAtFirst(limits, way) as solver:
        first = rematch(night, limits, with_price=False, solver=solver)
    assert first.status is RunStatus.FALLBACK
    assert len(first.faults) == 1
    assert first.report is not None
    assert first.proposals
    assert not check_night(night, first.proposals)


@pytest.mark.parametrize(
    "way", ["dearer", "too_sure", "too_modest", "everything", "infeasible", "nothing", "exit_0", "garbage", "abort"]
)
def test_both_attempts_bad(way: str) -> None:
    """No proposals, both faults named, and last night's stand where they still keep the rules."""
    good = rematch(a_night(), with_price=False)
    assert good.status is RunStatus.PROVEN
    night = a_night(last=good.proposals)
    with fake(way) as solver:
        bad = rematch(night, ROOMY, solver=solver)
    assert bad.status is RunStatus.FAILED
    assert [bad.report, bad.proposals, bad.price, bad.frontier] == [None, (), None, ()]
    assert len(bad.faults) == 2
    assert bad.standing == good.proposals
    assert not bad.fallen


def test_what_stands_in_place_of_the_problem_spoils_no_good_answer() -> None:
    """Clearing up never hides what came of the work."""
    with fake("problem_gone") as solver:
        assert rematch(a_night(), ROOMY, with_price=False, solver=solver).status is RunStatus.PROVEN


@pytest.mark.parametrize("room_for", [0, 1, 2])
def test_a_disk_that_fills_up(monkeypatch: pytest.MonkeyPatch, room_for: int) -> None:
    """Without room nothing is solved, and that is said; what was verified before stands, less what came later."""
    written = 0

    def write(problem: Problem, path: Path) -> str:
        nonlocal written
        written += 1
        if written > room_for:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_problem(problem, path)

    monkeypatch.setattr(process, "write_problem", write)
    outcome = rematch(a_night(), ROOMY, with_frontier=True)
    if not room_for:
        assert (outcome.status, outcome.proposals) == (RunStatus.FAILED, ())
        assert {fault.code for fault in outcome.faults} == {SolverNoRoom.code}
        return
    assert outcome.status is RunStatus.PROVEN
    assert outcome.proposals
    assert outcome.price is not None
    assert room_for == 2 or outcome.price.fault == SolverNoRoom.code
    assert {point.fault for point in outcome.frontier} == {SolverNoRoom.code}


def test_a_disk_without_room_for_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a folder can be made: that is a fault with a name as well."""

    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(process, "new_folder", full)
    outcome = rematch(a_night(), ROOMY)
    assert {fault.code for fault in outcome.faults} == {SolverNoRoom.code}


def test_what_a_killed_parent_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of ours that are older than a day go at the next start; younger ones and those of others stay."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = [tmp_path / f"{scratch.PREFIX}young", tmp_path / "placement-other"]
    old = tmp_path / f"{scratch.PREFIX}old"
    for folder in (*kept, old):
        folder.mkdir()
        (folder / "problem-1").write_bytes(b"x")
    link = tmp_path / f"{scratch.PREFIX}link"
    link.symlink_to(kept[1])
    past = time.time() - scratch.OLD_S - 60
    for folder in (kept[1], old):
        os.utime(folder, (past, past))
    with fake("honest"):
        pass
    assert not old.exists()
    assert all((folder / "problem-1").exists() for folder in kept)


def test_an_unproven_answer_is_not_called_proven() -> None:
    """The gap is the certificate's and not the solver's word for it."""
    night = a_night()
    with fake("unproven") as solver:
        outcome = rematch(night, ROOMY, with_price=False, solver=solver)
    assert outcome.status is RunStatus.FEASIBLE
    assert outcome.report is not None
    assert outcome.report.gap > 0
    assert outcome.claimed_bound == outcome.report.objective


def test_a_modest_claim_about_a_hard_target() -> None:
    """That a hard target is out of reach is sought out again, not believed."""
    night = a_night()
    target = replace(night.policy.target, hard=True, floor_permille=800)
    night = replace(night, policy=replace(night.policy, target=target))
    with fake("modest_target") as solver:
        outcome = rematch(night, ROOMY, with_price=False, solver=solver)
    assert outcome.status is RunStatus.FAILED
    assert {fault.code for fault in outcome.faults} == {SolverWrong.code}


def test_cancel_kills_the_child() -> None:
    """Calling off ends the child within moments, wherever it is."""
    began = time.monotonic()
    with fake("spin", limits=Limits(Share(60, 300), Share(60, 300))) as solver:
        with pytest.raises(RunCancelled):
            rematch(a_night(), solver=solver, cancelled=lambda: time.monotonic() > began + 0.5)
        assert solver._child is None


@pytest.mark.parametrize("looks", [0, 1])
def test_called_off_while_an_answer_is_checked(monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
    """It is not only the solver that may take long: between the looks at its answer it is asked again."""
    off: list[bool] = []

    def watched(answering: Answering, posed: Batch, between: Callable[[], None]) -> Checker:
        seen = 0

        def look() -> None:
            nonlocal seen
            seen += 1
            if seen > looks:
                off.append(True)
            between()

        return Checker(answering, posed, look)

    monkeypatch.setattr(run, "Checker", watched)
    with fake("honest") as solver, pytest.raises(RunCancelled):
        rematch(a_night(), ROOMY, with_price=False, solver=solver, cancelled=lambda: bool(off))
    assert len(off) == 1


def test_an_answer_that_takes_too_long_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checking has an end as solving has; the run then says so."""
    monkeypatch.setattr(Share, "seconds_for", lambda *_: -1)
    monkeypatch.setattr(process, "_look_after", lambda *_: None)
    with fake("honest") as solver:
        outcome = rematch(a_night(), ROOMY, solver=solver)
    assert outcome.status is RunStatus.FAILED
    assert {fault.detail for fault in outcome.faults} == {"its answer takes too long to check"}


def test_leaving_kills_the_child() -> None:
    """Nobody works on when nobody waits any more."""
    with fake("spin") as solver:
        assert solver._child is not None
        pid = solver._child.process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
