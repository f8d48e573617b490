"""What is offered: a home, who lives in it, and on what terms. Frozen records, nothing computed.

As for referrals: an empty set means "known to be none", `None` means "not known".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from app.geo.grid import Location
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
from app.matching.referral import ChildRef, HomeRef


@dataclass(frozen=True, slots=True)
class Resident:
    """A child who already lives in the home."""

    ref: ChildRef
    date_of_birth: date | None
    sex: Sex = Sex.UNKNOWN
    risks: Mapping[Risk, RiskLevel] = field(default_factory=dict)
    vulnerabilities: frozenset[Vulnerability] | None = frozenset()
    living_companions: LivingCompanions = LivingCompanions.NO_PREFERENCE
    live_apart_from: frozenset[ChildRef] = frozenset()
    fostered: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of registration or approval. Ages are whole years, both ends included.

    `named_children` empty: approved for any child; otherwise for those children only. For
    a connected person, who is approved for particular children, empty is not known.
    `exempt_children`: children named in an exemption from the usual fostering limit (CA 1989 Sch 7 para 4).
    """

    age_min: int | None = None
    age_max: int | None = None
    sex: SexAccepted = SexAccepted.NOT_KNOWN
    siblings_only: Answer = Answer.NO
    parent_and_child: Answer = Answer.NO
    named_children: frozenset[ChildRef] = frozenset()
    exempt_children: frozenset[ChildRef] = frozenset()


@dataclass(frozen=True, slots=True)
class Home:
    """A place where a child can live. Money is pence a week; levels of capability run 0 to 3.

    `registered_to` None: the registration has no end (no first day is not known, as everywhere).
    `places` is the registered or approved number; `places_held` are places that the provider says are held for
    others or cannot be used, beside those that placements of this service claim. `void_fee_pence` is what one more
    child really costs in a place that a block contract has already paid for (None where no such void exists).
    `support` is what the provider can add.
    """

    ref: HomeRef
    kind: HomeKind
    place_code: PlaceCode
    urn: str | None
    sector: Sector
    route: Route
    location: Location | None
    places: int
    name: str = ""
    registration: Registration = Registration.NOT_KNOWN
    registered_from: date | None = None
    registered_to: date | None = None
    terms: Terms = field(default_factory=Terms)
    tier: int | None = None
    lot: str | None = None
    weekly_fee_pence: Mapping[Package, int] = field(default_factory=dict)
    void_fee_pence: int | None = None
    places_held: int = 0
    residents: tuple[Resident, ...] = ()
    judgement: Judgement = Judgement.NOT_KNOWN
    judged_on: date | None = None
    capability: Mapping[NeedDomain, int] = field(default_factory=dict)
    support: frozenset[Support] = frozenset()
    adaptations: frozenset[Adaptation] | None = None
    disabilities_supported: frozenset[Disability] | None = None
    communication: frozenset[Communication] = frozenset()
    languages: frozenset[str] | None = None
    religions_supported: frozenset[Religion] | None = None
    cultural_needs_supported: Answer = Answer.NOT_KNOWN
    pets: Answer = Answer.NOT_KNOWN
    available_from: date | None = None
    confirmed_on: date | None = None
    ended_placements: int | None = None
    unplanned_endings: int | None = None

    def __post_init__(self) -> None:
        """Refuse counts that cannot be."""
        if self.places < 0 or self.places_held < 0:
            raise ValueError("places and places held cannot be negative")
        if (
            self.ended_placements is not None
            and self.unplanned_endings is not None
            and self.unplanned_endings > self.ended_placements
        ):
            raise ValueError("a home cannot have more unplanned endings than endings")
