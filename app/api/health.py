"""Whether the service runs, and whether it can work."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request

from app.api.documented import errors
from app.api.permitting import SECOND_WALL
from app.api.service import service_of
from app.errors import Ending
from app.store import overdue
from app.store.condition import free_mb, takes_changes
from app.store.migrate import require_current

router = APIRouter(prefix="/health", tags=["health"], dependencies=SECOND_WALL)

Note = Literal["read_only", "disk_space_low", "no_policy_in_effect", "holds_not_looked_after"]


class Live(BaseModel):
    """The process answers."""

    status: str = "live"


class Ready(BaseModel):
    """The database answers and is laid out for this version; so many homes are in memory, as they are stored."""

    status: str = "ready"
    homes: int
    notes: Annotated[list[Note], Field(description="What somebody should look after; the service works all the same")]


@router.get("/live")
async def live() -> Live:
    """Whether the process answers; says nothing about the database, and needs no thread that may wait for it."""
    return Live()


@router.get("/ready", responses=errors(503))
def ready(request: Request) -> Ready:
    """Whether a request would be served: looks at the database, follows the inventory, and knows if the end is near."""
    service = service_of(request)
    if service.ending.has_begun:
        raise Ending
    notes: list[Note] = []
    with service.database.reading() as reading:
        require_current(reading)
        if not takes_changes(service.database, reading):
            notes.append("read_only")
        if overdue.is_left_alone(reading, service.authority):
            notes.append("holds_not_looked_after")
    free = free_mb(service.database)
    if free is not None and free < service.disk_low_mb:
        notes.append("disk_space_low")
    try:
        service.policies.pick(None, service.today())
    except LookupError:
        notes.append("no_policy_in_effect")
    return Ready(homes=len(service.inventory.pool()), notes=notes)
