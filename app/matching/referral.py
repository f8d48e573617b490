"""What is asked for: a referral of one child or one sibling group. Frozen records, nothing computed.

An empty set means "known to be none". `None` always means "not known", never "none".
What differs between brothers and sisters (school, legal status, risks ...) stands on the child; what they
share (where the family lives, when a home is needed) on the referral.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NewType

from app.geo.grid import Location
from app.geo.zones import Zone
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

ReferralRef = NewType("ReferralRef", str)
ChildRef = NewType("ChildRef", str)
HomeRef = NewType("HomeRef", str)


@dataclass(frozen=True, slots=True)
class ContactPlace:
    """Somewhere the child goes to see a person who matters, and how often."""

    location: Location | None
    frequency: VisitFrequency


@dataclass(frozen=True, slots=True)
class PlacedSibling:
    """A brother or sister who already lives somewhere: in a home we hold, or at a place we know, or neither."""

    child: ChildRef
    home: HomeRef | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """One child who needs a home.

    Levels of need run 0 (none) to 3 (high); `sdq` is the total difficulties score, 0 to 40.
    `ethnicity` is carried for equality monitoring and never reaches the arrays that are judged.
    """

    ref: ChildRef
    date_of_birth: date | None
    sex: Sex
    # who the child is
    ethnicity: Ethnicity | None = None
    religion: Religion = Religion.NOT_KNOWN
    languages: tuple[str, ...] = ()
    cultural_needs: CulturalNeeds = CulturalNeeds.NOT_KNOWN
    asks_for_same_language: bool = False
    asks_for_same_religion: bool = False
    wishes: frozenset[Wish] = frozenset()
    # law
    legal_status: LegalStatus = LegalStatus.NOT_KNOWN
    deprivation_of_liberty: Answer = Answer.NO
    secure_order: Answer = Answer.NO
    secure_under_13_approval: Answer = Answer.NO
    uasc: Answer = Answer.NO
    remand: Remand = Remand.NONE
    # the care plan
    foster_suitability: Suitability = Suitability.NOT_SPECIFIED
    residential_suitability: Suitability = Suitability.NOT_SPECIFIED
    supported_suitability: Suitability = Suitability.NOT_SPECIFIED
    living_companions: LivingCompanions = LivingCompanions.NO_PREFERENCE
    pets: Pets = Pets.CAN
    needs_parent_and_child: Answer = Answer.NO
    package: Package | None = None
    # needs
    disabilities: frozenset[Disability] | None = frozenset()
    sen: frozenset[SenType] = frozenset()
    ehcp: Answer = Answer.NOT_KNOWN
    sdq: int | None = None
    communication: frozenset[Communication] = frozenset()
    adaptations: frozenset[Adaptation] | None = frozenset()
    needs: Mapping[NeedDomain, int] = field(default_factory=dict)
    # safety; a risk that is not in the mapping is not known
    risks: Mapping[Risk, RiskLevel] = field(default_factory=dict)
    vulnerabilities: frozenset[Vulnerability] | None = frozenset()
    live_apart_from: frozenset[ChildRef] = frozenset()
    zones_to_avoid: tuple[Zone, ...] = ()
    # where life is
    school: Location | None = None
    attends_school: Answer = Answer.NOT_KNOWN
    key_stage_4: Answer | None = None
    current_home: HomeRef | None = None
    moves_last_year: int = 0
    placed_siblings: tuple[PlacedSibling, ...] = ()


@dataclass(frozen=True, slots=True)
class ChildAsKnown(Child):
    """A child with what is known of where others live. Made where it is judged, never stored with the child.

    `live_apart_at`: homes where somebody lives from whom it must live apart, or who must live apart from it, as the
    records of others say. `siblings_live_at`: of brothers and sisters who are placed the homes where each lives,
    instead of those that its own record and the homes name; whoever is left out lives where these say.
    See `app.matching.living_apart`.
    """

    live_apart_at: frozenset[HomeRef] = frozenset()
    siblings_live_at: Mapping[ChildRef, frozenset[HomeRef]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Referral:
    """A request to place one child, or one sibling group.

    `waiting_since` is the day the search began; in an emergency a home was `needed_by` that very day.
    `family_home` is None where the home postcode is not known or has no place on the grid.
    """

    ref: ReferralRef
    children: tuple[Child, ...]
    needed_by: date
    waiting_since: date
    keep_together: KeepTogether = KeepTogether.PREFERRED
    family_home: Location | None = None
    contact_places: tuple[ContactPlace, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an empty referral and a child named twice."""
        if not self.children:
            raise ValueError("a referral needs at least one child")
        if len({child.ref for child in self.children}) != len(self.children):
            raise ValueError("each child of a referral needs a reference of its own")


@dataclass(frozen=True, slots=True)
class Rest(Referral):
    """What is left of a referral while brothers and sisters of it have a place. Made where it is asked, never stored.

    `siblings_at`: the homes where these have theirs, whether they live there already or not; never none.
    """

    siblings_at: frozenset[HomeRef] = frozenset()
