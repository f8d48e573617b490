"""Referrals: what is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api import named_siblings
from app.api.documented import READ, errors, json_response, written
from app.api.homes import same_ref
from app.api.paging import Page, cursor
from app.api.permitting import SECOND_WALL
from app.api.recording import changed, look, saw
from app.api.service import service_of
from app.api.strict import StrictRoute
from app.api.telling import saying_who_waits
from app.api.waiting_notes import notes_of_search
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
from app.documents.fields import Ref
from app.documents.referral_documents import read_referral, referral_as_sent
from app.documents.referral_models import ReferralIn
from app.errors import ReferralNotFound
from app.matching.referral import ChildRef, ReferralRef
from app.store import answered, audit_whom, erased_named, load, on_record, save
from app.store.audit import JSON
from app.store.erasure import MARK
from app.store.idempotency import Answer
from app.store.load import StoredDocument
from app.store.session import Writing
from app.store.under_way import asked_for, waiting_page

router = APIRouter(tags=["referrals"], route_class=StrictRoute, dependencies=SECOND_WALL)

ReferralInPath = Annotated[Ref, Path(description="Reference of the referral", examples=["R-0002"])]


class StoredReferralOut(BaseModel):
    """A referral and the version at which it stands."""

    version: Annotated[int, Field(ge=1)]
    referral: ReferralIn


class ListedReferralOut(StoredReferralOut):
    """The same in a list, with those of its children for whom a home is looked for.

    Nobody waits where all have a place, or moved in and the referral has no other search (`waiting_since`) since.
    """

    waiting: Annotated[list[Ref], Field(description="References of the children who still wait; empty: nobody does")]


class ReferralsOut(BaseModel):
    """A page of referrals in the order of their references. `next` is null on the last page."""

    referrals: list[ListedReferralOut]
    next: str | None


ERASED = (
    "The personal data of somebody who is named here was erased: a word that means nothing stands in the list instead."
    " The rule holds for whoever was left in a home in their place, and for the person once you send them again by this"
    " reference, in a home or a referral. Where they live now under another name nobody here can tell: ask who knows."
)

NOBODY = (
    "Nobody of this reference is on record here: no home lists them, and no referral, placement or caseload names them."
    " The rule holds as soon as they are sent by exactly this reference."
)
OTHER_LETTERS = " One that differs only in capital letters is on record, and is somebody else here: check who is meant."


def named_at(body: ReferralIn, refs: Collection[str]) -> list[str]:
    """Where a body names these people among those from whom a child must live apart."""
    return [path for path, ref in _people_named(body) if ref in refs]


def _people_named(body: ReferralIn) -> list[tuple[str, str]]:
    """Everybody whom a body names so, each with the path of its field."""
    return [
        (f"children[{n}].live_apart_from[{at}]", ref)
        for n, child in enumerate(body.children)
        for at, ref in enumerate(child.live_apart_from)
    ]


def _notes_of_people(writing: Writing, authority: str, body: ReferralIn, kept: Collection[str]) -> list[NoteOut]:
    """What to say of them: who is `kept` by a word, and which reference fits nobody on record."""
    erased = [NoteOut(field=path, note=ERASED) for path in named_at(body, kept)]
    named = [(path, ref) for path, ref in _people_named(body) if ref not in kept and not ref.startswith(MARK)]
    nobodies = on_record.nobodies(writing, authority, {ref for _, ref in named})
    unknown = [(path, NOBODY + (OTHER_LETTERS if nobodies[ref] else "")) for path, ref in named if ref in nobodies]
    return [*erased, *(NoteOut(field=path, note=told) for path, told in unknown)]


@router.put(
    "/referrals/{ref}",
    response_model=Saved,
    status_code=200,
    responses={**written(Saved), **errors(409, 412, 428)},
)
def put_referral(
    request: Request,
    ref: ReferralInPath,
    body: ReferralIn,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """Store a referral, new or changed. A change needs `If-Match` with the ETag of what was read.

    A child for whom a place waits is not taken out of it: 409 `referral_still_pursued`. Whoever was erased and is
    named in `live_apart_from` is kept there by a word that means nothing; `notes` says where, and where a reference
    in that list fits nobody on record. It says as well where the search (`waiting_since`) begins a move of children
    who live somewhere by a placement, and where it begins none for children whose placement has ended.
    """
    service = service_of(request)
    same_ref(ref, body.ref)
    wanted = precondition(if_match, if_none_match)
    read = read_referral(body, service.postcodes, service.today())
    notes = [NoteOut(field=note.field, note=note.note) for note in (*read.notes, *named_siblings.notes_of(body))]

    def work(writing: Writing) -> Answer:
        record, kept = erased_named.as_kept(writing, service.authority, read.record)
        saved = save.save_referral(writing, service.authority, record, wanted)
        new = {child.ref for child in record.children} - saved.before
        known = erased_named.told_and_known(writing, service.authority, new)
        asks = asked_for(writing, service.authority, record.ref)
        of_search = [NoteOut(field=note.field, note=note.note) for note in notes_of_search(asks)]
        told = notes + _notes_of_people(writing, service.authority, body, kept) + of_search
        out = Saved(ref=ref, version=saved.version, notes=told)
        children = saved.before | {child.ref for child in read.record.children}
        changed(request, writing, "referral.write", "referral", ref, children, known, version=saved.version)
        return answer(out, 201 if saved.is_new else 200, saved.version)

    with saying_who_waits(request, read.record):
        return write(request, key, work)


@router.get("/referrals/{ref}", response_model=ReferralIn, responses={**READ, **errors(404)})
def get_referral(request: Request, ref: ReferralInPath, if_none_match: IfNoneMatch = None) -> Response:
    """A referral as it stands, in the form in which it is sent, with its ETag."""
    wanted = load.referral_document(service_of(request).authority, ReferralRef(ref))

    def noted(referral: StoredDocument) -> tuple[Iterable[str], dict[str, JSON]]:
        return referral.people, {"version": referral.version}

    stored = look(request, "referral.read", "referral", ref, wanted, audit_whom.SUBJECTS_OF_REFERRAL, noted)
    if stored is None:
        raise ReferralNotFound
    headers = {"ETag": etag(stored.version)}
    if is_current(if_none_match, stored.version):
        return Response(status_code=304, headers=headers)
    return json_response(referral_as_sent(stored.written), headers)


@router.delete("/referrals/{ref}", status_code=204, responses=errors(404, 409, 412, 428))
def delete_referral(
    request: Request, ref: ReferralInPath, if_match: IfMatch = None, key: IdempotencyKey = None
) -> Response:
    """Withdraw a referral, with all that is stored of its children. Needs `If-Match`.

    409 `referral_still_pursued` while a place waits for one of its children: withdraw that placement first, or tell
    that the children moved in.
    """
    service = service_of(request)
    wanted = precondition(if_match)

    def work(writing: Writing) -> Answer:
        children = audit_whom.of_referral(writing, service.authority, ref)
        save.remove_referral(writing, service.authority, ReferralRef(ref), wanted)
        changed(request, writing, "referral.delete", "referral", ref, children)
        return Answer(204, None, b"")

    return write(request, key, work)


@router.get("/referrals", response_model=ReferralsOut)
def list_referrals(request: Request, page: Annotated[Page, Query()]) -> Response:
    """All stored referrals in the order of their references, a page at a time, each with who still waits.

    A referral stays until the case system withdraws it: one that was answered is listed with nobody in `waiting`.
    """
    service, after = service_of(request), page.after()
    with service.database.asking() as reading:
        stored_page, placed, settled = waiting_page(reading, service.authority, after, page.limit)
    found = stored_page.documents
    children = {child for stored in found for child in stored.people}
    saw(request, "referrals.list", "referrals", "page", children, known=stored_page.known, shown=len(found))
    referrals: list[dict[str, Any]] = [
        {
            "version": stored.version,
            "referral": referral_as_sent(stored.written),
            "waiting": answered.still_wait([ChildRef(child) for child in stored.people], placed, settled),
        }
        for stored in found
    ]
    following = cursor([stored.ref for stored in found], page.limit)
    return json_response({"referrals": referrals, "next": following})
