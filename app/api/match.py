"""Matching: the best homes for a referral with reasons, and why a home is not among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from app import placing
from app.api import erased_notes, moving_notes
from app.api.documented import errors, json_response
from app.api.permitting import SECOND_WALL
from app.api.recording import saw
from app.api.referrals import ReferralInPath
from app.api.rows import HomeRows
from app.api.seeing import showing_shortlist
from app.api.seeing_one import showing_one
from app.api.service import Service, service_of
from app.api.shortlist_answers import shortlist_answer, why_not_answer
from app.api.shortlist_models import ShortlistOut, WhyNotOut
from app.api.sibling_notes import sibling_notes
from app.api.strict import StrictRoute
from app.api.waiting_notes import notes_of, parted_notes
from app.deciding.seeing_one import OneHome
from app.documents.checks import YEARS_AROUND_TODAY
from app.documents.examples import A_HOME, A_REFERRAL
from app.documents.fields import MOST_CHILDREN, REF, Day, Document, PolicyVersion, Ref
from app.documents.home_documents import read_homes
from app.documents.places import Note
from app.documents.referral_documents import read_referral
from app.documents.referral_models import ReferralIn
from app.errors import FieldProblem, HomeNotFound, Invalid, ReferralNotFound
from app.matching.policy import Policy
from app.matching.pool import Pool
from app.matching.referral import HomeRef, ReferralRef
from app.store import erased_named, living_apart
from app.store.bulk import keeping_all
from app.store.earlier import NOTHING
from app.store.follower import Inventory
from app.store.load import StoredReferral
from app.store.under_way import Waiting, waiting_referral

router = APIRouter(tags=["matching"], route_class=StrictRoute, dependencies=SECOND_WALL)

Options = Annotated[int, Field(strict=True, ge=1, le=placing.MOST_OPTIONS, description="Homes to show at most")]


Named = Annotated[
    list[Ref],
    Field(
        min_length=1,
        max_length=MOST_CHILDREN,
        description="The children for whom to look, where not for all who wait: brothers and sisters are parted by it",
    ),
]

NamedInQuery = Annotated[
    str,
    StringConstraints(pattern=rf"^{REF}(,{REF}){{0,{MOST_CHILDREN - 1}}}$"),
    Field(
        description="References of the children for whom to look, separated by commas, where not for all who wait: "
        "brothers and sisters are parted by it",
        examples=["C-0002,C-0003"],
    ),
]

EXAMPLES: list[Any] = [
    {"referral": A_REFERRAL, "homes": [A_HOME], "as_of": "2026-03-02", "k": 5},
    {"referral": A_REFERRAL},
    {"referral_ref": "R-0002", "policy": "nottingham-2023"},
]


class MatchIn(Document):
    """A referral, stored or sent along, and the homes to look at: those that are stored, unless some are sent.

    Nothing that is sent along is stored. `as_of` is today in England unless another day is given.
    """

    model_config = ConfigDict(json_schema_extra={"examples": EXAMPLES})

    referral: ReferralIn | None = None
    referral_ref: Ref | None = None
    homes: HomeRows | None = None
    policy: Annotated[PolicyVersion | None, Field(description="Left out: the one in effect")] = None
    as_of: Day | None = None
    children: Named | None = None
    k: Options = 20


class Asked(BaseModel):
    """How a stored referral is to be matched."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    policy: PolicyVersion | None = None
    as_of: Day | None = None
    children: NamedInQuery | None = None

    @property
    def named(self) -> list[str] | None:
        """The children who are named."""
        return None if self.children is None else self.children.split(",")


class AskedFor(Asked):
    """The same, and how many homes to show."""

    k: Annotated[int, Field(ge=1, le=placing.MOST_OPTIONS)] = 20


@router.post("/match", response_model=ShortlistOut, responses=errors(404, 413))
def match(request: Request, body: MatchIn) -> Response:
    """The best homes for a referral, with reasons, and why the others are out.

    Of what is sent along nothing is stored. A person who asks about a stored referral gets a `seen` to decide with.
    """
    service = service_of(request)
    as_of = _day(service, body.as_of, "as_of")
    policy = _policy(service, body.policy, as_of, "policy")
    more: Sequence[Note] = ()
    if body.referral_ref is not None and body.referral is None and body.homes is None:
        waiting, homes = _stored_with_homes(service, body.referral_ref, body.children)
    else:
        waiting, of_referral = _referral(service, body)
        homes, of_homes = _homes(service, body)
        if body.homes is not None:
            waiting = _known_beside(service, waiting, homes)
        more = [*of_referral, *of_homes]
    referral, notes = waiting.referral, [*notes_of(waiting), *_leaving(service, waiting), *more]
    named = placing.named_children(referral.record, body.children, "children")
    found = placing.match(
        referral.record, homes.pool, service.policies, as_of, policy_version=policy.version, k=body.k, named=named
    )
    notes += [*parted_notes(found.parted, "children"), *sibling_notes(referral.record, homes.pool)]
    stored = body.referral_ref is not None
    show = showing_shortlist(request, referral, found, homes) if stored and body.homes is None else None
    object_kind, ref = ("referral", referral.record.ref) if stored else ("match", "sent along")
    children = waiting.told_of if stored else ()
    facts = _facts(found.policy_version, as_of, len(found.options))
    shown = saw(request, "match", object_kind, ref, children, also=show, known=waiting.known, **facts)
    return json_response(shortlist_answer(found, homes.pool, notes, waiting.before) | {"seen": shown})


@router.get("/referrals/{ref}/shortlist", response_model=ShortlistOut, responses=errors(404))
def get_shortlist(request: Request, ref: ReferralInPath, asked: Annotated[AskedFor, Query()]) -> Response:
    """The best homes for a stored referral, as they are at this moment."""
    service = service_of(request)
    as_of = _day(service, asked.as_of, "query.as_of")
    policy = _policy(service, asked.policy, as_of, "query.policy")
    waiting, homes = _stored_with_homes(service, ref, asked.named)
    record, notes = waiting.referral.record, [*notes_of(waiting), *_leaving(service, waiting)]
    named = placing.named_children(record, asked.named, "query.children")
    found = placing.match(
        record, homes.pool, service.policies, as_of, policy_version=policy.version, k=asked.k, named=named
    )
    notes += [*parted_notes(found.parted, "query.children"), *sibling_notes(record, homes.pool)]
    show = showing_shortlist(request, waiting.referral, found, homes)
    facts = _facts(found.policy_version, as_of, len(found.options))
    shown = saw(request, "shortlist.read", "referral", ref, waiting.told_of, also=show, known=waiting.known, **facts)
    return json_response(shortlist_answer(found, homes.pool, notes, waiting.before) | {"seen": shown})


@router.get("/referrals/{ref}/why-not/{home}", response_model=WhyNotOut, responses=errors(404))
def get_why_not(
    request: Request,
    ref: ReferralInPath,
    home: Annotated[Ref, Path(description="Reference of the home", examples=["H-0180"])],
    asked: Annotated[Asked, Query()],
) -> Response:
    """Every rule and criterion for one home and a stored referral, and what would have to be different.

    A person gets a `seen` to decide with, unless a rule of law keeps the home out.
    """
    service = service_of(request)
    as_of = _day(service, asked.as_of, "query.as_of")
    policy = _policy(service, asked.policy, as_of, "query.policy")
    waiting, (seq, pool, versions) = _stored_with_homes(service, ref, asked.named)
    if HomeRef(home) not in pool.row_of:
        raise HomeNotFound
    referral = waiting.referral.record
    named = placing.named_children(referral, asked.named, "query.children")
    found = placing.why_not(
        referral, HomeRef(home), pool, service.policies, as_of, policy_version=policy.version, named=named
    )
    notes = [*notes_of(waiting), *parted_notes(found.parted, "query.children"), *sibling_notes(referral, pool)]
    notes += _leaving(service, waiting)
    show = showing_one(request, waiting.referral, OneHome(found, policy, as_of, versions[HomeRef(home)], seq))
    facts = _facts(policy.version, as_of, 1)
    shown = saw(
        request, "why_not.read", "referral", ref, waiting.told_of, also=show, known=waiting.known, home=home, **facts
    )
    told = why_not_answer(found, referral, pool, policy, as_of, waiting.before, notes)
    return json_response(told | {"seen": shown})


def _leaving(service: Service, waiting: Waiting) -> Sequence[Note]:
    return moving_notes.of_siblings(service.database, service.authority, waiting)


def _facts(policy: str, as_of: date, shown: int) -> dict[str, Any]:
    return {"policy": policy, "as_of": as_of.isoformat(), "shown": shown}


def _day(service: Service, wanted: date | None, field: str) -> date:
    today = service.today()
    if wanted is not None and abs(wanted.year - today.year) > YEARS_AROUND_TODAY:
        problem = f"The date is more than {YEARS_AROUND_TODAY} years from today."
        raise Invalid([FieldProblem(field, problem, "Check the year, or leave it out for today.")])
    return wanted or today


def _policy(service: Service, version: str | None, as_of: date, field: str) -> Policy:
    try:
        return service.policies.pick(version, as_of)
    except LookupError:
        if version is None:
            cure = "Name a policy, or choose a later day."
            raise Invalid([FieldProblem(field, "No policy was in effect on that day.", cure)]) from None
        cure = "GET /policies lists the versions."
        raise Invalid([FieldProblem(field, "There is no policy of this version.", cure)]) from None


def _referral(service: Service, body: MatchIn) -> tuple[Waiting, Sequence[Note]]:
    if (body.referral is None) == (body.referral_ref is None):
        cure = "Send referral, or referral_ref of one that is stored."
        raise Invalid([FieldProblem("referral", "Exactly one referral can be matched.", cure)])
    if body.referral is not None:
        read = read_referral(body.referral, service.postcodes, service.today(), "referral.")
        named, erased = erased_named.under_every_name(service.database, service.authority, read.record)
        known = living_apart.judged_alone(service.database, service.authority, named)
        notes = [*read.notes, *erased_notes.of_a_match(body.referral, erased, "referral.")]
        return Waiting(StoredReferral(known, 0), 0, NOTHING), notes
    return _stored(service, body.referral_ref or "", body.children), ()


def _known_beside(service: Service, waiting: Waiting, homes: Inventory) -> Waiting:
    """Whom a stored referral names by a word, since they were erased, may live in the homes that are sent along."""
    stored, beside = waiting.referral, homes.pool.living_at.keys()
    known, _ = erased_named.under_every_name(service.database, service.authority, stored.record, beside)
    return waiting._replace(referral=replace(stored, record=known))


def _stored(service: Service, ref: str, named: Sequence[str] | None) -> Waiting:
    with service.database.asking() as reading:
        found = waiting_referral(reading, service.authority, ReferralRef(ref), named or ())
    if found is None:
        raise ReferralNotFound
    known = living_apart.judged_alone(service.database, service.authority, found.referral.record, found.feared_by)
    return found._replace(referral=replace(found.referral, record=known))


def _stored_with_homes(service: Service, ref: str, named: Sequence[str] | None) -> tuple[Waiting, Inventory]:
    """A stored referral and all stored homes: one look at the database, where the homes in memory are its own."""
    found = _stored(service, ref, named)
    return found, service.inventory.when_seen_at(found.seq)


def _homes(service: Service, body: MatchIn) -> tuple[Inventory, Sequence[Note]]:
    if body.homes is None:
        return service.inventory.at(), ()
    with keeping_all():
        read = read_homes(body.homes, service.postcodes, service.today())
        if read.problems:
            raise Invalid(read.problems)
        return Inventory(0, Pool.build(read.records), {}), read.notes
