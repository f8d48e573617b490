"""What handlers work with, made once by `app.main`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import cast

from starlette.requests import Request

from app.api.ending import Ending
from app.geo.postcodes import PostcodeDirectory
from app.jobs import Jobs
from app.messages.options import MessageOptions
from app.store.audit_trail import Trail
from app.store.follower import PoolFollower
from app.store.policies import PolicyBook
from app.store.session import Database


@dataclass(frozen=True, slots=True)
class Service:
    """One authority's service. `today` gives the day in England; `jobs` works beside the requests.

    `trail` is where readings are recorded, see `app.api.recording`. `disk_low_mb`: free space beside the database
    under which readiness warns. `messages`: where messages may go. `erasure_log`: file to which erasures are added.
    """

    authority: str
    database: Database
    inventory: PoolFollower
    policies: PolicyBook
    postcodes: PostcodeDirectory
    today: Callable[[], date]
    jobs: Jobs
    trail: Trail = field(init=False)
    ending: Ending = field(default_factory=Ending)
    disk_low_mb: int = 0
    messages: MessageOptions = field(default_factory=MessageOptions.model_construct)
    erasure_log: Path | None = None

    def __post_init__(self) -> None:
        """One end of the trail for all requests, so that they share its transactions."""
        object.__setattr__(self, "trail", Trail(self.database, self.authority))


def service_of(request: Request) -> Service:
    """The service that a request came to."""
    return cast("Service", request.app.state.service)
