"""The building must have every adaptation that the child needs."""

from __future__ import annotations

import numpy as np

from app.matching.codes import Adaptation
from app.matching.finding import Facts, Finding, code_set
from app.matching.pairs import ChildPairs
from app.matching.rules.masks import Bits, overlap
from app.matching.unit import Case, Change, Level, NoParams, Rule, Subject

EVERY = np.uint16(sum(member.bit for member in Adaptation))


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """What the child needs against what the building lacks; what is not known could be anything."""
    child, home = pairs.child, pairs.home
    needs = Bits(child.adaptations, np.where(child.adaptations_known, child.adaptations, EVERY))
    lacking = ~home.adaptations & EVERY
    lacks = Bits(np.where(home.adaptations_known, lacking, np.uint16(0)), lacking)
    fails, not_known = overlap(needs, lacks)

    def facts() -> Facts:
        missing = needs.certain & lacks.certain
        return {
            "missing": code_set(missing, Adaptation),
            "to_check": code_set(needs.possible & lacks.possible & ~missing, Adaptation),
        }

    return Finding(fails, not_known, facts)


def remedies(case: Case, _params: NoParams) -> tuple[Change, ...]:
    """Adapt the building: what it has, and what the child needs."""
    if case.child.adaptations is None:
        return ()
    have = case.home.adaptations or frozenset()
    return (Change(Subject.HOME, "adaptations", have | case.child.adaptations),)


ADAPTATIONS = Rule(
    code="adaptations",
    says="The building has the adaptations the child needs",
    because="The building lacks what the child needs: {missing:list}",
    statutory=False,
    source="Children Act 1989 s22C(8)(d); Placements Data Standard v2, PlacementRequirements (homeAdaptation)",
    level=Level.CHILD,
    judge=judge,
    remedies=remedies,
)
