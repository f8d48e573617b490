"""The soft criteria, one file each. To add one: write its file, add it to `CRITERIA`, name it in the policies."""

from __future__ import annotations

from app.matching.criteria.near_family import NEAR_FAMILY
from app.matching.criteria.quality import QUALITY
from app.matching.unit import Criterion

CRITERIA: tuple[Criterion, ...] = (
    NEAR_FAMILY,
    QUALITY,
)
