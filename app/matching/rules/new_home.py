"""A child who must move does not move to the home where the child lives now."""

from __future__ import annotations

from app.matching.finding import Facts, Finding, flag
from app.matching.pairs import ChildPairs
from app.matching.unit import Level, NoParams, Rule


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """The home named on the referral, and any whose residents include the child, should the two not agree."""
    fails = pairs.among(lambda row: pairs.lists[row].current_rows)

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
