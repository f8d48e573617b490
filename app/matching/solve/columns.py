"""Columns: the pairs that a program may choose, and which of them exclude each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.matching.problem import Flags, Int64s
from app.matching.terms import NEVER, Terms, conflicting, pair_worth, party_of

Floats = npt.NDArray[np.float64]
EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Columns:
    """Pairs under consideration, ascending, with what each is worth and uses; all int64 (columns)."""

    pair: Int64s
    party: Int64s
    home: Int64s
    worth: Int64s
    size: Int64s
    use: Int64s
    local: Int64s
    fee: Int64s

    def take(self, chosen: Int64s | Flags) -> Columns:
        """Some of the columns."""
        return Columns(*(getattr(self, name)[chosen] for name in self.__slots__))


def columns_of(terms: Terms, pairs: Int64s) -> Columns:
    """Look up the open pairs among the given ones; shut, barred and excluded ones are left out."""
    problem = terms.problem
    pair = np.unique(pairs)
    party, home = party_of(problem, pair), problem.pairs.home[pair].astype(np.int64)
    size = terms.size[party]
    use = np.minimum(size, terms.full[home])
    barred = np.isin(pair, terms.barred)
    open_ = (terms.base[party] > NEVER) & ~terms.shut[home] & (use <= terms.capacity[home]) & ~barred
    pair, party, home, size, use = (array[open_] for array in (pair, party, home, size, use))
    return Columns(
        pair, party, home, pair_worth(terms, pair), size, use,
        problem.pairs.local_children[pair].astype(np.int64), problem.pairs.weekly_fee_pence[pair].astype(np.int64),
    )  # fmt: skip


def rival_sets(terms: Terms, columns: Columns) -> list[Int64s]:
    """Sets of pairs in one home of which no two go together, though places and arrivals would allow it.

    Every such pair of columns is in one of the sets; sets are grown greedily, best column first.
    """
    roomy = np.flatnonzero((terms.full > 1)[columns.home])
    roomy = roomy[np.lexsort((columns.pair[roomy], -columns.worth[roomy], columns.home[roomy]))]
    left, right = _pairs_within(columns.home[roomy])
    left, right = roomy[left], roomy[right]
    party, home = columns.party, columns.home
    fits = columns.use[left] + columns.use[right] <= terms.capacity[home[left]]
    clash = terms.referral[party[left]] == terms.referral[party[right]]
    clash |= conflicting(terms.problem, terms.edges, party[left], party[right], home[left])
    open_ = clash & fits
    where = np.unique(home[left[open_]])
    kept = np.isin(home[left], where)
    left, right, clash, open_ = left[kept], right[kept], clash[kept] | ~fits[kept], open_[kept]
    edges = np.flatnonzero(np.diff(home[left])) + 1
    parts = [np.split(array, edges) for array in (left, right, clash, open_)]
    return [columns.pair[one] for part in zip(*parts, strict=True) if part[0].size for one in _rivals_of_home(*part)]


def found_in(columns: Columns, pairs: Int64s) -> Int64s:
    """Positions among the columns of those of the pairs that are columns."""
    spot = np.minimum(np.searchsorted(columns.pair, pairs), columns.pair.size - 1)
    found: Int64s = spot[columns.pair[spot] == pairs]
    return found


def _pairs_within(group: Int64s) -> tuple[Int64s, Int64s]:
    """All index pairs i < j with equal values; equal values stand together."""
    if not group.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    start = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    end = np.repeat(np.append(start[1:], group.size), np.diff(np.append(start, group.size)))
    follow = end - np.arange(group.size) - 1
    left = np.repeat(np.arange(group.size), follow)
    offset = np.arange(left.size) - np.repeat(np.cumsum(follow) - follow, follow)
    return left, left + 1 + offset


def _rivals_of_home(left: Int64s, right: Int64s, exclusive: Flags, wanted: Flags) -> list[Int64s]:
    group, place = np.unique(np.concatenate([left, right]), return_inverse=True)
    one, other = place[: left.size], place[left.size :]
    apart = _as_bits(group.size, one[exclusive], other[exclusive])
    open_ = _as_bits(group.size, one[wanted], other[wanted])
    sets: list[Int64s] = []
    for first in range(group.size):
        while open_[first]:
            members = [first, _lowest(open_[first])]
            possible = apart[first] & apart[members[1]]
            while possible:
                members.append(_lowest(possible))
                possible &= apart[members[-1]]
            met = sum(1 << member for member in members)
            for member in members:
                open_[member] &= ~met
            sets.append(group[np.sort(members)])
    return sets


def _as_bits(count: int, one: Int64s, other: Int64s) -> list[int]:
    """For each of so many the others it is listed with, as the bits of a number."""
    rows = [0] * count
    for left, right in zip(one.tolist(), other.tolist(), strict=True):
        rows[left] |= 1 << right
        rows[right] |= 1 << left
    return rows


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1
