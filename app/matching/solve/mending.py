"""Single great losses of a choice, mended one by one.

Where a choice falls short by a whole child, somebody is not placed although the prices say that it could be, or a home
stays half empty for which the prices say that somebody would pay. A chain of moves that helps is often long and each
move in it costs little, so a few hundred neighbours choose anew, and whoever lost may go anywhere at all.
"""

from __future__ import annotations

import numpy as np

from app.matching.problem import Int64s
from app.matching.solve.columns import columns_of
from app.matching.solve.integer import Choice

GREAT = 20_000
"""Points: a loss that is looked at by itself."""

MOST = 60
"""Losses looked at."""

NEIGHBOURS, REACH, HOPEFUL = 300, 30_000, 3
"""Referrals that choose anew, points that a pair may cost, and how many of those not placed may hope for a home."""


def with_losers_pairs(choice: Choice) -> Choice:
    """The choice, with every pair of the referrals that lose much among its columns."""
    terms = choice.terms
    losing = np.flatnonzero(choice.losses()[0] > GREAT)
    start = terms.problem.pairs.start
    parties = np.flatnonzero(np.isin(terms.referral, losing)).tolist()
    every = [np.arange(start[party], start[party + 1]) for party in parties]
    columns = columns_of(terms, np.concatenate([choice.columns.pair, *every]))
    wider = Choice(terms, columns, choice.prices, choice.need, choice.rivals, choice.contested)
    wider.chosen[np.searchsorted(columns.pair, choice.columns.pair[choice.chosen])] = True
    return wider


def mend(choice: Choice, bound: int, aim: int) -> None:
    """Look at great losses, the greatest first, and at each once unless it helped, until the choice is near enough."""
    tried: set[tuple[bool, int]] = set()
    for _ in range(MOST):
        if bound - choice.objective(choice.chosen) <= aim:
            return
        by_referral, by_home = choice.losses()
        losses = sorted(
            (-int(loss[one]), is_home, one)
            for is_home, loss in ((False, by_referral), (True, by_home))
            for one in np.flatnonzero(loss > GREAT).tolist()
            if (is_home, one) not in tried
        )
        if not losses:
            return
        _, is_home, one = losses[0]
        seeds = _hopeful(choice, one) if is_home else [one]
        if not seeds or not choice.choose_anew(choice.neighbourhood(seeds, NEIGHBOURS), 1, REACH):
            tried.add((is_home, one))


def _hopeful(choice: Choice, home: int) -> list[int]:
    """The referrals without any place that would come to this home most gladly."""
    placed = np.zeros(choice.terms.problem.referrals, np.bool_)
    placed[choice.referral[choice.chosen]] = True
    there: Int64s = np.flatnonzero((choice.columns.home == home) & ~placed[choice.referral])
    there = there[np.lexsort((choice.columns.pair[there], choice.penalty[there]))]
    return list(dict.fromkeys(choice.referral[there].tolist()))[:HOPEFUL]
