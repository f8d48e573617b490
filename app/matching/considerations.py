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


def considerations(parts: Sequence[Part], *, siblings_in_party: bool, whole_group: bool) -> dict[Consideration, Met]:
    """Each consideration's answer for the party: that of the child for whom it is met least."""
    answers = {}
    for consideration, code in CRITERION_OF.items():
        found = [_met(part) for part in parts if part.code == code]
        if consideration is Consideration.WITH_SIBLINGS and siblings_in_party:
            found.append(Met.YES if whole_group else Met.PARTLY)
        elif consideration is Consideration.WITH_SIBLINGS and not whole_group:
            found.append(Met.NO)
        applying = [answer for answer in _WORST_FIRST if answer in found]
        answers[consideration] = applying[0] if applying else Met.DOES_NOT_APPLY
    return answers


def _met(part: Part) -> Met:
    if not part.applies:
        return Met.DOES_NOT_APPLY
    if not part.known:
        return Met.NOT_KNOWN
    if part.value == FULL:
        return Met.YES
    return Met.PARTLY if part.value else Met.NO
