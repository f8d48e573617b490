"""What a shortlist says: homes with reasons, homes that are nearly open, what keeps the others out, ways to part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.matching.approval import ApprovalNeeded
from app.matching.considerations import Consideration, Met
from app.matching.explain import PairExplanation, RuleFinding
from app.matching.gaps import Gap
from app.matching.party_fees import Fee
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.matching.splits import Split
from app.matching.where import Where


@dataclass(frozen=True, slots=True)
class Option:
    """A home that may take the whole party. Homes with equal points share a rank."""

    rank: int
    explanation: PairExplanation
    considerations: Mapping[Consideration, Met]
    where: Where
    approval: ApprovalNeeded
    fees: tuple[Fee, ...]
    gaps: tuple[Gap, ...]

    @property
    def weekly_fee_pence(self) -> int | None:
        """The party's fee; None where one child's is not known."""
        known = [fee.weekly_fee_pence for fee in self.fees if fee.weekly_fee_pence is not None]
        return sum(known) if len(known) == len(self.fees) else None


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A home that is out by few rules and lacks few places, and what it would be worth if they were met."""

    home: HomeRef
    findings: tuple[RuleFinding, ...]
    overridable: bool
    points_if_met: int
    rank_if_met: int


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A single rule that alone keeps so many homes out. `best_homes`: those with the most points, best first.

    Homes registered for fewer children than there are do not count among those that free places alone keep out.
    """

    rule: str
    statutory: bool
    homes: int
    best_homes: tuple[HomeRef, ...]

    @property
    def best_home(self) -> HomeRef:
        """The one with the most points."""
        return self.best_homes[0]


@dataclass(frozen=True, slots=True)
class Parted:
    """A list for some of the children of a referral. `open_to_all`: how many homes could take all of them together.

    `others_at`: the home where all the others live: in that one nobody is parted.
    """

    open_to_all: int
    others_at: HomeRef | None = None

    @property
    def ranks_behind(self) -> int:
        """How far behind the first a choice from this list begins: never first, so that parting takes a reason."""
        return self.open_to_all + 1


def ranks_behind(parted: Parted | None) -> int:
    """How far behind the first the first of a list stands: not at all, where it is for all of the children."""
    return 0 if parted is None else parted.ranks_behind


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The answer for one referral. Every home of the pool is either allowed or counted as left out.

    `most_points`: the most that any home could have for these children, by the criteria that apply to them.
    `out_by_rule` counts homes by each rule that failed, `not_known_by_rule` by each that is not known and
    blocks; a home out by two rules counts under both. `ties_not_shown`: homes with the same points as the
    last one shown. `splits`: for sibling groups that need not or cannot stay together. `splits_if_parted`:
    where they must stay together and no home takes them all, the best there would be if a person decided,
    with a reason, that they may be parted. `parted`: of a list for some of the children alone.
    """

    referral: ReferralRef
    children: tuple[ChildRef, ...]
    as_of: date
    moves_in: date
    policy_version: str
    policy_sha256: str
    most_points: int
    homes: int
    allowed: int
    options: tuple[Option, ...]
    ties_not_shown: int
    out_by_rule: Mapping[str, int]
    not_known_by_rule: Mapping[str, int]
    near_misses: tuple[NearMiss, ...]
    relaxations: tuple[Relaxation, ...]
    splits: tuple[Split, ...]
    splits_if_parted: tuple[Split, ...]
    parted: Parted | None = None
