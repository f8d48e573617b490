"""Prices for the whole problem: a small linear program over the columns that matter, grown until no other does."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from app.matching.certify import price_of_limits, target_worth
from app.matching.partitions import referral_worth
from app.matching.pricing import Block, PriceList, best_in_rows, each_block, with_base
from app.matching.problem import PRICE_SCALE, Flags, Int64s, Prices
from app.matching.solve.columns import columns_of
from app.matching.solve.contested import Contested
from app.matching.solve.crowding import RivalSet, crowded, extended, naming, unknown
from app.matching.solve.engines import Basis, solve_linear
from app.matching.solve.model import DEAR, Model, build, prices_of
from app.matching.terms import NEVER, Terms

STUBBORN = 10
"""So few homes that are still chosen in parts get every set of rivals there is, or they would take turn after turn."""


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier search has left: columns, rows that matter, and where its last program ended."""

    pairs: Int64s
    rivals: list[RivalSet]
    basis: Basis | None = None


@dataclass(frozen=True, slots=True)
class Relaxed:
    """Where the search for prices ended.

    bound is what `certify` says of `prices`. model and x: the last linear program and its answer; rounds: how many
    programs were solved. contested: homes, int64, whose prices are weighted sets, the last ones, in this order.
    missing: how far its answer stays below a hard target or the least number placed, in children; if at all, no
    choice reaches them.
    """

    prices: Prices
    bound: int
    known: Known
    model: Model | None
    x: np.ndarray
    worth: float
    rounds: int
    missing: float = 0.0
    contested: Int64s = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True)
class Growth:
    """How columns are chosen: within `window` points of a party's best pair; `rivals` best parties of each home.

    wide: the window of the first look. rounds: programs at most. near: parts per million between bound and program that
    are left as they are. patient: go on while anybody is crowded, however near the bound is. rows: at most so
    many rival sets become rows, as each makes every later program slower.
    """

    window: int = 4_000
    wide: int = 20_000
    rivals: int = 8
    rounds: int = 40
    near: int = 20
    patient: bool = True
    rows: int = 6_000


@dataclass(frozen=True, slots=True)
class Pass:
    """One look at all pairs under some prices: the bound, and pairs that should be columns."""

    bound: int
    pairs: Int64s


def relax(
    terms: Terms,
    prices: Prices,
    growth: Growth,
    need: int | None = None,
    known: Known | None = None,
    placed: tuple[int, int] | None = None,
    *,
    first: bool = True,
    dear: int = DEAR,
) -> Relaxed:
    """Grow the linear program from the columns near these prices until its prices prove its worth.

    `placed`: only choices are meant that place so many children, pins apart, at least and at most; dear: see `build`.
    first: nobody has looked for columns yet, so a wide look is taken.
    """
    known = known or Known(np.zeros(0, np.int64), [])
    looked = look(terms, prices, growth, need, placed, first=first)
    best, bound, last = prices, looked.bound, prices
    pairs = np.union1d(looked.pairs, known.pairs)
    rivals, basis, contested = list(known.rivals), known.basis, Contested()
    model, x, worth, rounds, missing = None, np.zeros(0), 0.0, 0, 0.0
    while rounds < growth.rounds:
        rounds += 1
        columns = columns_of(terms, pairs)
        if not columns.pair.size:
            break
        model = build(terms, columns, need, rivals, placed=placed, dear=dear)
        answer = solve_linear(model.program, basis)
        if answer is None:
            break
        basis = answer.basis
        x, worth = answer.x[: columns.pair.size], terms.fixed + answer.bound
        missing = float(answer.x[model.forbidden].sum())
        last = prices_of(terms, model, answer, last)
        broken, needed = contested.widen(terms, last, columns, crowded(terms, columns, x))
        if 0 < len(broken) <= STUBBORN:
            homes = terms.problem.pairs.home[[one.pairs[0] for one in broken]]
            broken += naming(terms, columns, x, homes)
        broken = unknown(broken, rivals)[: max(0, growth.rows - len(rivals))]
        looked = look(terms, last, growth, need, placed)
        new = np.setdiff1d(np.concatenate([looked.pairs, needed]), pairs)
        if looked.bound < bound:
            best, bound = last, looked.bound
        near = bound - worth <= growth.near * abs(worth) / 1e6 + 0.5
        if (near and not (broken and growth.patient)) or not (new.size or broken):
            break
        pairs = np.union1d(pairs, new)
        rivals = extended(terms, rivals + broken, columns_of(terms, new))
    return Relaxed(best, bound, Known(pairs, rivals, basis), model, x, worth, rounds, missing)


def look(
    terms: Terms,
    prices: Prices,
    growth: Growth,
    need: int | None = None,
    placed: tuple[int, int] | None = None,
    *,
    first: bool = False,
    apart: Int64s | None = None,
) -> Pass:
    """Price every pair once: the certified bound, and the pairs worth having as columns; none of the homes `apart`."""
    listed = PriceList(terms, prices)
    start, home_of = terms.problem.pairs.start, terms.problem.pairs.home
    open_ = np.ones(terms.full.size, np.bool_)
    open_[np.zeros(0, np.int64) if apart is None else apart] = False
    width = (growth.wide if first else growth.window) * PRICE_SCALE

    def work(block: Block) -> tuple[Int64s, Int64s, Int64s, Flags]:
        net = listed.net(block)
        best = best_in_rows(terms, net, block)
        base = terms.base[block[0] : block[1]]
        staying = np.where(base > NEVER, -base, 0) * PRICE_SCALE
        # A party's best pair is looked at however little it is worth now: prices that keep everybody out must fall.
        least = np.maximum(np.minimum(np.maximum(best, staying) - width, best), NEVER >> 1)
        wanted = net >= np.repeat(least, np.diff(start[block[0] : block[1] + 1]))
        if apart is not None:
            wanted &= open_[home_of[start[block[0]] : start[block[1]]]]
        near = np.flatnonzero(wanted)
        party = np.searchsorted(start[block[0] : block[1] + 1], near + start[block[0]], side="right") - 1
        return best, near + start[block[0]], net[near] - np.maximum(best, staying)[party], net[near] == best[party]

    parts = each_block(terms, work)
    empty = np.zeros(0, np.int64)
    best = with_base(terms, np.concatenate([*(part[0] for part in parts), empty]))
    near = np.concatenate([*(part[1] for part in parts), empty])
    short = np.concatenate([*(part[2] for part in parts), empty])
    top = np.concatenate([*(part[3] for part in parts), empty.astype(np.bool_)])
    totals = None if placed is None else (terms.total + placed[0], terms.total + placed[1])
    total = int(referral_worth(terms.groups, best).sum())
    total += price_of_limits(terms, prices) + target_worth(terms, prices, need, totals)
    return Pass(terms.fixed + total // PRICE_SCALE, _pick(terms, near, short, top, growth, first=first))


def _pick(terms: Terms, near: Int64s, short: Int64s, top: Flags, growth: Growth, *, first: bool) -> Int64s:
    """Of the near pairs: those within the window, the best of each party, and at first the nearest few of each home."""
    if not first:
        return near[top | (short >= -growth.window * PRICE_SCALE)]
    home = terms.problem.pairs.home[near]
    order = np.lexsort((near, -short, home))
    sorted_home = home[order]
    start = np.flatnonzero(np.r_[True, sorted_home[1:] != sorted_home[:-1]]) if near.size else near
    rank = np.arange(near.size) - np.repeat(start, np.diff(np.append(start, near.size)))
    keep = np.zeros(near.size, bool)
    keep[order] = rank < growth.rivals
    return near[keep | top | (short >= -growth.window * PRICE_SCALE)]
