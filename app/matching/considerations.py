"""The five statutory considerations of Children Act 1989 s22C(8)-(9), each answered for every option.

They are read off the criteria, never worked out a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from app.matching.explain import Part
from app.matching.finding import FULL


class Consideration(StrEnum):
    """What the authority must secure so far as is reasonably practicable."""

    NEAR_HOME = "near_home"
    EDUCATION_UNDISTURBED = "education_undisturbed"
    WITH_SIBLINGS = "with_siblings"
    SUITABLE_IF_DISABLED = "suitable_if_disabled"
    IN_AREA = "in_area"


class Met(StrEnum):
    """How far a consideration is met."""

    YES = "met"
    PARTLY = "partly_met"
    NO = "not_met"
    NOT_KNOWN = "not_known"
    DOES_NOT_APPLY = "does_not_apply"


CRITERION_OF: dict[Consideration, str] = {
    Consideration.NEAR_HOME: "near_family",
    Consideration.EDUCATION_UNDISTURBED: "education",
    Consideration.WITH_SIBLINGS: "with_siblings",
    Consideration.SUITABLE_IF_DISABLED: "disability",
    Consideration.IN_AREA: "in_area",
}

_WORST_FIRST = (Met.NO, Met.NOT_KNOWN, Met.PARTLY, Met.YES)


def considerations(parts: Sequence[Part], *, with_siblings: bool) -> dict[Consideration, Met]:
    """Each consideration's answer for the party: that of the child for whom it is met least.

    `with_siblings`: the party is a whole group of brothers and sisters. Whoever comes with some of them is
    never wholly without, however far away others already live.
    """
    answers = {}
    for consideration, code in CRITERION_OF.items():
        found = [_met(consideration, part) for part in parts if part.code == code]
        if consideration is Consideration.WITH_SIBLINGS and with_siblings:
            found = [Met.YES, *(Met.PARTLY if answer is Met.NO else answer for answer in found)]
        applying = [answer for answer in _WORST_FIRST if answer in found]
        answers[consideration] = applying[0] if applying else Met.DOES_NOT_APPLY
    return answers


def _met(consideration: Consideration, part: Part) -> Met:
    """One child's answer. A home is in the authority's area or it is not: near to it is no part of it.

    The criterion of disability also speaks of languages and signs; the consideration only of disabled children.
    """
    if not part.applies:
        return Met.DOES_NOT_APPLY
    if consideration is Consideration.SUITABLE_IF_DISABLED and part.known and not part.facts["disabilities"]:
        return Met.DOES_NOT_APPLY
    if not part.known:
        return Met.NOT_KNOWN
    if part.value == FULL:
        return Met.YES
    return Met.PARTLY if part.value and consideration is not Consideration.IN_AREA else Met.NO
