"""What the synthetic authority looks like beside what is published: `python -m app.demo.calibration`.

Prints the table that `docs/calibration.md` holds, for one fixed seed and day. A larger authority shows what the
generator aims at; the default one, with 55 children and 450 homes, also shows how much chance there is in so few.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.demo.authority import DEMO_SEED, Authority, Sizes, synthetic_authority
from app.demo.figures import Published, Unit
from app.demo.gaps import GAPS
from app.demo.measures import EXACT, MEASURES
from app.geo.postcodes import PostcodeDirectory

DAY = date(2026, 11, 23)

DEFAULT = Sizes()
TIMES = 10
LARGE = Sizes(TIMES * DEFAULT.referrals, TIMES * DEFAULT.homes, TIMES * DEFAULT.residents)


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the figure, and what the default and the large authority show (None: not measured there)."""

    published: Published
    default: int | None
    large: int | None


def rows(default: Authority, large: Authority) -> list[Row]:
    """Every published figure beside what was generated."""
    shares = [Row(each.published, each.of(default), each.of(large)) for each in MEASURES]
    return shares + [Row(each.published, each.of(default), None) for each in EXACT]


def shown(value: int | None, unit: Unit) -> str:
    """A value as people write it."""
    if value is None:
        return "-"
    if unit is Unit.PER_MILLE:
        return f"{value // 10}.{value % 10} %"
    if unit is Unit.TENTHS:
        return f"{value // 10}.{value % 10}"
    if unit is Unit.POUNDS:
        return f"£{value:,}"
    return f"£{value}m" if unit is Unit.MILLION_POUNDS else f"{value:,}"


def document(default: Authority, large: Authority) -> Iterator[str]:
    """The lines of `docs/calibration.md`."""
    yield from INTRODUCTION
    yield f"| figure | published | {DEFAULT.homes:,} homes | {LARGE.homes:,} homes | source |"
    yield "| --- | ---: | ---: | ---: | --- |"
    for row in rows(default, large):
        unit = row.published.unit
        values = [shown(value, unit) for value in (row.published.value, row.default, row.large)]
        yield f"| {row.published.says} | {' | '.join(values)} | {row.published.source} |"
    yield from GAPS_INTRODUCTION
    yield f"| free places | {DEFAULT.homes:,} homes | {LARGE.homes:,} homes |"
    yield "| --- | ---: | ---: |"
    for says, count in GAPS:
        yield f"| {says} | {count(default):,} | {count(large):,} |"
    yield from ASSUMPTIONS


INTRODUCTION = (
    "# The synthetic authority beside the published figures",
    "",
    "Made by `.venv/bin/python -m app.demo.calibration`; a test compares this page with what the command prints.",
    f"Seed {DEMO_SEED}, {DAY:%d %B %Y}. The people and homes are invented, the postcodes real.",
    "",
    f"Left: the default authority, {DEFAULT.referrals} searches for {DEFAULT.children} children, {DEFAULT.homes} homes",
    f"and {DEFAULT.residents} children already placed. One child of {DEFAULT.children} is 1.8 %, so shares of the",
    f"children who wait are coarse there. Right: everything {TIMES} times, where chance weighs less; tests hold that",
    "column to the published figure. The seed is, of the first 160, the one whose default authority comes nearest.",
    "",
)

GAPS_INTRODUCTION = (
    "",
    "## Known gaps",
    "",
    "The strategy names what is scarce without counting it. How many free places there are for whom:",
    "",
)

ASSUMPTIONS = (
    "",
    "## What is assumed, and what does not fit",
    "",
    "- **Foster places filled.** England's 61 % counts every approved household. The list here holds carers with",
    "  children or vacancies, and 420 fostered children in 366 households (the strategy's share, and the size that",
    "  was asked for) fill more of their places. The vacant share is as published.",
    "- **Spend.** The strategy's £57m is of 2022/23, the fee of a place in a children's home of 2023-24: at the later",
    "  fee the same placements cost more.",
    "- **Siblings apart.** The rates by number of siblings are as published; the total is lower, because fewer large",
    "  groups fit into foster homes of up to four places.",
    "- **Within 20 miles.** The strategy gives this for each kind of placement as distance from the city and in total",
    "  as distance from home. In-house fostering beyond the boundary is not split further: 96 % of it is taken to be",
    "  near, which is what the total leaves over.",
    "- **Who is elsewhere.** 8 % of the caseload live with adopters, with parents or in hospital; the 2016 table has",
    "  7 %, the 2023 one does not list them. They have no fee here. As many children of other councils live in the",
    "  external homes.",
    "- **Fees** of in-house carers, of connected persons, of parent-and-child, secure and school places are not",
    "  published and assumed. Means are of what is paid for the children placed.",
    "- **SDQ, SEN, disability, ethnicity and moves** are published for all children looked after and applied here to",
    "  those who wait; how ethnicities other than White British divide is assumed, and so are all risks, levels of",
    "  need, capabilities, adaptations and the rate at which each fact is not known.",
    "- **Searches.** One in forty is needed today, one cannot be met by law (supported accommodation at 15) and one",
    "  by the market (four together, one in a wheelchair).",
)


def make(folder: Path | None = None) -> list[str]:
    """The document, from the directory in this folder or where it usually is."""
    directory = PostcodeDirectory.open() if folder is None else PostcodeDirectory.open(folder)
    default, large = (synthetic_authority(sizes, DEMO_SEED, DAY, directory) for sizes in (DEFAULT, LARGE))
    return list(document(default, large))


if __name__ == "__main__":
    sys.stdout.write("\n".join(make()) + "\n")
