"""What the API tells of a run's proposals, and of children without one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from app.api.placement_models import NowOut
from app.api.problems import FieldError
from app.api.run_models import AN_ID, Hex32
from app.api.shortlist_models import DeclinedBefore, NearMissOut, Out, Points, RelaxationOut, SplitOut
from app.api.writes import NoteOut
from app.matching.night_report import WhyHere, WhyNone
from app.matching.recheck import Fallen
from app.store.placement_records import State, Step
from app.store.run_records import ProposalStatus


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
    declined_before: DeclinedBefore = Field(default_factory=list)
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
    to_check: Annotated[
        list[str] | None,
        Field(
            description="Rules that are not known: check before deciding; GET the proposal says what. Null: look at "
            "the proposal, as something changed since, or the run did not keep it",
            examples=[["essential_needs"]],
        ),
    ] = None
    changed: list[str]
    placement: Annotated[Hex32 | None, Field(description="The placement that came of it, if somebody decided")] = None
    placement_state: State | None = None


class StandingProposalOut(ProposalOut):
    """A proposal and what has changed under it.

    `changed_since`: which of `referral` and `home` were stored anew, or deleted, since the run was published; a home,
    too, where somebody else came to live, or is to, or went, by a placement. `gone`: which are not there any more.
    `notes`: while nobody has decided, by which placements children of it live somewhere already: to go on with it
    moves them; and that brothers or sisters who live in the home wait for another one themselves.
    """

    changed_since: list[str]
    gone: list[str]
    notes: list[NoteOut] = Field(default_factory=list)


class SeenProposalOut(StandingProposalOut):
    """A proposal as it is shown to one person, with what is so of it at this moment.

    `seen`: to be sent with the decision; null for a system, and where it can no longer be decided. `now`: every rule
    judged again by the policy of the run, as for a placement; null where nothing can be judged or decided. `to_check`
    is of this moment too. `changes`: what is not as it was when the run read it, kind of fact by kind of fact, rules
    that answer worse, and those in the way. `steps`: what the caller may do now; `hold` may take an `override`.
    """

    seen: str | None
    steps: list[Step]
    changes: list[FieldError]
    now: NowOut | None


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
    homes_declined: Annotated[
        list[str],
        Field(
            description="Homes that the rules allow and that an officer or their provider declined for these children; "
            "neither the home nor the referral was stored anew since"
        ),
    ] = Field(default_factory=list)
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
