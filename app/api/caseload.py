"""The caseload: children who are placed already, whom the local target and the costs count too."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api.documented import READ, errors, json_response, written
from app.api.homes import same_ref
from app.api.import_models import CaseloadImportOut
from app.api.importing import TAKEN, Prefer, do_later, do_now, wants_later
from app.api.paging import Page, cursor
from app.api.permitting import SECOND_WALL
from app.api.recording import changed, saw
from app.api.rows import PlacedRows
from app.api.service import service_of
from app.api.strict import StrictRoute
from app.api.writes import (
    IdempotencyKey,
    IfMatch,
    IfNoneMatch,
    NoteOut,
    Saved,
    answer,
    etag,
    is_current,
    precondition,
    write,
)
from app.documents.fields import Ref, Truth
from app.documents.placed_documents import read_placed, write_placed
from app.documents.placed_models import A_PLACED_CHILD, PlacedIn
from app.errors import PlacedChildNotFound
from app.imports import bringing, listing
from app.matching.referral import ChildRef
from app.store import caseload, erased_named
from app.store.idempotency import Answer
from app.store.import_records import ImportKind
from app.store.session import Writing

router = APIRouter(tags=["caseload"], route_class=StrictRoute, dependencies=SECOND_WALL)

PlacedInPath = Annotated[Ref, Path(description="Reference of the child")]


class StoredPlacedOut(BaseModel):
    """A child of the caseload and the version at which the record stands."""

    version: Annotated[int, Field(ge=1)]
    child: PlacedIn


class CaseloadOut(BaseModel):
    """A page of the caseload in the order of the references. `next` is null on the last page."""

    children: list[StoredPlacedOut]
    next: str | None


class CaseloadIn(BaseModel):
    """The caseload, or part of it. With `replace` whoever is not named is taken out."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"children": [A_PLACED_CHILD], "replace": True}]},
    )

    children: PlacedRows
    replace: Truth = False


@router.put(
    "/caseload/{ref}",
    response_model=Saved,
    status_code=200,
    responses={**written(Saved), **errors(412, 428)},
)
def put_placed(
    request: Request,
    ref: PlacedInPath,
    body: PlacedIn,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """Store a child of the caseload, new or changed. A change needs `If-Match` with the ETag of what was read.

    Where `home` is stored and does not list the child among its residents, `notes` says so: nobody's place is counted
    by the caseload. So it does where no such home is stored, and where a placement has the child in another one.
    """
    service = service_of(request)
    same_ref(ref, body.ref)
    wanted = precondition(if_match, if_none_match)
    read = read_placed(body, service.postcodes)
    notes = [NoteOut(field=note.field, note=note.note) for note in read.notes]

    def work(writing: Writing) -> Answer:
        saved = caseload.save_placed(writing, service.authority, read.records[0], wanted)
        known = erased_named.told_and_known(writing, service.authority, [ref] if saved.is_new else ())
        doubts = caseload.doubts(writing, service.authority, ChildRef(ref)) if body.home else caseload.Doubts()
        told = [*notes, *(NoteOut(field=note.field, note=note.note) for note in listing.notes_of(doubts, {ref: ""}))]
        changed(request, writing, "caseload.write", "child", ref, [ref], known, version=saved.version)
        return answer(Saved(ref=ref, version=saved.version, notes=told), 201 if saved.is_new else 200, saved.version)

    return write(request, key, work)


@router.get("/caseload/{ref}", response_model=PlacedIn, responses={**READ, **errors(404)})
def get_placed(request: Request, ref: PlacedInPath, if_none_match: IfNoneMatch = None) -> Response:
    """A child of the caseload as recorded, in the form in which it is sent, with its ETag."""
    service = service_of(request)
    with service.database.reading() as reading:
        stored = caseload.one(reading, service.authority, ChildRef(ref))
    if stored is None:
        raise PlacedChildNotFound
    saw(request, "caseload.read", "child", ref, [ref], version=stored.version)
    headers = {"ETag": etag(stored.version)}
    if is_current(if_none_match, stored.version):
        return Response(status_code=304, headers=headers)
    return json_response(write_placed(stored.record), headers)


@router.delete("/caseload/{ref}", status_code=204, responses=errors(404, 412, 428))
def delete_placed(
    request: Request, ref: PlacedInPath, if_match: IfMatch = None, key: IdempotencyKey = None
) -> Response:
    """Take a child out of the caseload. Needs `If-Match`."""
    service = service_of(request)
    wanted = precondition(if_match)

    def work(writing: Writing) -> Answer:
        caseload.remove_placed(writing, service.authority, ChildRef(ref), wanted)
        changed(request, writing, "caseload.delete", "child", ref, [ref])
        return Answer(204, None, b"")

    return write(request, key, work)


@router.get("/caseload", response_model=CaseloadOut)
def list_caseload(request: Request, page: Annotated[Page, Query()]) -> Response:
    """The caseload in the order of the references, a page at a time."""
    service, after = service_of(request), page.after()
    with service.database.reading() as reading:
        found = caseload.page(reading, service.authority, after, page.limit)
    saw(request, "caseload.list", "caseload", "page", [stored.record.ref for stored in found], shown=len(found))
    children: list[dict[str, Any]] = [
        {"version": stored.version, "child": write_placed(stored.record)} for stored in found
    ]
    following = cursor([stored.record.ref for stored in found], page.limit)
    return json_response({"children": children, "next": following})


@router.post("/caseload/import", response_model=CaseloadImportOut, responses=TAKEN)
def import_caseload(
    request: Request,
    body: CaseloadIn,
    key: IdempotencyKey = None,
    prefer: Prefer = None,  # noqa: ARG001 - documented here; read with its other lines from the request
) -> Response:
    """Store many children of the caseload, all of them or none. What is there already just so is not touched.

    With `Prefer: respond-async` the answer comes at once, and GET of the address in `Location` tells what came of it.

    There is no `If-Match`: an import says what stands in the sender's own system, which is the one that counts, and
    it is stored whole, whatever anybody changed meanwhile. Change single children by PUT, which overwrites nothing
    unseen.
    """
    if wants_later(request):
        return do_later(request, ImportKind.CASELOAD, key)
    store = bringing.children(body.children, service_of(request).postcodes, replace=body.replace)
    return do_now(request, store, CaseloadImportOut, key)
