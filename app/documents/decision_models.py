"""The JSON form of decisions. Reasons are codes with words beside them; words hold no names."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from app.documents.fields import Day, Document, Ref, Truth, Unique
from app.matching.approval import Approval
from app.store.reasons import (
    LEAST_LETTERS,
    LEAST_WORDS_OF_OTHER,
    CareEnd,
    ChoiceReason,
    DeclineReason,
    PlaceChange,
    WithdrawReason,
)

MOST_HOURS = 14 * 24

AN_ID = "0123456789abcdef0123456789abcdef"

SeenId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{32}$"),
    Field(description="`seen` of the shortlist, proposal or placement that you were shown", examples=[AN_ID]),
]

RuleCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]

Words = Annotated[
    str,
    StringConstraints(max_length=1_000, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$"),
    Field(description="A sentence or two, without names"),
]

_ALWAYS = f"A sentence or two, without names: at least {LEAST_LETTERS} letters, whatever the code"

NeededWords = Annotated[
    Words, Field(description=f"{_ALWAYS}; at least {LEAST_WORDS_OF_OTHER} with the code `other`. White space is none")
]
"""Words that an `OTHER` calls for."""

GivenWords = Annotated[Words, Field(description=f"{_ALWAYS}; null where there is nothing to say")]
"""Words that no code calls for."""

Hours = Annotated[int, Field(strict=True, ge=1, le=MOST_HOURS)]

BECAUSE: dict[str, Any] = {"code": "school", "text": "The child can walk to school from there and knows the way."}
REFUSED: dict[str, Any] = {"code": "MATCH", "text": "Two who live there had trouble with the child before."}


class ChoiceWhyIn(Document):
    """Why another home than the first was chosen, or a rule overridden."""

    code: ChoiceReason
    text: NeededWords


class DeclineWhyIn(Document):
    """Why a home was declined. `OTHER` needs a sentence beside it."""

    code: DeclineReason
    text: NeededWords | None = None


class WithdrawWhyIn(Document):
    """Why a placement was given up. `OTHER` needs a sentence beside it."""

    code: WithdrawReason
    text: NeededWords | None = None


class EndWhyIn(Document):
    """Why a placement ended of a child who stays in care, as the SSDA903 return asks it (REASON_PLACE_CHANGE)."""

    code: PlaceChange
    text: GivenWords | None = None


class CareEndIn(Document):
    """Why the child's time in care ended, and the placement with it, as the SSDA903 return asks it (REC)."""

    code: CareEnd
    text: GivenWords | None = None


class HoldIn(Document):
    """Hold a place for a party in a home that was shown.

    `children` left out: the whole party that was shown. `reason` is needed for another home than the first, and
    for `override`: codes of rules of the policy (never of law) that are not met and are overridden; a second person
    must then agree before it is accepted.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"referral": "EXAMPLE-R1", "home": "EXAMPLE-H1", "seen": AN_ID},
                {"referral": "EXAMPLE-R1", "home": "EXAMPLE-H2", "seen": AN_ID, "hours": 48, "reason": BECAUSE},
            ]
        }
    )

    referral: Ref
    home: Ref
    seen: SeenId
    children: Unique[Ref] = []
    hours: Hours = 24
    reason: ChoiceWhyIn | None = None
    override: Unique[RuleCode] = []


class ProposalAcceptIn(Document):
    """Accept what a run proposed, as it was shown.

    `reason` left out: where the home is not the first on the children's own list, that a run proposed it, for the
    reasons that its proposal tells (`proposed_by_run`).
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"seen": AN_ID}]})

    seen: SeenId
    reason: ChoiceWhyIn | None = None


class ProposalDeclineIn(Document):
    """Decline what a run proposed, as it was shown."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"seen": AN_ID, "reason": {"code": "BETTR"}}]})

    seen: SeenId
    reason: DeclineWhyIn


class AcceptIn(Document):
    """Accept a placement. `seen` left out: what you saw when you held it still counts."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"seen": AN_ID}]})

    seen: SeenId | None = None


class SendIn(Document):
    """Ask the provider, who has so many hours to answer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"hours": 72}]})

    hours: Hours = 72


class DeclineIn(Document):
    """Decline a placement: the provider did, or an officer does."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "provider", "reason": REFUSED}]})

    by: Literal["officer", "provider"]
    reason: DeclineWhyIn


class WithdrawIn(Document):
    """Give a placement up before the children move in."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": {"code": "PLANS"}}]})

    reason: WithdrawWhyIn


class SecondIn(Document):
    """Agree to rules that were overridden. `seen`: of the placement, as you looked at it yourself."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"seen": AN_ID}]})

    seen: SeenId


class ApproveIn(Document):
    """Approve a placement as nominated officer or director (Care Planning Regulations 2010, reg 10 and 11).

    `seen`: of the placement, as you looked at it yourself.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"seen": AN_ID, "level": "nominated_officer"}]})

    seen: SeenId
    level: Literal[Approval.NOMINATED_OFFICER, Approval.DIRECTOR]


class PlaceIn(Document):
    """The children moved in. `moved_in_on`: the true day, for which every rule is judged, whatever day was planned.

    `seen`: needed where what was accepted is not so any more, of a look since then; and where of a day before today
    not all can be told, or a rule was met then and is not now: of a look that told so.

    `why_before`: needed where they moved in before the day of the acceptance, as happens out of hours; at most five
    days before, in a sentence of 20 characters or more. It is for nothing else.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"moved_in_on": "2026-03-02"},
                {"moved_in_on": "2026-03-01", "why_before": "The duty team moved the child in late on Sunday evening."},
            ]
        }
    )

    moved_in_on: Day
    seen: SeenId | None = None
    why_before: Words | None = None


class EndIn(Document):
    """The children moved out. `planned`: whether the care plan meant it so.

    `children`: those who did, where brothers or sisters stay; left out, all who still live there. With the last of
    them the placement has ended.

    Exactly one of `reason`, where they stay in care, and `left_care`, where their time in care ended with it. E4A is
    a planned return home and E4B one that was not: `planned` says the same.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"ended_on": "2026-09-01", "planned": True, "reason": {"code": "CARPL", "text": None}},
                {"ended_on": "2026-09-01", "planned": True, "left_care": {"code": "E4A", "text": None}},
                {
                    "ended_on": "2026-09-01",
                    "planned": True,
                    "reason": {"code": "CARPL"},
                    "children": ["EXAMPLE-C1"],
                },
            ]
        }
    )

    ended_on: Day
    planned: Truth
    reason: EndWhyIn | None = None
    left_care: CareEndIn | None = None
    children: Annotated[Unique[Ref], Field(min_length=1)] | None = None


DECISIONS = (
    HoldIn,
    ProposalAcceptIn,
    ProposalDeclineIn,
    AcceptIn,
    SendIn,
    DeclineIn,
    WithdrawIn,
    SecondIn,
    ApproveIn,
    PlaceIn,
    EndIn,
)
"""Every document of a decision."""
