"""What a home's guests forbid each other, as rows that cut off half choices.

A home with two places may take either a guest whom nobody there may meet, or two of the others. A linear program
that only counts places takes half of the first and half of each of two more. For each home that is chosen in parts,
the row that cuts off most of it is found by a linear program over the companies that could live there. It is then
widened to all others who might want the home, and again whenever a pair of the home becomes a column: whoever is not
in the row that carries the price of a home would seem to live there for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from app.matching.problem import Flags, Int32s, Int64s
from app.matching.rivals import MOST_LOOKS, TooManyToSay, counts_at_most, get_on, heaviest_company, may_meet
from app.matching.solve.columns import EPSILON, Columns, Floats, rival_sets
from app.matching.solve.engines import Program, solve_linear
from app.matching.terms import NEVER, Terms, party_of

MOST_GUESTS = 64
MOST_COMPANIES = 4_000
"""Of more guests in parts the greatest parts are looked at; homes with more companies are left as they are."""

SCALE = 12
"""Weights are made whole by this factor; what is left over is given away."""

ALMOST = 1e-6
MOST_TOGETHER = 400
"""Where three or more can live together, a set holds so many pairs at most."""

AT_ONCE = 64
"""Guests that are compared with all others at once."""

FEW_LOOKS = 500
"""Whoever cannot be given a weight with so many looks at companies has none."""


@dataclass(frozen=True, slots=True)
class RivalSet:
    """Pairs of one home, ascending, each listed as often as it counts; at most `limit` may be chosen."""

    pairs: Int64s
    limit: int = 1


def crowded(terms: Terms, columns: Columns, x: Floats) -> list[RivalSet]:
    """For each home where the choice x, in parts, goes beyond what its guests allow: the set that it goes beyond most.

    The sets hold chosen pairs alone; see `widened`.
    """
    some = np.flatnonzero((x > EPSILON) & (terms.full > 1)[columns.home])
    some = some[np.argsort(columns.home[some], kind="stable")]
    edges = np.flatnonzero(np.diff(columns.home[some])) + 1
    crowds = [guests for guests in np.split(some, edges) if x[guests].sum() > 1 + EPSILON]
    return [one for guests in crowds if (one := _of_home(terms, columns, x, guests)) is not None]


def naming(terms: Terms, columns: Columns, x: Floats, homes: Int32s) -> list[RivalSet]:
    """Every set of pairs of these homes of which no two go together, as far as it names a chosen one.

    They close many half choices at once, but there can be thousands of them.
    """
    there = np.isin(columns.home, homes)
    sets = rival_sets(terms, columns.take(there))
    if not sets:
        return []
    start = np.cumsum([0, *(one.size for one in sets[:-1])])
    named = np.logical_or.reduceat(np.isin(np.concatenate(sets), columns.pair[there & (x > EPSILON)]), start)
    return [RivalSet(one) for one, wanted in zip(sets, named, strict=True) if wanted]


def unknown(found: list[RivalSet], rivals: list[RivalSet]) -> list[RivalSet]:
    """Those found that are not among the rivals yet."""
    known = {(one.limit, one.pairs.tobytes()) for one in rivals}
    return [one for one in found if (one.limit, one.pairs.tobytes()) not in known]


def _of_home(terms: Terms, columns: Columns, x: Floats, guests: Int64s) -> RivalSet | None:
    """The set of this home that the guests go beyond most, if any."""
    guests = guests[np.argsort(-x[guests], kind="stable")[:MOST_GUESTS]]
    share, use, home = x[guests], columns.use[guests], int(columns.home[guests[0]])
    together = get_on(terms, home, columns.party[guests])
    if together.sum() == guests.size * (guests.size - 1) and (use == use[0]).all():
        return None
    companies = _companies(use, together, int(terms.capacity[home]), int(terms.arrivals[home]))
    weight = None if companies is None else _sharpest(companies, share)
    if weight is None:
        return None
    divisor = int(np.gcd.reduce(np.append(weight, SCALE)))
    weight, limit = weight // divisor, SCALE // divisor
    if float(weight @ share) <= limit + EPSILON:
        return None
    return _listed(columns.pair[guests], weight, limit)


def _listed(pairs: Int64s, counts: Int64s, limit: int) -> RivalSet:
    order = np.argsort(pairs)
    return RivalSet(np.repeat(pairs[order], counts[order]), limit)


def _companies(use: Int64s, together: Flags, room: int, arrivals: int) -> csr_matrix | None:
    """Every set of guests who could all live here, as rows; None where they are too many."""
    row: list[int] = []
    column: list[int] = []
    count = 0
    stack: list[tuple[tuple[int, ...], Int64s, int]] = [((), np.arange(use.size), room)]
    while stack:
        members, possible, left = stack.pop()
        rest = possible[use[possible] <= left] if len(members) < arrivals else possible[:0]
        if not rest.size and members:
            row += [count] * len(members)
            column += members
            count += 1
            if count > MOST_COMPANIES:
                return None
        # Later guests only, or the same company would be met again.
        stack += [
            ((*members, guest), rest[(rest > guest) & together[guest, rest]], left - int(use[guest]))
            for guest in rest.tolist()
        ]
    return csr_matrix((np.ones(len(row)), (row, column)), shape=(count, use.size))


def _sharpest(companies: csr_matrix, share: Floats) -> Int64s | None:
    """Weights, at most SCALE in any company, under which the shares weigh most; None if that is no more than SCALE."""
    size = share.size
    keys = np.arange(size, dtype=np.int64), np.arange(companies.shape[0], dtype=np.int64)
    program = Program(share, np.ones(size), companies, np.ones(companies.shape[0]), *keys)
    answer = solve_linear(program)
    if answer is None or answer.bound <= 1 + EPSILON:
        return None
    return np.floor(answer.x * SCALE + ALMOST).astype(np.int64)


def widened(terms: Terms, one: RivalSet, others: Int64s) -> RivalSet:
    """The set with as many other pairs of its home as can count for something in it, the first ones first.

    What would take long to look through is left out.
    """
    members, weight = np.unique(one.pairs, return_counts=True)
    pairs = np.concatenate([members, others[~np.isin(others, members)]])
    home, party = int(terms.problem.pairs.home[members[0]]), party_of(terms.problem, pairs)
    room, arrivals = int(terms.capacity[home]), int(terms.arrivals[home])
    use = np.minimum(terms.size[party], terms.full[home])
    able = (terms.base[party] > NEVER) & (use <= room)
    able[: members.size] = True
    pairs, guests = pairs[able], _Guests(home, party[able], use[able])
    known = weight.astype(np.int64)
    if one.limit == 1 or min(room, arrivals) <= 2:
        return _listed(pairs, _beside_one(terms, guests, known, one.limit), one.limit)
    few = slice(0, max(MOST_TOGETHER, members.size))
    guests = _Guests(home, guests.party[few], guests.use[few])
    wide = _listed(pairs[few], _beside_several(terms, guests, known, one.limit), one.limit)
    return wide if counts_at_most(terms, wide.pairs, np.ones_like(wide.pairs), wide.limit, MOST_LOOKS // 10) else one


@dataclass(frozen=True, slots=True)
class _Guests:
    """Who could live in a home, and how many places each takes."""

    home: int
    party: Int64s
    use: Int64s

    def beside(self, terms: Terms, some: Int64s, more: Int64s) -> Flags:
        """Which of some guests can live here beside which of more; bool (some, more)."""
        if terms.arrivals[self.home] < 2:
            return np.zeros((some.size, more.size), np.bool_)
        fit = self.use[some][:, None] + self.use[more][None, :] <= terms.capacity[self.home]
        together: Flags = fit & may_meet(terms, self.home, self.party[some], self.party[more])
        return together


def _beside_one(terms: Terms, guests: _Guests, known: Int64s, limit: int) -> Int64s:
    """Weights where no two guests count together: what the dearest one beside a newcomer leaves it.

    known: weights of the first guests.
    """
    first, count = known.size, guests.party.size
    counts = np.concatenate([known, np.zeros(count - first, np.int64)])
    beside = guests.beside(terms, np.arange(first), np.arange(count))
    most = np.where(beside, known[:, None], 0).max(axis=0)
    while first < count:
        some = first + np.flatnonzero(most[first:] < limit)[:AT_ONCE]
        if not some.size:
            break
        beside = guests.beside(terms, some, np.arange(first, count))
        for spot, friends in zip(some.tolist(), beside, strict=True):
            counts[spot] = max(0, limit - int(most[spot]))
            most[first:][friends] = np.maximum(most[first:][friends], counts[spot])
        first = int(some[-1]) + 1
    return counts


def _beside_several(terms: Terms, guests: _Guests, known: Int64s, limit: int) -> Int64s:
    """Weights where several guests count together: what the heaviest company beside a newcomer leaves it.

    known: weights of the first guests.
    """
    counts = np.zeros(guests.party.size, np.int64)
    counts[: known.size] = known
    room, arrivals = int(terms.capacity[guests.home]), int(terms.arrivals[guests.home])
    together, use = get_on(terms, guests.home, guests.party), guests.use
    for spot in range(known.size, counts.size):
        beside = np.flatnonzero(together[spot] & (counts > 0) & (use <= room - use[spot]))
        if not beside.size:
            counts[spot] = limit
            continue
        if int(counts[beside].max()) >= limit:
            continue
        among = together[np.ix_(beside, beside)]
        try:
            most = heaviest_company(counts[beside], use[beside], among, room - int(use[spot]), arrivals - 1, FEW_LOOKS)
        except TooManyToSay:
            continue
        counts[spot] = max(0, limit - most)
    return counts


def extended(terms: Terms, rivals: list[RivalSet], new: Columns) -> list[RivalSet]:
    """The same sets, each widened to the new columns of its home, the more valuable first."""
    if not rivals or not new.pair.size:
        return rivals
    order = np.lexsort((new.pair, -new.worth, new.home))
    start = np.searchsorted(new.home[order], np.arange(terms.full.size + 1))
    homes = terms.problem.pairs.home[[one.pairs[0] if one.pairs.size else 0 for one in rivals]]
    found = []
    for one, home in zip(rivals, homes.tolist(), strict=True):
        there = order[start[home] : start[home + 1]]
        found.append(widened(terms, one, new.pair[there]) if there.size and one.pairs.size else one)
    return found
