"""The use cases, as functions. Callers bring what was read (referral, pool, policies) and the day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import numpy as np

from app.errors import FieldProblem, Invalid
from app.matching.assess import assess_block
from app.matching.listed import Shortlist
from app.matching.pool import Pool
from app.matching.referral import ChildRef, HomeRef, Referral
from app.matching.shortlist import points_regardless, question_for, rank_among, shortlist
from app.matching.why_not import WhyNot
from app.matching.why_not import why_not as explain_why_not
from app.store.policies import PolicyBook

MOST_OPTIONS = 100


def named_children(referral: Referral, children: Collection[str] | None, field: str) -> frozenset[ChildRef] | None:
    """The children who are asked for, where these are not all who wait. Raises `Invalid` for others."""
    if not children:
        return None
    named, waiting = frozenset(map(ChildRef, children)), frozenset(child.ref for child in referral.children)
    if not named <= waiting:
        problem = "These are not all children of this referral for whom a home is looked for."
        raise Invalid([FieldProblem(field, problem, "Name some of them, or leave it out for all of them.")])
    return None if named == waiting else named


def match(
    referral: Referral,
    pool: Pool,
    policies: PolicyBook,
    as_of: date,
    *,
    policy_version: str | None = None,
    k: int = 20,
    named: Collection[ChildRef] | None = None,
) -> Shortlist:
    """The k best homes of the pool for a referral, or for the children of it who are `named`.

    `LookupError` where there is no such policy.
    """
    policy, most = policies.pick(policy_version, as_of), min(k, MOST_OPTIONS)
    return shortlist(referral, pool, policy, as_of, k=most, measures=policies.measures(as_of), named=named)


def why_not(
    referral: Referral,
    home: HomeRef,
    pool: Pool,
    policies: PolicyBook,
    as_of: date,
    *,
    policy_version: str | None = None,
    named: Collection[ChildRef] | None = None,
) -> WhyNot:
    """Every rule and criterion for one home. `KeyError` where the pool has no such home. `named`: as for `match`."""
    return explain_why_not(referral, home, pool, policies.pick(policy_version, as_of), as_of, named)


def own_rank(
    referral: Referral,
    children: Collection[ChildRef],
    home: HomeRef,
    pool: Pool,
    policies: PolicyBook,
    as_of: date,
    *,
    policy_version: str | None = None,
) -> int:
    """The rank of a home for these children on the list that is theirs alone, whatever others need.

    For some of a sibling group: behind all homes that could take them together, in the order of the best ways to
    part them. `KeyError` where the pool has no such home, `LookupError` where there is no such policy.
    """
    policy = policies.pick(policy_version, as_of)
    if set(children) == {child.ref for child in referral.children}:
        question = question_for(referral, pool, policy, as_of)
        block = assess_block(question, 0, 1)
        (points,) = points_regardless(question, 0, np.array([pool.row_of[home]]))
        return rank_among(int(points), block.points[0, block.allowed[0]])
    found = shortlist(referral, pool, policy, as_of, k=1)
    parts = [{(part.home, frozenset(part.children)) for part in split.parts} for split in found.splits]
    better = next((at for at, split in enumerate(parts) if (home, frozenset(children)) in split), len(parts))
    return found.allowed + better + 1
