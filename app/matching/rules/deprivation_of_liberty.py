"""A child under a deprivation of liberty order does not live in a secure home or supported accommodation."""

from __future__ import annotations

import numpy as np

from app.matching.codes import SUPPORTED_KINDS, Answer, HomeKind, PlaceCode
from app.matching.finding import Facts, Finding, code
from app.matching.pairs import ChildPairs
from app.matching.rules.masks import flagged, is_kind, known, overlap
from app.matching.unit import Level, NoParams, Rule

EXCLUDED_KINDS = SUPPORTED_KINDS | {HomeKind.SECURE_HOME}
EXCLUDED_CODES = frozenset({PlaceCode.K1, PlaceCode.K3, PlaceCode.R5})


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """By kind and by placement code; the fourth excluded code, P1 (with parents), is never a vacancy."""
    child, home = pairs.child, pairs.home
    order = child.deprivation_of_liberty
    under_order = flagged(order == Answer.YES.position, order == Answer.NOT_KNOWN.position, bit=1)
    excluded = is_kind(home.kind, EXCLUDED_KINDS) | is_kind(home.place_code, EXCLUDED_CODES)
    fails, not_known = overlap(under_order, known(excluded.astype(np.uint8)))

    def facts() -> Facts:
        return {
            "order": code(order, Answer),
            "kind": code(home.kind, HomeKind),
            "place_code": code(home.place_code, PlaceCode),
        }

    return Finding(fails, not_known, facts)


DEPRIVATION_OF_LIBERTY = Rule(
    code="deprivation_of_liberty",
    says="Under a deprivation of liberty order neither a secure home nor supported accommodation",
    because="Deprivation of liberty order: {order:answer}; it rules out this kind of home: {kind} ({place_code})",
    statutory=True,
    source="SSDA903 return, validation rule 710 (deprivation of liberty orders and placement codes); "
    "Children Act 1989 s25; Supported Accommodation (England) Regulations 2023",
    level=Level.CHILD,
    judge=judge,
)
