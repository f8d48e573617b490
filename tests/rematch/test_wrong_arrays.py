"""Where the arrays of a night are wrong the run ends with a fault, never with proposals made of wrong figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.matching import allowed_pairs
from app.matching import batch as posing
from app.matching.assess_open import Open
from app.matching.batch import Night
from app.matching.problem import LocalTarget, Solution
from app.rematch import run as running
from app.rematch.checking import Checker
from app.rematch.faults import SolverWrong
from app.rematch.process import SolverProcess
from app.rematch.run import RunStatus, rematch
from app.rematch.solving import solved
from tests.rematch.nights import a_night

Spoil = Callable[[pytest.MonkeyPatch], None]


def _fees(change: Callable[[Any], Any]) -> Spoil:
    def spoil(patch: pytest.MonkeyPatch) -> None:
        honest = allowed_pairs.counted_fee

        def wrong(pairs: Any, of_kind: Any) -> Any:
            fee, known = honest(pairs, of_kind)
            return change(fee).astype(np.int32), known

        patch.setattr(allowed_pairs, "counted_fee", wrong)

    return spoil


def _local(children: int) -> Spoil:
    def everywhere(_question: Any, block: Open) -> Any:
        return np.repeat(block.members.sizes.astype(np.uint8), block.count) * np.uint8(children)

    return lambda patch: patch.setattr(allowed_pairs, "_local_children", everywhere)


def _posed(name: str, change: Callable[[Any], Any]) -> Spoil:
    """What the function `name` of the posing answers, changed."""

    def spoil(patch: pytest.MonkeyPatch) -> None:
        honest = getattr(posing, name)
        patch.setattr(posing, name, lambda *given: change(honest(*given)))

    return spoil


def _softened(target: LocalTarget) -> LocalTarget:
    return replace(target, floor_per_10000=0, ambition_per_10000=0)


BUDGET = replace(a_night(), weekly_budget_pence=1_000)
USUAL = a_night()
HARD = replace(
    USUAL,
    policy=replace(USUAL.policy, target=replace(USUAL.policy.target, hard=True, floor_permille=800, counts="batch")),
)
LAST = replace(
    USUAL, last=(posing.Proposed(frozenset({USUAL.referrals[0].children[0].ref}), USUAL.pool.records[0].ref),)
)

SPOILT: dict[str, tuple[Night, Spoil]] = {
    "fees of a thousandth": (BUDGET, _fees(lambda fee: fee // 1000)),
    "fees of nothing": (USUAL, _fees(lambda fee: fee * 0)),
    "fees too high for any budget": (replace(USUAL, weekly_budget_pence=500_000), _fees(lambda fee: fee * 1000)),
    "all homes local": (HARD, _local(1)),
    "no home local": (HARD, _local(0)),
    "no home local, elastic": (USUAL, _local(0)),
    "no target": (USUAL, _posed("_target", _softened)),
    "no hard target": (HARD, _posed("_target", _softened)),
    "placing is worth more": (USUAL, _posed("_placing", lambda points: points + 1)),
    "parting is free": (
        replace(USUAL, pool=USUAL.pool.changed(removals=["H-near-2"])),  # type: ignore[list-item]
        _posed("_separated", lambda points: points * 0),
    ),
}


@pytest.mark.parametrize("name", SPOILT)
@pytest.mark.parametrize("spread", [True, False])
def test_no_proposals_are_made_of_wrong_figures(
    name: str, *, spread: bool, solver: SolverProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reviewed nights and others; also without the look at pairs that nobody chose, where somebody is chosen."""
    night, spoil = SPOILT[name]
    honest = rematch(night, with_price=False, solver=solver)
    assert honest.status is RunStatus.PROVEN
    spoil(monkeypatch)
    if not spread:
        monkeypatch.setattr(running, "check_spread", lambda _batch: ())
    outcome = rematch(night, with_price=False, solver=solver)
    harmless = not spread and not outcome.proposals  # nobody is chosen: only the spread can tell
    assert harmless or outcome.status is RunStatus.FAILED
    assert harmless or [fault.code for fault in outcome.faults][:1] == ["solver_wrong"]
    assert outcome.proposals == ()


def test_an_answer_made_of_wrong_figures_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer that is checked against a night's records is: that of the price of one more local child too."""
    _fees(lambda fee: fee + 1)(monkeypatch)
    posed = posing.batch(USUAL)
    with pytest.raises(SolverWrong):
        Checker(solved, posed).answer(posed.problem)
    with pytest.raises(SolverWrong):
        Checker(solved, posed).answer(replace(posed.problem, local=None))


@pytest.mark.parametrize("figure", ["weekly_cost_pence", "assumed_weekly_cost_pence", "children_placed", "objective"])
def test_an_untrue_report_ends_the_run(figure: str, solver: SolverProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """The choice is right and what would be told of it is not: there are no proposals, and a fault says so."""
    honest = running.report

    def untrue(posed: posing.Batch, solution: Solution) -> Any:
        told = honest(posed, solution)
        return replace(told, **{figure: getattr(told, figure) + 1})

    monkeypatch.setattr(running, "report", untrue)
    outcome = rematch(USUAL, with_price=False, solver=solver)
    assert (outcome.status, outcome.report, outcome.proposals) == (RunStatus.FAILED, None, ())
    assert [fault.code for fault in outcome.faults] == ["solver_wrong"]
