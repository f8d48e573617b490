"""The home's record of placements that ended unplanned, with enough cases to mean something."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from app.matching.columns import IntArray
from app.matching.criteria.checks import check_percent
from app.matching.criteria.falling import falling_share
from app.matching.criteria.ranges import each_home
from app.matching.finding import Facts, Score, number
from app.matching.home_columns import Homes
from app.matching.pairs import ChildPairs
from app.matching.unit import Criterion


@dataclass(frozen=True, slots=True)
class Params:
    """How a record is read.

    A record of fewer than `min_cases` endings says nothing. To every other `prior_ended` endings are added,
    `prior_unplanned` of them unplanned, as homes in general have them: a short record is drawn towards the
    usual, a long one speaks for itself. The share of unplanned endings is then full value up to
    `full_at_percent` and none from `none_at_percent` on. For a child with at least `moved_from` moves in the
    last year, for whom another breakdown would weigh most, that is already at `moved_none_at_percent`.
    """

    min_cases: int
    prior_ended: int
    prior_unplanned: int
    full_at_percent: int
    none_at_percent: int
    moved_from: int
    moved_none_at_percent: int

    def __post_init__(self) -> None:
        """Refuse counts that cannot be and ranges turned round."""
        if not 1 <= self.min_cases <= 10_000:
            raise ValueError("min_cases must be from 1 to 10,000")
        if not 0 <= self.prior_unplanned <= self.prior_ended <= 10_000:
            raise ValueError("prior_unplanned must be from 0 to prior_ended, and that at most 10,000")
        if self.moved_from < 1:
            raise ValueError("moved_from must be 1 or more")
        check_percent(self, "full_at_percent", "none_at_percent")
        check_percent(self, "full_at_percent", "moved_none_at_percent")
        if self.moved_none_at_percent > self.none_at_percent:
            raise ValueError("moved_none_at_percent cannot be more than none_at_percent")


def judge(pairs: ChildPairs, params: Params) -> Score:
    """The share of unplanned endings, drawn towards the usual by the prior, on a falling line."""
    child, home = pairs.child, pairs.home
    usual, strict, known = each_home(pairs, partial(_worth, params))
    moved = child.moves_last_year >= params.moved_from

    def facts() -> Facts:
        return {
            "unplanned": number(home.unplanned),
            "ended": number(home.ended),
            "moves_last_year": number(child.moves_last_year),
        }

    return Score(np.where(moved, strict, usual), not_known=known == 0, facts=facts)


def _worth(params: Params, homes: Homes) -> IntArray:
    """Three rows: the value of each home, that for a child who has moved often, and 1 where they are known."""
    known = (homes.ended >= params.min_cases) & (homes.unplanned >= 0)
    ended = np.maximum(homes.ended, params.min_cases).astype(np.int64) + params.prior_ended
    unplanned = homes.unplanned.astype(np.int64) + params.prior_unplanned
    usual, strict = (
        falling_share(unplanned, ended, params.full_at_percent, none_at)
        for none_at in (params.none_at_percent, params.moved_none_at_percent)
    )
    return np.stack([usual * known, strict * known, known])


STABILITY = Criterion(
    code="stability",
    says="The home's record of placements that last",
    because="{unplanned} of {ended} placements there ended unplanned; "
    "the child's moves in the last year: {moves_last_year}",
    source="Nottingham Placements Commissioning and Sufficiency Strategy 2023-28 (placement stability); "
    "shrinkage of small samples as in empirical Bayes estimation",
    judge=judge,
    params=Params,
)
