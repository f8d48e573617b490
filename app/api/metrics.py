"""Metrics, for those who watch over the service. Counts and times; nothing about anybody."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api.permitting import SECOND_WALL
from app.api.service import Service, service_of
from app.errors import PlacementError
from app.observing import metrics
from app.observing.metrics import Figure
from app.store.counting import Counts, LastRun, counted

router = APIRouter(tags=["health"], dependencies=SECOND_WALL)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def read_metrics(request: Request) -> Response:
    """The figures of the service in the form that Prometheus reads. Without the database: those of the process."""
    service = service_of(request)
    _note_process(service)
    return Response(metrics.written(lambda: _figures(service)), media_type=metrics.TYPE)


def _note_process(service: Service) -> None:
    metrics.HOMES.set(service.inventory.size)
    metrics.INVENTORY_AGE.set(round(time.monotonic() - service.inventory.seen_at, 3))
    metrics.CONNECTIONS.set(getattr(service.database.engine.pool, "checkedout", int)())


def _figures(service: Service) -> Iterator[Figure]:
    try:
        with service.database.reading() as reading:
            counts = counted(reading, service.authority)
    except PlacementError:
        yield _one("database_up", "Whether the database answers", 0)
        return
    yield _one("database_up", "Whether the database answers", 1)
    yield from _of_counts(counts)
    if counts.last_run is not None:
        yield from _of_last_run(counts.last_run)


def _of_counts(counts: Counts) -> Iterator[Figure]:
    yield _one("referrals_waiting", "Referrals that wait for a home", counts.referrals)
    yield _one("children_waiting", "Children that wait for a home", counts.children)
    yield _one("proposals_standing", "Proposals of the last published run", counts.proposals)
    yield _one("audit_entries", "Entries of the audit trail", counts.audit_entries)
    runs = tuple(sorted(counts.runs.items()))
    yield Figure("runs", "Runs by kind and how they ended", ("kind", "status"), runs)
    yield _by("placements", "Placements that take a place", "state", counts.placements)
    yield _by("messages_unsent", "Messages waiting to be sent, or given up", "state", counts.messages)
    yield _by("imports", "Imports beside the requests that wait, are at work or failed", "status", counts.imports)


def _of_last_run(run: LastRun) -> Iterator[Figure]:
    yield _one("last_run_seconds", "How long the last published run took", run.seconds)
    yield _one("last_run_age_seconds", "How long ago it was published", run.age_s)
    yield _one("last_run_gap_ppm", "What it could still gain at most, in millionths", run.gap_ppm)
    yield _one("last_run_dropped", "Proposals that had become impossible when it was published", run.dropped)


def _one(name: str, meaning: str, value: int) -> Figure:
    return Figure(name, meaning, (), (((), value),))


def _by(name: str, meaning: str, label: str, values: Mapping[str, int]) -> Figure:
    return Figure(name, meaning, (label,), tuple(((key,), value) for key, value in sorted(values.items())))
