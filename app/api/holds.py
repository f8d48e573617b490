"""Holds, and answers to what a run proposed: how a placement begins."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from app.api.decided import decide, step_on, why
from app.api.documented import ETAG, errors
from app.api.permitting import SECOND_WALL
from app.api.placement_models import DecidedOut
from app.api.run_models import Hex32
from app.api.strict import StrictRoute
from app.api.writes import IfMatch, KeyNeeded
from app.deciding.accepting import accept_proposal
from app.deciding.answering import decline_proposal, release
from app.deciding.desk import Choice
from app.deciding.holding import hold
from app.documents.decision_models import HoldIn, ProposalAcceptIn, ProposalDeclineIn
from app.matching.referral import ChildRef, HomeRef, ReferralRef

router = APIRouter(tags=["decisions"], route_class=StrictRoute, dependencies=SECOND_WALL)

ProposalInPath = Annotated[Hex32, Path(description="Id of the proposal")]
HoldInPath = Annotated[Hex32, Path(description="Id of the placement that is held")]

BEGUN: dict[int | str, dict[str, Any]] = {201: {"headers": ETAG}}


@router.post("/holds", status_code=201, response_model=DecidedOut, responses={**BEGUN, **errors(403, 409)})
def post_hold(request: Request, body: HoldIn, key: KeyNeeded) -> Response:
    """Hold a place for a party, out of a shortlist that you were shown. Others see it as taken at once.

    409 where the place or a child is taken, where what you saw has changed (`errors` says what), or where a rule is
    not met.
    """
    choice = Choice(
        seen_id=body.seen,
        referral=ReferralRef(body.referral),
        home=HomeRef(body.home),
        children=tuple(map(ChildRef, body.children)),
        override=tuple(body.override),
        why=why(body.reason),
        lasts=timedelta(hours=body.hours),
    )
    return decide(request, key, lambda writing, desk, who: hold(writing, desk, who, choice), 201)


@router.delete(
    "/holds/{id}",
    response_model=DecidedOut,
    responses={200: {"headers": ETAG}, **errors(403, 404, 409, 412, 428)},
)
def delete_hold(
    request: Request, hold_id: Annotated[HoldInPath, Path(alias="id")], key: KeyNeeded, if_match: IfMatch = None
) -> Response:
    """Give a hold back that was not sent to its provider yet. Needs `If-Match`."""
    return step_on(request, key, hold_id, if_match, release)


@router.post(
    "/proposals/{id}/accept", status_code=201, response_model=DecidedOut, responses={**BEGUN, **errors(403, 404, 409)}
)
def post_accept(
    request: Request, proposal_id: Annotated[ProposalInPath, Path(alias="id")], body: ProposalAcceptIn, key: KeyNeeded
) -> Response:
    """Accept what a run proposed, after you were shown it. Judged once more against the facts as they are now.

    Where somebody else must approve it first, hold it instead: POST /holds takes the `seen` of a proposal too.
    There is no `If-Match`: `seen` names what you were shown, and a proposal itself never changes.
    """
    reason = why(body.reason)
    return decide(
        request,
        key,
        lambda writing, desk, who: accept_proposal(writing, desk, who, proposal_id, body.seen, reason),
        201,
    )


@router.post(
    "/proposals/{id}/decline", status_code=201, response_model=DecidedOut, responses={**BEGUN, **errors(403, 404, 409)}
)
def post_decline(
    request: Request, proposal_id: Annotated[ProposalInPath, Path(alias="id")], body: ProposalDeclineIn, key: KeyNeeded
) -> Response:
    """Decline what a run proposed, with a reason. The run's proposal stays as it was made.

    There is no `If-Match`: `seen` names what you were shown, and a proposal itself never changes.
    """
    reason = why(body.reason)
    return decide(
        request,
        key,
        lambda writing, desk, who: decline_proposal(writing, desk, who, proposal_id, body.seen, reason),
        201,
    )
