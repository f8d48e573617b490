"""Children who must live apart do not share a home."""

from __future__ import annotations

import numpy as np

from app.matching.finding import Facts, Finding, flag
from app.matching.pairs import PartyPairs
from app.matching.rules.masks import of_rows
from app.matching.unit import Level, NoParams, Rule


def judge(pairs: PartyPairs, _params: NoParams) -> Finding:
    """Whoever of the two asks for it. Judged on the party, so that it also parts children of one referral."""
    lists = pairs.lists
    resident = pairs.among(lambda row: lists[row].apart_rows)
    within = of_rows(pairs, lambda row: lists[row].must_part, np.bool_)

    def facts() -> Facts:
        return {"resident": flag(resident), "within": flag(within)}

    return Finding(resident | within, facts=facts)


LIVE_APART = Rule(
    code="live_apart",
    says="Nobody lives with a person from whom they must live apart",
    because="They must live apart[{resident:when}: the child and somebody who lives there]"
    "[{within:when}: the children of the referral from each other]",
    statutory=True,
    source="Children Act 1989 s22(3) (duty to safeguard); "
    "Children's Homes (England) Regulations 2015, regs 12 and 14 (protection and matching)",
    level=Level.PARTY,
    judge=judge,
    names_no_home=True,
)
