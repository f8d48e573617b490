"""The solver at arm's length: a child process with hard limits, whose every ending has a name.

A child is started when the first problem is expected and kept for the next one, as starting takes longer than solving
a night of a city. After any fault it is killed, and the next problem gets a new one. Nothing it prints is believed;
its answers come as files with a checksum and are checked for form here, for truth in `app.rematch.checking`.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from app.matching.branches import Claim
from app.matching.problem import Problem
from app.rematch.child import BEGUN, DONE, LARGEST_FILE_MB, MEGABYTE, OUT_OF_MEMORY
from app.rematch.crossing import read_claim, write_problem
from app.rematch.faults import (
    RunCancelled,
    SolverCrashed,
    SolverFault,
    SolverGarbled,
    SolverHung,
    SolverNoRoom,
    SolverNotStarted,
    SolverOutOfMemory,
)
from app.rematch.limits import Limits, Share, Strength
from app.rematch.packing import NotWhole
from app.rematch.scratch import clear_old, new_folder, whole_file

Cancelled = Callable[[], bool]
"""Asked every moment: true calls the run off."""

LOOK_EVERY_S = 0.05
STARTING_S = 60
MOST_CHATTER = 1 << 20
"""Bytes that a child may say about one job."""

CODE = Path(__file__).parents[2]
COMPLAINTS = (b"bad_alloc", b"MemoryError", b"Cannot allocate memory", b"out of memory")


def never() -> bool:
    """Nobody calls it off."""
    return False


@dataclass(slots=True)
class _Child:
    """A running child, its folder of files, and what it has said so far."""

    process: subprocess.Popen[bytes]
    folder: TemporaryDirectory[str]
    memory_mb: int
    said: bytearray = field(default_factory=bytearray)

    @property
    def path(self) -> Path:
        return Path(self.folder.name)

    def end(self) -> int:
        """Kill it and all that it started, wait for it, clear up; its exit code."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        code = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.folder.cleanup()
        return code


COMMAND = (sys.executable, "-P", "-m", "app.rematch.child")


class SolverProcess:
    """Solves problems in a child process. Use it as a context, from one thread: on leaving, the child is gone.

    `command`: what to start instead of the real solver, for tests; it is given the same arguments.
    """

    def __init__(self, limits: Limits, command: Sequence[str] = COMMAND) -> None:
        self._limits = limits
        self._command = tuple(command)
        self._child: _Child | None = None
        self._number = 0

    def __enter__(self) -> Self:
        """Start a child at once, so that it is ready by the time there is a problem; clear up after earlier ones."""
        clear_old()
        with suppress(SolverNotStarted, SolverNoRoom):  # told when it matters, by `solve`
            self._start(self._limits.full)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the child."""
        self.stop()

    def stop(self) -> None:
        """End the child, whatever it is doing."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def solve(self, problem: Problem, strength: Strength = Strength.FULL, cancelled: Cancelled = never) -> Claim:
        """The child's answer, complete and of the right form; nobody has checked yet whether it is true.

        Raises a leaf of `SolverFault`, or `RunCancelled`; either way the child has been killed.
        """
        share = self._limits.of(strength)
        if self._child is not None and self._child.memory_mb != share.memory_mb:
            self.stop()
        child = self._child or self._start(share)
        try:
            return self._ask(child, problem, (strength, share), cancelled)
        except BaseException:
            self.stop()
            raise

    def _start(self, share: Share) -> _Child:
        try:
            folder = new_folder()
        except OSError as error:
            raise SolverNoRoom(type(error).__name__) from error
        command = [*self._command, str(share.memory_mb), str(self._limits.niceness)]
        try:
            with (Path(folder.name) / "complaints").open("wb") as complaints:
                process = subprocess.Popen(  # noqa: S603 - our own program, with whole numbers for arguments
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                    env=_environment(),
                    start_new_session=True,
                )
        except (OSError, subprocess.SubprocessError) as error:
            folder.cleanup()
            raise SolverNotStarted(type(error).__name__) from error
        self._child = _Child(process, folder, share.memory_mb)
        return self._child

    def _ask(self, child: _Child, problem: Problem, effort: tuple[Strength, Share], cancelled: Cancelled) -> Claim:
        strength, share = effort
        seconds = share.seconds_for(len(problem.pairs))
        self._number += 1
        asked, answered = child.path / f"problem-{self._number}", child.path / f"solution-{self._number}"
        try:
            digest = write_problem(problem, asked)
        except OSError as error:
            raise SolverNoRoom(type(error).__name__) from error
        job = {
            "number": self._number,
            "problem": str(asked),
            "solution": str(answered),
            "effort": strength.value,
            "processor_s": 2 * seconds + 10,
        }
        _tell(child, json.dumps(job))
        _await(child, f"{DONE} {self._number}".encode(), seconds, cancelled)
        try:
            return read_claim(whole_file(answered, LARGEST_FILE_MB * MEGABYTE), problem, digest)
        except (NotWhole, OSError, MemoryError) as error:
            raise SolverGarbled(str(error) if isinstance(error, NotWhole) else type(error).__name__) from error
        finally:
            for used in (asked, answered):
                with suppress(OSError):  # whatever stands there now goes with its folder
                    used.unlink()


def _environment() -> dict[str, str]:
    """Ours, with the code where it is, one thread in libraries that would take more, and a fixed hash seed."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PLACEMENT_"))}
    single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return ours | single | {"PYTHONPATH": str(CODE), "PYTHONHASHSEED": "0"}


def _tell(child: _Child, line: str) -> None:
    pipe = child.process.stdin
    if pipe is None:
        raise SolverNotStarted
    try:
        pipe.write(line.encode() + b"\n")
        pipe.flush()
    except OSError as error:
        raise _death(child, None) from error


def _await(child: _Child, wanted: bytes, seconds: int, cancelled: Cancelled) -> None:
    """Wait for a line, looking after time, memory and whether anybody still wants the answer."""
    begun, deadline = False, time.monotonic() + STARTING_S + seconds
    child.said.clear()
    while True:
        if cancelled():
            raise RunCancelled
        _look_after(child, deadline, seconds)
        if not _listen(child):
            raise _death(child, deadline)
        lines = bytes(child.said).split(b"\n")[:-1]
        if wanted in lines:
            return
        if not begun and BEGUN.encode() in lines:
            begun, deadline = True, time.monotonic() + seconds


def _look_after(child: _Child, deadline: float, seconds: int) -> None:
    if time.monotonic() > deadline:
        raise SolverHung(f"{seconds} s")
    if _memory_mb(child.process.pid) > child.memory_mb:
        raise SolverOutOfMemory(f"{child.memory_mb} MB")
    if len(child.said) > MOST_CHATTER:
        raise SolverGarbled("it talks too much")


def _listen(child: _Child) -> bool:
    """Take in what the child says within a moment; False when it will say no more."""
    pipe = child.process.stdout
    if pipe is None:
        return False
    ready, _, _ = select.select([pipe], [], [], LOOK_EVERY_S)
    if not ready:
        return True
    said = os.read(pipe.fileno(), 1 << 16)
    child.said += said
    return bool(said)


def _death(child: _Child, deadline: float | None) -> SolverFault:
    """Why the child said no more."""
    left = 1.0 if deadline is None else max(0.0, deadline - time.monotonic())
    try:
        code = child.process.wait(left)
    except subprocess.TimeoutExpired:
        return SolverHung("it closed its output and did not end")
    complaints = _complaints(child)
    if code == OUT_OF_MEMORY or any(complaint in complaints for complaint in COMPLAINTS):
        return SolverOutOfMemory(f"{child.memory_mb} MB")
    if code == -signal.SIGXCPU:
        return SolverHung("processor time")
    if code < 0:
        return SolverCrashed(_signal_name(-code))
    return SolverGarbled("it ended without an answer") if code == 0 else SolverCrashed(f"exit code {code}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _complaints(child: _Child) -> bytes:
    try:
        with (child.path / "complaints").open("rb") as file:
            return file.read(1 << 16)
    except OSError:
        return b""


def _memory_mb(pid: int) -> int:
    """Megabytes of its own that a process holds; 0 where the system does not say."""
    try:
        _, resident, shared = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[:3]
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE") // MEGABYTE
