"""The hard rules, one file each. To add one: write its file, add it to `RULES`, name it in the policies.

The order is that of the bits in a failure mask and of every explanation: law first, then the council's own.
"""

from __future__ import annotations

from app.matching.rules.adaptations import ADAPTATIONS
from app.matching.rules.age_range import AGE_RANGE
from app.matching.rules.approval_terms import APPROVAL_TERMS
from app.matching.rules.available_by import AVAILABLE_BY
from app.matching.rules.deprivation_of_liberty import DEPRIVATION_OF_LIBERTY
from app.matching.rules.essential_needs import ESSENTIAL_NEEDS
from app.matching.rules.exclusion_zone import EXCLUSION_ZONE
from app.matching.rules.fostering_limit import FOSTERING_LIMIT
from app.matching.rules.kind_allowed import KIND_ALLOWED
from app.matching.rules.live_apart import LIVE_APART
from app.matching.rules.living_companions import LIVING_COMPANIONS
from app.matching.rules.new_home import NEW_HOME
from app.matching.rules.ofsted_gateway import OFSTED_GATEWAY
from app.matching.rules.parent_and_child import PARENT_AND_CHILD
from app.matching.rules.pets import PETS
from app.matching.rules.registered import REGISTERED
from app.matching.rules.safe_for_residents import SAFE_FOR_RESIDENTS
from app.matching.rules.safe_from_residents import SAFE_FROM_RESIDENTS
from app.matching.rules.secure_home import SECURE_HOME
from app.matching.rules.sex import SEX
from app.matching.rules.siblings_together import SIBLINGS_TOGETHER
from app.matching.rules.supported_accommodation_age import SUPPORTED_ACCOMMODATION_AGE
from app.matching.rules.usable_places import USABLE_PLACES
from app.matching.rules.vacancy_confirmed import VACANCY_CONFIRMED
from app.matching.unit import Rule

RULES: tuple[Rule, ...] = (
    REGISTERED,
    APPROVAL_TERMS,
    AGE_RANGE,
    SEX,
    SUPPORTED_ACCOMMODATION_AGE,
    SECURE_HOME,
    DEPRIVATION_OF_LIBERTY,
    USABLE_PLACES,
    FOSTERING_LIMIT,
    LIVE_APART,
    EXCLUSION_ZONE,
    KIND_ALLOWED,
    PARENT_AND_CHILD,
    NEW_HOME,
    SIBLINGS_TOGETHER,
    AVAILABLE_BY,
    VACANCY_CONFIRMED,
    SAFE_FOR_RESIDENTS,
    SAFE_FROM_RESIDENTS,
    LIVING_COMPANIONS,
    ADAPTATIONS,
    ESSENTIAL_NEEDS,
    OFSTED_GATEWAY,
    PETS,
)
