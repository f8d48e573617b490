"""Every published figure with the way it is measured, and how far off it may be."""

from __future__ import annotations

from dataclasses import dataclass

from app.demo import figures as f
from app.demo.counting import (
    Count,
    apart,
    fee,
    foster_places,
    homes,
    mean_places,
    mean_pounds,
    number,
    older,
    older_males,
    one,
    placed,
    places,
    searches,
    spend,
    waiting,
    waiting_older,
)
from app.demo.figures import Published
from app.demo.who import (
    anybody,
    block_home,
    both,
    bought_home,
    concern,
    everyone,
    external,
    fostered,
    free_places,
    in_boundary,
    in_childrens_home,
    in_city,
    is_home,
    near_city,
    near_home,
    not_with_parent,
    own_home,
    own_supported,
    short_breaks,
    supported,
    with_score,
)
from app.matching.codes import Answer, Ethnicity, HomeKind, Judgement, Remand, Route, Sector, Sex

GOOD = frozenset({Judgement.OUTSTANDING, Judgement.GOOD})
VERY_HIGH_PENCE = 10_000 * 100


@dataclass(frozen=True, slots=True)
class Measure:
    """A published figure, how it is measured, and how far off it may be in a large authority."""

    published: Published
    of: Count
    within: int


COUNTS_ARE_EXACT = 0
SHARES = 20
"""Per mille that a share may be off in a large authority."""

FEW = 45
"""The same where few are counted, or where one figure follows from others."""

MEASURES: tuple[Measure, ...] = (
    Measure(f.FOSTERED, placed(anybody, fostered), SHARES),
    Measure(f.FOSTERED_EXTERNAL, placed(fostered, external), SHARES),
    Measure(f.RESIDENTIAL_SHARE, placed(anybody, in_childrens_home), SHARES),
    Measure(f.SUPPORTED_SHARE, placed(anybody, supported), SHARES),
    Measure(f.RESIDENTIAL_EXTERNAL, placed(in_childrens_home, external), SHARES),
    Measure(f.SUPPORTED_EXTERNAL, placed(supported, external), SHARES),
    Measure(f.LOCAL_TO_HOME, placed(lambda row: row.family_home is not None, near_home), SHARES),
    Measure(f.IN_BOUNDARY, placed(anybody, in_boundary), SHARES),
    Measure(
        f.IN_HOUSE_FOSTER_IN_BOUNDARY,
        placed(lambda row: fostered(row) and not external(row), in_boundary),
        FEW,
    ),
    Measure(
        f.IN_HOUSE_HOMES_IN_BOUNDARY,
        homes(lambda home: own_home(home) or own_supported(home), in_city),
        COUNTS_ARE_EXACT,
    ),
    Measure(f.FOSTER_EXTERNAL_IN_BOUNDARY, placed(both(fostered, external), in_boundary), FEW),
    Measure(f.FOSTER_EXTERNAL_LOCAL, placed(both(fostered, external), near_city), FEW),
    Measure(f.RESIDENTIAL_EXTERNAL_LOCAL, placed(both(in_childrens_home, external), near_city), FEW),
    Measure(f.SUPPORTED_EXTERNAL_IN_BOUNDARY, placed(both(supported, external), in_boundary), FEW),
    Measure(f.SUPPORTED_EXTERNAL_LOCAL, placed(both(supported, external), near_city), FEW),
    Measure(f.AGED_11_OR_MORE, older, SHARES),
    Measure(f.MALE_AND_11_OR_MORE, older_males, SHARES),
    Measure(f.MALE, placed(anybody, lambda row: row.sex is Sex.MALE), SHARES),
    Measure(f.SEPARATED, apart(range(1, 9)), FEW),
    Measure(f.SEPARATED_OF_TWO, apart(range(1, 2)), FEW),
    Measure(f.SEPARATED_OF_THREE, apart(range(2, 3)), FEW),
    Measure(f.SEPARATED_OF_FOUR, apart(range(3, 4)), FEW),
    Measure(f.SPEND, spend, 5),
    Measure(f.FEE_FOSTER_EXTERNAL, fee(both(fostered, external, not_with_parent), mean_pounds), 40),
    Measure(f.FEE_RESIDENTIAL, fee(both(in_childrens_home, external), mean_pounds), 300),
    Measure(f.FEE_SUPPORTED, fee(both(supported, external), mean_pounds), 60),
    Measure(f.FEE_SUPPORTED_LOWEST, fee(supported, lambda fees: min(fees) // 100), 60),
    Measure(f.FEE_SUPPORTED_HIGHEST, fee(supported, lambda fees: max(fees) // 100), 1_200),
    Measure(f.VERY_HIGH_COST, placed(anybody, lambda row: row.weekly_fee_pence >= VERY_HIGH_PENCE), 8),
    Measure(f.PLACES_A_HOUSEHOLD, mean_places(lambda home: home.kind is HomeKind.FOSTER), 1),
    Measure(f.FOSTER_VACANT, foster_places(free_places), SHARES),
    Measure(f.FOSTER_FILLED, foster_places(lambda home: len(home.residents)), 140),
    Measure(f.PLACES_A_HOME, mean_places(bought_home), 2),
    Measure(f.PRIVATE_HOMES, homes(bought_home, lambda home: home.sector is Sector.PRIVATE), FEW),
    Measure(f.OFF_FRAMEWORK, homes(bought_home, lambda home: home.route is Route.SPOT), FEW),
    Measure(
        f.GOOD_IN_CITY, homes(lambda home: is_home(home) and in_city(home), lambda home: home.judgement in GOOD), FEW
    ),
    Measure(
        f.GOOD_NATIONALLY,
        homes(lambda home: is_home(home) and not in_city(home), lambda home: home.judgement in GOOD),
        FEW,
    ),
    Measure(f.WAITING_11_OR_MORE, waiting_older, FEW),
    Measure(f.WHITE_BRITISH, waiting(everyone, lambda child: child.ethnicity is Ethnicity.WBRI), FEW),
    Measure(f.SDQ_CONCERN, waiting(with_score, concern), FEW),
    Measure(f.EHCP, waiting(everyone, lambda child: child.ehcp is Answer.YES), FEW),
    Measure(f.SEN_SUPPORT, waiting(everyone, lambda child: bool(child.sen) and child.ehcp is not Answer.YES), FEW),
    Measure(f.DISABLED, waiting(everyone, lambda child: bool(child.disabilities)), FEW),
    Measure(f.THREE_PLACEMENTS, waiting(everyone, lambda child: child.moves_last_year >= 2), FEW),
    Measure(f.MOVES, searches(lambda child: child.current_home is not None), FEW),
    Measure(f.UASC, waiting(everyone, lambda child: child.uasc is Answer.YES), 12),
    Measure(f.REMAND, searches(lambda child: child.remand not in {Remand.NONE, Remand.NOT_KNOWN}), 12),
)

EXACT: tuple[Measure, ...] = (
    Measure(f.IN_HOUSE_HOMES, number(own_home, one), COUNTS_ARE_EXACT),
    Measure(f.IN_HOUSE_PLACES, number(own_home, places), COUNTS_ARE_EXACT),
    Measure(f.SHORT_BREAK_PLACES, number(short_breaks, places), COUNTS_ARE_EXACT),
    Measure(f.IN_HOUSE_SUPPORTED_HOMES, number(own_supported, one), COUNTS_ARE_EXACT),
    Measure(f.IN_HOUSE_SUPPORTED_PLACES, number(own_supported, places), COUNTS_ARE_EXACT),
    Measure(f.BLOCK_HOMES, number(block_home, one), COUNTS_ARE_EXACT),
    Measure(f.BLOCK_BEDS, number(block_home, places), COUNTS_ARE_EXACT),
)
"""Counts that hold in the default authority alone."""
