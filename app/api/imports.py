"""Imports that are done beside the requests: how far each is, and what came of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from app.api.documented import errors
from app.api.import_models import ImportStateOut, state_of
from app.api.permitting import SECOND_WALL
from app.api.run_models import Hex32
from app.api.service import service_of
from app.api.strict import StrictRoute
from app.store import imports

router = APIRouter(tags=["imports"], route_class=StrictRoute, dependencies=SECOND_WALL)

ImportInPath = Annotated[Hex32, Path(description="Id of the import")]


@router.get("/imports/{id}", response_model=ImportStateOut, responses=errors(404))
def get_import(request: Request, import_id: Annotated[ImportInPath, Path(alias="id")]) -> Response:
    """An import that was asked for with `Prefer: respond-async`: how far it is, and what came of it.

    They are done in the order in which they were asked for. One that does not work is tried again after 2, 4, 8 ...
    seconds, five times in all; one with a wrong row fails at once and names it.
    """
    service = service_of(request)
    with service.database.reading() as reading:
        found = imports.get(reading, service.authority, import_id)
    return Response(state_of(found).model_dump_json(), media_type="application/json")
