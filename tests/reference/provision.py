"""The criteria about the home alone: what kind of living it is, how it is judged, bought and paid, how it lasts."""

from __future__ import annotations

from typing import Any

from app.matching.codes import HomeKind, Judgement, Package, PlaceCode, Route, Suitability
from app.matching.home import Home
from app.matching.referral import Child
from tests.reference.basics import Pair, falling
from tests.reference.ranges import OPEN, Answered, Range, exactly

RELATIVES = {PlaceCode.U1, PlaceCode.U2, PlaceCode.U3}
OTHER_CARERS = {PlaceCode.U4, PlaceCode.U5, PlaceCode.U6}


def quality(pair: Pair, params: Any) -> Answered:
    """Ofsted's judgement on its own scale; not judged and not known are not known."""
    values = {
        Judgement.OUTSTANDING: params.outstanding,
        Judgement.GOOD: params.good,
        Judgement.REQUIRES_IMPROVEMENT: params.requires_improvement,
        Judgement.INADEQUATE: params.inadequate,
        Judgement.STRONG: params.strong,
        Judgement.INCONSISTENT: params.inconsistent,
        Judgement.WEAK: params.weak,
        Judgement.NOT_YET_INSPECTED: params.not_yet_inspected,
    }
    judgement = pair.home.judgement
    return exactly(values[judgement]) if judgement in values else OPEN


def package_of(child: Child) -> Package | None:
    """The package asked for, else what the highest need calls for."""
    if child.package is not None:
        return child.package
    if not child.needs:
        return None
    return (Package.CORE, Package.CORE, Package.ENHANCED, Package.COMPLEX)[max(child.needs.values())]


def weekly_fee(home: Home, package: Package) -> int | None:
    """Pence a week for a package, or for the next dearer one that is priced; a void costs what it adds."""
    if home.route is Route.BLOCK and home.void_fee_pence is not None:
        return home.void_fee_pence
    order = list(Package)
    for offer in order[order.index(package) :]:
        if offer in home.weekly_fee_pence:
            return home.weekly_fee_pence[offer]
    return None


def fee(pair: Pair, params: Any) -> Answered:
    """The fee as a share of the usual one; over all packages where the child's is not known."""
    package = package_of(pair.child)
    found = [_fee_value(pair.home, each, params) for each in ([package] if package else Package)]
    return min(low for low, _ in found), max(high for _, high in found)


def _fee_value(home: Home, package: Package, params: Any) -> Range:
    pence = weekly_fee(home, package)
    if pence is None:
        return OPEN
    usual = params.reference_pence[home.kind][package]
    return exactly(falling(100 * pence, params.full_at_percent * usual, params.none_at_percent * usual))


def sourcing(pair: Pair, params: Any) -> Answered:
    """By route; on the framework by tier, any tier where it is not known."""
    home, tiers = pair.home, params.framework_tiers
    if home.route is not Route.FRAMEWORK:
        values = {Route.IN_HOUSE: params.in_house, Route.BLOCK: params.block, Route.SPOT: params.spot}
        return exactly(values[home.route])
    if home.tier is None:
        return tiers[-1], tiers[0]
    return exactly(tiers[min(home.tier, len(tiers)) - 1])


def stability(pair: Pair, params: Any) -> Answered:
    """The share of placements that ended unplanned, drawn towards the usual; sooner nothing after many moves."""
    ended, unplanned = pair.home.ended_placements, pair.home.unplanned_endings
    if ended is None or unplanned is None or ended < params.min_cases:
        return OPEN
    moved = pair.child.moves_last_year >= params.moved_from
    none_at = params.moved_none_at_percent if moved else params.none_at_percent
    part, whole = unplanned + params.prior_unplanned, ended + params.prior_ended
    return exactly(falling(100 * part, params.full_at_percent * whole, none_at * whole))


def step_down(pair: Pair, params: Any) -> Answered:
    """How far the home is a step to a family, for a child whose plan looks to one."""
    if not _looks_to_a_family(pair):
        return None
    return exactly(_step(pair.home, params))


def _looks_to_a_family(pair: Pair) -> bool:
    """The plan prefers fostering; or the child leaves residential care, and the plan does not hold it there."""
    child = pair.child
    if child.foster_suitability is Suitability.PREFERRED:
        return True
    if child.foster_suitability is Suitability.UNSUITABLE:
        return False
    return child.residential_suitability is not Suitability.PREFERRED and _leaves_residential_care(pair)


def _leaves_residential_care(pair: Pair) -> bool:
    homes, child = pair.inventory.homes, pair.child
    if child.current_home in homes:
        return _is_residential(homes[child.current_home])
    listed = sorted(pair.inventory.living_at.get(child.ref, ()))
    return bool(listed) and _is_residential(homes[listed[0]])


def _is_residential(home: Home) -> bool:
    return home.place_code in (
        PlaceCode.K1,
        PlaceCode.K2,
        PlaceCode.R1,
        PlaceCode.R2,
        PlaceCode.R3,
        PlaceCode.R5,
        PlaceCode.S1,
    )


def _step(home: Home, params: Any) -> int:
    if home.place_code in RELATIVES:
        return int(params.connected_person)
    if home.place_code in OTHER_CARERS:
        return int(params.foster)
    if home.kind is HomeKind.SUPPORTED_LODGINGS:
        return int(params.supported_lodgings)
    if home.kind is HomeKind.SUPPORTED_ACCOMMODATION:
        return int(params.supported_accommodation)
    return int(params.residential)
