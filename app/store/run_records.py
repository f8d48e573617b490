"""What is stored of a run and of its proposals, as records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from app.matching.batch import Proposed
from app.matching.referral import ChildRef, HomeRef, ReferralRef

GROUNDS = "grounds"
"""In the explanation of a proposal: what it rests on, for comparing; told to nobody as it is. See `NewProposal`."""


class RunKind(StrEnum):
    """Who began a run: the clock, once a business date, or a person."""

    NIGHTLY = "nightly"
    MANUAL = "manual"


class RunStatus(StrEnum):
    """How far a run is. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to the run."""
        return self in (RunStatus.PUBLISHED, RunStatus.FAILED, RunStatus.CANCELLED)


class ProposalStatus(StrEnum):
    """What became of a proposal. `superseded` is never stored: a later run was published."""

    PROPOSED = "proposed"
    DROPPED = "dropped"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What may be asked of a run. `policy`: a version; None for the one in effect on the day.

    `home_prices`: reserve price in points of one place in a home. `frontier`: work out what other shares of
    local placements would cost.
    """

    policy: str | None = None
    weekly_budget_pence: int | None = None
    pinned: tuple[Proposed, ...] = ()
    excluded: tuple[Proposed, ...] = ()
    home_prices: Mapping[HomeRef, int] = field(default_factory=dict)
    frontier: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """A run as it is asked for. `business_date`: the day in England for whose morning it is."""

    kind: RunKind
    business_date: date
    as_of: date
    options: RunOptions = field(default_factory=RunOptions)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands. Instants are UTC.

    `number`: how many runs the authority had by then. `fence`: its right to publish, see `app.store.runs`.
    `outcome`, `objective`, `bound`: what the optimiser answered, and proved. `stale`: why its proposals
    should be made anew, though they were published. `failure`: code of what went wrong. `report`: see
    `app.runs.telling`.
    """

    id: str
    number: int
    kind: RunKind
    business_date: date
    as_of: date
    status: RunStatus
    stage: str
    fence: int | None
    options: RunOptions
    requested_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    finished_at: datetime | None
    policy_version: str | None
    policy_sha256: str | None
    snapshot_sha256: str | None
    software: Mapping[str, str]
    seed: str
    outcome: str | None
    objective: int | None
    bound: int | None
    proposed: int | None
    dropped: int | None
    stale: str | None
    failure: str | None
    report: Mapping[str, Any] | None

    @property
    def gap(self) -> int | None:
        """Points that a better choice could gain at the very most."""
        return None if self.bound is None or self.objective is None else self.bound - self.objective


@dataclass(frozen=True, slots=True)
class NewProposal:
    """A proposal to be stored. `dropped_because` is None unless it had become impossible.

    `weekly_fee_pence`: what it counts with; where that is assumed, so says `assumed_weekly_fee_pence` in `explanation`.
    There `GROUNDS` holds `was_so`, what the run read of it as `app.deciding.kept` has it, and `inventory_seq`, how
    often the inventory had changed when it was published; None where that was erased, or the run kept nothing yet.
    """

    referral: ReferralRef
    children: tuple[ChildRef, ...]
    home: HomeRef
    points: int
    local: bool
    weekly_fee_pence: int
    dropped_because: str | None
    explanation: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredProposal:
    """A proposal as it was made; `status` as it is now."""

    id: str
    run_id: str
    position: int
    status: ProposalStatus
    proposal: NewProposal


@dataclass(frozen=True, slots=True)
class Publication:
    """What a run hands in at its end."""

    policy_version: str
    policy_sha256: str
    outcome: str
    objective: int
    bound: int
    stale: str | None
    report: Mapping[str, Any]
    proposals: tuple[NewProposal, ...]
