"""The code lists of the engine, each with the words that go over the wire.

Where the Placements Data Standard v2 or the SSDA903 return has a list, its options are used letter for
letter. Kernels work on `position` (a small integer); everything else works on the member itself.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property


class Code(StrEnum):
    """A closed list. The value is the wire form, `position` is what stands in the arrays."""

    @cached_property
    def position(self) -> int:
        """Place of this member in its list, counted from 0: the integer used in arrays."""
        return list(type(self)).index(self)

    @cached_property
    def bit(self) -> int:
        """This member as one bit of a mask over its list."""
        return 1 << self.position


class Answer(Code):
    """Three-valued: not known is an answer."""

    NO = "No"
    YES = "Yes"
    NOT_KNOWN = "Not known"


class Sex(Code):
    """SSDA903 SEX from the 2024-25 collection on."""

    MALE = "M"
    FEMALE = "F"
    UNKNOWN = "U"


class SexAccepted(Code):
    """Which children a home is registered or approved for (Children's Homes Regs 2015, Sch 1)."""

    ANY = "Any"
    MALE = "M"
    FEMALE = "F"
    NOT_KNOWN = "Not known"


class KeepTogether(Code):
    """Whether brothers and sisters of one referral must share a home."""

    REQUIRED = "required"
    PREFERRED = "preferred"
    NOT_REQUIRED = "not_required"


class Suitability(Code):
    """Placements Data Standard v2, PlacementRecommendation."""

    PREFERRED = "Preferred"
    SUITABLE = "Suitable but not preferred"
    UNSUITABLE = "Unsuitable"
    NOT_SPECIFIED = "Not specified"


class LivingCompanions(Code):
    """Placements Data Standard v2, livingCompanions, with not known added."""

    SOLO = "Solo placement recommended"
    WITH_OTHERS = "With other children recommended"
    ONLY_OLDER = "Only with other older children"
    ONLY_YOUNGER = "Only with other younger children"
    NO_PREFERENCE = "No preference"
    NOT_KNOWN = "Not known"


class Pets(Code):
    """Placements Data Standard v2, pets."""

    MUST = "Yes - must"
    CAN = "Yes - can"
    NO = "No"
    NOT_KNOWN = "Not Known"


class CulturalNeeds(Code):
    """Placements Data Standard v2, culturalNeeds."""

    REQUIRED = "Required"
    NOT_REQUIRED = "Not required"
    NOT_KNOWN = "Not Known"
    OTHER = "Other"


class Communication(Code):
    """Placements Data Standard v2, specificCommunicationRequirements (`None` is an empty set here)."""

    ESOL = "ESOL"
    BSL = "BSL"
    MAKATON = "Makaton"
    OTHER = "Other"


class RiskLevel(Code):
    """Placements Data Standard v2, Risks, with not known added."""

    NONE_KNOWN = "No known risk"
    PRESENT = "Risk Present"
    NOT_KNOWN = "Not known"


class Risk(Code):
    """The eleven coded risks of the Placements Data Standard v2."""

    SELF_HARM = "riskSelfHarm"
    SEXUAL_EXPLOITATION = "riskSexualExploitation"
    CRIMINAL_EXPLOITATION = "riskCriminalExploitation"
    DRUG_ALCOHOL = "riskDrugAlcohol"
    EATING_DISORDER = "riskEatingDisorder"
    MISSING = "riskMissing"
    TO_OTHERS_PHYSICAL = "riskToOthersPhysical"
    TO_OTHERS_SEXUAL = "riskToOthersSexual"
    TO_OTHERS_FIRE = "riskToOthersFire"
    TO_OTHERS_ANIMALS = "riskToOthersAnimals"
    TO_OTHERS_CRIMINAL = "riskToOthersCriminal"


class Vulnerability(Code):
    """What a child or resident could be harmed by. `ANIMALS_IN_HOME` is worked out from the home's pets."""

    PHYSICAL_HARM = "physical_harm"
    SEXUAL_HARM = "sexual_harm"
    SEXUAL_EXPLOITATION = "sexual_exploitation"
    CRIMINAL_EXPLOITATION = "criminal_exploitation"
    SELF_HARM = "self_harm"
    SUBSTANCE_MISUSE = "substance_misuse"
    EATING_DISORDER = "eating_disorder"
    GOING_MISSING = "going_missing"
    FIRE = "fire"
    BULLYING = "bullying"
    ANIMALS_IN_HOME = "animals_in_home"


class NeedDomain(Code):
    """Domains in which a child's need and a home's capability are both given as a level from 0 to 3."""

    EMOTIONAL_WELLBEING = "emotional_wellbeing"
    MENTAL_HEALTH = "mental_health"
    BEHAVIOUR = "behaviour"
    SUPERVISION = "supervision"
    PHYSICAL_HEALTH = "physical_health"
    COMMUNICATION = "communication"
    EDUCATION = "education"
    SELF_CARE = "self_care"
    IDENTITY = "identity"


class HomeKind(Code):
    """What a home is in law."""

    FOSTER = "foster"
    CONNECTED_PERSON = "connected_person"
    CHILDRENS_HOME = "childrens_home"
    SECURE_HOME = "secure_home"
    SUPPORTED_ACCOMMODATION = "supported_accommodation"
    SUPPORTED_LODGINGS = "supported_lodgings"
    PARENT_AND_CHILD = "parent_and_child"
    RESIDENTIAL_SCHOOL = "residential_school"


FOSTERING_KINDS = frozenset({HomeKind.FOSTER, HomeKind.CONNECTED_PERSON})
SUPPORTED_KINDS = frozenset({HomeKind.SUPPORTED_ACCOMMODATION, HomeKind.SUPPORTED_LODGINGS})
RESIDENTIAL_KINDS = frozenset(
    {HomeKind.CHILDRENS_HOME, HomeKind.SECURE_HOME, HomeKind.PARENT_AND_CHILD, HomeKind.RESIDENTIAL_SCHOOL}
)


class PlaceCode(Code):
    """SSDA903 PLACE codes that a vacancy can carry (2025-26 collection, reference table 3.3)."""

    U1 = "U1"
    U2 = "U2"
    U3 = "U3"
    U4 = "U4"
    U5 = "U5"
    U6 = "U6"
    K1 = "K1"
    K2 = "K2"
    K3 = "K3"
    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    R5 = "R5"
    S1 = "S1"


PLACE_CODES_OF_KIND: dict[HomeKind, frozenset[PlaceCode]] = {
    HomeKind.FOSTER: frozenset({PlaceCode.U4, PlaceCode.U5, PlaceCode.U6}),
    HomeKind.CONNECTED_PERSON: frozenset({PlaceCode.U1, PlaceCode.U2, PlaceCode.U3}),
    HomeKind.CHILDRENS_HOME: frozenset({PlaceCode.K2, PlaceCode.R1, PlaceCode.R2}),
    HomeKind.SECURE_HOME: frozenset({PlaceCode.K1, PlaceCode.R5}),
    HomeKind.SUPPORTED_ACCOMMODATION: frozenset({PlaceCode.K3}),
    HomeKind.SUPPORTED_LODGINGS: frozenset({PlaceCode.K3}),
    HomeKind.PARENT_AND_CHILD: frozenset({PlaceCode.R3, PlaceCode.U4, PlaceCode.U5, PlaceCode.U6}),
    HomeKind.RESIDENTIAL_SCHOOL: frozenset({PlaceCode.S1}),
}


class Sector(Code):
    """SSDA903 PLACE_PROVIDER codes that a vacancy can carry."""

    OWN_AUTHORITY = "PR1"
    OTHER_AUTHORITY = "PR2"
    OTHER_PUBLIC = "PR3"
    PRIVATE = "PR4"
    VOLUNTARY = "PR5"


class Route(Code):
    """How the place would be bought. Nottingham looks in-house or block first, then framework, then spot."""

    IN_HOUSE = "in_house"
    BLOCK = "block"
    FRAMEWORK = "framework"
    SPOT = "spot"


class Package(Code):
    """Levels of care package in the East Midlands framework."""

    CORE = "Core"
    ENHANCED = "Enhanced"
    COMPLEX = "Complex"


class Registration(Code):
    """Standing with Ofsted, or approval for a foster carer."""

    REGISTERED = "Registered"
    SUSPENDED = "Suspended"
    CANCELLED = "Cancelled"
    UNREGISTERED = "Unregistered"
    NOT_KNOWN = "Not known"


class Judgement(Code):
    """Ofsted's words on its own scales: four grades, or the three supported-accommodation outcomes."""

    OUTSTANDING = "Outstanding"
    GOOD = "Good"
    REQUIRES_IMPROVEMENT = "Requires improvement to be good"
    INADEQUATE = "Inadequate"
    STRONG = "Consistently strong"
    INCONSISTENT = "Inconsistent quality"
    WEAK = "Serious or widespread weaknesses"
    NOT_YET_INSPECTED = "Not yet inspected"
    NOT_JUDGED = "Not judged"
    NOT_KNOWN = "Not known"


FOUR_GRADES = frozenset({Judgement.OUTSTANDING, Judgement.GOOD, Judgement.REQUIRES_IMPROVEMENT, Judgement.INADEQUATE})
THREE_OUTCOMES = frozenset({Judgement.STRONG, Judgement.INCONSISTENT, Judgement.WEAK})


def scale_of(kind: HomeKind) -> frozenset[Judgement]:
    """The scale on which Ofsted judges homes of this kind: three outcomes for supported accommodation, else grades."""
    return THREE_OUTCOMES if kind in SUPPORTED_KINDS else FOUR_GRADES


class Adaptation(Code):
    """Physical features a child may need in the building."""

    STEP_FREE = "step_free_access"
    GROUND_FLOOR_BEDROOM = "ground_floor_bedroom"
    WHEELCHAIR = "wheelchair_throughout"
    ADAPTED_BATHROOM = "adapted_bathroom"
    HOIST = "hoist"
    SENSORY_SPACE = "sensory_space"
    VISUAL_ALARM = "visual_alarm"
    SECURE_GARDEN = "secure_garden"


class Disability(Code):
    """Children in Need census disability codes (`NONE` is an empty set here)."""

    MOBILITY = "MOB"
    HAND = "HAND"
    PERSONAL_CARE = "PC"
    INCONTINENCE = "INC"
    COMMUNICATION = "COMM"
    LEARNING = "LD"
    HEARING = "HEAR"
    VISION = "VIS"
    BEHAVIOUR = "BEH"
    CONSCIOUSNESS = "CON"
    AUTISM = "AUT"
    OTHER = "DDA"


class SenType(Code):
    """Special educational need types (reference 3.9)."""

    SPLD = "SPLD"
    MLD = "MLD"
    SLD = "SLD"
    PMLD = "PMLD"
    SEMH = "SEMH"
    SLCN = "SLCN"
    HI = "HI"
    VI = "VI"
    MSI = "MSI"
    PD = "PD"
    ASD = "ASD"
    OTH = "OTH"


class LegalStatus(Code):
    """SSDA903 LS codes."""

    C1 = "C1"
    C2 = "C2"
    D1 = "D1"
    E1 = "E1"
    V2 = "V2"
    V3 = "V3"
    V4 = "V4"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    J1 = "J1"
    J2 = "J2"
    J3 = "J3"
    NOT_KNOWN = "Not known"


class Remand(Code):
    """Remand under the Legal Aid, Sentencing and Punishment of Offenders Act 2012, ss91-92."""

    NONE = "None"
    LOCAL_AUTHORITY = "Local authority accommodation"
    YOUTH_DETENTION = "Youth detention accommodation"
    NOT_KNOWN = "Not known"


class Religion(Code):
    """Religion as the census asks it."""

    NONE = "No religion"
    CHRISTIAN = "Christian"
    BUDDHIST = "Buddhist"
    HINDU = "Hindu"
    JEWISH = "Jewish"
    MUSLIM = "Muslim"
    SIKH = "Sikh"
    OTHER = "Other"
    NOT_KNOWN = "Not known"


class Ethnicity(Code):
    """SSDA903 ETHNIC. Kept for equality monitoring only: no rule and no criterion reads it."""

    WBRI = "WBRI"
    WIRI = "WIRI"
    WOTH = "WOTH"
    WIRT = "WIRT"
    WROM = "WROM"
    MWBC = "MWBC"
    MWBA = "MWBA"
    MWAS = "MWAS"
    MOTH = "MOTH"
    AIND = "AIND"
    APKN = "APKN"
    ABAN = "ABAN"
    AOTH = "AOTH"
    CHNE = "CHNE"
    BCRB = "BCRB"
    BAFR = "BAFR"
    BOTH = "BOTH"
    OOTH = "OOTH"
    REFU = "REFU"
    NOBT = "NOBT"


class VisitFrequency(Code):
    """How often the child sees somebody (Placements Data Standard, older specification)."""

    DAILY = "daily"
    FEW_TIMES_A_WEEK = "few times a week"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    OTHER = "other"


class Wish(Code):
    """Wishes and feelings (Children Act 1989 s22(4)-(5)) in a form that can be compared with a home."""

    LIVE_WITH_A_FAMILY = "live_with_a_family"
    LIVE_IN_A_CHILDRENS_HOME = "live_in_a_childrens_home"
    MORE_INDEPENDENCE = "more_independence"
    STAY_AT_MY_SCHOOL = "stay_at_my_school"
    STAY_IN_MY_AREA = "stay_in_my_area"
    BE_WITH_OTHER_CHILDREN = "be_with_other_children"
    BE_THE_ONLY_CHILD = "be_the_only_child"
    LIVE_WITH_PETS = "live_with_pets"
    LIVE_WITHOUT_PETS = "live_without_pets"


class Support(Code):
    """Placements Data Standard v2, additionalSupport, plus what closes a named gap."""

    SUPERVISION = "additional supervision"
    THERAPEUTIC = "therapeutic support"
    RESPITE = "a worker for respite"
    TAXIS = "taxis to school"
    INTERPRETER = "interpreter"
    HEALTH_TRAINING = "health training for carers"
    EDUCATION = "education support"
    IDENTITY = "identity and culture support"
    SELF_CARE = "personal care support"
