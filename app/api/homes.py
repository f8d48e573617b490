"""Homes: one at a time, in pages, or a whole inventory at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api.documented import READ, errors, json_response, written
from app.api.import_models import ImportOut
from app.api.importing import TAKEN, Prefer, do_later, do_now, wants_later
from app.api.paging import Page, cursor
from app.api.permitting import SECOND_WALL
from app.api.recording import changed, look, saw
from app.api.rows import HomeRows
from app.api.service import service_of
from app.api.strict import StrictRoute
from app.api.withholding import (
    NOBODY_ON_RECORD,
    home_without_children,
    require_no_children,
    require_nobody_on_record,
    with_children_on_record,
    withholds,
)
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
from app.documents.examples import A_HOME
from app.documents.fields import Ref
from app.documents.home_documents import home_as_sent, read_home
from app.documents.home_models import HomeIn
from app.errors import FieldProblem, HomeNotFound, Invalid
from app.imports import bringing, same_home
from app.imports.promised import note_of
from app.matching.referral import HomeRef
from app.store import audit_whom, erased_named, load, save
from app.store.audit import JSON
from app.store.idempotency import Answer
from app.store.import_records import ImportKind
from app.store.load import StoredDocument
from app.store.same_home import everywhere
from app.store.session import Writing

router = APIRouter(tags=["homes"], route_class=StrictRoute, dependencies=SECOND_WALL)

HomeInPath = Annotated[Ref, Path(description="Reference of the home")]


class StoredHomeOut(BaseModel):
    """A home and the version at which it stands."""

    version: Annotated[int, Field(ge=1)]
    home: HomeIn


class HomesOut(BaseModel):
    """A page of homes in the order of their references. `next` is null on the last page."""

    homes: list[StoredHomeOut]
    next: str | None


class ImportIn(BaseModel):
    """An inventory. A home that is stored already is overwritten if it differs; none is taken away."""

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"homes": [A_HOME]}]},
    )

    homes: HomeRows
    on_problem: Annotated[
        Literal["refuse_all", "skip_row"],
        Field(description="`refuse_all`: one wrong row and nothing is stored. `skip_row`: the others are"),
    ] = "refuse_all"


@router.put(
    "/homes/{ref}",
    response_model=Saved,
    status_code=200,
    responses={**written(Saved), **errors(409, 412, 428)},
)
def put_home(
    request: Request,
    ref: HomeInPath,
    body: HomeIn,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """Store a home, new or changed. A change needs `If-Match` with the ETag of what was read.

    Whoever may not read children's records leaves `residents` and the children named in `terms` out: those on record
    stay.
    """
    service, keeps_children = service_of(request), withholds(request)
    same_ref(ref, body.ref)
    if keeps_children:
        require_no_children(body)
    wanted = precondition(if_match, if_none_match)
    read = read_home(body, service.postcodes, service.today())

    def work(writing: Writing) -> Answer:
        home = with_children_on_record(writing, service.authority, read.record) if keeps_children else read.record
        home = erased_named.one_each(writing, service.authority, home)
        saved = save.save_home(writing, service.authority, home, wanted)
        short = note_of(home, saved.claimed)
        told = [*read.notes, *([] if short is None else [short])]
        if saved.is_new:
            told += same_home.notes_of([home.ref], everywhere(writing, service.authority))
            told += [NOBODY_ON_RECORD] if keeps_children else []
        notes = [NoteOut(field=note.field, note=note.note) for note in told]
        out = Saved(ref=ref, version=saved.version, notes=notes)
        new = {resident.ref for resident in home.residents} - saved.before
        erased_named.told_again(writing, service.authority, new)
        residents = saved.before | new
        changed(request, writing, "home.write", "home", ref, residents, version=saved.version)
        return answer(out, 201 if saved.is_new else 200, saved.version)

    return write(request, key, work)


@router.get("/homes/{ref}", response_model=HomeIn, responses={**READ, **errors(404)})
def get_home(request: Request, ref: HomeInPath, if_none_match: IfNoneMatch = None) -> Response:
    """A home as it stands, in the form in which it is sent, with its ETag.

    Without `residents`, and without the children named in `terms`, for whoever may not read children's records.
    """
    wanted, shows_nobody = load.home_document(service_of(request).authority, HomeRef(ref)), withholds(request)

    def noted(home: StoredDocument) -> tuple[Iterable[str], dict[str, JSON]]:
        return () if shows_nobody else home.people, {"version": home.version}

    stored = look(request, "home.read", "home", ref, wanted, audit_whom.SUBJECTS_OF_HOME, noted)
    if stored is None:
        raise HomeNotFound
    headers = {"ETag": etag(stored.version)}
    if is_current(if_none_match, stored.version):
        return Response(status_code=304, headers=headers)
    home = home_as_sent(stored.written)
    return json_response(home_without_children(home) if shows_nobody else home, headers)


@router.delete("/homes/{ref}", status_code=204, responses=errors(404, 409, 412, 428))
def delete_home(request: Request, ref: HomeInPath, if_match: IfMatch = None, key: IdempotencyKey = None) -> Response:
    """Take a home away, with all that is stored of its residents. Needs `If-Match`.

    409 `home_still_claimed` while children have a place there by a placement. Whoever may not read children's records
    takes away no home where any are on record: 409 `children_on_record`.
    """
    service, shows_nobody = service_of(request), withholds(request)
    wanted = precondition(if_match)

    def work(writing: Writing) -> Answer:
        if shows_nobody:
            require_nobody_on_record(writing, service.authority, HomeRef(ref))
        residents = audit_whom.of_home(writing, service.authority, ref)
        save.remove_home(writing, service.authority, HomeRef(ref), wanted)
        changed(request, writing, "home.delete", "home", ref, residents)
        return Answer(204, None, b"")

    return write(request, key, work)


@router.get("/homes", response_model=HomesOut)
def list_homes(request: Request, page: Annotated[Page, Query()]) -> Response:
    """Homes in the order of their references, a page at a time; without their children as at GET of one home."""
    service, after, shows_nobody = service_of(request), page.after(), withholds(request)
    with service.database.asking() as reading:
        stored_page = load.homes_page(reading, service.authority, after, page.limit)
    found = stored_page.documents
    residents = () if shows_nobody else {resident for stored in found for resident in stored.people}
    saw(request, "homes.list", "homes", "page", residents, known=stored_page.known, shown=len(found))
    homes: list[dict[str, Any]] = [
        {"version": stored.version, "home": home_as_sent(stored.written)} for stored in found
    ]
    if shows_nobody:
        homes = [one | {"home": home_without_children(one["home"])} for one in homes]
    following = cursor([stored.ref for stored in found], page.limit)
    return json_response({"homes": homes, "next": following})


@router.post("/homes/import", response_model=ImportOut, responses=TAKEN)
def import_homes(
    request: Request,
    body: ImportIn,
    key: IdempotencyKey = None,
    prefer: Prefer = None,  # noqa: ARG001 - documented here; read with its other lines from the request
) -> Response:
    """Store an inventory, all of it or nothing unless `on_problem` says otherwise.

    Rows that stand there already just so keep their version, so an import may be repeated without harm. With
    `Prefer: respond-async` the answer comes at once, and GET of the address in `Location` tells what came of it.

    There is no `If-Match`: an import says what stands in the sender's own system, which is the one that counts, and
    it is stored whole, whatever anybody changed meanwhile. Change single homes by PUT, which overwrites nothing unseen.
    """
    service = service_of(request)
    if wants_later(request):
        return do_later(request, ImportKind.HOMES, key)
    store = bringing.homes(body.homes, body.on_problem, service.postcodes, service.today())
    response = do_now(request, store, ImportOut, key)
    service.inventory.pool()  # read the new inventory now, so that the next match need not wait for it
    return response


def same_ref(in_path: str, in_body: str) -> None:
    """The address and the body must speak of the same thing."""
    if in_path != in_body:
        cure = "Send the reference of the address in the body too."
        raise Invalid([FieldProblem("ref", "This is not the reference of the address.", cure)])
