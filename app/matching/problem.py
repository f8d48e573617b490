"""The optimiser's input: who could live where, what each choice is worth, and what must hold; arrays alone.

Nothing in here is human: no names, no dates, no rules. Whoever builds a `Problem` has already turned every rule
into "allowed or not" for one party and one home, and every criterion into integer points. What remains is what
concerns several parties at once: places, arrivals, conflicts, the budget and the local target.

**What is chosen**: a set of pairs (party, home), such that

1. no child is in two chosen parties, and no home receives two parties of one referral;
2. the newcomers of home h are at most `places[h]` children, and where they are of more than one party, at most
   `shared_places[h]` (the usual fostering limit less the residents; one sibling group alone may exceed it);
3. a home receives at most `arrivals[h]` parties;
4. no two parties in one home are in conflict;
5. every pinned pair is chosen, no excluded pair is;
6. the weekly fees of the chosen pairs add up to at most `weekly_budget_pence`, if there is one;
7. a hard local target is met, or, where no choice meets it, as nearly as any choice does.

**What it is worth**, in integer points, is the sum over chosen (p, h), p of k children and of referral r with n, of

    sum of placing_points of its children + pair points - k * home_price[h]
    + unchanged_points if h == unchanged_home[p]
    - separated_pair[r] / 2 * k * (n - k)

less the price of the local target (see `LocalTarget`). The last line is the exact form of "separated_pair for each
pair of siblings placed apart": each placed child bears half of it for each sibling who is not in the same home. Two
siblings in two homes cost it in full, one placed and one still waiting half of it, two waiting nothing. It makes
the cost of a split a property of its parts, so that a split is bought exactly as dear as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from app.matching.problem_checks import (
    KINDS,
    MAX_POINTS,
    check_homes,
    check_pairs,
    check_parties,
    check_shapes,
    check_target,
    freeze,
)

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Int16s = npt.NDArray[np.int16]
UInt64s = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

NO_HOME = -1
"""In `unchanged_home`: this party was not proposed last night. In `conflict_home`: in whichever home."""

WHOLE = 10_000
"""Shares are counted in ten-thousandths: 8_000 is 80 %."""


class TargetMode(StrEnum):
    """How the local target binds."""

    ELASTIC = "elastic"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class LocalTarget:
    """How many of the children should live locally, and what may be given up for it.

    With T children placed (those chosen and `existing_total`) of whom L locally (and `existing_local`), the floor is
    F = ceil(floor * T) and the ambition A = ceil(ambition * T) children. The choice pays `floor_price` for each local
    child missing to F, and `ambition_price` for each one missing between max(L, F) and A: so a further local child is
    never worth more than `floor_price` points, nor more than `ambition_price` once the floor is reached.

    HARD makes L >= F a constraint; missing children between floor and ambition are priced as before. Where no choice
    meets it, the constraint becomes L * WHOLE - floor * T >= the most that any choice reaches, and nothing is paid.

    `existing_*` are the children already placed (the caseload); both 0 counts the batch alone.
    """

    mode: TargetMode
    floor_per_10000: int
    ambition_per_10000: int
    floor_price: int
    ambition_price: int
    existing_local: int = 0
    existing_total: int = 0

    def __post_init__(self) -> None:
        """Refuse targets that contradict themselves."""
        if not 0 <= self.floor_per_10000 <= self.ambition_per_10000 <= WHOLE:
            raise ValueError("Local target: shares must satisfy 0 <= floor <= ambition <= 10000.")
        if not 0 <= self.ambition_price <= self.floor_price <= MAX_POINTS:
            raise ValueError("Local target: prices must satisfy 0 <= ambition_price <= floor_price.")
        if not 0 <= self.existing_local <= self.existing_total:
            raise ValueError("Local target: existing_local must lie between 0 and existing_total.")


@dataclass(frozen=True, slots=True)
class AllowedPairs:
    """Every allowed (party, home) pair, row by row (CSR): party p owns the pairs start[p] .. start[p + 1] - 1.

    About 13 bytes a pair, so that 30 million pairs take 390 MB. Within a row homes ascend and occur once.

    start: int64 (parties + 1). home: int32 (pairs), home index. points: int32 (pairs), the criteria's points of all
    the party's children together. local_children: uint8 (pairs), how many of the party's children would count as
    local there. weekly_fee_pence: int32 (pairs), for the whole party.
    """

    start: Int64s
    home: Int32s
    points: Int32s
    local_children: npt.NDArray[np.uint8]
    weekly_fee_pence: Int32s

    def __post_init__(self) -> None:
        """Check shapes and types and make every array read-only."""
        kinds = {"start": np.int64, "local_children": np.uint8}
        for item in fields(self):
            freeze(item.name, getattr(self, item.name), kinds.get(item.name, np.int32))
        count = int(self.start[-1]) if self.start.size else -1
        if count < 0 or self.start[0] != 0 or (np.diff(self.start) < 0).any():
            raise ValueError("Allowed pairs: start must begin with 0 and never fall.")
        for name in ("home", "points", "local_children", "weekly_fee_pence"):
            if getattr(self, name).shape != (count,):
                raise ValueError(f"Allowed pairs: {name} must hold start[-1] = {count} entries.")

    def __len__(self) -> int:
        """Number of pairs."""
        return int(self.home.size)


@dataclass(frozen=True, slots=True)
class Problem:
    """One night's whole choice. C children, R referrals, P parties, H homes, N allowed pairs.

    Keys are keyed hashes of stable ids. They alone decide between equals, so neither the order of the arrays nor an
    id itself ever favours a child or a home; they must differ within their kind.

    child_key: uint64 (C). child_referral: int32 (C), referral of each child.
    placing_points: int64 (C), worth of placing this child tonight at all (urgency and days waiting).
    separated_pair: int64 (R), even; points for two siblings apart; 0 unless siblings are `preferred` together.
    party_key: uint64 (P). party_start: int64 (P + 1) and party_child: int32: children of party p, all of one
        referral; two parties never have the same children.
    poses, harmed_by: uint64 (P), bit sets of risks; parties p and q conflict in every home if one poses what the
        other is harmed by. conflict_parties: int32 (m, 2) and conflict_home: int32 (m): further conflicts, in that
        home or, with NO_HOME, in any.
    home_key: uint64 (H). places, shared_places, arrivals: int32 (H), see rules 2 and 3 above.
    home_price: int64 (H), reserve price in points for each child placed there.
    unchanged_home: int32 (P), home proposed for this party last night, or NO_HOME; unchanged_points: its worth.
    pinned, excluded: int64, indices of pairs.
    """

    child_key: UInt64s
    child_referral: Int32s
    placing_points: Int64s
    separated_pair: Int64s
    party_key: UInt64s
    party_start: Int64s
    party_child: Int32s
    home_key: UInt64s
    places: Int32s
    shared_places: Int32s
    arrivals: Int32s
    home_price: Int64s
    pairs: AllowedPairs
    poses: UInt64s
    harmed_by: UInt64s
    conflict_parties: Int32s
    conflict_home: Int32s
    unchanged_home: Int32s
    unchanged_points: int
    pinned: Int64s
    excluded: Int64s
    weekly_budget_pence: int | None = None
    local: LocalTarget | None = None

    def __post_init__(self) -> None:
        """Freeze the arrays and refuse whatever could not be solved rightly, naming the field."""
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                freeze(item.name, value, KINDS[item.name])
        check_shapes(self)
        check_parties(self)
        check_homes(self)
        check_target(self)
        check_pairs(self)

    @property
    def children(self) -> int:
        """Number of children, C."""
        return int(self.child_key.size)

    @property
    def referrals(self) -> int:
        """Number of referrals, R."""
        return int(self.separated_pair.size)

    @property
    def parties(self) -> int:
        """Number of parties, P."""
        return int(self.party_key.size)

    @property
    def homes(self) -> int:
        """Number of homes, H."""
        return int(self.home_key.size)


class Status(StrEnum):
    """What a run found out."""

    OPTIMAL = "optimal"
    """Nothing better exists: the certificate equals the objective."""
    FEASIBLE = "feasible"
    """A valid choice, at most `gap` points below the best."""
    INFEASIBLE = "infeasible"
    """The pinned pairs contradict each other, a limit or the budget: no choice exists."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What is scarce, and how much, in 1/PRICE_SCALE points.

    charge: int64 (H, largest party), what home h takes from a party of k children in column k - 1; column 0 is what
    one place is worth at the margin. local, placed: of one more child counted as local, and (with either sign) of
    one more child counted at all. budget: of one penny a week, in 1 / (PRICE_SCALE * BUDGET_SCALE) points.
    rival_start, rival_pair, rival_weight, rival_limit, rival_price: int64; sets of pairs in one home (CSR) of which
    only so much may be chosen, and what each set charges for each unit of weight. A pair that is listed twice counts
    twice. Where no two of a set go together, each weighs 1 and the limit is 1.
    """

    charge: Int64s
    local: int
    placed: int
    budget: int
    rival_start: Int64s
    rival_pair: Int64s
    rival_weight: Int64s
    rival_limit: Int64s
    rival_price: Int64s


PRICE_SCALE = 4096
BUDGET_SCALE = 1 << 20


@dataclass(frozen=True, slots=True)
class Solution:
    """A choice, its worth, and a proof of how much better any other could be.

    chosen: int64, indices of the chosen pairs, ascending. bound: no choice is worth more. gap = bound - objective.
    most_local_balance: None, or for a hard target that no choice meets, the largest L * WHOLE - floor * T reached.
    seconds: how long each step took; not part of the result and never compared.
    """

    status: Status
    chosen: Int64s
    objective: int
    bound: int
    prices: Prices
    most_local_balance: int | None = None
    seconds: dict[str, float] = field(default_factory=dict, compare=False, repr=False)

    @property
    def gap(self) -> int:
        """Points that a better choice could gain at the very most."""
        return self.bound - self.objective

    def as_bytes(self) -> bytes:
        """The result without its timings; equal problems give equal bytes."""
        head = [self.objective, self.bound, self.prices.local, self.prices.placed, self.prices.budget]
        most = "" if self.most_local_balance is None else str(self.most_local_balance)
        text = "|".join([self.status.value, *map(str, head), most]).encode()
        prices = self.prices
        sets = (prices.rival_start, prices.rival_pair, prices.rival_weight)
        arrays = (self.chosen, prices.charge, *sets, prices.rival_limit, prices.rival_price)
        return b"\n".join([text, *(array.astype("<i8").tobytes() for array in arrays)])
