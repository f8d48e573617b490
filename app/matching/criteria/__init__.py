"""The soft criteria. To add one: write its file, add it to `CRITERIA`, name it in the policies."""

from __future__ import annotations

from app.matching.criteria.contact import CONTACT
from app.matching.criteria.disability import DISABILITY
from app.matching.criteria.education import EDUCATION
from app.matching.criteria.fee import FEE
from app.matching.criteria.identity import IDENTITY
from app.matching.criteria.in_area import IN_AREA
from app.matching.criteria.near_family import NEAR_FAMILY
from app.matching.criteria.needs_fit import NEEDS_FIT
from app.matching.criteria.quality import QUALITY
from app.matching.criteria.sourcing import SOURCING
from app.matching.criteria.stability import STABILITY
from app.matching.criteria.step_down import STEP_DOWN
from app.matching.criteria.wishes import WISHES
from app.matching.criteria.with_siblings import WITH_SIBLINGS
from app.matching.unit import Criterion

CRITERIA: tuple[Criterion, ...] = (
    NEAR_FAMILY,
    EDUCATION,
    WITH_SIBLINGS,
    DISABILITY,
    IN_AREA,
    NEEDS_FIT,
    WISHES,
    CONTACT,
    IDENTITY,
    STABILITY,
    QUALITY,
    STEP_DOWN,
    SOURCING,
    FEE,
)
