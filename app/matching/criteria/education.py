"""Whether the child can stay at the present school: education is disturbed where it falls out of reach."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from app.geo.grid import distance_m
from app.matching.codes import Answer
from app.matching.columns import NOT_KNOWN
from app.matching.criteria.checks import check_reach, metres
from app.matching.criteria.falling import falling
from app.matching.criteria.ranges import between, where_known
from app.matching.finding import Facts, Score, code, number
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion


@dataclass(frozen=True, slots=True)
class Params:
    """Straight-line miles from the school.

    Up to `full_within_miles` the child stays at the school as before; from `none_beyond_miles` on it cannot.
    In Key Stage 4, when a change of school costs most, that comes sooner, at `ks4_none_beyond_miles`.
    """

    full_within_miles: Decimal
    none_beyond_miles: Decimal
    ks4_none_beyond_miles: Decimal

    def __post_init__(self) -> None:
        """Refuse ranges turned round, and a Key Stage 4 that weighs less."""
        check_reach(self, "full_within_miles", "none_beyond_miles")
        check_reach(self, "full_within_miles", "ks4_none_beyond_miles")
        if self.ks4_none_beyond_miles > self.none_beyond_miles:
            raise ValueError("ks4_none_beyond_miles cannot be more than none_beyond_miles")


def judge(pairs: ChildPairs, params: Params) -> Score:
    """Full within reach of the school, then falling to nothing: sooner in Key Stage 4.

    Where it is not known whether the child is in Key Stage 4 the value lies between the two. For a child
    that attends no school there is nothing to disturb.
    """
    child, home = pairs.child, pairs.home
    known = child.has_school & home.has_location
    away = distance_m(child.school_easting, child.school_northing, home.easting, home.northing)
    reach = metres(params, "full_within_miles")
    usual = falling(away, reach, metres(params, "none_beyond_miles"))
    in_stage_4 = falling(away, reach, metres(params, "ks4_none_beyond_miles"))
    stage_4 = child.key_stage_4
    least, _ = where_known(known, np.where(stage_4 == Answer.NO.position, usual, in_stage_4))
    _, most = where_known(known, np.where(stage_4 == Answer.YES.position, in_stage_4, usual))

    def facts() -> Facts:
        not_said = stage_4 == Answer.NOT_KNOWN.position
        return {
            "distance_m": number(np.where(known, away, NOT_KNOWN)),
            "key_stage_4": code(np.where(not_said, NOT_KNOWN, stage_4.astype(np.int8)), Answer),
        }

    return between(least, most, applies=child.attends_school != Answer.NO.position, facts=facts)


EDUCATION = Criterion(
    code="education",
    says="The child's education is not disturbed",
    because="{distance_m:miles} from the child's school[; in Key Stage 4: {key_stage_4:answer}]",
    source="Children Act 1989 s22C(8)(b); Care Planning, Placement and Case Review (England) Regulations 2010, reg 10",
    judge=judge,
    params=Params,
    statutory=True,
)
