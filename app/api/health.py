"""Whether the service runs, and whether it can work."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request

from app.api.documented import errors
from app.api.service import service_of
from app.store.migrate import require_current

router = APIRouter(prefix="/health", tags=["health"])


class Live(BaseModel):
    """The process answers."""

    status: str = "live"


class Ready(BaseModel):
    """The database answers and is laid out for this version; so many homes are in memory."""

    status: str = "ready"
    homes: int


@router.get("/live")
async def live() -> Live:
    """Whether the process answers; says nothing about the database, and needs no thread that may wait for it."""
    return Live()


@router.get("/ready", responses=errors(503))
def ready(request: Request) -> Ready:
    """Whether a request would be served: looks at the database and follows the inventory."""
    service = service_of(request)
    with service.database.reading() as reading:
        require_current(reading)
    return Ready(homes=len(service.inventory.pool()))
