"""What a run tells people: each proposal and why, who stays without a home and why, the target, what is scarce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.matching.codes import HomeKind
from app.matching.listed import NearMiss, Relaxation
from app.matching.problem import Status
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.matching.splits import Split


class WhyHere(StrEnum):
    """Why a proposal is not the party's own first choice, the home with the most points for it.

    From PINNED_FOR_OTHERS to UNCHANGED it is a limit: by points alone the move there, and that of those who would
    have to leave for it, would pay, and without this limit it would be made.
    """

    FIRST_CHOICE = "first_choice"
    PINNED = "pinned_by_a_person"
    EXCLUDED = "first_choice_excluded_by_a_person"
    DECLINED = "first_choice_declined_before"
    PLACES = "places_go_to_others"
    ARRIVALS = "arrivals_go_to_others"
    MAY_NOT_SHARE = "may_not_share_with_others"
    SIBLINGS = "siblings_are_parted_otherwise"
    PINNED_FOR_OTHERS = "pinned_for_others_by_a_person"
    BUDGET = "weekly_budget"
    LOCAL_TARGET = "local_target"
    RESERVED = "reserve_price"
    UNCHANGED = "unchanged_since_last_night"
    TRADE_OFF = "best_for_all_together"
    """More than three others would have to leave: only a whole chain of moves could make room."""
    OPEN = "nothing_speaks_against_it"
    """The choice was not proven to be the best, and could move them there as well: somebody should look."""


class WhyNone(StrEnum):
    """Why children have no proposal. From BUDGET on: the limit that speaks against a home with room for them."""

    NO_HOME = "no_home_meets_the_rules"
    EXCLUDED = "excluded_by_a_person"
    DECLINED = "declined_before"
    PLACES = "places_go_to_others"
    ARRIVALS = "arrivals_go_to_others"
    MAY_NOT_SHARE = "may_not_share_with_others"
    SIBLINGS = "siblings_go_there_without_them"
    BUDGET = "weekly_budget"
    LOCAL_TARGET = "local_target"
    RESERVED = "reserve_price"
    TRADE_OFF = "best_for_all_together"
    OPEN = "nothing_speaks_against_it"
    """The choice was not proven to be the best, and could take them in as well: somebody should look."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """These children, to this home. Points, money and distances as in a shortlist.

    `first_home`: of the homes that the rules allow them, the one with the most points, even where a person excluded it;
    `behind_first`: so many points less than there. `because_of`: the other referrals whose proposals stand in the way
    there, and `must_leave`: so many proposals would have to leave to make room, brothers and sisters' among them (0:
    there is room, if need be along with brothers and sisters). `others_would_lose`: the least points that those who
    leave would give up together, in the best other homes with room for them tonight, the place that this party would
    leave counted as free; below zero they would gain (None: there is no room for them, or nobody need leave). Where
    `why` is a limit, it is of the exchange that the limit prevents; `besides`: further limits without which that
    exchange would not be made either. `weekly_fee_pence`: None where it is not known of every child;
    `assumed_weekly_fee_pence` is then what the night counts instead: for what is not known the dearest price that the
    home lists, or, where it lists none, its kind.
    """

    referral: ReferralRef
    children: tuple[ChildRef, ...]
    home: HomeRef
    points: int
    local: bool
    weekly_fee_pence: int | None
    assumed_weekly_fee_pence: int | None
    unchanged: bool
    first_home: HomeRef
    behind_first: int
    why: WhyHere
    because_of: tuple[ReferralRef, ...]
    others_would_lose: int | None
    must_leave: int = 0
    besides: tuple[WhyHere, ...] = ()


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Children for whom there is no proposal tonight, and why.

    `homes_allowed`: homes that the rules allow some of them and that nobody excluded; `homes_together`: those of them
    that could take all of them; `homes_excluded`: those that a person excluded; `homes_declined`: those that an
    officer or their provider declined for them, on records that have not changed since. All 0: no home meets the rules;
    `out_by_rule` and `not_known_by_rule` then count the homes by the rules that keep them out, as in a `Shortlist`,
    `near_misses` names the nearest homes and `relaxations` the rules that alone keep homes out, and `splits_if_parted`
    says where brothers and sisters who must stay together could live by the rules, if a person decided otherwise.
    `best_home`: the allowed one with the most points. `free_home`: the best with room for them tonight, where there is
    one, that of brothers and sisters included whom they could go along with; then `why` says what speaks against it,
    otherwise what keeps them out of the best home. `lost_to`: the other referrals that keep them out of the best three.
    """

    referral: ReferralRef
    children: tuple[ChildRef, ...]
    why: WhyNone
    homes_allowed: int
    homes_excluded: int
    best_home: HomeRef | None
    free_home: HomeRef | None
    lost_to: tuple[ReferralRef, ...]
    out_by_rule: Mapping[str, int]
    not_known_by_rule: Mapping[str, int]
    near_misses: tuple[NearMiss, ...]
    relaxations: tuple[Relaxation, ...]
    splits_if_parted: tuple[Split, ...] = ()
    homes_together: int = 0
    homes_declined: tuple[HomeRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Siblings:
    """Sibling groups of the night by what became of them."""

    together: int
    apart: int
    partly_placed: int
    not_placed: int


@dataclass(frozen=True, slots=True)
class LocalShare:
    """The local target before and after the night, in children. `price`: points one more local child would cost."""

    local_before: int
    total_before: int
    local_after: int
    total_after: int
    floor_permille: int
    ambition_permille: int
    short_of_floor: int
    short_of_ambition: int
    price_points: int


@dataclass(frozen=True, slots=True)
class Scarce:
    """A home that is full with tonight's proposals and wanted by others: `price_points` is the price of a place there.

    `wanted_by`: referrals without a place there who would have more points there, or who have no home at all.
    The price is what the certificate charges, and at most what the night would lose without the guest who is cheapest
    to miss. It is one of several that prove the same: it orders the homes of one night by how contested they are, and
    two nights are not compared by it. It is no forecast either: one more place may add less, as whoever would get it
    has a next best home, and may add more, as a larger group could then go there.
    """

    home: HomeRef
    kind: HomeKind
    price_points: int
    wanted_by: int


@dataclass(frozen=True, slots=True)
class ScarceKind:
    """The scarce homes of a kind: how many, and the prices of a place: the dearest, and the mean of them all.

    The mean is of one place in each scarce home, whole points, rounded down. As with `Scarce`, of one night alone.
    """

    kind: HomeKind
    homes: int
    dearest_points: int
    mean_points: int


@dataclass(frozen=True, slots=True)
class NightReport:
    """The outcome of a run. `gap`: no choice whatever is worth more than `gap` points above this one.

    weekly_cost_pence: of all proposals; so much of it is assumed as `assumed_weekly_cost_pence`, the fees of parties
    of whom not every child's is known. scarce: the most contested homes, dearest first. scarce_kinds: all contested
    homes by their kind.
    """

    status: Status
    objective: int
    bound: int
    children: int
    children_placed: int
    proposals: tuple[Proposal, ...]
    unplaced: tuple[Unplaced, ...]
    siblings: Siblings
    local: LocalShare
    weekly_cost_pence: int
    assumed_weekly_cost_pence: int
    scarce: tuple[Scarce, ...]
    scarce_kinds: tuple[ScarceKind, ...]

    @property
    def gap(self) -> int:
        """Points that a better choice could gain at the very most."""
        return self.bound - self.objective
