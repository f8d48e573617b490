"""What is noted of every request when it is over: one line in the log, and its part of the metrics."""

from __future__ import annotations

import logging
import time
from types import TracebackType
from typing import Any, Self

from starlette.types import Scope

from app.access.principal import Principal
from app.observing import metrics
from app.observing.correlation import correlated, pseudonym
from app.observing.faults import told

log = logging.getLogger(__name__)

NOWHERE = "unmatched"
"""The route of a request that fitted none."""


class Watch:
    """Around one request. Whoever answers sets `status`; 499 where nobody did, as the caller had gone."""

    def __init__(self, scope: Scope, number: str) -> None:
        self.status = 499
        self._scope = scope
        self._within = correlated(number)
        self._began = time.perf_counter()

    def __enter__(self) -> Self:
        """From here on everything that is logged carries the number of the request."""
        self._within.__enter__()
        metrics.IN_WORK.inc()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Note it."""
        metrics.IN_WORK.dec()
        seconds = time.perf_counter() - self._began
        method, route = metrics.method_label(self._scope["method"]), route_of(self._scope)
        metrics.REQUESTS.labels(method, route, str(self.status)).inc()
        metrics.REQUEST_SECONDS.labels(method, route).observe(seconds)
        noted = {"method": method, "route": route, "status": self.status, "ms": round(seconds * 1000, 1)}
        log.info("request", extra=noted | _caller(self._scope))
        self._within.__exit__(kind, error, trace)

    def failed(self, error: Exception) -> None:
        """Note where it went wrong and how; never what the error says, which may repeat what was sent."""
        log.error("request failed", extra=told(error))


def route_of(scope: Scope) -> str:
    """The template of the route, as it stands in the code; of one that was refused before, what it would have reached.

    The path itself names a child or a home.
    """
    reached = scope.get("route") or scope.get("state", {}).get("permission")
    return str(getattr(reached, "path", NOWHERE))


def _caller(scope: Scope) -> dict[str, Any]:
    caller = scope.get("state", {}).get("principal")
    return {"subject": pseudonym(caller.authority, caller.subject)} if isinstance(caller, Principal) else {}
