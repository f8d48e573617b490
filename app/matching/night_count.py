"""What a night's proposals cost, how many are local, and what they are worth: counted once more off the records.

Written out in plain Python with nothing of what poses and solves the night: no array of the optimiser, no function
that picks a fee, measures a distance or adds up points over there. A mistake has to be made twice, differently, to go
unseen. Of the criteria alone it asks what a home is worth to a child, pair by pair, as of the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np

from app.geo.grid import Location
from app.geo.zones import Polygon, rings
from app.matching.batch import Night
from app.matching.codes import KeepTogether, Package, Route
from app.matching.finding import FULL, Score
from app.matching.home import Home
from app.matching.local import LocalMeasure
from app.matching.night_look import Guest, GuestPairs
from app.matching.pairs import ChildPairs
from app.matching.referral import Child, ChildRef, HomeRef

METRES_A_MILE = Fraction("1609.344")
PACKAGE_OF_NEED = (Package.CORE, Package.CORE, Package.ENHANCED, Package.COMPLEX)


@dataclass(frozen=True, slots=True)
class Counted:
    """One proposal. `weekly_fee_pence`: what it counts with; `fee_known`: whether that is what it costs."""

    weekly_fee_pence: int
    fee_known: bool
    local: int
    points: int


@dataclass(frozen=True, slots=True)
class Counts:
    """All of them. `worth`: of the whole choice before the local target; local, total: as the target counts them."""

    each: tuple[Counted, ...]
    worth: int
    local: int
    total: int

    @property
    def weekly_cost_pence(self) -> int:
        """Of all together."""
        return sum(one.weekly_fee_pence for one in self.each)


def weekly_fees(night: Night, guests: Sequence[Guest]) -> list[tuple[int, bool]]:
    """Pence a week of each guest, and whether every child's fee is known."""
    found = []
    dearest = dict[str, int]()
    for guest in guests:
        fees = [listed_fee(child, guest.home) for child in guest.children]
        assumed = 0
        if None in fees:
            assumed = max(guest.home.weekly_fee_pence.values(), default=-1)
        if assumed < 0:
            dearest = dearest or _dearest(night)
            assumed = dearest.get(guest.home.kind, dearest[""])
        found.append((sum(assumed if fee is None else fee for fee in fees), None not in fees))
    return found


def listed_fee(child: Child, home: Home) -> int | None:
    """What the home lists for this child: a void at its marginal fee, else the package or the next higher one."""
    if home.route is Route.BLOCK and home.void_fee_pence is not None:
        return home.void_fee_pence
    needed = child.package
    if needed is None and child.needs:
        needed = PACKAGE_OF_NEED[max(child.needs.values())]
    if needed is None:
        return None
    serving = list(Package)[list(Package).index(needed) :]
    return next((home.weekly_fee_pence[each] for each in serving if each in home.weekly_fee_pence), None)


def _dearest(night: Night) -> dict[str, int]:
    """The dearest listed price of each kind of home, and under "" of all."""
    found = {"": 0}
    for home in night.pool.records:
        for price in home.weekly_fee_pence.values():
            for name in ("", home.kind):
                found[name] = max(price, found.get(name, 0))
    return found


def is_local(night: Night, family_home: Location | None, home: Home) -> bool:
    """Whether a child of this family counts as local there, by the one of the three definitions that is in force."""
    local, place = night.policy.local, home.location
    if place is None:
        return False
    if local.measure is LocalMeasure.AREA:
        return place.authority == local.authority
    if local.measure is LocalMeasure.CENTRE and local.outline is not None:
        return _inside(local.outline, place)
    if local.measure is LocalMeasure.CENTRE:
        here = local.centre
    elif family_home is not None:
        here = family_home.easting, family_home.northing
    else:
        return False
    east, north = place.easting - here[0], place.northing - here[1]
    return east * east + north * north <= (Fraction(local.radius_miles) * METRES_A_MILE) ** 2


def _inside(area: Polygon, place: Location) -> bool:
    """In the area or on its edge: an odd number of edges lies to the east. Exact: every corner is a fraction."""
    x, y, odd = place.easting, place.northing, False
    for (ax, ay), (bx, by) in _edges(area):
        turn = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if turn == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return True
        if (ay > y) != (by > y) and (turn > 0) == (by > ay):
            odd = not odd
    return odd


Corner = tuple[Fraction, Fraction]


def _edges(area: Polygon) -> Iterator[tuple[Corner, Corner]]:
    """Every edge of every ring; holes and further parts only turn inside and outside round once more."""
    for ring in rings(area):
        yield from pairwise((Fraction(x), Fraction(y)) for x, y in ring)


def count_each(night: Night, guests: Sequence[Guest], pairs: GuestPairs | None) -> tuple[Counted, ...]:
    """The figures of each guest by itself. `pairs`: theirs; None where there is none."""
    points = [] if pairs is None else _points(night, pairs)
    local = [len(g.children) if is_local(night, g.referral.family_home, g.home) else 0 for g in guests]
    return tuple(
        Counted(fee, known, near, worth)
        for (fee, known), near, worth in zip(weekly_fees(night, guests), local, points, strict=True)
    )


def count_night(night: Night, guests: Sequence[Guest], pairs: GuestPairs | None) -> Counts:
    """The figures of all guests together. `pairs` as above."""
    each = count_each(night, guests, pairs)
    caseload = night.policy.target.counts == "caseload"
    return Counts(
        each,
        sum(one.points for one in each) + _worth_beside_points(night, guests),
        sum(one.local for one in each) + (night.local_placed if caseload else 0),
        sum(len(guest.children) for guest in guests) + (night.total_placed if caseload else 0),
    )


def _points(night: Night, pairs: GuestPairs) -> list[int]:
    """Of each guest: for each child, what every criterion gives times its weight."""
    total = [0] * len(pairs.children.rows)
    for setting in night.policy.criteria:
        if setting.enabled and setting.weight:
            given = _given(setting.criterion.judge(pairs.children, setting.params), setting.stand_in, pairs.children)
            total = [so_far + setting.weight * value for so_far, value in zip(total, given, strict=True)]
    return [sum(total[begin:end]) for begin, end in pairwise(pairs.offsets.tolist())]


def _given(score: Score, stand_in: int, pairs: ChildPairs) -> Iterator[int]:
    """The value of each pair; the stand-in, no further than known, where not known; nothing where it is no matter."""
    most = FULL if score.most is None else score.most
    not_known = False if score.not_known is None else score.not_known
    applies = True if score.applies is None else score.applies
    asked = (np.broadcast_to(column, pairs.shape).tolist() for column in (score.value, most, not_known, applies))
    for value, highest, open_, matters in zip(*asked, strict=True):
        counted = min(max(stand_in, value), highest) if open_ else value
        yield counted if matters else 0


def _worth_beside_points(night: Night, guests: Sequence[Guest]) -> int:
    """Placing, reserve prices, unchanged proposals, and brothers and sisters who are parted."""
    policy, worth = night.policy, 0
    known = (one for one in sorted(night.last, key=lambda one: one.home) if one.home in night.pool.row_of)
    before = {one.children: one.home for one in known}
    at: dict[ChildRef, HomeRef] = {}
    for guest in guests:
        names = frozenset(child.ref for child in guest.children)
        at.update(dict.fromkeys(names, guest.home.ref))
        worth += len(names) * (_placing(night, guest) - night.home_price.get(guest.home.ref, 0))
        worth += policy.changed_proposal if before.get(names) == guest.home.ref else 0
    for referral in {guest.referral.ref: guest.referral for guest in guests}.values():
        if referral.keep_together is not KeepTogether.PREFERRED:
            continue
        for one, other in combinations(referral.children, 2):
            placed = Counter(child.ref in at for child in (one, other))[True]
            if placed == 2 and at[one.ref] == at[other.ref]:
                continue
            worth -= placed * (policy.separated_pair // 2)
    return worth


def _placing(night: Night, guest: Guest) -> int:
    """For each child: the sooner a home is needed and the longer the wait, the more."""
    scale = night.policy.placing
    soon, waited = (guest.referral.needed_by - night.as_of).days, (night.as_of - guest.referral.waiting_since).days
    urgency = scale.later
    if soon < 5:
        urgency = scale.within_5_days
    if soon <= 0:
        urgency = scale.today
    return urgency + scale.per_day_waiting * min(max(waited, 0), scale.most_days_waiting)


def target_charge(night: Night, local: int, total: int) -> int:
    """Points that so many local children among so many cost the night: for each that is short of floor or ambition.

    A hard floor is no matter of price: it is kept, or nothing comes nearer to it.
    """
    target = night.policy.target
    floor, ambition = (-(-share * total // 1000) for share in (target.floor_permille, target.ambition_permille))
    below_floor = 0 if target.hard else max(0, min(floor, ambition) - local)
    below_ambition = max(0, ambition - max(local, floor))
    return below_floor * max(target.floor_price, target.ambition_price) + below_ambition * target.ambition_price


def local_balance(night: Night, local: int, total: int) -> int:
    """How far so many local children are above the floor; below 0: short of it. In ten thousandths of a child."""
    return 10_000 * local - 10 * night.policy.target.floor_permille * total
