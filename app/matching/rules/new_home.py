"""A child who must move does not move to the home where the child lives now."""

from __future__ import annotations

import numpy as np

from app.matching.finding import Facts, Finding, flag
from app.matching.pairs import ChildPairs
from app.matching.rules.masks import of_rows
from app.matching.unit import Level, NoParams, Rule


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """The home named on the referral, or the one whose residents include the child."""
    fails = of_rows(pairs, lambda row: pairs.lists[row].current_row, np.int64) == pairs.cols

    def facts() -> Facts:
        return {"lives_there": flag(fails)}

    return Finding(fails, facts=facts)


NEW_HOME = Rule(
    code="new_home",
    says="The home is another than where the child lives now",
    because="The child lives there now and needs another home",
    statutory=False,
    source="Care Planning, Placement and Case Review (England) Regulations 2010, reg 14 (ending a placement)",
    level=Level.CHILD,
    judge=judge,
)
