"""A child that misbehaves: `fake_solver.py WAY... MEMORY_MB NICENESS`, started in place of the real solver.

It takes jobs as the real one does. Each job is met with the next of the ways, the last one for ever.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np

from app.matching.branches import Claim
from app.matching.certify import no_prices
from app.matching.problem import Problem, Solution, Status
from app.rematch.child import BEGUN, DONE, limit_memory
from app.rematch.crossing import read_problem, write_claim
from app.rematch.packing import pack, unpack
from app.rematch.solving import solved

Job = dict[str, Any]


def say(text: str) -> None:
    """A line to the parent."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def spin(_job: Job) -> None:
    """Work for ever."""
    while True:
        pass


def sleep(_job: Job) -> None:
    """Do nothing for ever, with the output closed."""
    os.close(1)
    time.sleep(600)


def allocate(_job: Job) -> None:
    """Take memory until there is none."""
    limit_memory(int(sys.argv[-2]))
    hoard = [b""]
    while True:
        hoard.append(bytes(10_000_000))


def hoard(_job: Job) -> None:
    """Take memory though no limit was set: the parent has to see it."""
    kept = np.ones(50_000_000)
    while kept.any():
        time.sleep(0.01)


def native_memory(_job: Job) -> None:
    """End as a native library does that gets no memory."""
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()


def abort(_job: Job) -> None:
    """End as a native library does that finds itself in an impossible state."""
    os.abort()


def segfault(_job: Job) -> None:
    """End by a signal."""
    os.kill(os.getpid(), 11)


def exit_7(_job: Job) -> None:
    """End with an exit code."""
    os._exit(7)


def exit_0(_job: Job) -> None:
    """End as if all were well, without an answer."""
    os._exit(0)


def chatter(_job: Job) -> None:
    """Print without end."""
    while True:
        os.write(1, b"all is well, all is well, all is well\n" * 1000)


def no_file(job: Job) -> None:
    """Say that the answer is there when it is not."""
    say(f"{DONE} {job['number']}")


def garbage(job: Job) -> None:
    """Write something else."""
    say("nonsense" * 1000)
    Path(job["solution"]).write_bytes(os.urandom(5000))
    no_file(job)


def half(job: Job) -> None:
    """Write the first half of the right answer."""
    honest(job, tell=False)
    path = Path(job["solution"])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    no_file(job)


def flipped(job: Job) -> None:
    """One bit of the right answer is wrong."""
    honest(job, tell=False)
    path = Path(job["solution"])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    no_file(job)


def honest(job: Job, *, tell: bool = True, change: Callable[[Problem, Solution], Solution] | None = None) -> None:
    """The right answer, or a change of it."""
    problem, digest = read_problem(Path(job["problem"]))
    claim = solved(problem)
    if change:
        claim = Claim(change(problem, claim.solution), claim.branches)
    write_claim(claim, digest, Path(job["solution"]))
    if tell:
        no_file(job)


def another(job: Job) -> None:
    """The answer to another problem."""
    problem, digest = read_problem(Path(job["problem"]))
    write_claim(solved(problem), digest[::-1], Path(job["solution"]))
    no_file(job)


def pipe(job: Job) -> None:
    """Leave a pipe that nobody will write to."""
    os.mkfifo(job["solution"])
    no_file(job)


def endless(job: Job) -> None:
    """Leave a link to a device that gives bytes for ever."""
    Path(job["solution"]).symlink_to("/dev/zero")
    no_file(job)


def linked(job: Job) -> None:
    """Leave a link to the right answer."""
    honest(job, tell=False)
    there = Path(job["solution"]).with_name("elsewhere")
    Path(job["solution"]).rename(there)
    Path(job["solution"]).symlink_to(there)
    no_file(job)


def folders(job: Job) -> None:
    """Leave folders where files should be, even in place of the problem."""
    Path(job["solution"]).mkdir()
    Path(job["problem"]).unlink()
    Path(job["problem"]).mkdir()
    no_file(job)


def problem_gone(job: Job) -> None:
    """Give the right answer and put a folder in place of the problem."""
    honest(job, tell=False)
    Path(job["problem"]).unlink()
    Path(job["problem"]).mkdir()
    no_file(job)


def nowhere(job: Job) -> None:
    """Take the whole folder away."""
    shutil.rmtree(Path(job["solution"]).parent)
    no_file(job)


def beyond_numbers(job: Job) -> None:
    """The right answer, worked out in more seconds than there are numbers for."""
    honest(job, tell=False)
    path = Path(job["solution"])
    packed = unpack(path.read_bytes())
    pack(path, {**packed.values, "seconds": {"all": 10**400}}, packed.arrays)
    no_file(job)


def long_header(job: Job) -> None:
    """The right answer under a header of many megabytes."""
    honest(job, tell=False)
    path = Path(job["solution"])
    packed = unpack(path.read_bytes())
    pack(path, {**packed.values, "more": "x" * 2_000_000}, packed.arrays)
    no_file(job)


def wide(problem: Problem, found: Solution) -> Solution:
    """Charges for parties far larger than there are."""
    charge = np.zeros((problem.homes, 100_000), np.int64)
    charge[:, : found.prices.charge.shape[1]] = found.prices.charge
    return replace(found, prices=replace(found.prices, charge=charge))


def many_sets(problem: Problem, found: Solution) -> Solution:
    """More sets of rivals than anybody could look through."""
    many, none = np.zeros(60_000, np.int64), np.zeros(0, np.int64)
    prices = replace(
        found.prices, rival_start=np.zeros(60_001, np.int64), rival_pair=none, rival_weight=none, rival_limit=many,
        rival_price=many,
    )  # fmt: skip
    return replace(found, prices=prices)


def dearer(problem: Problem, found: Solution) -> Solution:
    """A wrong objective."""
    return replace(found, objective=found.objective + 1, bound=found.bound + 1)


def too_sure(problem: Problem, found: Solution) -> Solution:
    """A bound below the objective."""
    return replace(found, bound=found.objective - 1, status=Status.FEASIBLE)


def too_modest(problem: Problem, found: Solution) -> Solution:
    """A bound that the prices do not bear out."""
    return replace(found, bound=found.bound + 5, status=Status.FEASIBLE)


def unproven(problem: Problem, found: Solution) -> Solution:
    """Prices that prove nothing, with the claim that all is proven."""
    return replace(found, prices=no_prices(problem))


def everything(problem: Problem, found: Solution) -> Solution:
    """An invalid choice: every pair there is."""
    return replace(found, chosen=np.arange(len(problem.pairs), dtype=np.int64))


def beyond(problem: Problem, found: Solution) -> Solution:
    """A pair that does not exist."""
    return replace(found, chosen=np.array([len(problem.pairs)], dtype=np.int64))


def nothing(problem: Problem, found: Solution) -> Solution:
    """No proposals at all, called the best that there is."""
    none = np.zeros(0, np.int64)
    return replace(found, chosen=none, objective=0, bound=0, prices=no_prices(problem), most_local_balance=None)


def infeasible(problem: Problem, found: Solution) -> Solution:
    """The claim that no choice exists."""
    return replace(found, status=Status.INFEASIBLE, chosen=np.zeros(0, np.int64), objective=0, bound=0)


def enormous(problem: Problem, found: Solution) -> Solution:
    """Prices whose sums do not fit into 64 bits."""
    charge = np.full_like(found.prices.charge, 1 << 60)
    return replace(found, prices=replace(found.prices, charge=charge))


def modest_target(problem: Problem, found: Solution) -> Solution:
    """The claim that a hard target is further out of reach than it is: nobody is placed locally."""
    local = problem.local
    if local is None:
        return found
    none = np.zeros(0, np.int64)
    balance = local.existing_local * 10_000 - local.floor_per_10000 * local.existing_total
    prices = no_prices(problem)
    return replace(
        found, status=Status.FEASIBLE, chosen=none, objective=0, bound=found.bound, prices=prices,
        most_local_balance=balance,
    )  # fmt: skip


def changed_by(change: Callable[[Problem, Solution], Solution]) -> Callable[[Job], None]:
    """A way to answer: the right answer, changed like this."""
    return lambda job: honest(job, change=change)


CHANGES: tuple[Callable[[Problem, Solution], Solution], ...] = (
    wide, many_sets,
    dearer, too_sure, too_modest, unproven, everything, beyond, nothing, infeasible, enormous, modest_target,
)  # fmt: skip
WAYS: dict[str, Callable[[Job], None]] = {
    way.__name__: way
    for way in (
        spin, sleep, allocate, hoard, native_memory, abort, segfault, exit_7, exit_0, chatter, no_file, garbage,
        half, flipped, honest, another, pipe, endless, linked, folders, problem_gone, nowhere, beyond_numbers,
        long_header,
    )
}  # fmt: skip
WAYS |= {change.__name__: changed_by(change) for change in CHANGES}


def main() -> None:
    """Meet each job in its way."""
    ways = sys.argv[1:-2]
    if ways == ["never"]:
        os._exit(3)
    if ways == ["silent"]:
        time.sleep(600)
    for line, way in zip(sys.stdin, chain(ways, repeat(ways[-1])), strict=False):
        say(BEGUN)
        WAYS[way](json.loads(line))


if __name__ == "__main__":
    main()
