"""The audit trail: who saw or changed what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api.documented import json_response
from app.api.paging import Page, cursor
from app.api.permitting import SECOND_WALL
from app.api.recording import saw
from app.api.runs import number_of
from app.api.service import service_of
from app.api.strict import StrictRoute
from app.documents.fields import Ref
from app.store import audit_reading

router = APIRouter(tags=["audit"], route_class=StrictRoute, dependencies=SECOND_WALL)

NO_CONTROL_CHARACTER = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""A database takes no NUL, and nobody's subject has one."""


class EntryOut(BaseModel):
    """An entry. Of a child who was erased `children` says `erased`, and facts that were about that child are null."""

    seq: Annotated[int, Field(ge=1)]
    at: datetime
    actor: str
    actor_kind: str
    action: Annotated[str, Field(examples=["referral.read"])]
    object_kind: str
    object_ref: str | None
    children: list[str]
    facts: dict[str, Any] | None
    hash: Annotated[str, Field(description="Over this entry and all before it")]


class AuditOut(BaseModel):
    """A page of the trail, the newest first. `next` is null on the last page."""

    entries: list[EntryOut]
    next: str | None


class HeadOut(BaseModel):
    """The end of the trail. Kept elsewhere, it shows later whether anything before it was changed."""

    authority: str
    entries: Annotated[int, Field(ge=0)]
    hash: str


class AuditPage(Page):
    """Which part of the trail: all of it, or what is about one child or by one caller."""

    child: Ref | None = None
    actor: Annotated[str, Field(min_length=1, max_length=255, pattern=NO_CONTROL_CHARACTER)] | None = None


@router.get("/audit", response_model=AuditOut)
def list_entries(request: Request, page: Annotated[AuditPage, Query()]) -> Response:
    """Who saw or changed what, the newest first, a page at a time. Looking is an entry itself."""
    service, before = service_of(request), number_of(page)
    with service.database.reading() as reading:
        found = audit_reading.page(reading, service.authority, before, page.limit, child=page.child, actor=page.actor)
    named = {child for entry in found for child in entry.subjects if child != audit_reading.ERASED_CHILD}
    saw(request, "audit.list", "audit", "page", named, shown=len(found))
    entries = [
        {
            "seq": entry.seq,
            "at": entry.at,
            "actor": entry.actor,
            "actor_kind": entry.actor_kind,
            "action": entry.action,
            "object_kind": entry.object_kind,
            "object_ref": entry.object_ref,
            "children": entry.subjects,
            "facts": entry.facts,
            "hash": entry.hash,
        }
        for entry in found
    ]
    return json_response({"entries": entries, "next": cursor([str(entry.seq) for entry in found], page.limit)})


@router.get("/audit/head", response_model=HeadOut)
def get_head(request: Request) -> Response:
    """How many entries there are, and the hash of the last. `placement audit head` signs the same."""
    service = service_of(request)
    with service.database.reading() as reading:
        head = audit_reading.head(reading, service.authority)
    return json_response({"authority": service.authority, "entries": head.seq, "hash": head.hash.hex()})
