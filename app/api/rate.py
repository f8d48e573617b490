"""How much one caller may ask: budgets for reads, writes and matches, each counted over ten seconds.

Where one is used up the answer is 429. What is counted is kept in this process, so several processes give a
caller so many budgets: docs/access.md says how to divide them. Health is never counted. How much all callers
together may ask at once is the business of `app.api.admission`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from app.access.permissions import Budget
from app.errors import TooManyRequests

WINDOW_S = 10


@dataclass(frozen=True, slots=True)
class Budgets:
    """Requests that one caller may send in ten seconds. `open` is for each address from which pages are asked."""

    reads: int
    writes: int
    matches: int
    open: int


class Rates:
    """What each caller has used of its budgets."""

    def __init__(self, budgets: Budgets) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._items: Mapping[Budget, RateLimitItemPerSecond] = {
            Budget.READ: RateLimitItemPerSecond(budgets.reads, WINDOW_S),
            Budget.WRITE: RateLimitItemPerSecond(budgets.writes, WINDOW_S),
            Budget.MATCH: RateLimitItemPerSecond(budgets.matches, WINDOW_S),
            Budget.OPEN: RateLimitItemPerSecond(budgets.open, WINDOW_S),
        }

    async def take(self, budget: Budget, *whose: str) -> None:
        """Count one request. Raises `TooManyRequests` where the budget is used up."""
        item = self._items.get(budget)
        if item is None or await self._limiter.hit(item, budget, *whose):
            return
        stats = await self._limiter.get_window_stats(item, budget, *whose)
        wait_s = math.ceil(stats.reset_time - time.time())
        raise TooManyRequests(min(max(wait_s, 1), WINDOW_S))
