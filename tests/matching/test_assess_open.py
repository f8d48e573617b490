"""What is asked of millions of pairs without the reasons is what each pair by itself would be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.matching import assess_open as opening
from app.matching.assess import Question, assess_block
from app.matching.assess_open import assess_open
from tests.support.answers import question, worlds_and_policies


def agrees(asked: Question) -> bool:
    """The same pairs with the same points, in the same order."""
    whole = assess_block(asked, 0, len(asked.parties))
    blocks = list(assess_open(asked, threads=2))
    rows = np.repeat(np.arange(len(asked.parties)), np.concatenate([block.count for block in blocks]))
    homes, points = (np.concatenate([getattr(block, name) for block in blocks]) for name in ("home", "points"))
    return (
        np.array_equal(rows, np.nonzero(whole.allowed)[0])
        and np.array_equal(homes, np.nonzero(whole.allowed)[1])
        and np.array_equal(points, whole.points[whole.allowed])
    )


@pytest.mark.parametrize("tabled", [0, 1, 1_000])
@pytest.mark.parametrize("few", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("groups", [1, 256])
def test_how_the_work_is_saved_changes_nothing(
    tabled: int, few: float, groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All in tables, some or nothing; criteria of few for those alone, or for everybody; tables joined or not."""
    monkeypatch.setattr(opening, "RULES_TABLED_UP_TO", tabled or 0.5)
    monkeypatch.setattr(opening, "CRITERIA_TABLED_UP_TO", tabled or 0.5)
    monkeypatch.setattr(opening, "FEW", few)
    monkeypatch.setattr(opening, "GROUPS_A_TABLE", groups)
    for world, policy in worlds_and_policies(2, referrals=9, homes=12):
        assert agrees(question(world, policy))


def test_a_criterion_that_is_switched_off_is_asked_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no parameters to be asked with. With few children, who are in no tables."""
    monkeypatch.setattr(opening, "CRITERIA_TABLED_UP_TO", 1_000)
    for world, policy in worlds_and_policies(2, referrals=6, homes=8):
        settings: Any = [
            setting
            if setting.criterion.statutory
            else replace(setting, enabled=False, weight=0, stand_in=0, params=None)
            for setting in policy.criteria
        ]
        assert agrees(question(world, replace(policy, criteria=tuple(settings))))
