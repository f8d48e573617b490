"""The JSON form of a referral and its children. Field names are those of `app.matching.referral`.

Silence is never a pass: what is left out is not known, wherever not known is an answer. `null` means not
known too; an empty list means none.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from app.documents.examples import A_REFERRAL
from app.documents.fields import MOST_CHILDREN, Day, Document, Language, Level, Place, Ref, Truth, Unique
from app.documents.zone_models import ZoneIn
from app.matching.codes import (
    Adaptation,
    Answer,
    Communication,
    CulturalNeeds,
    Disability,
    Ethnicity,
    KeepTogether,
    LegalStatus,
    LivingCompanions,
    NeedDomain,
    Package,
    Pets,
    Religion,
    Remand,
    Risk,
    RiskLevel,
    SenType,
    Sex,
    Suitability,
    VisitFrequency,
    Vulnerability,
    Wish,
)


class ContactPlaceIn(Document):
    """Somewhere the children go to see a person who matters, and how often."""

    location: Place | None
    frequency: VisitFrequency


class PlacedSiblingIn(Document):
    """A brother or sister who already lives somewhere."""

    child: Ref
    home: Ref | None = None
    location: Place | None = None


class ChildIn(Document):
    """One child who needs a home. Levels of need run 0 (none) to 3 (high); a risk left out is not known."""

    ref: Ref
    date_of_birth: Day | None
    sex: Sex
    ethnicity: Ethnicity | None = None
    religion: Religion = Religion.NOT_KNOWN
    languages: Annotated[Unique[Language], Field(max_length=10)] = []
    cultural_needs: CulturalNeeds = CulturalNeeds.NOT_KNOWN
    asks_for_same_language: Truth = False
    asks_for_same_religion: Truth = False
    wishes: Unique[Wish] = []
    legal_status: LegalStatus = LegalStatus.NOT_KNOWN
    deprivation_of_liberty: Answer = Answer.NOT_KNOWN
    secure_order: Answer = Answer.NOT_KNOWN
    secure_under_13_approval: Answer = Answer.NOT_KNOWN
    uasc: Answer = Answer.NOT_KNOWN
    remand: Remand = Remand.NOT_KNOWN
    foster_suitability: Suitability = Suitability.NOT_SPECIFIED
    residential_suitability: Suitability = Suitability.NOT_SPECIFIED
    supported_suitability: Suitability = Suitability.NOT_SPECIFIED
    living_companions: LivingCompanions = LivingCompanions.NOT_KNOWN
    pets: Pets = Pets.NOT_KNOWN
    needs_parent_and_child: Answer = Answer.NOT_KNOWN
    package: Package | None = None
    disabilities: Unique[Disability] | None = None
    sen: Unique[SenType] = []
    ehcp: Answer = Answer.NOT_KNOWN
    sdq: Annotated[int, Field(strict=True, ge=0, le=40)] | None = None
    communication: Unique[Communication] = []
    adaptations: Unique[Adaptation] | None = None
    needs: dict[NeedDomain, Level] = {}
    risks: dict[Risk, RiskLevel] = {}
    vulnerabilities: Unique[Vulnerability] | None = None
    live_apart_from: Unique[Ref] = []
    zones_to_avoid: Annotated[list[ZoneIn], Field(max_length=20)] = []
    school: Place | None = None
    attends_school: Answer = Answer.NOT_KNOWN
    key_stage_4: Answer | None = None
    current_home: Ref | None = None
    moves_last_year: Annotated[int, Field(strict=True, ge=0, le=100)] = 0
    placed_siblings: Annotated[list[PlacedSiblingIn], Field(max_length=20)] = []


class ReferralIn(Document):
    """A request to place one child, or one sibling group.

    `waiting_since` is the day on which the search began. In an emergency the home was needed on that very day: then
    `needed_by` is the same. A search is over when the children have moved in: however often the same one is sent, no
    other home is looked for. A move begins with a search of its own, whose `waiting_since` is after that of the search
    before and not before the day of the move; a search for a child who left care meanwhile begins on the day of that
    end, or later, and is not one that was sent before.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [A_REFERRAL]})

    ref: Ref
    children: Annotated[list[ChildIn], Field(min_length=1, max_length=MOST_CHILDREN)]
    needed_by: Day
    waiting_since: Day
    keep_together: KeepTogether = KeepTogether.PREFERRED
    family_home: Place | None = None
    contact_places: Annotated[list[ContactPlaceIn], Field(max_length=20)] = []
