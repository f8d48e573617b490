"""The composition root: everything is made here, once, and handed to whom it concerns."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.concurrency import run_in_threadpool
from uvicorn.config import STARTUP_FAILURE

from app.access.permissions import PERMISSIONS
from app.api import (
    audit,
    caseload,
    docs,
    erasure,
    health,
    holds,
    homes,
    imports,
    match,
    metrics,
    openapi,
    placements,
    policies,
    problems,
    proposals,
    referrals,
    runs,
    sign_in,
    webhooks,
)
from app.api.access import Access, open_access
from app.api.admission import Crowd
from app.api.ending import Ending, told_by_signals
from app.api.guard import Guard, Limits
from app.api.permitting import Permitting, require_permissions, require_second_wall
from app.api.service import Service
from app.errors import Internal
from app.geo.postcodes import PostcodeDirectory
from app.jobs.choosing import jobs_for
from app.jobs.duties import Duties
from app.observing import logs, traces
from app.runs.workplace import open_workplace
from app.settings import Settings
from app.store.follower import PoolFollower
from app.store.migrate import require_current
from app.store.policies import load_policies
from app.store.roles import require_walls

log = logging.getLogger(__name__)

LONDON = ZoneInfo("Europe/London")

SWITCH_S = 0.001
"""Threads that match give way to the one that takes and refuses requests after so long, not after 5 ms each."""

COLLECT_AFTER = (50_000, 20, 50)
"""Garbage in circles is looked for after so many new objects, not after each 700: an answer alone makes thousands,
and none of them in a circle."""

BRING_AN_INVENTORY = ("/match", "/homes/import", "/caseload/import")
"""Addresses whose body may be as large as an inventory."""

NO_TELEMETRY_OF_ITS_OWN: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""The framework would send texts of exceptions, which may hold what was sent, as soon as its environment says where
to. What may leave the process is decided by `app.observing` alone."""


def today_in_england() -> date:
    """The day in England."""
    return datetime.now(LONDON).date()


def create_app(settings: Settings | None = None, today: Callable[[], date] = today_in_england) -> FastAPI:
    """The service, ready to be run. Raises where the database, policies or postcodes cannot be used."""
    settings = settings or Settings.read()
    service = _service(settings, today)
    access = _access(settings, service)
    app = FastAPI(
        title="Placement matching",
        version="0.1.0",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        telemetry=NO_TELEMETRY_OF_ITS_OWN,
    )
    app.state.service = service
    app.state.access, app.state.browser = access, access.browser
    routers = [
        resource.router
        for resource in (
            match,
            referrals,
            homes,
            caseload,
            imports,
            runs,
            proposals,
            holds,
            placements,
            policies,
            health,
        )
    ]
    routers += [sign_in.me, *([sign_in.browser] if access.browser else []), *([docs.router] if settings.docs else [])]
    routers += [audit.router, erasure.router, webhooks.router, *([metrics.router] if settings.metrics else [])]
    for router in routers:
        # Put in rather than included: a route that is included is built anew for each application.
        app.router.routes += router.routes
    require_permissions(app.routes, PERMISSIONS)
    require_second_wall(app.routes)
    app.openapi = openapi.describe(app)  # type: ignore[method-assign]
    routes = [route for router in routers for route in router.routes]
    problems.install(app, routes)
    app.add_middleware(Permitting, entry=access.entry, routes=routes)
    whose = access.entry.callers.whose
    app.add_middleware(Guard, limits=_limits(settings), whose=whose)  # the last is the outermost
    _start_tracing(app, settings.otlp_endpoint)
    return app


def served() -> FastAPI:
    """The service for a process that does nothing else.

    The homes in memory are a million small objects that live as long as the process. They are taken out of
    the garbage collector's sight, which would otherwise look at each of them again and again, while
    somebody waits.
    """
    settings = Settings.read()
    logs.configure(settings.log_style, settings.log_level)
    logs.watch_for_the_unexpected()
    app = _made_or_ended(settings)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    sys.setswitchinterval(SWITCH_S)
    return app


def _made_or_ended(settings: Settings) -> FastAPI:
    """The service. Where it cannot be made, one process of several says so to its supervisor, which then ends too."""
    try:
        return create_app(settings)
    except Exception as error:
        if multiprocessing.parent_process() is None:
            raise
        log.critical("could not start", exc_info=True, extra={"code": getattr(error, "code", None) or Internal.code})
        sys.exit(STARTUP_FAILURE)


def _service(settings: Settings, today: Callable[[], date]) -> Service:
    policies_book = load_policies(settings.policies)
    postcodes = PostcodeDirectory.open(settings.postcodes)
    database = settings.open_database()
    try:
        with database.reading() as reading:
            require_current(reading)
            require_walls(reading)
        inventory = PoolFollower(database, settings.authority)
        inventory.pool()
    except Exception:
        database.close()
        raise
    place = open_workplace(database, settings.authority, settings.policies, inventory)
    jobs = jobs_for(Duties.of(place, settings.nightly, messages=settings, postcodes=postcodes), settings.queue_url)
    return Service(
        settings.authority,
        database,
        inventory,
        policies_book,
        postcodes,
        today,
        jobs,
        Ending(settings.drain_s),
        settings.disk_low_mb,
        settings,
        settings.erasure_log,
    )


def _access(settings: Settings, service: Service) -> Access:
    try:
        return open_access(settings, settings.authority, service.database, settings.host, settings.allowed_hosts)
    except Exception:
        service.database.close()
        raise


def _limits(settings: Settings) -> Limits:
    return Limits(
        body_bytes=settings.body_limit_bytes,
        larger=dict.fromkeys(BRING_AN_INVENTORY, settings.inventory_limit_bytes),
        body_timeout_s=settings.body_timeout_s,
        request_timeout_s=settings.request_timeout_s,
        hosts=frozenset(host.lower() for host in settings.allowed_hosts),
        crowd=Crowd(
            settings.requests_at_once,
            settings.requests_waiting,
            settings.request_wait_ms / 1000,
            settings.large_requests_at_once,
        ),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    if not service.database.read_only:
        service.jobs.start()
    with told_by_signals(service.ending):
        yield
    service.ending.begin()
    await run_in_threadpool(service.jobs.stop)
    service.database.close()
    if app.state.traces is not None:
        await run_in_threadpool(_stop_tracing, app)


def _start_tracing(app: FastAPI, endpoint: str) -> None:
    """Send traces where somebody wants them."""
    app.state.traces = None
    if endpoint:
        app.state.traces = traces.begin(endpoint)
        traces.trace_app(app, app.state.traces)
        traces.trace_engine(app.state.service.database.engine, app.state.traces)


def _stop_tracing(app: FastAPI) -> None:
    traces.untrace_app(app)
    app.state.traces.shutdown()
