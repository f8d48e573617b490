"""What columns are worth after all charges."""

from __future__ import annotations

import numpy as np

from app.matching.problem import BUDGET_SCALE, PRICE_SCALE, Int32s, Int64s, Prices
from app.matching.solve.columns import Columns


def after_charges(columns: Columns, prices: Prices) -> Int64s:
    """Worth of each column less what homes, rivals and the budget charge, with its credits; 1/PRICE_SCALE points."""
    net = (
        columns.worth * PRICE_SCALE - prices.charge[columns.home, columns.size - 1] - charged_by_rivals(columns, prices)
    )
    net += columns.local * prices.local + columns.size * prices.placed
    found: Int64s = net - columns.fee * prices.budget // BUDGET_SCALE
    return found


def charged_by_rivals(columns: Columns, prices: Prices) -> Int64s:
    """What each column pays to sets of rivals, in 1/PRICE_SCALE points; int64 (columns)."""
    paid = np.zeros(columns.pair.size, np.int64)
    entries = np.flatnonzero(np.isin(prices.rival_pair, columns.pair))
    price = np.repeat(prices.rival_price, np.diff(prices.rival_start))
    np.add.at(paid, np.searchsorted(columns.pair, prices.rival_pair[entries]), (price * prices.rival_weight)[entries])
    return paid


def income_of_rivals(prices: Prices, home_of: Int32s, homes: int) -> Int64s:
    """What the sets of rivals of each home could take at most, in 1/PRICE_SCALE points; int64 (H).

    home_of: the home of each pair.
    """
    found = np.zeros(homes, np.int64)
    some = np.flatnonzero(np.diff(prices.rival_start))
    home = home_of[prices.rival_pair[prices.rival_start[some]]]
    np.add.at(found, home, prices.rival_price[some] * prices.rival_limit[some])
    return found
