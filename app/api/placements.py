"""Placements: what is pursued and lived, and each step of it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from app.api.callers import caller_of
from app.api.decided import end_what_is_over, step_on, why, why_ended
from app.api.documented import ETAG, errors, json_response
from app.api.paging import Page, cursor
from app.api.permitting import SECOND_WALL
from app.api.placement_answers import history_answer, placement_answer
from app.api.placement_models import DecidedOut, HistoryOut, PlacementsOut, SeenPlacementOut
from app.api.recording import saw
from app.api.run_models import Hex32
from app.api.runs import number_of
from app.api.seeing import seen_placement
from app.api.service import service_of
from app.api.strict import StrictRoute
from app.api.writes import IfMatch, KeyNeeded, etag
from app.deciding import accepting, agreeing, answering, living
from app.deciding.expiring import as_it_is
from app.documents.decision_models import AcceptIn, ApproveIn, DeclineIn, EndIn, PlaceIn, SecondIn, SendIn, WithdrawIn
from app.documents.fields import Ref
from app.matching.referral import ChildRef, ReferralRef
from app.store import moving_out, placements
from app.store.clock import database_now
from app.store.placement_records import State

router = APIRouter(tags=["decisions"], route_class=StrictRoute, dependencies=SECOND_WALL)

PlacementInPath = Annotated[Hex32, Path(description="Id of the placement")]

STEPPED: dict[int | str, dict[str, Any]] = {200: {"headers": ETAG}, **errors(403, 404, 409, 412, 428)}


class PlacementsAsked(Page):
    """Which placements."""

    state: Annotated[State | None, Field(description="Those in this state alone")] = None
    referral: Annotated[Ref | None, Field(description="Those of this referral alone")] = None


@router.get("/placements", response_model=PlacementsOut)
def list_placements(request: Request, asked: Annotated[PlacementsAsked, Query()]) -> Response:
    """Placements, the newest first, a page at a time."""
    service, before, who = service_of(request), number_of(asked), caller_of(request)
    referral = None if asked.referral is None else ReferralRef(asked.referral)
    states = () if asked.state is None else (asked.state,)
    with service.database.reading() as reading:
        stored = placements.page(reading, service.authority, before, asked.limit, states=states, referral=referral)
        now = database_now(reading)
        told = (as_it_is(placement, now) for placement in stored)
        found = [placement for placement in told if not states or placement.state in states]
        seconded = placements.seconded_by(reading, service.authority, found)
        left = moving_out.left(reading, service.authority, found)
    following = cursor([str(placement.number) for placement in stored], asked.limit)
    children = [child for placement in found for child in placement.children]
    saw(request, "placements.listed", "placements", "page", children, shown=len(found))
    answers = [placement_answer(one, who, seconded.get(one.id, ()), left=left.get(one.id, ())) for one in found]
    return json_response({"placements": answers, "next": following})


@router.get("/placements/{id}", response_model=SeenPlacementOut, responses={200: {"headers": ETAG}, **errors(404)})
def get_placement(request: Request, placement_id: Annotated[PlacementInPath, Path(alias="id")]) -> Response:
    """A placement, and while it is undecided what is so of it now, judged again. A person may accept on it."""
    service = service_of(request)
    with service.database.reading() as reading:
        stored = placements.get(reading, service.authority, placement_id)
        placement = as_it_is(stored, database_now(reading))
    if placement.state is not stored.state:
        end_what_is_over(request)
    shown = seen_placement(request, placement)
    saw(request, "placement.read", "placement", placement.id, placement.children, version=placement.version)
    return json_response(shown, {"ETag": etag(placement.version)})


@router.get("/placements/{id}/history", response_model=HistoryOut, responses=errors(404))
def get_history(request: Request, placement_id: Annotated[PlacementInPath, Path(alias="id")]) -> Response:
    """Every step of a placement: who, when, why."""
    service = service_of(request)
    with service.database.reading() as reading:
        placement = placements.get(reading, service.authority, placement_id)
        found = placements.decided(reading, service.authority, placement_id)
    saw(request, "placement.history.read", "placement", placement.id, placement.children, shown=len(found))
    return json_response(history_answer(placement, found))


@router.post("/placements/{id}/send", response_model=DecidedOut, responses=STEPPED)
def post_send(
    request: Request,
    placement_id: Annotated[PlacementInPath, Path(alias="id")],
    body: SendIn,
    key: KeyNeeded,
    if_match: IfMatch = None,
) -> Response:
    """Ask the provider. The places are kept until the time to answer is over."""
    step = partial(agreeing.send, answer_within=timedelta(hours=body.hours))
    return step_on(request, key, placement_id, if_match, step)


@router.post("/placements/{id}/second", response_model=DecidedOut, responses=STEPPED)
def post_second(
    request: Request,
    placement_id: Annotated[PlacementInPath, Path(alias="id")],
    body: SecondIn,
    key: KeyNeeded,
    if_match: IfMatch = None,
) -> Response:
    """Agree, as a second person, to rules that were overridden. Whoever agrees is not the one who accepts.

    It holds for what is so now. 409 `facts_changed` where something is not as you saw it, `not_seen` where you
    looked at nothing. Open once more after the acceptance where what was agreed to has fallen, and not to whoever
    accepted it.
    """
    return step_on(request, key, placement_id, if_match, partial(agreeing.second, seen_id=body.seen))


@router.post("/placements/{id}/approve", response_model=DecidedOut, responses=STEPPED)
def post_approve(
    request: Request,
    placement_id: Annotated[PlacementInPath, Path(alias="id")],
    body: ApproveIn,
    key: KeyNeeded,
    if_match: IfMatch = None,
) -> Response:
    """Approve, as nominated officer or director, a placement that needs it. Not by whoever proposed it.

    It holds for the home, the place, the fee and the rules as they are now. 403 `not_director` for the director's
    approval by anybody else; 409 `facts_changed` where something is not as you saw it. Open once more after the
    acceptance where the approval has fallen, or a higher one is needed.
    """
    step = partial(agreeing.approve, level=body.level, seen_id=body.seen)
    return step_on(request, key, placement_id, if_match, step)


@router.post("/placements/{id}/accept", response_model=DecidedOut, responses=STEPPED)
def post_accept(
    request: Request,
    placement_id: Annotated[PlacementInPath, Path(alias="id")],
    body: AcceptIn,
    key: KeyNeeded,
    if_match: IfMatch = None,
) -> Response:
    """Accept: the children will live there. Every rule is judged once more, inside the transaction.

    409 says what is in the way: `facts_changed` with what changed, `rules_not_met`, `approval_missing`,
    `second_missing`, `hold_expired`, `not_seen`.
    """
    return step_on(request, key, placement_id, if_match, partial(accepting.accept, seen_id=body.seen))


@router.post("/placements/{id}/decline", response_model=DecidedOut, responses=STEPPED)
def post_decline(
    request: Request,
    placement_id: Annotated[PlacementInPath, Path(alias="id")],
    body: DeclineIn,
    key: KeyNeeded,
    if_match: IfMatch = None,
) -> Response:
    """The provider, or an officer, says no; the places are free again."""
    step = partial(answering.decline, why=why(body.reason), by_provider=body.by == "provider")
    return step_on(request, key, placement_id, if_match, step)


@router.post("/placements/{id}/withdraw", response_model=DecidedOut, responses=STEPPED)
def post_withdraw(
    request: Request,
    placement_id: Annotated[PlacementInPath, Path(alias="id")],
    body: WithdrawIn,
    key: KeyNeeded,
    if_match: IfMatch = None,
) -> Response:
    """The authority gives a placement up before the children move in; the places are free again."""
    return step_on(request, key, placement_id, if_match, partial(answering.withdraw, why=why(body.reason)))


@router.post("/placements/{id}/place", response_model=DecidedOut, responses=STEPPED)
def post_place(
    request: Request,
    placement_id: Annotated[PlacementInPath, Path(alias="id")],
    body: PlaceIn,
    key: KeyNeeded,
    if_match: IfMatch = None,
) -> Response:
    """The children moved in.

    409 where what was accepted is not so any more: `rules_not_met`, such as a home with fewer places than children;
    `facts_changed`, which `seen` of a look since then agrees to; `approval_missing`, `second_missing`;
    `referral_answered` where one of them left care since. Every rule is judged for the day on which they moved in; 422
    `moved_in_on` where one lived elsewhere after it, or the home was full.
    """
    step = partial(living.place, moved_in_on=body.moved_in_on, seen_id=body.seen, why_before=body.why_before)
    return step_on(request, key, placement_id, if_match, step)


@router.post("/placements/{id}/end", response_model=DecidedOut, responses=STEPPED)
def post_end(
    request: Request,
    placement_id: Annotated[PlacementInPath, Path(alias="id")],
    body: EndIn,
    key: KeyNeeded,
    if_match: IfMatch = None,
) -> Response:
    """The children moved out, planned or not; the places are free again.

    `children` says who, where brothers or sisters stay: the placement stays `placed` for these, its `ends` tell of
    each who left, and with the last one it is `ended`.
    """
    children = None if body.children is None else tuple(map(ChildRef, body.children))
    told = partial(living.end, why=why_ended(body), ended_on=body.ended_on, planned=body.planned)
    step = partial(told, children=children)
    return step_on(request, key, placement_id, if_match, step)
