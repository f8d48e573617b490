"""Sent to the provider, seconded, approved: who else must agree before a placement is accepted."""

from __future__ import annotations

from datetime import timedelta

from app.access.principal import Principal
from app.deciding import steps
from app.deciding.desk import LONGEST, USUAL_ANSWER, Desk
from app.errors import FieldProblem, Invalid, StepNotOpen
from app.matching.approval import Approval
from app.store.clock import database_now
from app.store.placement_records import Placement, Step
from app.store.session import Writing
from app.store.versions import Precondition


def send(
    writing: Writing,
    desk: Desk,
    who: Principal,
    placement_id: str,
    wanted: Precondition,
    answer_within: timedelta = USUAL_ANSWER,
) -> Placement:
    """Ask the provider; the places are kept until the time to answer is over. Raises as `steps.take_up`."""
    if not 0 < answer_within.total_seconds() <= LONGEST.total_seconds():
        problem = f"A provider is given at most {LONGEST.days} days."
        raise Invalid([FieldProblem("hours", problem, "Send fewer hours.")])
    before = steps.take_up(writing, desk, Step.SEND, who, placement_id, wanted)
    after = steps.moved(before, Step.SEND, held_until=database_now(writing) + answer_within)
    made = steps.decision(Step.SEND, who, before.state, after.state)
    return steps.advance(writing, desk.authority, who, before, after, made)


def second(writing: Writing, desk: Desk, who: Principal, placement_id: str, wanted: Precondition) -> Placement:
    """Agree, as a second person, to the rules that were overridden. Raises as `steps.take_up`, `StepNotOpen`."""
    before = steps.take_up(writing, desk, Step.SECOND, who, placement_id, wanted)
    if not before.overridden:
        raise StepNotOpen
    after = steps.moved(before, Step.SECOND, second_by=who.subject)
    made = steps.decision(Step.SECOND, who, before.state, after.state)
    return steps.advance(writing, desk.authority, who, before, after, made)


def approve(
    writing: Writing, desk: Desk, who: Principal, placement_id: str, wanted: Precondition, level: Approval
) -> Placement:
    """Record the approval of the nominated officer or the director (Care Planning Regulations 2010, reg 10 and 11).

    Raises as `steps.take_up`; `StepNotOpen` where no approval is needed, `Invalid` for one that is too low.
    """
    before = steps.take_up(writing, desk, Step.APPROVE, who, placement_id, wanted)
    if before.approval_needed is Approval.NONE:
        raise StepNotOpen
    order = tuple(Approval)
    if order.index(level) < order.index(before.approval_needed):
        cure = f"It must be approved by: {before.approval_needed}."
        raise Invalid([FieldProblem("level", "This approval is not enough.", cure)])
    after = steps.moved(before, Step.APPROVE, approved_level=level, approved_by=who.subject)
    made = steps.decision(Step.APPROVE, who, before.state, after.state, approval=str(level))
    return steps.advance(writing, desk.authority, who, before, after, made)
