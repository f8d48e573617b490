"""What a decision is made with, and how it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from app.matching.policy import Policy
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.store.policies import PolicyBook

USUAL_HOLD = timedelta(hours=24)
"""For so long a place is held where nobody says otherwise."""

USUAL_ANSWER = timedelta(hours=72)
"""For so long a provider may take to answer where nobody says otherwise."""

LONGEST = timedelta(hours=14 * 24)
"""A place cannot be kept from others for longer without anybody deciding anew."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One authority's desk on one day. `today`: the day in England."""

    authority: str
    policies: PolicyBook
    today: date

    @property
    def in_effect(self) -> Policy | None:
        """The policy in effect on the day; None where there is none."""
        try:
            return self.policies.pick(None, self.today)
        except LookupError:
            return None


@dataclass(frozen=True, slots=True)
class Why:
    """A reason: a code of the step's own list, and words."""

    code: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """This party, this home, out of what was seen. `children` empty: the whole referral.

    `override`: codes of the rules of the policy that the person overrides.
    """

    seen_id: str
    referral: ReferralRef
    home: HomeRef
    children: tuple[ChildRef, ...] = ()
    override: tuple[str, ...] = ()
    why: Why = Why()
    lasts: timedelta = USUAL_HOLD
