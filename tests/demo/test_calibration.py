"""What is generated agrees with what is published, and the page in docs says so truthfully."""

from pathlib import Path

import pytest

from app.demo import figures
from app.demo.authority import Authority
from app.demo.calibration import DAY, DEFAULT, document, rows, shown
from app.demo.figures import Published, Unit
from app.demo.gaps import GAPS
from app.demo.measures import EXACT, MEASURES, Measure

PAGE = Path(__file__).parents[2] / "docs" / "calibration.md"

RECORDED_AS_OFF = {figures.FOSTER_FILLED}
"""Figures that the page itself says do not fit; their tolerance is wide."""


@pytest.mark.parametrize("measure", MEASURES, ids=lambda each: each.published.says)
def test_a_large_authority_is_as_published(measure: Measure, large: Authority) -> None:
    """Within a few points of every figure, ten times the default size."""
    generated = measure.of(large)
    assert generated is not None
    assert abs(generated - measure.published.value) <= measure.within


@pytest.mark.parametrize("measure", EXACT, ids=lambda each: each.published.says)
def test_counts_of_the_default_authority_are_exact(measure: Measure, default: Authority) -> None:
    """Seven homes for seventeen children are seven homes for seventeen children."""
    assert measure.of(default) == measure.published.value


def test_the_default_authority_is_near_as_well(default: Authority) -> None:
    """The children already placed are many enough for shares within 5 points of the published ones."""
    for measure in MEASURES:
        shares = measure.published.unit is Unit.PER_MILLE and measure.published not in RECORDED_AS_OFF
        if shares and measure.within <= 20:
            generated = measure.of(default)
            assert generated is not None
            assert abs(generated - measure.published.value) <= 50, measure.published.says


def test_tolerances_are_narrow_where_nothing_is_said_against_them() -> None:
    """At most 5 points for a share: a tolerance cannot quietly grow until everything fits."""
    for measure in MEASURES:
        if measure.published.unit is Unit.PER_MILLE and measure.published not in RECORDED_AS_OFF:
            assert measure.within <= 50, measure.published.says


def test_every_published_figure_is_measured() -> None:
    """A constant that nothing is compared with would only look like calibration."""
    published = {value for value in vars(figures).values() if isinstance(value, Published)}
    measured = {measure.published for measure in (*MEASURES, *EXACT)}
    assert published - measured == {figures.LOOKED_AFTER}


def test_nobody_is_measured_as_nothing() -> None:
    """Without children or homes a share is not nought: there is none."""
    nobody = Authority((), DEFAULT, 1, DAY, (), (), ())
    for measure in MEASURES:
        assert measure.of(nobody) in {None, 0}
        if measure.published.unit is Unit.PER_MILLE:
            assert measure.of(nobody) is None, measure.published.says


def test_scarce_homes_are_scarce(large: Authority) -> None:
    """The gaps that the strategy names: each is a small part of what is free of its kind."""
    free = {says: count(large) for says, count in GAPS}
    foster = free["with foster carers (connected persons apart)"]
    assert free["the same, for a child of 13"] < foster * 0.45
    assert free["the same, three or more in one household"] < foster * 0.1
    assert free["parent and child, anywhere"] < free["all"] * 0.05
    assert free["wheelchair throughout, anywhere"] < free["all"] * 0.12
    assert free["the same, homes for one child"] < free["in children's homes"] * 0.05
    assert all(count >= 0 for count in free.values())


def test_the_page_is_what_the_command_prints(default: Authority, large: Authority) -> None:
    """docs/calibration.md is made, not written: python -m app.demo.calibration > docs/calibration.md."""
    assert PAGE.read_text(encoding="utf-8") == "\n".join(document(default, large)) + "\n"


def test_values_are_shown_with_their_unit() -> None:
    """As people write them."""
    assert shown(795, Unit.PER_MILLE) == "79.5 %"
    assert shown(40, Unit.TENTHS) == "4.0"
    assert shown(6100, Unit.POUNDS) == "£6,100"
    assert shown(57, Unit.MILLION_POUNDS) == "£57m"
    assert shown(16_000, Unit.COUNT) == "16,000"
    assert shown(None, Unit.COUNT) == "-"


def test_every_row_has_both_columns_or_is_an_exact_count(default: Authority, large: Authority) -> None:
    """No cell of the table stays empty without a reason."""
    exact = {measure.published for measure in EXACT}
    for row in rows(default, large):
        assert row.default is not None or row.published is figures.SEPARATED_OF_FOUR  # no group of four in so few
        assert (row.large is None) == (row.published in exact)
