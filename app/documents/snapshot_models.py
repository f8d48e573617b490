"""The JSON form of everything that a run works on; see docs/snapshot.md. Homes are read as `home_documents` does."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.documents.fields import Count, Day, Document, Ref
from app.documents.referral_models import ReferralIn
from app.documents.run_models import MOST_PRICES, Budget, PairIn, Price

FORMAT = "placement-snapshot"
FORMAT_VERSION = 1
MOST_REFERRALS = 100_000
MOST_HOMES = 1_000_000

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Version = Annotated[str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
SiblingsAt = Annotated[list[Ref], Field(min_length=1, max_length=20)]
ApartAt = Annotated[list[Ref], Field(min_length=1, max_length=10_000)]
SiblingsLiveAt = Annotated[dict[Ref, Annotated[list[Ref], Field(max_length=20)]], Field(min_length=1, max_length=20)]
Pairs = Annotated[list[PairIn], Field(max_length=MOST_REFERRALS)]


def _known_version(version: int) -> int:
    if version != FORMAT_VERSION:
        raise PydanticCustomError("snapshot_version", "not a version of the format")
    return version


class PolicyIn(Document):
    """A policy by its whole text. Version and hash may be left out; where they stand, they must agree with it."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=200_000)]
    version: Version | None = None
    sha256: Sha256 | None = None


class CaseloadIn(Document):
    """How many children are placed already, and how many of them locally as the policy counts."""

    local: Count = 0
    total: Count = 0


class ShareIn(Document):
    """What one attempt of the solver may use."""

    seconds: Annotated[int, Field(strict=True, ge=1, le=86_400)] = 300
    memory_mb: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 2_048


class LimitsIn(Document):
    """What a run may use: the first attempt, and the lighter one after a fault."""

    full: ShareIn = ShareIn()
    light: ShareIn = ShareIn(seconds=120)


class SnapshotIn(Document):
    """The whole input of one run. Only what has no default must be given."""

    format: Literal["placement-snapshot"]
    version: Annotated[int, Field(strict=True), AfterValidator(_known_version)]
    as_of: Day
    records_of: Day | None = None
    policy: Version | PolicyIn
    referrals: Annotated[list[ReferralIn], Field(max_length=MOST_REFERRALS)]
    homes: Annotated[list[Any], Field(max_length=MOST_HOMES)]
    caseload: CaseloadIn = CaseloadIn()
    last_proposals: Pairs = []
    pinned: Pairs = []
    excluded: Pairs = []
    declined: Pairs = []
    home_prices: Annotated[dict[Ref, Price], Field(max_length=MOST_PRICES)] = {}
    weekly_budget_pence: Budget | None = None
    under_way: Annotated[list[Ref], Field(max_length=MOST_REFERRALS)] = []
    siblings_at: Annotated[dict[Ref, SiblingsAt], Field(max_length=MOST_REFERRALS)] = {}
    live_apart_at: Annotated[dict[Ref, ApartAt], Field(max_length=MOST_REFERRALS)] = {}
    siblings_live_at: Annotated[dict[Ref, SiblingsLiveAt], Field(max_length=MOST_REFERRALS)] = {}
    effort: Literal["full", "light"] = "full"
    limits: LimitsIn = LimitsIn()
    seed: Line | None = None
    made_with: Annotated[dict[Version, Line], Field(max_length=20)] = {}
