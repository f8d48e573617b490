"""The use cases, as functions. Callers bring what was read (referral, pool, policies) and the day."""

from __future__ import annotations

from datetime import date

from app.matching.pool import Pool
from app.matching.referral import HomeRef, Referral
from app.matching.shortlist import Shortlist, shortlist
from app.matching.why_not import WhyNot
from app.matching.why_not import why_not as explain_why_not
from app.store.policies import PolicyBook

MOST_OPTIONS = 100


def match(
    referral: Referral,
    pool: Pool,
    policies: PolicyBook,
    as_of: date,
    *,
    policy_version: str | None = None,
    k: int = 20,
) -> Shortlist:
    """The k best homes of the pool for a referral. `LookupError` where there is no such policy."""
    return shortlist(referral, pool, policies.pick(policy_version, as_of), as_of, k=min(k, MOST_OPTIONS))


def why_not(
    referral: Referral,
    home: HomeRef,
    pool: Pool,
    policies: PolicyBook,
    as_of: date,
    *,
    policy_version: str | None = None,
) -> WhyNot:
    """Every rule and criterion for one home. `KeyError` where the pool has no such home."""
    return explain_why_not(referral, home, pool, policies.pick(policy_version, as_of), as_of)
