"""What every route of a decision has in common: the desk, the version, the key, the answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response

from app.access.principal import Principal
from app.api.callers import caller_of
from app.api.placement_models import DecidedOut
from app.api.service import service_of
from app.api.writes import answer, precondition, write
from app.deciding.desk import Desk, Why
from app.deciding.expiring import expire_overdue
from app.documents.decision_models import CareEndIn, ChoiceWhyIn, DeclineWhyIn, EndIn, EndWhyIn, WithdrawWhyIn
from app.errors import FieldProblem, HoldExpired, Invalid, ReadOnly
from app.store.idempotency import Answer
from app.store.placement_records import Placement
from app.store.session import Writing
from app.store.versions import Precondition

Reason = ChoiceWhyIn | DeclineWhyIn | EndWhyIn | CareEndIn | WithdrawWhyIn | None

Step = Callable[[Writing, Desk, Principal, str, Precondition], Placement]
"""A step on a placement: in a transaction, at a desk, by a caller, on which one, at which version."""


def desk_of(request: Request) -> Desk:
    """The desk at which the caller decides."""
    service = service_of(request)
    return Desk(service.authority, service.policies, service.today())


def why(reason: Reason) -> Why:
    """A reason as the use cases take it."""
    return Why() if reason is None else Why(str(reason.code), reason.text or None)


def why_ended(body: EndIn) -> Why:
    """Why a placement ended: one code, of one of the two lists. Raises `Invalid`."""
    if (body.reason is None) == (body.left_care is None):
        cure = "Send reason where the child stays in care, left_care where the child left it; one of the two."
        raise Invalid([FieldProblem("reason", "A placement ends for one reason.", cure)])
    return why(body.reason or body.left_care)


def decide(
    request: Request,
    key: str,
    work: Callable[[Writing, Desk, Principal], Placement],
    status: int,
    on: str | None = None,
) -> Response:
    """Decide, once for its key, and answer with what came of it. `on`: which placement, where there is one.

    Holds whose time is over end first: availability goes by their time, not by when somebody looked.
    """
    desk, who = desk_of(request), caller_of(request)
    expire_overdue(service_of(request).database, desk.authority, sparing=on)

    def once(writing: Writing) -> Answer:
        placement = work(writing, desk, who)
        return answer(decided(placement), status, placement.version)

    try:
        return write(request, key, once)
    except HoldExpired:
        end_what_is_over(request)
        raise


def end_what_is_over(request: Request) -> None:
    """End the holds whose time is over, as whoever is told so finds it: their places are then free in every list."""
    service = service_of(request)
    with suppress(ReadOnly):
        expire_overdue(service.database, service.authority)


def step_on(request: Request, key: str, placement_id: str, if_match: str | None, step: Step) -> Response:
    """Take a step on a placement, at the version that the caller read."""
    wanted = precondition(if_match)
    return decide(
        request, key, lambda writing, desk, who: step(writing, desk, who, placement_id, wanted), 200, on=placement_id
    )


def decided(placement: Placement) -> DecidedOut:
    """What is answered, and kept with the key: nothing in it leads to a child."""
    return DecidedOut(
        id=placement.id,
        version=placement.version,
        state=placement.state,
        home=placement.home,
        held_until=placement.held_until,
        approval_needed=placement.approval_needed,
        approved_level=placement.approved_level,
        second_needed=bool(placement.overridden) and placement.second_by is None,
    )
