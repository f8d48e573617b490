"""A parent who is a child goes where both can live; a place for parent and child is for nobody else."""

from __future__ import annotations

import numpy as np

from app.matching.codes import Answer, HomeKind
from app.matching.finding import Facts, Finding, code
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.rules.masks import YES_OR_NO, Bits, by_code, look_up, overlap
from app.matching.unit import Case, Change, Level, NoParams, Rule, Subject

WITH_A_CHILD, WITHOUT = 1, 2  # the bits of `YES_OR_NO`
NO_ROOM_FOR_A_BABY = by_code(Answer, {Answer.NO: WITH_A_CHILD}, {Answer.NOT_KNOWN: WITH_A_CHILD})


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """A home of that kind is only for such a child; any other home takes one where its terms say so."""
    child, home = pairs.child, pairs.home
    fails, not_known = overlap(look_up(YES_OR_NO, child.needs_parent_and_child), _refuses(home))

    def facts() -> Facts:
        return {
            "needs": code(child.needs_parent_and_child, Answer),
            "kind": code(home.kind, HomeKind),
            "terms": code(home.parent_and_child, Answer),
        }

    return Finding(fails, not_known, facts)


def _refuses(home: Homes) -> Bits:
    own_kind = home.kind == HomeKind.PARENT_AND_CHILD.position
    by_terms = look_up(NO_ROOM_FOR_A_BABY, home.parent_and_child)
    return Bits(*(np.where(own_kind, np.uint8(WITHOUT), bits) for bits in by_terms))


def remedies(case: Case, _params: NoParams) -> tuple[Change, ...]:
    """Terms that allow a parent and child. A place kept for them is not given to another."""
    if case.home.kind is HomeKind.PARENT_AND_CHILD:
        return ()
    return (Change(Subject.HOME, "terms.parent_and_child", Answer.YES),)


PARENT_AND_CHILD = Rule(
    code="parent_and_child",
    says="Parent-and-child places go to a parent and baby who need one, and to nobody else",
    because="A parent-and-child place is needed: {needs:answer}; kind of home: {kind}; "
    "its terms allow parent and child: {terms:answer}",
    statutory=False,
    source="Fostering Services (England) Regulations 2011, reg 27 (terms of approval); "
    "Nottingham Placements Commissioning and Sufficiency Strategy 2023-28 (scarce parent and child places)",
    level=Level.CHILD,
    judge=judge,
    remedies=remedies,
)
