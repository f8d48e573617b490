"""Personal data of one child: where it is, and that it goes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api.callers import caller_of
from app.api.documented import errors, json_response
from app.api.permitting import SECOND_WALL
from app.api.recording import saw
from app.api.service import service_of
from app.api.strict import StrictRoute
from app.api.writes import IdempotencyKey, answer, write
from app.documents.fields import Ref
from app.errors import ChildNotKnown
from app.store import erasure
from app.store.erasure import Erasure
from app.store.idempotency import Answer
from app.store.session import Writing

router = APIRouter(tags=["personal data"], route_class=StrictRoute, dependencies=SECOND_WALL)

ChildInPath = Annotated[Ref, Path(description="Reference of the child")]


class HeldOut(BaseModel):
    """In how many rows of each table the child stands by its reference."""

    rows: dict[str, int]


class ErasedOut(BaseModel):
    """The word that stands for the child from now on. It means nothing to anybody."""

    erased_as: Annotated[str, Field(examples=["erased-0123456789abcdef"])]


@router.get("/children/{ref}/personal-data", response_model=HeldOut, responses=errors(404))
def get_held(request: Request, ref: ChildInPath) -> Response:
    """Where something is stored of a child. What it is, the addresses of those records tell."""
    service = service_of(request)
    with service.database.reading() as reading:
        rows = erasure.held(reading, service.authority, ref)
    if not rows:
        raise ChildNotKnown
    saw(request, "personal_data.read", "child", ref, [ref])
    return json_response({"rows": rows})


@router.delete("/children/{ref}/personal-data", response_model=ErasedOut, responses=errors(404, 409))
def erase(request: Request, ref: ChildInPath, key: IdempotencyKey = None) -> Response:
    """Erase a child from every record. Not while the child has a live placement or a run is at work; for ever.

    The audit trail still says who did what and when, and no longer for whom. Nor while a stored home lists the child
    among its residents: 409 `still_lives_in_home`, since what is known of it keeps others safe. Once the child has
    left, store that home without it, then erase.

    There is no `If-Match`: whatever is stored by then goes, whoever stored it, so there is no version to be true to.
    """
    service, caller = service_of(request), caller_of(request)
    wanted, note = Erasure.of(service.authority, ref), erasure.noter(service.erasure_log)

    def work(writing: Writing) -> Answer:
        erased_as = erasure.erase(writing, ref, wanted, (caller.subject, str(caller.kind)), note)
        return answer(ErasedOut(erased_as=erased_as))

    response = write(request, key, work)
    erasure.tidy(service.database)
    service.inventory.pool()
    return response
