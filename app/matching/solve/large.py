"""Prices of a large night: few columns, and contested homes taken exactly as the companies that could live there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.matching.problem import PRICE_SCALE, Int64s, Prices
from app.matching.solve.charges import after_charges
from app.matching.solve.columns import Floats, columns_of
from app.matching.solve.companies import (
    Companies,
    chosen_in_parts,
    first_companies,
    owed_elsewhere,
    priced,
    with_companies,
)
from app.matching.solve.contested import Contested
from app.matching.solve.crowding import RivalSet, crowded, extended, unknown
from app.matching.solve.engines import Answer, Basis, solve_linear
from app.matching.solve.master import Growth, Known, Relaxed, look
from app.matching.solve.model import Model, build, prices_of
from app.matching.terms import Terms

COUPLE = 2
"""A home that takes no more than so many at once can be taken exactly; others get rows between rivals."""


@dataclass(frozen=True, slots=True)
class _Solved:
    """A program's answer: without its companies, what they pay, what is chosen of each column, and where it ended."""

    own: Answer
    paid: Int64s
    x: Floats
    basis: Basis | None


def relax_large(terms: Terms, prices: Prices, growth: Growth, need: int | None, known: Known) -> Relaxed:
    """As `relax`, for a night of which nothing is known but a first flow."""
    looked = look(terms, prices, growth, need, first=True)
    best, bound, last = prices, looked.bound, prices
    pairs, basis = np.union1d(looked.pairs, known.pairs), known.basis
    companies, contested, rivals = Companies(), Contested(), list[RivalSet]()
    homes, model, x, worth, rounds = companies.homes, None, np.zeros(0), 0.0, 0
    while rounds < growth.rounds:
        rounds += 1
        columns = columns_of(terms, pairs)
        model = build(terms, columns, need, rivals)
        solved = _solve(model, companies, basis) if columns.pair.size else None
        if solved is None:
            break
        basis, x, worth = solved.basis, solved.x, terms.fixed + solved.own.bound
        elsewhere = owed_elsewhere(terms, model, solved.own)
        owed = priced(terms, companies, prices_of(terms, model, solved.own, last), elsewhere, solved.paid)
        last = owed.prices
        looked = look(terms, last, growth, need, apart=companies.homes)
        if looked.bound < bound:
            best, bound, homes = last, looked.bound, companies.homes
        crowds = crowded(terms, columns, x)
        fresh = _couples(terms, crowds, companies)
        deep = [one for one in crowds if not _takes_two(terms, _home(terms, one))]
        broken, needed = contested.widen(terms, last, columns, deep)
        broken = unknown(broken, rivals)[: max(0, growth.rows - len(rivals))]
        near = bound - worth <= growth.near * abs(worth) / 1e6 + 0.5
        if near and not (growth.patient and (broken or fresh.size)):
            break
        keen = after_charges(columns, last) - elsewhere[columns.party]
        companies.add(np.concatenate([owed.two, first_companies(terms, columns, fresh, keen)]))
        companies.contest(terms, fresh)
        wanted = np.concatenate([looked.pairs, owed.pairs, needed, companies.two.ravel()])
        new = np.setdiff1d(wanted, pairs)
        if not (new.size or broken or fresh.size or owed.two.size):
            break
        rivals = extended(terms, rivals + broken, columns_of(terms, new))
        pairs = np.union1d(pairs, new)
    return Relaxed(best, bound, Known(pairs, rivals, basis), model, x, worth, rounds, contested=homes)


def _solve(model: Model, companies: Companies, basis: Basis | None) -> _Solved | None:
    answer = solve_linear(with_companies(model, companies) if companies.homes.size else model.program, basis)
    if answer is None:
        return None
    columns, rows = model.program.worth.size, model.program.high.size
    paid = np.rint(answer.row_price[rows:] * PRICE_SCALE).astype(np.int64)
    own = Answer(answer.x[:columns], answer.row_price[:rows], answer.bound)
    return _Solved(own, paid, chosen_in_parts(model, companies, answer), answer.basis)


def _home(terms: Terms, one: RivalSet) -> int:
    return int(terms.problem.pairs.home[one.pairs[0]])


def _takes_two(terms: Terms, home: int) -> bool:
    return int(min(terms.capacity[home], terms.arrivals[home])) <= COUPLE


def _couples(terms: Terms, found: list[RivalSet], companies: Companies) -> Int64s:
    """Homes found crowded that take two at most and are not contested yet."""
    homes = [home for one in found if _takes_two(terms, home := _home(terms, one))]
    return np.setdiff1d(np.array(homes, np.int64), companies.homes)
