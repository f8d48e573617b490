"""How the optimiser's time grows with the night: invented arrays of 500 to 10,000 children."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

from app.matching.solve import solve
from bench.cases_matching import ROOT
from bench.night_instances import Night, make_night
from bench.report import Result

SIZES = (500, 1_000, 2_000, 4_000, 7_000, 10_000)
PICTURE = ROOT / "docs" / "growth.svg"
NEAR_LINEAR = 1.25
"""Time goes with the pairs to this power at most, fitted over all sizes."""


@dataclass(frozen=True, slots=True)
class Grown:
    """One size: seconds of the processor for solving, allowed pairs, and the gap in percent."""

    children: int
    pairs: int
    seconds: float
    gap_percent: float


def measure(children: int) -> Grown:
    """A night of so many children, 1.2 homes and 2.2 places to each."""
    night = Night(children, children * 12 // 10, children * 22 // 10, max(1, children // 67), 0.28)
    problem = make_night(night)
    begun = time.process_time()
    found = solve(problem)
    seconds = time.process_time() - begun
    return Grown(children, len(problem.pairs), seconds, 100 * found.gap / max(1, abs(found.objective)))


def grow(command: str, alone: Callable[[tuple[Any, ...]], Grown]) -> list[Result]:
    """Every size, the power by which time follows pairs, and the picture."""
    found = []
    for children in SIZES:
        found.append(alone((measure, children)))
        print(f"{children} children: {found[-1].pairs:,} pairs, {found[-1].seconds:.2f} s", flush=True)
    power = float(np.polyfit(np.log([one.pairs for one in found]), np.log([one.seconds for one in found]), 1)[0])
    _draw(found, power)
    rows = [
        Result(
            f"growth, {one.children} children, {one.pairs} pairs, gap {one.gap_percent:.5f} %",
            round(one.seconds, 3), "s of the processor", "", None, command,
        )
        for one in found
    ]  # fmt: skip
    near = f"at most {NEAR_LINEAR}"
    rows.append(
        Result("growth, time goes with pairs to the power of", round(power, 3), "", near, power <= NEAR_LINEAR, command)
    )
    return rows


def _draw(found: list[Grown], power: float) -> None:
    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "growth"
    pairs, seconds = [one.pairs / 1e6 for one in found], [one.seconds for one in found]
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    axes.plot(pairs, seconds, "o-", label="the optimiser")
    axes.plot(pairs, [seconds[-1] * one / pairs[-1] for one in pairs], "--", label="in proportion to pairs")
    for one in found:
        axes.annotate(f"{one.children:,}", (one.pairs / 1e6, one.seconds), xytext=(4, 6), textcoords="offset points")
    axes.set(
        xscale="log", yscale="log", xlabel="allowed pairs (millions)", ylabel="seconds of the processor",
        title=f"Children at each point; time goes with pairs to the power of {power:.2f}",
    )  # fmt: skip
    axes.legend()
    figure.savefig(PICTURE, metadata={"Date": None})
    plt.close(figure)
