"""The JSON form of placements. Read here what an answer means. Instants are UTC, by the clock of the database."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.api.problems import FieldError
from app.api.run_models import AN_ID, Hex32
from app.api.shortlist_models import ApprovalOut, FindingOut, Out, Points, WhereOut
from app.api.writes import NoteOut
from app.documents.fields import Ref
from app.matching.approval import Approval
from app.matching.considerations import Consideration, Met
from app.matching.explain import Outcome
from app.store.placement_records import State, Step

Version = Annotated[int, Field(ge=1)]
Subject = Annotated[str, Field(description="Who: a subject of the sign-in provider, nobody's name")]


class DecidedOut(BaseModel):
    """What a decision led to. `approval_needed`: who must approve before it is accepted."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "id": AN_ID,
                    "version": 1,
                    "state": "held",
                    "home": "EXAMPLE-H1",
                    "held_until": "2026-03-03T09:30:00Z",
                    "approval_needed": "none",
                    "approved_level": None,
                    "second_needed": False,
                }
            ]
        },
    )

    id: Hex32
    version: Version
    state: State
    home: Ref
    held_until: datetime | None
    approval_needed: Approval
    approved_level: Approval | None
    second_needed: Annotated[bool, Field(description="A rule is overridden, and nobody has seconded that yet")]


class ChildEndOut(Out):
    """A child who moved out: on which day, why, and whether it was planned. `version`: that to which telling it led."""

    child: Ref
    ended_on: date
    end_reason: str
    end_planned: bool
    version: Version


class PlacementOut(Out):
    """A party of children that is pursued, or lives, in a home.

    `ends`: each child who moved out, also while others stay and it is `placed`; of an erased child there is none.
    `children_left`: how many moved out while others stayed. `ended_on`, `end_reason` and `end_planned`: of the last.
    `rank`, `points`: what was seen and counted when it was decided. `steps`: what the caller may do now; in a list by
    the approval that was needed when it was decided, of one placement alone by the one that is needed now, and with
    what must be agreed to anew after the acceptance.
    """

    id: Hex32
    number: int
    version: Version
    state: State
    referral: Ref
    referral_version: int
    children: list[str]
    home: Ref
    home_version: int
    proposal_id: str | None
    seen_id: str | None
    policy_version: str
    policy_sha256: str
    rank: int | None
    points: Points
    weekly_fee_pence: int | None
    held_until: datetime | None
    overridden: list[str]
    approval_needed: Approval
    approval_because: list[str]
    approved_level: Approval | None
    approved_by: Subject | None
    second_by: Subject | None
    proposer: Subject
    reason_code: str | None
    moved_in_on: date | None
    ended_on: date | None
    end_reason: str | None
    end_planned: bool | None
    children_left: int
    ends: list[ChildEndOut]
    made_at: datetime
    changed_at: datetime
    steps: list[Step]


class TurnedOut(Out):
    """A rule that answers otherwise than when it was proposed, held or accepted. `findings`: what it found now."""

    code: str
    then: Outcome
    now: Outcome
    findings: list[FindingOut]


class NowOut(Out):
    """What is so of a placement, or of a proposal, at this moment, judged again: the grounds of whoever agrees to it.

    Each rule that the policy asks is in one of these: `overridden`, what the rules found that are overridden;
    `in_the_way`, those that are not; `to_check`; and `met`, codes alone. `turned`: compared with the hold, once it is
    accepted with the acceptance, and of a proposal with what the run read. `considerations`: those of section 22C of
    the Children Act 1989, as the shortlist has them.
    """

    points: Points
    overridden: list[FindingOut]
    in_the_way: list[FindingOut]
    to_check: Annotated[list[FindingOut], Field(description="Not known: check before deciding")]
    met: list[str]
    turned: list[TurnedOut]
    where: WhereOut
    approval: ApprovalOut
    considerations: dict[Consideration, Met]
    weekly_fee_pence: int | None


class SeenPlacementOut(PlacementOut):
    """A placement as it is shown to one person, with what is so at this moment.

    `seen`: to be sent with what you decide; null for a system, and where nothing is left to decide. `changed`: what
    is not as it was when the placement was decided, kind of fact by kind of fact, and which approval or second
    agreement does not hold any more; once it is accepted, everything that telling of the move will be refused for, and
    under `moved_in_on` what must have been seen by whoever tells of one on a day before today.
    `rules`: codes of rules that are in the way now and are not overridden; once it is accepted, also of moving in
    today, where that was planned for later. `now`: null where nothing can be judged, or nothing is left to decide.
    While it is undecided `approval_needed`, `approval_because` and `steps` are those of this moment; `points` and
    `weekly_fee_pence` stay those of the decision. `reason_text`: what the officer wrote to the choice; null where
    nothing was written, or where it was erased. `notes`: until they moved in, by which other placements these children
    live somewhere: it is a move.
    """

    seen: str | None
    changed: list[FieldError]
    rules: list[str]
    now: NowOut | None
    reason_text: str | None
    notes: list[NoteOut] = Field(default_factory=list)


class PlacementsOut(Out):
    """A page of placements, the newest first. `next` is null on the last page."""

    placements: list[PlacementOut]
    next: str | None


class DecisionOut(Out):
    """One step. `text` is null where nothing was written, or where it was erased."""

    version: Version
    step: Step
    before: State
    after: State
    actor: Subject
    actor_kind: str
    reason_code: str | None
    text: str | None
    by_provider: bool
    overridden: list[str]
    second: Subject | None
    approval: str | None
    seen_id: str | None
    decided_at: datetime


class HistoryOut(Out):
    """Every step of a placement, the first one first."""

    placement: Hex32
    decisions: list[DecisionOut]
