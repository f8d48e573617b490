"""The JSON form of a home and its residents. Field names are those of `app.matching.home`.

Silence is never a pass: what is left out is not known, wherever not known is an answer. `null` means not
known too; an empty list means none.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from app.documents.examples import A_HOME
from app.documents.fields import (
    MOST_RESIDENTS,
    Age,
    Count,
    Day,
    Document,
    Language,
    Level,
    Pence,
    Place,
    Places,
    Ref,
    Text,
    Truth,
    Unique,
)
from app.matching.codes import (
    Adaptation,
    Answer,
    Communication,
    Disability,
    HomeKind,
    Judgement,
    LivingCompanions,
    NeedDomain,
    Package,
    PlaceCode,
    Registration,
    Religion,
    Risk,
    RiskLevel,
    Route,
    Sector,
    Sex,
    SexAccepted,
    Support,
    Vulnerability,
)

HELD = (
    "Places that are empty and cannot be had: held for somebody else, or closed. Not the places of `residents`, and not"
    " those that wait for a child by a placement of this service (held, sent or accepted): these are counted already,"
    " and counted twice they leave no room for that very child"
)


class ResidentIn(Document):
    """A child who already lives in the home."""

    ref: Ref
    date_of_birth: Day | None
    sex: Sex = Sex.UNKNOWN
    risks: dict[Risk, RiskLevel] = {}
    vulnerabilities: Unique[Vulnerability] | None = None
    living_companions: LivingCompanions = LivingCompanions.NOT_KNOWN
    live_apart_from: Unique[Ref] = []
    fostered: Truth = True


class TermsIn(Document):
    """Terms of registration or approval. Ages are whole years, both ends included."""

    age_min: Age | None = None
    age_max: Age | None = None
    sex: SexAccepted = SexAccepted.NOT_KNOWN
    siblings_only: Answer = Answer.NOT_KNOWN
    parent_and_child: Answer = Answer.NOT_KNOWN
    named_children: Unique[Ref] = []
    exempt_children: Unique[Ref] = []


class HomeIn(Document):
    """A place where a child can live. Money is pence a week; levels of capability run 0 to 3."""

    model_config = ConfigDict(json_schema_extra={"examples": [A_HOME]})

    ref: Ref
    kind: HomeKind
    place_code: PlaceCode
    urn: Ref | None
    sector: Sector
    route: Route
    location: Place | None
    places: Places
    name: Text = ""
    registration: Registration = Registration.NOT_KNOWN
    registered_from: Day | None = None
    registered_to: Day | None = None
    terms: TermsIn = TermsIn()
    tier: Annotated[int, Field(strict=True, ge=1, le=20)] | None = None
    lot: Text | None = None
    weekly_fee_pence: dict[Package, Pence] = {}
    void_fee_pence: Pence | None = None
    places_held: Annotated[Places, Field(description=HELD)] = 0
    residents: Annotated[list[ResidentIn], Field(max_length=MOST_RESIDENTS)] = []
    judgement: Judgement = Judgement.NOT_KNOWN
    judged_on: Day | None = None
    capability: dict[NeedDomain, Level] = {}
    support: Unique[Support] = []
    adaptations: Unique[Adaptation] | None = None
    disabilities_supported: Unique[Disability] | None = None
    communication: Unique[Communication] = []
    languages: Annotated[Unique[Language], Field(max_length=30)] | None = None
    religions_supported: Unique[Religion] | None = None
    cultural_needs_supported: Answer = Answer.NOT_KNOWN
    pets: Answer = Answer.NOT_KNOWN
    available_from: Day | None = None
    confirmed_on: Day | None = None
    ended_placements: Count | None = None
    unplanned_endings: Count | None = None
