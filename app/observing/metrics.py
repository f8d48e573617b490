"""Metrics for Prometheus, in a registry of our own. Labels are routes, codes and states: few, and nobody's.

Several processes of one service share their figures through the files that `PROMETHEUS_MULTIPROC_DIR` names;
`placement serve --workers` sets it. What can be counted in the database is not kept here but read when asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

OWN = CollectorRegistry(auto_describe=False)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)

REQUESTS = Counter("placement_requests", "Requests answered", ("method", "route", "status"), registry=OWN)
REQUEST_SECONDS = Histogram(
    "placement_request_seconds", "Seconds from head to answer", ("method", "route"), buckets=SECONDS, registry=OWN
)
IN_WORK = Gauge("placement_requests_in_work", "Requests under way", registry=OWN, multiprocess_mode="livesum")
TURNED_AWAY = Counter("placement_requests_turned_away", "Requests refused unread: too many at once", registry=OWN)
DATABASE_ERRORS = Counter("placement_database_errors", "What the database refused", ("kind",), registry=OWN)
FIELDS_LEFT_OUT = Counter("placement_log_fields_left_out", "Values that no log may hold", registry=OWN)
CONNECTIONS = Gauge("placement_database_connections", "Connections in use", registry=OWN, multiprocess_mode="livesum")
HOMES = Gauge("placement_inventory_homes", "Homes in memory", registry=OWN, multiprocess_mode="livemax")
INVENTORY_AGE = Gauge(
    "placement_inventory_age_seconds",
    "Seconds since the inventory in memory was last seen to be that of the database",
    registry=OWN,
    multiprocess_mode="livemax",
)

TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that was counted elsewhere: name without prefix, meaning, and values by label values."""

    name: str
    meaning: str
    labels: tuple[str, ...]
    values: tuple[tuple[tuple[str, ...], int | float], ...]


def method_label(method: str) -> str:
    """The method, if it is one of HTTP's own."""
    return method if method in METHODS else "other"


def written(counted: Callable[[], Iterable[Figure]]) -> bytes:
    """All metrics in the format that Prometheus reads: of this process or of all of them, and what was counted."""
    registry = CollectorRegistry(auto_describe=False)
    shared = os.environ.get(SHARED_FOLDER)
    if shared is not None:
        _forget_the_dead(Path(shared))
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(_Counted(counted))
    own = b"" if shared is not None else generate_latest(OWN)
    return own + generate_latest(registry)


def _forget_the_dead(folder: Path) -> None:
    """What a process that is gone had in work goes with it; what it counted stays."""
    for file in folder.glob("gauge_live*_*.db"):
        process = file.stem.rpartition("_")[2]
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            mark_process_dead(process)  # type: ignore[no-untyped-call]
        except (ValueError, PermissionError):
            continue


class _Counted(Collector):
    """Figures that are asked for when somebody looks."""

    def __init__(self, counted: Callable[[], Iterable[Figure]]) -> None:
        self._counted = counted

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Each figure as a gauge."""
        for figure in self._counted():
            family = GaugeMetricFamily(f"placement_{figure.name}", figure.meaning, labels=figure.labels)
            for labels, value in figure.values:
                family.add_metric(labels, value)
            yield family
