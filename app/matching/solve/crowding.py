"""What a home's guests forbid each other, as rows that cut off half choices.

A home with two places may take either a guest whom nobody there may meet, or two of the others. A linear program
that only counts places takes half of the first and half of each of two more. For each home that is chosen in parts,
the row that cuts off most of it is found by a linear program over the companies that could live there, and then
widened to the pairs that are not chosen at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from app.matching.problem import Flags, Int64s
from app.matching.rivals import TooManyToSay, get_on, heaviest_company
from app.matching.solve.columns import EPSILON, Columns, Floats, rival_sets
from app.matching.solve.engines import Program, solve_linear
from app.matching.terms import Terms

MOST_GUESTS = 64
MOST_COMPANIES = 4_000
"""Of more guests in parts the greatest parts are looked at; homes with more companies are left as they are."""

SCALE = 12
"""Weights are made whole by this factor; what is left over is given away."""

ALMOST = 1e-6


@dataclass(frozen=True, slots=True)
class RivalSet:
    """Pairs of one home, ascending, each listed as often as it counts; at most `limit` may be chosen."""

    pairs: Int64s
    limit: int = 1


def crowded(terms: Terms, columns: Columns, x: Floats) -> list[RivalSet]:
    """Rival sets of each home where the choice x, in parts, goes beyond one: that one, and clashes of the chosen."""
    some = np.flatnonzero((x > EPSILON) & (terms.full > 1)[columns.home])
    some = some[np.argsort(columns.home[some], kind="stable")]
    edges = np.flatnonzero(np.diff(columns.home[some])) + 1
    crowds = [guests for guests in np.split(some, edges) if x[guests].sum() > 1 + EPSILON]
    sharp = [one for guests in crowds if (one := _of_home(terms, columns, x, guests)) is not None]
    if not sharp:
        return []
    homes = terms.problem.pairs.home[[one.pairs[0] for one in sharp]]
    there = columns.take(np.isin(columns.home, homes))
    return sharp + _naming(rival_sets(terms, there), columns.pair[some])


def _naming(sets: list[Int64s], pairs: Int64s) -> list[RivalSet]:
    """Those sets that hold one of these pairs."""
    if not sets:
        return []
    start = np.cumsum([0, *(one.size for one in sets[:-1])])
    named = np.logical_or.reduceat(np.isin(np.concatenate(sets), pairs), start)
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
    return _widened(terms, columns, guests[weight > 0], weight[weight > 0], limit)


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


def _widened(terms: Terms, columns: Columns, members: Int64s, weight: Int64s, limit: int) -> RivalSet:
    """The row with every other pair of the home that can count for something in it, the more valuable first."""
    home = int(columns.home[members[0]])
    room, arrivals = int(terms.capacity[home]), int(terms.arrivals[home])
    others = np.setdiff1d(np.flatnonzero(columns.home == home), members)
    others = others[np.lexsort((columns.pair[others], -columns.worth[others]))]
    every = np.concatenate([members, others])
    together, use = get_on(terms, home, columns.party[every]), columns.use[every]
    counts = np.concatenate([weight, np.zeros(others.size, np.int64)])
    for spot in range(members.size, every.size):
        friends = np.flatnonzero(together[spot] & (counts > 0))
        among = together[np.ix_(friends, friends)]
        try:
            most = heaviest_company(counts[friends], use[friends], among, room - int(use[spot]), arrivals - 1)
        except TooManyToSay:
            continue
        counts[spot] = max(0, limit - most)
    order = np.argsort(columns.pair[every])
    return RivalSet(np.repeat(columns.pair[every][order], counts[order]), limit)
