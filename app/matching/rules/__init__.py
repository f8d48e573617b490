"""The hard rules, one file each. To add one: write its file, add it to `RULES`, name it in the policies.

The order is that of the bits in a failure mask and of every explanation: law first, then the council's own.
"""

from __future__ import annotations

from app.matching.rules.age_range import AGE_RANGE
from app.matching.rules.usable_places import USABLE_PLACES
from app.matching.unit import Rule

RULES: tuple[Rule, ...] = (
    AGE_RANGE,
    USABLE_PLACES,
)
