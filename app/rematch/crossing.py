"""A problem on its way to the child process, and a solution on its way back."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from app.matching.branches import LARGEST, MOST_CASES, MOST_RIVAL_SETS, Branches, Claim, magnitude
from app.matching.problem import AllowedPairs, LocalTarget, Prices, Problem, Solution, Status, TargetMode
from app.rematch.packing import NotWhole, Packed, pack, unpack, unpack_file

PAIRS = "pairs."
PRICES = "prices."
BRANCHES = "branches."
MOST_RIVAL_PAIRS = 20_000_000
"""Entries of all rival sets together. They stand in no proportion to the problem: one pair may be in many sets."""


def write_problem(problem: Problem, path: Path) -> str:
    """Write a problem to a file; the file's digest."""
    arrays = {name: value for name, value in _fields(problem).items() if isinstance(value, np.ndarray)}
    arrays |= {PAIRS + name: value for name, value in _fields(problem.pairs).items()}
    local = problem.local
    values = {
        "unchanged_points": problem.unchanged_points,
        "weekly_budget_pence": problem.weekly_budget_pence,
        "local": None if local is None else {**_fields(local), "mode": local.mode.value},
    }
    return pack(path, values, arrays)


def read_problem(path: Path) -> tuple[Problem, str]:
    """The problem in a file, and the file's digest. Raises `NotWhole`; `ValueError` for what is no problem."""
    packed = unpack_file(path)
    own: dict[str, Any] = {name: array for name, array in packed.arrays.items() if not name.startswith(PAIRS)}
    pairs = {name.removeprefix(PAIRS): array for name, array in packed.arrays.items() if name.startswith(PAIRS)}
    values = dict(packed.values)
    if (local := values["local"]) is not None:
        values["local"] = LocalTarget(**{**local, "mode": TargetMode(local["mode"])})
    return Problem(**own, **values, pairs=AllowedPairs(**pairs)), packed.digest


def write_claim(claim: Claim, problem_digest: str, path: Path) -> None:
    """Write a solution and its proof to a file, bound to the problem that it solves."""
    solution, branches = claim.solution, claim.branches
    prices = solution.prices
    values = {
        "problem": problem_digest,
        "status": solution.status.value,
        "objective": solution.objective,
        "bound": solution.bound,
        "most_local_balance": solution.most_local_balance,
        "prices": {"local": prices.local, "placed": prices.placed, "budget": prices.budget},
        "branches": branches is not None,
        "seconds": {name: round(1000 * seconds) for name, seconds in solution.seconds.items()},
    }
    charged = {"charge", "rival_start", "rival_pair", "rival_weight", "rival_limit", "rival_price"}
    arrays = {"chosen": solution.chosen} | {PRICES + name: getattr(prices, name) for name in charged}
    if branches is not None:
        arrays |= {BRANCHES + name: value for name, value in _fields(branches).items()}
    pack(path, values, arrays)


def read_claim(data: bytes, problem: Problem, problem_digest: str) -> Claim:
    """The claim in a file's bytes, checked for form: right types, shapes and ranges, for this very problem.

    Raises `NotWhole`. What is said may still be wrong; see `app.rematch.checking`.
    """
    packed = unpack(data)
    try:
        _same(packed.values["problem"], problem_digest)
        claim = Claim(_solution(packed), _branches(packed))
        _check_sizes(claim, problem)
        _check_form(claim.solution, problem)
        if claim.branches is not None:
            _check_branches(claim.branches, problem)
    except NotWhole:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, MemoryError) as error:
        raise NotWhole(f"the answer is not complete ({type(error).__name__})") from error
    return claim


def _same(digest: object, problem_digest: str) -> None:
    if digest != problem_digest:
        raise NotWhole("it answers another problem")


def _branches(packed: Packed) -> Branches | None:
    if packed.values["branches"] is False:
        return None
    return Branches(**{field.name: _int64(packed.arrays[BRANCHES + field.name]) for field in fields(Branches)})


def _solution(packed: Packed) -> Solution:
    values, arrays = packed.values, packed.arrays
    most = values["most_local_balance"]
    return Solution(
        status=Status(values["status"]),
        chosen=_int64(arrays["chosen"]),
        objective=_whole(values["objective"]),
        bound=_whole(values["bound"]),
        prices=Prices(
            charge=_int64(arrays[PRICES + "charge"]),
            rival_start=_int64(arrays[PRICES + "rival_start"]),
            rival_pair=_int64(arrays[PRICES + "rival_pair"]),
            rival_weight=_int64(arrays[PRICES + "rival_weight"]),
            rival_limit=_int64(arrays[PRICES + "rival_limit"]),
            rival_price=_int64(arrays[PRICES + "rival_price"]),
            **{name: _whole(values["prices"][name]) for name in ("local", "placed", "budget")},
        ),
        most_local_balance=None if most is None else _whole(most),
        seconds={str(name): _whole(value) / 1000 for name, value in values["seconds"].items()},
    )


def _check_sizes(claim: Claim, problem: Problem) -> None:
    """Nothing is larger than the problem gives reason for. Looked at first: all that follows takes time by size."""
    prices, branches, homes = claim.solution.prices, claim.branches, problem.homes
    largest = int(np.diff(problem.party_start).max(initial=1))
    right = [
        claim.solution.chosen.size <= problem.parties,
        prices.charge.shape == (homes, largest),
        prices.rival_price.size <= MOST_RIVAL_SETS and prices.rival_pair.size <= MOST_RIVAL_PAIRS,
    ]
    if branches is not None:
        cases, priced = branches.above.size, branches.homes.size
        right += [
            cases <= MOST_CASES and priced <= homes and branches.pairs.size <= len(problem.pairs),
            branches.charge.shape == (cases, priced, largest),
            all(part.shape == (cases,) for part in (branches.local, branches.placed, branches.budget)),
            branches.rival_price.size <= MOST_RIVAL_SETS and branches.rival_pair.size <= MOST_RIVAL_PAIRS,
        ]
    if not all(right):
        raise NotWhole(f"part {right.index(False)} of the answer and its proof is larger than there is reason for")


def _check_form(solution: Solution, problem: Problem) -> None:
    chosen, prices = solution.chosen, solution.prices
    start, pair = prices.rival_start, prices.rival_pair
    largest = int(np.diff(problem.party_start).max(initial=1))
    right = (
        chosen.ndim == 1,
        prices.charge.shape[:1] == (problem.homes,),
        prices.charge.ndim == 2 and prices.charge.shape[1] >= largest,
        start.ndim == pair.ndim == prices.rival_price.ndim == 1,
        prices.rival_limit.shape == prices.rival_price.shape and not (prices.rival_limit < 0).any(),
        prices.rival_weight.shape == pair.shape and not (prices.rival_weight < 0).any(),
        start.size == prices.rival_price.size + 1 <= MOST_RIVAL_SETS + 1,
        bool(start.size) and int(start[0]) == 0 and int(start[-1]) == pair.size and not (np.diff(start) < 0).any(),
        _inside(chosen, len(problem.pairs)) and _inside(pair, len(problem.pairs)),
        not (np.diff(chosen) <= 0).any(),
        magnitude(prices, (prices.local, prices.placed, prices.budget), problem) < LARGEST,
    )
    if not all(right):
        raise NotWhole(f"part {right.index(False)} of the answer has the wrong shape")


def _check_branches(branches: Branches, problem: Problem) -> None:
    count, start = branches.above.size, branches.rival_start
    largest = int(np.diff(problem.party_start).max(initial=1))
    # In Python's numbers: the least of 64 bits has no positive of its own there.
    single = [max(map(abs, getattr(branches, name).tolist()), default=0) for name in ("local", "placed", "budget")]
    right = (
        branches.charge.ndim == 3 and branches.charge.shape[:2] == (count, branches.homes.size),
        branches.charge.ndim == 3 and branches.charge.shape[2] >= largest,
        _inside(branches.homes, problem.homes),
        branches.placed.shape == branches.budget.shape == (count,),
        count <= MOST_CASES and branches.rival_price.size <= MOST_RIVAL_SETS,
        branches.rival_of.shape == branches.rival_price.shape == (start.size - 1,),
        branches.rival_limit.shape == branches.rival_price.shape and not (branches.rival_limit < 0).any(),
        branches.rival_weight.shape == branches.rival_pair.shape and not (branches.rival_weight < 0).any(),
        bool(start.size) and int(start[0]) == 0 and int(start[-1]) == branches.rival_pair.size,
        not (np.diff(start) < 0).any(),
        magnitude(branches, tuple(single), problem) < LARGEST,
    )
    if not all(right):
        raise NotWhole(f"part {right.index(False)} of the proof has the wrong shape")


def _inside(index: np.ndarray, count: int) -> bool:
    return not index.size or (int(index.min()) >= 0 and int(index.max()) < count)


def _int64(array: np.ndarray) -> np.ndarray:
    if array.dtype != np.int64:
        raise NotWhole("an array has the wrong type")
    return array


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    raise NotWhole("a number is not whole")


def _fields(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}
