"""The composition root: everything is made here, once, and handed to whom it concerns."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

from fastapi import Depends, FastAPI
from starlette.concurrency import run_in_threadpool

from app.access.permissions import PERMISSIONS
from app.api import (
    caseload,
    docs,
    health,
    homes,
    match,
    openapi,
    policies,
    problems,
    proposals,
    referrals,
    runs,
    sign_in,
)
from app.api.access import Access, open_access
from app.api.guard import Guard, Limits
from app.api.permitting import Permitting, permitted, require_permissions
from app.api.service import Service
from app.geo.postcodes import PostcodeDirectory
from app.jobs.choosing import jobs_for
from app.jobs.duties import Duties
from app.runs.workplace import open_workplace
from app.settings import Settings
from app.store.follower import PoolFollower
from app.store.migrate import require_current
from app.store.policies import load_policies
from app.store.roles import require_walls

LONDON = ZoneInfo("Europe/London")

BRING_AN_INVENTORY = ("/match", "/homes/import", "/caseload/import")
"""Addresses whose body may be as large as an inventory."""


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
        dependencies=[Depends(permitted)],
    )
    app.state.service = service
    app.state.access, app.state.browser = access, access.browser
    routers = [resource.router for resource in (match, referrals, homes, caseload, runs, proposals, policies, health)]
    routers += [sign_in.me, *([sign_in.browser] if access.browser else []), *([docs.router] if settings.docs else [])]
    for router in routers:
        app.include_router(router)
    require_permissions(app.routes, PERMISSIONS)
    app.openapi = openapi.describe(app)  # type: ignore[method-assign]
    routes = [route for router in routers for route in router.routes]
    problems.install(app, routes)
    app.add_middleware(Permitting, entry=access.entry, routes=routes)
    app.add_middleware(Guard, limits=_limits(settings))  # the last is the outermost
    return app


def served() -> FastAPI:
    """The service for a process that does nothing else.

    The homes in memory are a million small objects that live as long as the process. They are taken out of
    the garbage collector's sight, which would otherwise look at each of them again and again, while
    somebody waits.
    """
    app = create_app()
    gc.collect()
    gc.freeze()
    return app


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
    jobs = jobs_for(Duties(place, settings.nightly), settings.queue_url)
    return Service(settings.authority, database, inventory, policies_book, postcodes, today, jobs)


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
        hosts=frozenset(host.lower() for host in settings.allowed_hosts),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    service.jobs.start()
    yield
    await run_in_threadpool(service.jobs.stop)
    service.database.close()
