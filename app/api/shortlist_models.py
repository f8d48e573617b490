"""The JSON form of a shortlist and of a why-not. Read here what an answer means.

Points are whole numbers; the `points` of all parts add up to those of their option exactly. `points_low` to
`points_high` is what they could be, given what is not known. Money is pence a week, distances are metres.
Sentences are for reading, codes and facts for programs.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api.writes import NoteOut
from app.matching.approval import Approval, ApprovalReason
from app.matching.codes import HomeKind, NeedDomain, Package, Route, Support
from app.matching.considerations import Consideration, Met
from app.matching.explain import Outcome
from app.matching.local import AreaStatus
from app.matching.unit import Subject
from app.store.placement_records import State
from app.store.reasons import DeclineReason

Fact = bool | int | str | list[str] | None
Points = Annotated[int, Field(strict=True)]


class Out(BaseModel):
    """Base of what goes out: the documentation names every field."""

    model_config = ConfigDict(extra="forbid")


class FindingOut(Out):
    """What one rule answered. `child` is null for a rule about the group as a whole."""

    code: str
    outcome: Outcome
    blocks: Annotated[bool, Field(description="This answer keeps the home out")]
    statutory: Annotated[bool, Field(description="Law: nobody can override it")]
    child: str | None
    facts: dict[str, Fact]
    sentence: str


class PartOut(Out):
    """One criterion's share of the points of one child: `points` is `weight` times `value`."""

    code: str
    child: str
    weight: Points
    applies: bool
    known: bool
    value: Annotated[int, Field(ge=0, le=1_000)]
    points: Points
    points_low: Points
    points_high: Points
    facts: dict[str, Fact]
    sentence: str


class WhereOut(Out):
    """Where the home is, by all three definitions of local."""

    centre_m: Annotated[int | None, Field(description="Metres from the council's centre")]
    local_to_council: Annotated[bool, Field(description="(a) Local by the council's own definition")]
    family_m: Annotated[int | None, Field(description="Metres from the family home")]
    pl_distance_tenths: Annotated[int | None, Field(description="(b) PL_DISTANCE in tenths of a mile")]
    within_radius_of_home: bool | None
    area: Annotated[AreaStatus, Field(description="(c) In the area, adjoining, or at a distance")]
    local: Annotated[bool, Field(description="By the definition that the policy's target counts")]


class ApprovalOut(Out):
    """Who must approve before the placement is put into effect (Care Planning Regulations 2010, regs 10 and 11)."""

    level: Annotated[Approval, Field(description="The highest that is needed")]
    because: Annotated[list[ApprovalReason], Field(description="Everything that calls for an approval")]


class FeeOut(Out):
    """What one child would cost; null where the home gives no price or the package is not known."""

    child: str
    package: Package | None
    weekly_fee_pence: int | None


class GapOut(Out):
    """A need above what the home is known to be able to meet, and the support that would close the gap."""

    child: str
    domain: NeedDomain
    need: int
    capability: int | None
    support: Support
    offered: bool


class DeclinedOut(Out):
    """The home was declined before for some of these children."""

    children: Annotated[list[str], Field(description="For whom together it was declined")]
    at: datetime
    by: Annotated[Literal["officer", "provider"], Field(description="Whose answer it was, whoever recorded it")]
    reason: DeclineReason


DeclinedBefore = Annotated[
    list[DeclinedOut],
    Field(description="Refusals of this home for any of these children, under whatever referral, the newest first"),
]


class UnderWayOut(Out):
    """A place waits for these children in this home; GET /placements/{id} tells more. They live elsewhere."""

    placement: str
    home: str
    children: list[str]
    state: State


UnderWayNow = Annotated[
    list[UnderWayOut],
    Field(description="Placements of this referral that are held, sent or accepted, the newest first"),
]


class OptionOut(Out):
    """A home that meets every rule. Homes with equal points share a rank."""

    rank: int
    home: str
    name: str
    kind: HomeKind
    route: Route
    points: Points
    points_low: Points
    points_high: Points
    parts: list[PartOut]
    to_check: Annotated[list[FindingOut], Field(description="Not known: check before deciding")]
    met: Annotated[list[str], Field(description="Rules that are met")]
    considerations: dict[Consideration, Met]
    where: WhereOut
    approval: ApprovalOut
    weekly_fee_pence: int | None
    fees: list[FeeOut]
    gaps: list[GapOut]
    declined_before: DeclinedBefore = Field(default_factory=list)


class NearMissOut(Out):
    """A home that few rules keep out, and where it would stand if they were met."""

    home: str
    name: str
    findings: list[FindingOut]
    overridable: Annotated[bool, Field(description="Only policy rules are in the way, no law")]
    points_if_met: Points
    rank_if_met: int
    declined_before: DeclinedBefore = Field(default_factory=list)


class RelaxationOut(Out):
    """A single rule that alone keeps homes out: what it would open."""

    rule: str
    says: str
    statutory: bool
    homes: int
    best_homes: Annotated[list[str], Field(description="Of those homes the five with the most points")]


class SplitPartOut(Out):
    """Some of the siblings, and the home they would share."""

    children: list[str]
    home: str
    name: str
    points: Points


class ApartOut(Out):
    """Two homes of one split and the metres between them."""

    home: str
    other_home: str
    distance_m: int | None


class SplitOut(Out):
    """One way to part a sibling group. `value`: points less what the policy asks for each pair parted."""

    parts: list[SplitPartOut]
    points: Points
    pairs_apart: int
    value: Points
    apart: list[ApartOut]


class ShortlistOut(Out):
    """A referral's best homes with reasons, and why the others are out. It proposes; a person decides."""

    referral: str
    children: list[str]
    as_of: date
    moves_in: date
    policy_version: str
    policy_sha256: str
    most_points: Annotated[Points, Field(description="The most any home could have: what applies to them, full")]
    homes: Annotated[int, Field(description="Homes looked at")]
    allowed: Annotated[int, Field(description="Homes that meet every rule")]
    options: list[OptionOut]
    ties_not_shown: Annotated[int, Field(description="Homes with as many points as the last one shown")]
    out_by_rule: Annotated[dict[str, int], Field(description="Homes left out, by each rule that failed")]
    not_known_by_rule: dict[str, int]
    near_misses: list[NearMissOut]
    relaxations: Annotated[list[RelaxationOut], Field(description="Where nothing fits: what one rule would open")]
    splits: Annotated[list[SplitOut], Field(description="Where siblings need not, or cannot, all share a home")]
    splits_if_parted: Annotated[
        list[SplitOut],
        Field(description="Where they must and no home takes them all: what parting them would open. Not an offer"),
    ]
    notes: list[NoteOut]
    under_way: UnderWayNow = Field(default_factory=list)
    seen: Annotated[
        str | None,
        Field(description="To be sent with a hold: you were shown this. Null for a system, and for what is not stored"),
    ] = None


class NeededOut(Out):
    """One thing that would have to be different: this field of this record would have to be `value`.

    For a list of children it is those of this referral who would have to be in it.
    """

    child: str | None
    subject: Subject
    field: str
    value: Fact | dict[str, int]
    sentence: Annotated[str, Field(description="The same for reading, to stand after 'if'")]


class CounterfactualOut(Out):
    """Changes that together meet these rules; with them the home would be `allowed`, at this rank."""

    rules: list[str]
    changes: list[NeededOut]
    allowed: bool
    points: Points
    rank: int | None


class WhyNotOut(Out):
    """Every rule and criterion for one home, and what would have to be different."""

    referral: str
    home: str
    name: str
    as_of: date
    policy_version: str
    policy_sha256: str
    allowed: bool
    points: Points
    points_low: Points
    points_high: Points
    rules: list[FindingOut]
    parts: list[PartOut]
    points_if_met: Points
    rank_if_met: int
    homes_allowed: int
    first_home: str | None
    behind_first_by: int | None
    counterfactuals: list[CounterfactualOut]
    together: CounterfactualOut | None
    notes: list[NoteOut] = Field(default_factory=list)
    under_way: UnderWayNow = Field(default_factory=list)
    declined_before: DeclinedBefore = Field(default_factory=list)
    seen: Annotated[
        str | None,
        Field(description="To be sent with a hold of this home; null for a system, and where law keeps it out"),
    ]
