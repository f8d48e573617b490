"""A placement as it is stored: one party (children of one referral) that is pursued, or lives, in one home."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from app.matching.approval import Approval
from app.matching.referral import ChildRef, HomeRef, ReferralRef


class State(StrEnum):
    """How far a placement is. `PROPOSED` is where each begins and is never stored: a run or a person proposed it."""

    PROPOSED = "proposed"
    HELD = "held"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    PLACED = "placed"
    ENDED = "ended"


PURSUED = (State.HELD, State.SENT, State.ACCEPTED)
"""The children have a place that waits for them and live somewhere else."""

CLAIMING = (*PURSUED, State.PLACED)
"""The placement takes places of its home."""

OVER = (State.DECLINED, State.WITHDRAWN, State.EXPIRED, State.ENDED)
"""Nothing comes of the placement any more."""

TEMPORARY = (State.HELD, State.SENT)
"""The placement lasts until its time is over."""


class Step(StrEnum):
    """What may be done to a placement. `app.deciding.life` says when, and by whom."""

    HOLD = "hold"
    SEND = "send"
    SECOND = "second"
    APPROVE = "approve"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    PLACE = "place"
    LEAVE = "leave"
    END = "end"


MOVES = (
    "hold:proposed>held",
    "send:held>sent",
    "second:held>held",
    "second:sent>sent",
    "second:accepted>accepted",
    "approve:held>held",
    "approve:sent>sent",
    "approve:accepted>accepted",
    "accept:proposed>accepted",
    "accept:held>accepted",
    "accept:sent>accepted",
    "decline:proposed>declined",
    "decline:held>declined",
    "decline:sent>declined",
    "withdraw:held>withdrawn",
    "withdraw:sent>withdrawn",
    "withdraw:accepted>withdrawn",
    "expire:held>expired",
    "expire:sent>expired",
    "place:accepted>placed",
    "leave:placed>placed",
    "end:placed>ended",
)
"""Every step from a state to a state that there is, as the database checks it; `app.deciding.life` says the same."""

STEPS_OF_SYSTEMS = ("decline", "expire", "leave", "end")
"""What no person decides: the time that is over, and what a provider or the case system tells."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A placement as it stands. Instants are UTC, by the clock of the database.

    `number`: greater than that of every placement made before. `held_until`: when a hold, or the time of the
    provider to answer, is over; None from acceptance on. `rank` and `points` are those that the person saw;
    `overridden`: codes of policy rules that are not met and were overridden. `proposer`: who held or accepted it
    first. `approved_level`: the approval that was given, None before. `children_left`: how many moved out while others
    stayed; `ended_on`, `end_reason` and `end_planned` are those of the last (of each: `app.store.moving_out`). Persons
    are named by their subject alone.
    """

    id: str
    number: int
    version: int
    state: State
    referral: ReferralRef
    referral_version: int
    children: tuple[ChildRef, ...]
    home: HomeRef
    home_version: int
    proposal_id: str | None
    seen_id: str | None
    policy_version: str
    policy_sha256: str
    rank: int | None
    points: int
    weekly_fee_pence: int | None
    held_until: datetime | None
    overridden: tuple[str, ...]
    approval_needed: Approval
    approval_because: tuple[str, ...]
    approved_level: Approval | None
    approved_by: str | None
    second_by: str | None
    proposer: str
    reason_code: str | None
    moved_in_on: date | None
    children_left: int
    ended_on: date | None
    end_reason: str | None
    end_planned: bool | None
    made_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """One step of a placement, for ever. `version`: that of the placement which it led to.

    `by_provider`: the provider's answer, whoever entered it. `text` may have been erased: then it is None.
    """

    placement_id: str
    version: int
    step: Step
    before: State
    after: State
    actor: str
    actor_kind: str
    reason_code: str | None
    text: str | None
    by_provider: bool
    overridden: tuple[str, ...]
    second: str | None
    approval: str | None
    seen_id: str | None
    decided_at: datetime


class SeenKind(StrEnum):
    """What a person looked at."""

    SHORTLIST = "shortlist"
    PROPOSAL = "proposal"
    PLACEMENT = "placement"


@dataclass(frozen=True, slots=True)
class SeenOption:
    """One home for one party as it was shown. No names, no free text.

    `children`: the party. `rules`: codes of the rules that kept the home out; empty for one that was offered.
    `rank`: 1 for the best of its list.
    """

    home: HomeRef
    home_version: int
    children: tuple[ChildRef, ...]
    rank: int
    points: int
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What one person was shown, once, in the order in which it was shown.

    `inventory_seq`: how often the inventory had changed when it was read; 0 where nobody knows. `was_so`: of a
    placement, what was so of it then (`app.deciding.kept`).
    """

    id: str
    subject: str
    kind: SeenKind
    referral: ReferralRef
    referral_version: int
    policy_version: str
    policy_sha256: str
    as_of: date
    options: tuple[SeenOption, ...]
    proposal_id: str | None = None
    placement_id: str | None = None
    inventory_seq: int = 0
    was_so: Mapping[str, Any] | None = None


Facts = Mapping[str, Any]
