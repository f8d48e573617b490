"""What approval each home needs, whichever policy the homes are ranked by.

What disturbs education, and where the area ends, is measured with figures of a policy. Whoever names another policy
orders the homes anew; what law asks for does not become less by it. So each approval is judged by the policy in
effect as well, and everything counts that calls for one by either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from app.matching.approval import ApprovalNeeded, approval_needed, higher, is_emergency
from app.matching.assess import Question
from app.matching.columns import IntArray
from app.matching.explain import PairExplanation, explain
from app.matching.policy import Policy
from app.matching.referral import Referral
from app.matching.where import Where, where

NO_RULE = 0
"""The parts alone are asked for."""


def approvals(
    question: Question,
    referral: Referral,
    cols: IntArray,
    explained: Sequence[PairExplanation],
    places: Sequence[Where],
    as_of: date,
    measures: Sequence[Policy] = (),
) -> list[ApprovalNeeded]:
    """For the first party, of each of these homes; `measures`: other policies by which it is judged as well."""
    emergency = is_emergency(referral, as_of)
    homes = [question.pool.records[col] for col in cols]

    def by(parts: Sequence[PairExplanation], spots: Sequence[Where]) -> list[ApprovalNeeded]:
        return [
            approval_needed(home, spot.area, one.parts, emergency=emergency)
            for home, spot, one in zip(homes, spots, parts, strict=True)
        ]

    found = by(explained, places)
    for policy in measures:
        if policy.sha256 != question.policy.sha256:
            parts = explain(replace(question, policy=policy), 0, cols, NO_RULE)
            also = by(parts, where(referral, question.pool, policy, cols))
            found = [higher(one, other) for one, other in zip(found, also, strict=True)]
    return found
