"""`python -m bench.worth [NIGHTS]`: what the nightly run is worth against first come, first served.

The same synthetic nights, the same rules, criteria and limits for both; only the choice differs. Figures go to
`bench/results/worth.json`, the picture to `docs/worth.svg`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from app.demo.authority import Sizes, synthetic_authority
from app.matching.batch import Batch, Night, batch
from app.matching.night_explained import report
from app.matching.night_report import NightReport
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.problem import Solution, Status
from app.matching.solve import solve
from app.matching.verify import verify
from app.matching.where import counts_as_local
from bench.cases_matching import DAY, ROOT, directory, policy_in_use
from bench.night_greedy import greedy
from bench.report import Result, publish

NIGHTS = 200
PICTURE = ROOT / "docs" / "worth.svg"
COMMAND = "python -m bench.worth"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one night."""

    points: int
    placed: int
    local: int
    together: int
    groups: int
    cost_pence: int


def main(nights: int) -> None:
    """Every night twice, the figures and the picture."""
    mpl.use("Agg")
    pairs = [_both(seed) for seed in range(1, nights + 1)]
    _publish(pairs)
    _draw(pairs, PICTURE)


def _both(seed: int) -> tuple[Outcome, Outcome]:
    posed = batch(_night(seed, policy_in_use()), threads=2)
    found = solve(posed.problem)
    chosen = np.array(greedy(posed.problem), dtype=np.int64)
    for choice in (found.chosen, chosen):
        if breaches := verify(posed.problem, choice.tolist()).breaches:
            raise AssertionError(f"night {seed}: {breaches[0]}")
    worth = verify(posed.problem, chosen.tolist()).worth
    by_hand = replace(found, status=Status.FEASIBLE, chosen=chosen, objective=worth)
    return _outcome(posed, found), _outcome(posed, by_hand)


def _night(seed: int, policy: Policy) -> Night:
    made = synthetic_authority(Sizes(), seed, DAY, directory())
    waiting = {child.ref for referral in made.referrals for child in referral.children}
    placed = [row for row in made.caseload if row.child not in waiting]
    pool = Pool.build(made.homes)
    local = 0
    for row in placed:
        if row.home is not None:
            local += int(counts_as_local(row.family_home, pool, policy, np.array([pool.row_of[row.home]]))[0])
        elif row.location is not None:
            east, north = row.location.easting - policy.local.centre[0], row.location.northing - policy.local.centre[1]
            local += east * east + north * north <= policy.local.squared_radius
    return Night(made.referrals, pool, policy, DAY, local_placed=local, total_placed=len(placed))


def _outcome(posed: Batch, choice: Solution) -> Outcome:
    told: NightReport = report(posed, choice)
    groups = told.siblings.together + told.siblings.apart + told.siblings.partly_placed + told.siblings.not_placed
    return Outcome(
        points=sum(proposal.points for proposal in told.proposals),
        placed=told.children_placed,
        local=told.local.local_after - told.local.local_before,
        together=told.siblings.together,
        groups=groups,
        cost_pence=told.weekly_cost_pence,
    )


def _publish(pairs: list[tuple[Outcome, Outcome]]) -> None:
    results = []

    def row(case: str, unit: str, run: float, hand: float) -> None:
        results.append(Result(f"{case}, nightly run", round(run, 2), unit, f"greedy {hand:.2f}", run >= hand, COMMAND))

    count = len(pairs)
    run = [one for one, _ in pairs]
    hand = [other for _, other in pairs]
    row("children placed a night", "children", _mean(run, "placed"), _mean(hand, "placed"))
    row("points of the proposals a night", "points", _mean(run, "points"), _mean(hand, "points"))
    row("points a child placed", "points", _ratio(run, "points", "placed"), _ratio(hand, "points", "placed"))
    row("local share of those placed", "%", 100 * _ratio(run, "local", "placed"), 100 * _ratio(hand, "local", "placed"))
    row(
        "sibling groups together",
        "%",
        100 * _ratio(run, "together", "groups"),
        100 * _ratio(hand, "together", "groups"),
    )
    cost = _ratio(run, "cost_pence", "placed") / 100, _ratio(hand, "cost_pence", "placed") / 100
    results.append(
        Result(
            "weekly cost a child placed, nightly run", round(cost[0], 2), "£", f"greedy {cost[1]:.2f}", None, COMMAND
        )
    )
    behind = sum(one.placed < other.placed for one, other in pairs)
    results.append(
        Result(f"nights of {count} on which fewer children were placed", behind, "nights", "0", behind == 0, COMMAND)
    )
    publish("worth", results)


def _mean(outcomes: list[Outcome], name: str) -> float:
    return sum(getattr(outcome, name) for outcome in outcomes) / len(outcomes)


def _ratio(outcomes: list[Outcome], part: str, whole: str) -> float:
    return sum(getattr(o, part) for o in outcomes) / max(1, sum(getattr(o, whole) for o in outcomes))


def _draw(pairs: list[tuple[Outcome, Outcome]], path: Path) -> None:
    """How much better the run is, night by night, in five measures, and what both come to on average."""
    figure, axes = plt.subplots(2, 3, figsize=(12, 6.5), layout="constrained")
    measures = (
        ("Children placed more", "children", [one.placed - other.placed for one, other in pairs]),
        ("Points more", "thousands", [(one.points - other.points) / 1000 for one, other in pairs]),
        ("Local share of those placed, more", "percentage points", _change(pairs, "local", 100)),
        ("Sibling groups together more", "groups", [one.together - other.together for one, other in pairs]),
        ("Weekly cost of a child placed, more", "pounds (left of 0 is cheaper)", _change(pairs, "cost_pence", 0.01)),
    )
    for axis, (title, unit, values) in zip(axes.flat, measures, strict=False):
        axis.hist(values, bins=_bins(values), color="#1d70b8")
        axis.axvline(0, color="#0b0c0c", linewidth=1)
        axis.set_title(title)
        axis.set_xlabel(unit)
        axis.set_ylabel("nights")
    _tabulate(axes.flat[-1], pairs)
    figure.suptitle(f"The nightly run against first come, first served, {len(pairs)} synthetic nights")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _bins(values: Sequence[float]) -> list[float] | int:
    """One bar for each whole number where all are whole."""
    if any(value != int(value) for value in values):
        return 20
    return [number - 0.5 for number in range(int(min(values)), int(max(values)) + 2)]


def _change(pairs: list[tuple[Outcome, Outcome]], part: str, times: float) -> list[float]:
    """Night by night, by how much the run has more of this for each child placed."""
    return [times * (_ratio([one], part, "placed") - _ratio([other], part, "placed")) for one, other in pairs]


def _tabulate(axis: Axes, pairs: list[tuple[Outcome, Outcome]]) -> None:
    """The averages side by side."""
    run, hand = [one for one, _ in pairs], [other for _, other in pairs]
    rows = [
        ["children placed", *(f"{_mean(side, 'placed'):.2f}" for side in (run, hand))],
        ["points", *(f"{_mean(side, 'points'):,.0f}" for side in (run, hand))],
        ["local share", *(f"{100 * _ratio(side, 'local', 'placed'):.1f} %" for side in (run, hand))],
        ["sibling groups together", *(f"{100 * _ratio(side, 'together', 'groups'):.1f} %" for side in (run, hand))],
        ["weekly cost of a child", *(f"£{_ratio(side, 'cost_pence', 'placed') / 100:,.0f}" for side in (run, hand))],
    ]
    axis.axis("off")
    axis.set_title("On average a night")
    table = axis.table(rows, colLabels=["", "nightly run", "greedy"], colWidths=[0.5, 0.25, 0.25], loc="center")
    table.auto_set_font_size(False)
    table.set_fontsize(9)
    table.scale(1, 1.6)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else NIGHTS)
