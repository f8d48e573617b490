"""What handlers work with, made once by `app.main`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import cast

from starlette.requests import Request

from app.geo.postcodes import PostcodeDirectory
from app.jobs import Jobs
from app.store.follower import PoolFollower
from app.store.policies import PolicyBook
from app.store.session import Database


@dataclass(frozen=True, slots=True)
class Service:
    """One authority's service. `today` gives the day in England; `jobs` works beside the requests."""

    authority: str
    database: Database
    inventory: PoolFollower
    policies: PolicyBook
    postcodes: PostcodeDirectory
    today: Callable[[], date]
    jobs: Jobs


def service_of(request: Request) -> Service:
    """The service that a request came to."""
    return cast("Service", request.app.state.service)
