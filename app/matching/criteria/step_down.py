"""Step down to a family, for a child whose plan looks to one or who would leave residential care."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from app.matching.codes import HomeKind, Suitability
from app.matching.columns import BoolArray, IntArray
from app.matching.criteria.checks import check_falling, check_values
from app.matching.criteria.places import FOSTER_CARE, RELATIVES, RESIDENTIAL, among_places
from app.matching.criteria.ranges import each_home
from app.matching.finding import Facts, Score, code
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion


@dataclass(frozen=True, slots=True)
class Params:
    """Values, 0 to 1000, of each kind of living. Relatives and friends come first, as s22C(7)(a) prefers."""

    connected_person: int
    foster: int
    supported_lodgings: int
    supported_accommodation: int
    residential: int

    def __post_init__(self) -> None:
        """Refuse values off the scale, and any other home before a family."""
        check_falling(self, "connected_person", "foster", "supported_lodgings")
        check_falling(self, "foster", "residential")
        check_falling(self, "foster", "supported_accommodation")
        check_values(self, "residential", "supported_accommodation")


def judge(pairs: ChildPairs, params: Params) -> Score:
    """A table look-up by what the home is. It always has an answer: a home's kind is always known."""
    value = each_home(pairs, partial(_worth, params))

    def facts() -> Facts:
        return {"kind": code(pairs.home.kind, HomeKind)}

    return Score(value, applies=_looks_to_a_family(pairs), facts=facts)


def _worth(params: Params, homes: Homes) -> IntArray:
    value = np.full(homes.kind.shape, params.residential, dtype=np.int32)
    for found, worth in (
        (homes.kind == HomeKind.SUPPORTED_ACCOMMODATION.position, params.supported_accommodation),
        (homes.kind == HomeKind.SUPPORTED_LODGINGS.position, params.supported_lodgings),
        (among_places(FOSTER_CARE)[homes.place_code], params.foster),
        (among_places(RELATIVES)[homes.place_code], params.connected_person),
    ):
        value[found] = worth
    return value


def _looks_to_a_family(pairs: ChildPairs) -> BoolArray:
    """The plan prefers fostering, or the child leaves residential care and the plan allows it.

    It allows it unless it calls fostering unsuitable or prefers residential care; silence is no objection here.
    """
    child = pairs.child
    foster, residential = child.foster_suitability, child.residential_suitability
    lives_in: IntArray = child.lives_in_place
    leaves_residential = (lives_in >= 0) & among_places(RESIDENTIAL)[np.maximum(lives_in, 0)]
    open_to_it = (foster != Suitability.UNSUITABLE.position) & (residential != Suitability.PREFERRED.position)
    looks: BoolArray = (foster == Suitability.PREFERRED.position) | (leaves_residential & open_to_it)
    return looks


STEP_DOWN = Criterion(
    code="step_down",
    says="A step down to a family",
    because="The child is to live with a family; kind of home: {kind}",
    source="Children Act 1989 s22C(5)-(7); "
    "Nottingham Placements Commissioning and Sufficiency Strategy 2023-28 (step down to fostering)",
    judge=judge,
    params=Params,
)
