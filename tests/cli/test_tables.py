"""Shortlists and why-nots in terminals of any width, in words an officer reads."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from app import placing
from app.cli.tables import print_shortlist, print_why_not
from app.demo.authority import Sizes, synthetic_authority
from app.matching.pool import Pool
from app.matching.referral import Referral
from app.settings import PROJECT
from app.store.policies import load_policies
from tests.cli.conftest import DAY
from tests.support.geo import baked_directory

BOOK = load_policies(PROJECT / "policies")
MADE = synthetic_authority(Sizes(12, 90, 130), 1, DAY, baked_directory())
POOL = Pool.build(MADE.homes)


def printed(referral: Referral, width: int) -> str:
    """Its shortlist, and why not the first home on the list."""
    out = io.StringIO()
    console = Console(file=out, width=width)
    print_shortlist(console, referral, placing.match(referral, POOL, BOOK, DAY, k=10), POOL, 10)
    home = MADE.homes[0].ref
    print_why_not(console, referral, placing.why_not(referral, home, POOL, BOOK, DAY), POOL)
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 69, 70, 80, 120])
def test_nothing_is_cut_off_at_any_width(width: int) -> None:
    """Cells fold; no line is longer than the terminal is wide."""
    for referral in MADE.referrals:
        text = printed(referral, width)
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= width


def test_a_narrow_terminal_is_told_the_same() -> None:
    """Miles, fee and approval stand in one column there, and nothing is missing."""
    referral = next(r for r in MADE.referrals if placing.match(r, POOL, BOOK, DAY, k=1).options)
    for said in ("family", "centre", "a week", "approval:", "local"):
        assert said in printed(referral, 60)


def test_plurals_are_written_out() -> None:
    """No "home(s)", no "1 homes", no "none; not met"."""
    text = "".join(printed(referral, 200) for referral in MADE.referrals)
    assert not re.search(r"\w\(s\)|\b1 (homes|rules|pairs|children|levels|points)\b|: none;", text)
    assert re.search(r"out by \d+ rules\.", text)


def test_children_of_a_group_are_told_apart_and_one_child_is_not() -> None:
    """A column that would hold the same reference in each row is left out."""
    one = next(r for r in MADE.referrals if len(r.children) == 1)
    several = next(r for r in MADE.referrals if len(r.children) > 1)
    assert "┃ Child " not in printed(one, 120)
    assert "┃ Child " in printed(several, 120)
