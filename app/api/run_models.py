"""The JSON form of runs and proposals. Read here what an answer means.

Points are whole numbers; `objective` is what the choice is worth, `bound` what no choice could exceed, `gap`
their difference. Money is pence a week. Shares are in thousandths. Instants are UTC.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from app.api.shortlist_models import NearMissOut, Out, Points, RelaxationOut, SplitOut
from app.documents.run_models import PairIn, RunIn
from app.matching.codes import HomeKind
from app.matching.night_report import WhyHere, WhyNone
from app.matching.recheck import Fallen
from app.store.placement_records import State
from app.store.run_records import ProposalStatus, RunKind, RunStatus

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


class ProposalOut(Out):
    """These children, to this home. It proposes; a person decides.

    `why`: why not the party's own first choice. `because_of` names the other referrals that stand in the way there,
    `must_leave` says how many proposals would have to leave it to make room (0: there is room, if need be along with
    brothers and sisters), and `others_would_lose` the least points that those would give up together in the best
    other homes with room for them; below zero they would gain; null where there is no room for them or nobody need
    leave. If `why` is a limit (`weekly_budget`, `local_target`, `reserve_price`, `unchanged_since_last_night`,
    `pinned_for_others_by_a_person`), the exchange would gain points and without that limit it would be made;
    `besides` names further limits that would each have to go as well. `best_for_all_together`: more than three others
    would have to leave. `nothing_speaks_against_it`: the choice was not proven; look at it by hand. `changed`:
    records that have changed since the run read them, though every rule is still met.
    """

    id: Annotated[Hex32, Field(examples=[AN_ID])]
    run: Hex32
    status: ProposalStatus
    referral: str
    children: list[str]
    home: str
    name: Annotated[str | None, Field(description="Of the home, if there is one of this reference today")]
    points: Points
    local: bool
    weekly_fee_pence: Annotated[int | None, Field(description="Null where it is not known of every child")]
    assumed_weekly_fee_pence: Annotated[
        int | None,
        Field(
            description="What the run counts where the fee is not known: for each such child the dearest price that "
            "the home lists, or, where it lists none, the dearest of its kind"
        ),
    ] = None
    unchanged: Annotated[bool, Field(description="The same as was proposed before")]
    first_home: str
    behind_first: Points
    why: WhyHere
    sentence: Annotated[
        str,
        Field(
            description="Why, in words for an officer",
            examples=[
                "H-0102 Apricot household (4,790 points more) goes to R-0009, who would lose 13,653 points elsewhere"
            ],
        ),
    ]
    because_of: list[str]
    others_would_lose: Points | None
    must_leave: Annotated[int, Field(ge=0, description="Proposals that would have to leave the first choice")] = 0
    besides: Annotated[list[WhyHere], Field(description="Further limits that bind beside `why`")] = Field(
        default_factory=list
    )
    dropped_because: Fallen | None
    rules: Annotated[list[str], Field(description="Rules that were no longer met when it was dropped")]
    changed: list[str]
    placement: Annotated[Hex32 | None, Field(description="The placement that came of it, if somebody decided")] = None
    placement_state: State | None = None


class StandingProposalOut(ProposalOut):
    """A proposal and what has changed under it.

    `changed_since`: which of `referral` and `home` were stored anew, or deleted, since the run was published; `gone`:
    which of them are not there any more.
    """

    changed_since: list[str]
    gone: list[str]


class SeenProposalOut(StandingProposalOut):
    """A proposal as it is shown to one person.

    `seen`: to be sent with the decision; null for a system, and where it can no longer be decided.
    """

    seen: str | None


class RunProposalsOut(Out):
    """A page of a run's proposals in the order of their referrals. `next` is null on the last page."""

    run: Hex32
    proposals: list[ProposalOut]
    next: str | None


class StandingOut(Out):
    """The proposals that stand: of the run published last, and how old they are.

    `is_old`: do not rely on them without another look; `old_because` says why: `a_later_run_failed`,
    `policy_changed`, `policy_not_readable`, `not_from_today`.
    """

    from_run: Hex32 | None
    business_date: date | None
    as_of: date | None
    published_at: datetime | None
    is_old: bool
    old_because: list[str]
    proposals: list[StandingProposalOut]
    next: str | None


class UnplacedOut(Out):
    """Children without a proposal, and why: no home meets the rules, others got those that would, or a limit binds.

    `why` is null in runs that were made before it was told, and where it was erased. `free_home`: the best home that
    has room for them, brothers' and sisters' included; `why` then says what speaks against it. `lost_to`: who keeps
    them out of the best three.
    """

    referral: str
    children: list[str]
    why: WhyNone | None = None
    sentence: Annotated[
        str | None,
        Field(
            description="Why, in words for an officer; null where `why` is",
            examples=["2 homes would do, best Maroon household (H-0046). The best of them go to R-0009 and R-0029."],
        ),
    ] = None
    homes_allowed: Annotated[int, Field(description="Homes that the rules allow some of these children")]
    homes_together: Annotated[
        int | None, Field(description="Those that could take all of them; null in runs of earlier versions")
    ] = None
    homes_excluded: Annotated[int, Field(description="Homes that the rules allow and a person excluded")] = 0
    best_home: str | None
    free_home: str | None = None
    lost_to: list[str]
    out_by_rule: Annotated[
        dict[str, int],
        Field(
            description="Where no home meets the rules: homes left out, by each that failed",
            examples=[{"live_apart": 6}],
        ),
    ] = Field(default_factory=dict)
    not_known_by_rule: dict[str, int] = Field(default_factory=dict)
    near_misses: list[NearMissOut]
    relaxations: list[RelaxationOut]
    splits_if_parted: Annotated[
        list[SplitOut],
        Field(description="Where they must stay together: where they could live if a person parted them. Not an offer"),
    ] = Field(default_factory=list)


class RunUnplacedOut(Out):
    """A page of those without a proposal. `next` is null on the last page."""

    run: Hex32
    unplaced: list[UnplacedOut]
    next: str | None
