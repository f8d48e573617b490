"""Which of a child's needs a home does not reach, and what support would close the gap (NMS 15)."""

from __future__ import annotations

from dataclasses import dataclass

from app.matching.codes import NeedDomain, Support
from app.matching.home import Home
from app.matching.referral import Child, ChildRef

SUPPORT_FOR: dict[NeedDomain, Support] = {
    NeedDomain.EMOTIONAL_WELLBEING: Support.THERAPEUTIC,
    NeedDomain.MENTAL_HEALTH: Support.THERAPEUTIC,
    NeedDomain.BEHAVIOUR: Support.SUPERVISION,
    NeedDomain.SUPERVISION: Support.SUPERVISION,
    NeedDomain.PHYSICAL_HEALTH: Support.HEALTH_TRAINING,
    NeedDomain.COMMUNICATION: Support.INTERPRETER,
    NeedDomain.EDUCATION: Support.EDUCATION,
    NeedDomain.SELF_CARE: Support.SELF_CARE,
    NeedDomain.IDENTITY: Support.IDENTITY,
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A domain where need exceeds capability. `capability` None: not known. `offered`: the home offers it."""

    child: ChildRef
    domain: NeedDomain
    need: int
    capability: int | None
    support: Support
    offered: bool


def gaps(children: tuple[Child, ...], home: Home) -> tuple[Gap, ...]:
    """Every gap between these children and this home, in the order of children and domains."""
    return tuple(
        Gap(child.ref, domain, need, have, SUPPORT_FOR[domain], SUPPORT_FOR[domain] in home.support)
        for child in children
        for domain in NeedDomain
        if (need := child.needs.get(domain, 0)) > 0 and ((have := home.capability.get(domain)) is None or have < need)
    )
