"""What the children of one referral would cost a week in a home, child by child."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.matching.assess import Question
from app.matching.codes import Package
from app.matching.columns import IntArray
from app.matching.fees import weekly_fee
from app.matching.pairs import child_list
from app.matching.referral import ChildRef


@dataclass(frozen=True, slots=True)
class Fee:
    """What one child would cost in a home; None where the home gives no price or the package is not known."""

    child: ChildRef
    package: Package | None
    weekly_fee_pence: int | None


def party_fees(question: Question, cols: IntArray) -> list[tuple[Fee, ...]]:
    """What each child of a question about one referral would cost in each of these homes (rows of the pool)."""
    children = question.children
    count = len(children.entries)
    rows = np.repeat(np.arange(count), len(cols))
    pairs = child_list(children, question.pool, question.policy.local, rows, np.tile(cols, count))
    pence, package = (np.broadcast_to(found, pairs.shape).reshape(count, len(cols)) for found in weekly_fee(pairs))
    packages = tuple(Package)
    return [
        tuple(
            Fee(
                child=children.entries[c].child.ref,
                package=packages[package[c, i]] if package[c, i] >= 0 else None,
                weekly_fee_pence=int(pence[c, i]) if pence[c, i] >= 0 else None,
            )
            for c in range(count)
        )
        for i in range(len(cols))
    ]
