"""The JSON form of runs and proposals. Read here what an answer means.

Points are whole numbers; `objective` is what the choice is worth, `bound` what no choice could exceed, `gap`
their difference. Money is pence a week. Shares are in thousandths. Instants are UTC.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from app.api.shortlist_models import Out, Points
from app.documents.run_models import PairIn, RunIn
from app.matching.codes import HomeKind
from app.matching.recheck import Fallen
from app.store.run_records import RunKind, RunStatus

Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
AN_ID = "0123456789abcdef0123456789abcdef"
ASSUMED = "So much of the weekly cost is assumed: of parties of whom not every child's fee is known"


class CertificateOut(Out):
    """What the optimiser reached, and the proof of how much better any other choice could be.

    It speaks of the choice as it was solved, before anything was dropped. `outcome`: `proven` (nothing better
    exists), `feasible`, or `fallback` (made with less work, after the solver had failed).
    """

    outcome: str
    objective: Points
    bound: Points
    gap: Annotated[Points, Field(ge=0)]


class SiblingsOut(Out):
    """Sibling groups of the night by what became of them."""

    together: int
    apart: int
    partly_placed: int
    not_placed: int


class LocalShareOut(Out):
    """Children placed locally and at all, before and after the run as it was solved."""

    local_before: int
    total_before: int
    local_after: int
    total_after: int
    floor_permille: int
    ambition_permille: int
    short_of_floor: int
    short_of_ambition: int
    price_points: Annotated[
        Points, Field(description="Points that one more local child is worth to the choice, as its proof prices it")
    ]


class ScarceOut(Out):
    """A home that is full with the proposals and wanted by others, and the price of a place there in points.

    `wanted_by`: referrals without a place there who would have more points there, or who have no home (null in runs
    of earlier versions). The price is one of several that prove the same: it orders the homes of this run. It is no
    forecast, and prices of different runs are not to be compared.
    """

    home: str
    kind: HomeKind
    price_points: Points
    wanted_by: int | None = None


class ScarceKindOut(Out):
    """All scarce homes of a kind: how many, and the dearest and the mean price of a place, in this run alone."""

    kind: HomeKind
    homes: int
    dearest_points: Points
    mean_points: Points


class OneMoreOut(Out):
    """What one more local child would cost: the best choice with one more, against the one that was made.

    `then_*`, `points` and what follows are null where there is no choice with one more, or where it was not worked out.
    """

    local: Annotated[int, Field(description="Local children with the choice that was made, caseload included")]
    total: Annotated[int, Field(description="All children placed with it, caseload included")]
    then_local: Annotated[int | None, Field(description="Local children with one more, caseload included")]
    then_total: Annotated[int | None, Field(description="All children placed then; it may be fewer")]
    points: Annotated[
        Points | None,
        Field(
            description="Points given up, the target's own price left out; below 0 where only that speaks against it"
        ),
    ]
    weekly_cost_pence: Annotated[int | None, Field(description="How much more a week it would cost; may be below 0")]
    children: Annotated[int | None, Field(description="How many more children would have a home; may be below 0")]
    gap: Annotated[int | None, Field(description="Points that a better choice with one more could save at most")]
    most_proven: Annotated[
        bool, Field(description="Where no choice has one more: whether it is proven that there is none")
    ] = False
    fault: Annotated[str | None, Field(description="Code of why it was not worked out, such as `solver_hung`")]


class FrontierPointOut(Out):
    """The best choice of those that reach a share of local children, or where none does, of those nearest to it.

    `points` leaves the target's own price out, so it is not to be compared with the certificate's `objective`: compare
    the points of one frontier with each other.
    """

    asked_permille: Annotated[int, Field(description="The share that was asked for, in thousandths")]
    reached: Annotated[bool, Field(description="Whether a choice reaches it")]
    local: Annotated[int | None, Field(description="Local children then, caseload included")]
    total: Annotated[int | None, Field(description="All children placed then, caseload included")]
    points: Annotated[Points | None, Field(description="What the choice is worth, the target's own price left out")]
    weekly_cost_pence: Annotated[int | None, Field(description="Fees of its proposals; null where not worked out")]
    children_placed: Annotated[int | None, Field(description="Children of the night who would have a home")]
    gap: Annotated[int | None, Field(description="Points that a better choice could gain at most; 0 is proven best")]
    most_proven: Annotated[
        bool, Field(description="Where the share is not reached: whether it is proven that none comes nearer")
    ]
    fault: Annotated[str | None, Field(description="Code of why it was not worked out; the numbers are then null")]


class FaultOut(Out):
    """An attempt of the solver that failed."""

    code: str
    message: str
    detail: str


class PublicationOut(Out):
    """What came of the proposals when they met the facts of the moment: how many stand, and their figures."""

    proposed: int
    dropped: int
    dropped_because: dict[Fallen, int]
    children: int
    local_after: int
    total_after: int
    weekly_cost_pence: int
    assumed_weekly_cost_pence: Annotated[int, Field(description=ASSUMED)] = 0


class RunReportOut(Out):
    """What a run tells. What it never came to is null or empty."""

    children: int | None = None
    children_placed: int | None = None
    unplaced: Annotated[int | None, Field(description="Referrals with children who have no proposal")] = None
    siblings: SiblingsOut | None = None
    local: LocalShareOut | None = None
    weekly_cost_pence: int | None = None
    assumed_weekly_cost_pence: Annotated[int | None, Field(description=ASSUMED)] = None
    scarce: list[ScarceOut] = Field(default_factory=list)
    scarce_kinds: list[ScarceKindOut] = Field(default_factory=list)
    price: OneMoreOut | None = None
    frontier: list[FrontierPointOut] = Field(default_factory=list)
    most_local_proven: Annotated[
        bool | None,
        Field(
            description="Null unless a hard local target is out of reach; then whether it is proven that no choice "
            "comes nearer to it than this one"
        ),
    ] = None
    faults: list[FaultOut] = Field(default_factory=list)
    contradictions: list[str] = Field(default_factory=list)
    pins_left_out: Annotated[
        list[PairIn], Field(description="Pins of a home or a child that was not there any more when the run began")
    ] = Field(default_factory=list)
    publication: PublicationOut | None = None
    milliseconds: dict[str, int] = Field(default_factory=dict)


class RunSummaryOut(Out):
    """A run in short. `stage`: what it is at just now. `failure`, `stale`: codes, see the description of the API."""

    id: Annotated[Hex32, Field(examples=[AN_ID])]
    number: Annotated[int, Field(ge=1)]
    kind: RunKind
    business_date: date
    as_of: date
    status: RunStatus
    stage: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    policy_version: str | None
    proposed: int | None
    dropped: int | None
    stale: Annotated[str | None, Field(description="Why its proposals should be made anew")]
    failure: Annotated[str | None, Field(description="Why it failed; the last good proposals stand")]
    certificate: CertificateOut | None


class RunOut(RunSummaryOut):
    """A run with everything that it tells."""

    policy_sha256: str | None
    snapshot_sha256: str | None
    software: dict[str, str]
    seed: Annotated[str, Field(description="Decides between equals")]
    options: RunIn
    report: RunReportOut | None


class RunsOut(Out):
    """A page of runs, the newest first. `next` is null on the last page."""

    runs: list[RunSummaryOut]
    next: str | None
