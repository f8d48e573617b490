"""The hard rules, one file each. To add one: write its file, add it to `RULES`, name it in the policies.

The order is that of the bits in a failure mask and of every explanation: law first, then the council's own.
"""

from __future__ import annotations

from app.matching.rules.age_range import AGE_RANGE
from app.matching.rules.approval_terms import APPROVAL_TERMS
from app.matching.rules.deprivation_of_liberty import DEPRIVATION_OF_LIBERTY
from app.matching.rules.registered import REGISTERED
from app.matching.rules.secure_home import SECURE_HOME
from app.matching.rules.sex import SEX
from app.matching.rules.supported_accommodation_age import SUPPORTED_ACCOMMODATION_AGE
from app.matching.rules.usable_places import USABLE_PLACES
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
)
