"""Ofsted's judgement."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.matching.codes import Judgement
from app.matching.criteria.quality import QUALITY
from tests.support.builders import a_child, a_home
from tests.support.criteria import PARAMS, score_one


@pytest.mark.parametrize(
    ("judgement", "value"),
    [
        (Judgement.OUTSTANDING, 1000),
        (Judgement.GOOD, 850),
        (Judgement.REQUIRES_IMPROVEMENT, 300),
        (Judgement.INADEQUATE, 0),
        (Judgement.STRONG, 1000),
        (Judgement.INCONSISTENT, 400),
        (Judgement.WEAK, 0),
        (Judgement.NOT_YET_INSPECTED, 500),
    ],
)
def test_each_judgement_is_worth_what_the_policy_says(judgement: Judgement, value: int) -> None:
    """Four grades, three outcomes, and not yet inspected as itself."""
    found = score_one(QUALITY, a_child(), a_home(judgement=judgement, judged_on=date(2025, 6, 1)))
    assert (found.value, found.known) == (value, True)
    assert found.facts == {"judgement": judgement, "judged_on": date(2025, 6, 1)}


@pytest.mark.parametrize("judgement", [Judgement.NOT_JUDGED, Judgement.NOT_KNOWN])
def test_no_judgement_is_not_a_bad_one(judgement: Judgement) -> None:
    """It leaves everything open."""
    found = score_one(QUALITY, a_child(), a_home(judgement=judgement, judged_on=None))
    assert (found.known, found.value, found.most) == (False, 0, 1000)


def test_values_off_the_scale_are_refused() -> None:
    """The message names the key."""
    with pytest.raises(ValueError, match="good"):
        replace(PARAMS["quality"], good=1001)
