"""From chosen columns (pairs that may be used) to the rows of a linear or integer program, and back to prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from app.matching.partitions import SMALL_GROUP
from app.matching.problem import BUDGET_SCALE, PRICE_SCALE, Int64s, Prices, TargetMode
from app.matching.solve.columns import Columns, found_in
from app.matching.solve.crowding import RivalSet
from app.matching.solve.engines import Answer, Program
from app.matching.solve.target_rows import BUDGET, CHILD, HOME, PART, PLACED, RIVAL, Rows, target_rows
from app.matching.terms import Terms

Floats = npt.NDArray[np.float64]
MISSING = -900
"""Key of the variable that counts children missing to the least number placed."""

DEAR = 4
"""What a child missing to the least number costs at first, in the largest worth of any pair."""

STEP_BITS = 4
STEPS = 4
"""Rounded-down copies of a home's place row, for homes that take groups of several sizes."""


@dataclass(frozen=True, slots=True)
class HomeRows:
    """Rows that limit a home: number, home, and step (0 arrivals, 1 places, from 2 on their rounded-down copies)."""

    number: Int64s
    home: Int64s
    step: Int64s


@dataclass(frozen=True, slots=True)
class Model:
    """A program and where in it the priced rows stand. `rivals`: the set of each rival row.

    forbidden: variables that are dear instead of forbidden, so that there always is an answer.
    """

    program: Program
    columns: Columns
    homes: HomeRows
    rival_rows: Int64s
    rivals: list[RivalSet]
    target_rows: Int64s
    target_slopes: Floats
    budget_rows: Int64s
    placed_rows: Int64s
    forbidden: Int64s


def build(
    terms: Terms,
    columns: Columns,
    need: int | None = None,
    rivals: Sequence[RivalSet] = (),
    *,
    strict: bool = False,
    placed: tuple[int, int] | None = None,
    dear: int = DEAR,
) -> Model:
    """The program over these columns. `need`: for a hard target that cannot be met the balance to reach.

    rivals: sets of pairs in one home of which no more may be chosen; only those that matter need be given.

    strict: a hard target must be met; otherwise missing it costs more than anything is worth, so that there always
    is an answer. placed: it is known that so many children at least and at most are placed; dear: what one missing
    to either costs then, in the largest worth of any pair. Behind the columns
    stand, for a target, the shortfalls: to a hard floor, the ambition, the floor.
    """
    rows = Rows()
    count = columns.pair.size
    _child_rows(terms, columns, rows)
    _part_rows(terms, columns, rows)
    homes = _home_rows(terms, columns, rows)
    rival_rows = _rival_rows(columns, rows, rivals)
    budget_rows = _budget_rows(terms, columns, rows)
    local_rows, slopes, worth, upper = target_rows(terms, columns, rows, need, strict=strict, placed=placed, dear=dear)
    forbidden = np.arange(count, count + int(_has_floor(terms)))
    keys = [columns.pair, -1 - np.arange(worth.size)]
    placed_rows = np.zeros(0, np.int64)
    if placed is not None:
        placed_rows = _placed_rows(columns, rows, count + worth.size, placed)
        forbidden = np.append(forbidden, count + worth.size)
        worth = np.append(worth, -dear * (1.0 + float(np.abs(columns.worth).max(initial=0))))
        upper, keys = np.append(upper, np.inf), [*keys, np.array([MISSING])]
    matrix = csr_matrix(
        (np.concatenate(rows.value), (np.concatenate(rows.row), np.concatenate(rows.column))),
        shape=(rows.count, count + len(worth)),
    )
    # No upper limit on columns: the child rows imply it, and a priced bound would be lost to the certificate.
    program = Program(
        np.concatenate([columns.worth.astype(np.float64), worth]),
        np.concatenate([np.full(count, np.inf), upper]),
        matrix,
        np.concatenate(rows.high),
        np.concatenate(keys),
        np.concatenate(rows.key),
    )
    return Model(
        program, columns, homes, rival_rows, list(rivals), local_rows, slopes, budget_rows, placed_rows, forbidden
    )


def _has_floor(terms: Terms) -> bool:
    target = terms.problem.local
    return target is not None and target.mode is TargetMode.HARD


def _rival_rows(columns: Columns, rows: Rows, rivals: Sequence[RivalSet]) -> Int64s:
    """Of each set no more than its limit; a pair that is listed twice adds up to 2 in the matrix."""
    if not rivals:
        return np.zeros(0, np.int64)
    inside = [found_in(columns, one.pairs) for one in rivals]
    number = np.repeat(np.arange(len(rivals)), [one.size for one in inside])
    limits = np.array([one.limit for one in rivals])
    return rows.add((RIVAL, np.arange(len(rivals))), number, np.concatenate(inside), np.ones(number.size), limits)


def _budget_rows(terms: Terms, columns: Columns, rows: Rows) -> Int64s:
    """The fees of all, within what is left of the budget, if there is one."""
    if terms.budget_left is None:
        return np.zeros(0, np.int64)
    every, one = np.arange(columns.pair.size), np.zeros(1, np.int64)
    return rows.add((BUDGET, one), np.zeros_like(every), every, columns.fee, np.array([terms.budget_left]))


def _placed_rows(columns: Columns, rows: Rows, missing: int, placed: tuple[int, int]) -> Int64s:
    """At most so many children placed, and at least: each one missing is dear and not forbidden.

    A program without an answer would have no prices.
    """
    least, most = placed
    every = np.arange(columns.pair.size)
    first, second = np.zeros(every.size, np.int64), np.ones(every.size + 1, np.int64)
    return rows.add(
        (PLACED, np.arange(2)),
        np.concatenate([first, second]),
        np.concatenate([every, every, [missing]]),
        np.concatenate([columns.size, -columns.size, [-1]]),
        np.array([most, -least]),
    )


def _child_rows(terms: Terms, columns: Columns, rows: Rows) -> None:
    """Each child in at most one chosen column; one row for a referral of a single party."""
    problem = terms.problem
    begin, end = problem.party_start[columns.party], problem.party_start[columns.party + 1]
    alone = np.zeros(problem.parties, bool)
    alone[terms.groups.single] = True
    length = np.where(alone[columns.party], 1, end - begin)
    column = np.repeat(np.arange(columns.pair.size), length)
    offset = np.arange(column.size) - np.repeat(np.cumsum(length) - length, length)
    child = problem.party_child[np.repeat(begin, length) + offset]
    seen, row = np.unique(child, return_inverse=True)
    rows.add((CHILD, seen), row, column, np.ones(column.size), np.ones(seen.size))


def _part_rows(terms: Terms, columns: Columns, rows: Rows) -> None:
    """What odd sets Q of siblings forbid: parts S with |S & Q| // d added up give at most |Q| // d.

    With d = 2 this says that Q holds at most (|Q| - 1) / 2 disjoint pairs; with d = 3 and five siblings, that only
    one part holds three of them.
    """
    mask_of, children_of = _masks_of(terms)
    inside = np.flatnonzero(children_of[columns.party] > 2)
    party = columns.party[inside]
    kind = 0
    for children in range(3, SMALL_GROUP + 1):
        group = inside[children_of[party] == children]
        mask, referral = mask_of[columns.party[group]], terms.referral[columns.party[group]]
        for odd, unit in ((3, 2), (5, 2), (5, 3)):
            for chosen in combinations(range(children), odd):
                value = np.bitwise_count(mask & sum(1 << child for child in chosen)).astype(np.int64) // unit
                held = np.flatnonzero(value)
                if held.size:
                    found, number = np.unique(referral[held], return_inverse=True)
                    rows.add(
                        (PART, (kind << 32) + found), number, group[held], value[held], np.full(found.size, odd // unit)
                    )
                kind += 1


def _masks_of(terms: Terms) -> tuple[Int64s, Int64s]:
    """For each party its children as bits and its referral's number of children; 0 where there is no choice."""
    mask, children_of = np.zeros(terms.size.size, np.int64), np.zeros(terms.size.size, np.int64)
    for children, _, table in terms.groups.small:
        row, bits = np.nonzero(table >= 0)
        mask[table[row, bits]] = bits
        children_of[table[row, bits]] = children
    return mask, children_of


def _home_rows(terms: Terms, columns: Columns, rows: Rows) -> HomeRows:
    """Places, arrivals, and for homes that take groups the place row times (t + 1) / (room + 1), rounded down."""
    room = terms.capacity[columns.home]
    limit = terms.arrivals[columns.home]
    grouped = np.zeros(terms.full.size, bool)
    grouped[columns.home[columns.use > 1]] = True
    parts = []
    for step in range(STEPS + 1):
        if step == 0:
            inside, value, high = (limit < room) & (terms.full[columns.home] > 1), np.ones_like(room), terms.arrivals
        elif step == 1:
            inside, value, high = np.ones(room.size, bool), columns.use, terms.capacity
        else:
            inside = grouped[columns.home] & (step <= room) & (room > 2)
            value, high = columns.use * step // (room + 1), np.full(terms.full.size, step - 1)
            inside &= value > 0
        chosen = np.flatnonzero(inside)
        homes, row = np.unique(columns.home[chosen], return_inverse=True)
        number = rows.add((HOME, (homes << STEP_BITS) + step), row, chosen, value[chosen], high[homes])
        parts.append((number, homes, np.full(homes.size, step)))
    return HomeRows(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def prices_of(terms: Terms, model: Model, answer: Answer, before: Prices) -> Prices:
    """Whole-number prices from the row prices of a linear program.

    Homes that are not in it keep a quarter of their charges, so that a first guess too high for anybody is forgotten.
    """
    price = np.rint(np.maximum(answer.row_price, 0) * PRICE_SCALE).astype(np.int64)
    charge = before.charge // 4
    charge[np.unique(model.columns.home)] = 0
    homes = model.homes
    paid = price[homes.number]
    used = paid > 0
    number, home, step = paid[used], homes.home[used], homes.step[used]
    for size in range(1, charge.shape[1] + 1):
        use = np.minimum(size, terms.full[home])
        weight = np.where(step == 0, 1, np.where(step == 1, use, use * step // (terms.capacity[home] + 1)))
        np.add.at(charge[:, size - 1], home, number * weight)
    raw = answer.row_price[model.target_rows]
    local = int(np.rint(raw.sum() * PRICE_SCALE))
    placed = int(np.rint(-(raw * model.target_slopes).sum() * PRICE_SCALE))
    if model.placed_rows.size:
        most, least = price[model.placed_rows].tolist()
        placed += least - most
    budget = 0
    if model.budget_rows.size:
        budget = int(np.rint(max(0.0, float(answer.row_price[model.budget_rows[0]])) * PRICE_SCALE * BUDGET_SCALE))
    rival_price = price[model.rival_rows]
    kept = np.flatnonzero(rival_price)
    sets = [model.rivals[one] for one in kept]
    none = np.zeros(0, np.int64)
    return Prices(
        charge, local, placed, budget,
        rival_start=np.cumsum([0, *(one.pairs.size for one in sets)]).astype(np.int64),
        rival_pair=np.concatenate([none, *(one.pairs for one in sets)]),
        rival_weight=np.ones(sum(one.pairs.size for one in sets), np.int64),
        rival_limit=np.array([one.limit for one in sets], np.int64),
        rival_price=rival_price[kept],
    )  # fmt: skip
