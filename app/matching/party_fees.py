"""What the children of one referral would cost a week in a home, child by child."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.matching.assess import Question
from app.matching.codes import Package
from app.matching.columns import BoolArray, IntArray
from app.matching.fees import counted_fee, dearest_of_kind, weekly_fee
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


def fees_known(question: Question, parties: IntArray, cols: IntArray) -> BoolArray:
    """Whether what party `parties[i]` counts with in home `cols[i]` is what it costs: every child's fee is known."""
    table = question.parties
    members = [np.array(table.parties[int(party)].members) for party in parties]
    if not members:
        return np.zeros(0, dtype=np.bool_)
    sizes = np.array([len(each) for each in members])
    everyone, everywhere = np.concatenate(members), np.repeat(cols, sizes)
    pairs = child_list(question.children, question.pool, question.policy.local, everyone, everywhere)
    _, known = counted_fee(pairs, dearest_of_kind(question.pool.columns))
    found: BoolArray = np.logical_and.reduceat(np.broadcast_to(known, pairs.shape), np.cumsum(sizes) - sizes)
    return found
