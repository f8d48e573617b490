"""Where brothers and sisters must stay together, they go as one party or not at all."""

from __future__ import annotations

import numpy as np

from app.matching.codes import KeepTogether
from app.matching.columns import BoolArray
from app.matching.finding import Facts, Finding, code, flag, number
from app.matching.pairs import PartyPairs
from app.matching.rules.masks import of_rows
from app.matching.unit import Case, Change, Level, NoParams, Rule, Subject


def judge(pairs: PartyPairs, _params: NoParams) -> Finding:
    """A part of a referral whose children must stay together fails everywhere.

    But where all the others live already: there nobody is parted. While others of the referral have a place, those who
    are left are a part too: but where the others are. So is a child referred alone who must stay with brothers and
    sisters that are placed.
    """
    party = pairs.party
    part = ~party.is_whole & ~pairs.among(lambda row: pairs.lists[row].others_rows)
    apart: BoolArray = of_rows(pairs, lambda row: pairs.lists[row].is_rest, np.bool_)
    if apart.any():
        apart = apart & ~pairs.among(lambda row: pairs.lists[row].together_rows)
    fails = (party.keep_together == KeepTogether.REQUIRED.position) & (part | apart)

    def facts() -> Facts:
        return {
            "children": number(party.size),
            "keep_together": code(party.keep_together, KeepTogether),
            "whole": flag(~(part | apart)),
            "part": flag(part),
            "elsewhere": flag(apart),
        }

    return Finding(fails, facts=facts)


def remedies(_case: Case, _params: NoParams) -> tuple[Change, ...]:
    """A referral that prefers, but does not require, that they stay together."""
    return (Change(Subject.REFERRAL, "keep_together", KeepTogether.PREFERRED),)


SIBLINGS_TOGETHER = Rule(
    code="siblings_together",
    says="Brothers and sisters who must stay together do",
    because="Brothers and sisters must stay together"
    "[; this is only a part of the children of the referral ({children:children}){part:when}]"
    "[; others of them live, or have a place, elsewhere{elsewhere:when}]",
    statutory=False,
    source="Children Act 1989 s22C(8)(c)",
    level=Level.PARTY,
    judge=judge,
    remedies=remedies,
)
