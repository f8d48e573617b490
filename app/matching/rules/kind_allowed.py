"""The care plan must allow the kind of home."""

from __future__ import annotations

import numpy as np

from app.matching.codes import HomeKind, PlaceCode, Suitability
from app.matching.finding import Facts, Finding, code
from app.matching.home import Home
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.rules.masks import Bits, by_code, joined, known, look_up, overlap
from app.matching.unit import Case, Change, Level, NoParams, Rule, Subject

NOT_FOR = by_code(Suitability, {Suitability.UNSUITABLE: 1}, {Suitability.NOT_SPECIFIED: 1})
NO_PART, FOSTER, RESIDENTIAL, SUPPORTED = 0, 1, 2, 4
PART_OF_PLAN = {
    HomeKind.FOSTER: FOSTER,
    HomeKind.CONNECTED_PERSON: FOSTER,
    HomeKind.CHILDRENS_HOME: RESIDENTIAL,
    HomeKind.SECURE_HOME: NO_PART,
    HomeKind.SUPPORTED_ACCOMMODATION: SUPPORTED,
    HomeKind.SUPPORTED_LODGINGS: SUPPORTED,
    HomeKind.PARENT_AND_CHILD: RESIDENTIAL,
    HomeKind.RESIDENTIAL_SCHOOL: RESIDENTIAL,
}
"""Which part of the plan speaks of a kind. None speaks of secure homes: they have a rule of their own."""

FIELD_OF_PART = {
    FOSTER: "foster_suitability",
    RESIDENTIAL: "residential_suitability",
    SUPPORTED: "supported_suitability",
}


def judge(pairs: ChildPairs, _params: NoParams) -> Finding:
    """Unsuitable fails. Not specified is not known, whatever the plan says of other kinds.

    Were the silence of the plan taken for consent, to leave out a line would open what it had closed.
    A connected person is foster care; a parent-and-child place is foster care or a residential unit, as its
    placement code says.
    """
    child, home = pairs.child, pairs.home
    suitability = (child.foster_suitability, child.residential_suitability, child.supported_suitability)
    not_for = joined(*(_shifted(look_up(NOT_FOR, s), bit) for bit, s in enumerate(suitability)))
    part = _part(home)
    fails, not_known = overlap(not_for, known(part))

    def facts() -> Facts:
        said = np.where(part == FOSTER, suitability[0], np.where(part == RESIDENTIAL, *suitability[1:]))
        return {
            "kind": code(home.kind, HomeKind),
            "suitability": code(np.where(part == 0, -1, said.astype(np.int8)), Suitability),
        }

    return Finding(fails, not_known, facts)


def _shifted(bits: Bits, by: int) -> Bits:
    return Bits(bits.certain << by, bits.possible << by)


def _part(home: Homes) -> np.ndarray:
    in_a_unit = home.place_code == PlaceCode.R3.position
    fostered = (home.kind == HomeKind.PARENT_AND_CHILD.position) & ~in_a_unit
    part_of_kind = np.array([PART_OF_PLAN[kind] for kind in HomeKind], dtype=np.uint8)
    return np.where(fostered, np.uint8(FOSTER), part_of_kind[home.kind])


def remedies(case: Case, _params: NoParams) -> tuple[Change, ...]:
    """A care plan that allows this kind of home too."""
    field = _field(case.home)
    if field is None or getattr(case.child, field) in {Suitability.PREFERRED, Suitability.SUITABLE}:
        return ()
    return (Change(Subject.CHILD, field, Suitability.SUITABLE),)


def _field(home: Home) -> str | None:
    if home.kind is HomeKind.PARENT_AND_CHILD and home.place_code is not PlaceCode.R3:
        return "foster_suitability"
    return FIELD_OF_PART.get(PART_OF_PLAN[home.kind])


KIND_ALLOWED = Rule(
    code="kind_allowed",
    says="The care plan allows this kind of home",
    because="The care plan says of this kind of home ({kind}): {suitability}",
    statutory=False,
    source="Placements Data Standard v2, PlacementRecommendation; Children Act 1989 s22C(5)-(6)",
    level=Level.CHILD,
    judge=judge,
    remedies=remedies,
)
