"""Sent to the provider, seconded, approved: who else must agree before a placement is accepted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.access.principal import Principal
from app.deciding import agreed, facts, seeing, steps
from app.deciding.desk import LONGEST, USUAL_ANSWER, Desk
from app.deciding.judging import Facts
from app.deciding.life import may_approve
from app.errors import FieldProblem, Invalid, NotDirector, StepNotOpen
from app.matching.approval import Approval
from app.store.clock import database_now
from app.store.placement_records import Placement, State, Step
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
    """Ask the provider; the places are kept until the time to answer is over.

    Nobody asks for what cannot be accepted any more. Raises as `steps.take_up` and `facts.standing`.
    """
    if not 0 < answer_within.total_seconds() <= LONGEST.total_seconds():
        problem = f"A provider is given at most {LONGEST.days} days."
        raise Invalid([FieldProblem("hours", problem, "Send fewer hours.")])
    before = steps.take_up(writing, desk, Step.SEND, who, placement_id, wanted)
    facts.standing(writing, desk, before)
    after = steps.moved(before, Step.SEND, held_until=database_now(writing) + answer_within)
    made = steps.decision(Step.SEND, who, before.state, after.state)
    return steps.advance(writing, desk.authority, who, before, after, made)


def second(
    writing: Writing, desk: Desk, who: Principal, placement_id: str, wanted: Precondition, seen_id: str
) -> Placement:
    """Agree, as a second person who looked at it, to the rules that were overridden.

    Raises as `steps.take_up` and `_looked_at`; `StepNotOpen` where none was, and where it was accepted and what was
    agreed to before is still so.
    """
    before = steps.take_up(writing, desk, Step.SECOND, who, placement_id, wanted)
    if not before.overridden:
        raise StepNotOpen
    now = _looked_at(writing, desk, who, before, seen_id)
    if before.state is State.ACCEPTED and Step.SECOND not in agreed.fallen(writing, desk, before, now):
        raise StepNotOpen
    after = steps.moved(before, Step.SECOND, second_by=who.subject)
    told: dict[str, Any] = {"seen_id": seen_id, "agreed_on": agreed.agreed_on(before, now, desk.today)}
    made = steps.decision(Step.SECOND, who, before.state, after.state, **told)
    return steps.advance(writing, desk.authority, who, before, after, made)


def approve(
    writing: Writing,
    desk: Desk,
    who: Principal,
    placement_id: str,
    wanted: Precondition,
    level: Approval,
    seen_id: str,
) -> Placement:
    """Record the approval of the nominated officer or the director (Care Planning Regulations 2010, reg 10 and 11).

    What is needed is judged as things are now. Raises as `steps.take_up` and `_looked_at`; `StepNotOpen` where no
    approval is needed, or the one that was given before the acceptance still holds; `Invalid` for one that is too low,
    `NotDirector` for one that is not the caller's to give.
    """
    before = steps.take_up(writing, desk, Step.APPROVE, who, placement_id, wanted)
    if not may_approve(who, level):
        raise NotDirector
    now = _looked_at(writing, desk, who, before, seen_id)
    needed = now.approval.level
    if needed is Approval.NONE or (before.state is State.ACCEPTED and not _fell(writing, desk, before, now)):
        raise StepNotOpen
    order = tuple(Approval)
    if order.index(level) < order.index(needed):
        cure = f"It must be approved by: {needed}."
        raise Invalid([FieldProblem("level", "This approval is not enough.", cure)])
    after = steps.moved(
        before,
        Step.APPROVE,
        approved_level=level,
        approved_by=who.subject,
        approval_needed=needed,
        approval_because=tuple(map(str, now.approval.because)),
    )
    told: dict[str, Any] = {
        "approval": str(level),
        "seen_id": seen_id,
        "agreed_on": agreed.agreed_on(before, now, desk.today),
    }
    made = steps.decision(Step.APPROVE, who, before.state, after.state, **told)
    return steps.advance(writing, desk.authority, who, before, after, made)


def _fell(writing: Writing, desk: Desk, placement: Placement, now: Facts) -> bool:
    """Whether an approval does not hold, or not suffice, for what is so now."""
    return agreed.lacks_approval(placement, now) or Step.APPROVE in agreed.fallen(writing, desk, placement, now)


def _looked_at(writing: Writing, desk: Desk, who: Principal, placement: Placement, seen_id: str) -> Facts:
    """The facts of now, which are those that this person saw when they looked at the placement itself.

    Raises `NotSeen`, or as `facts.facts_now`.
    """
    shown = seeing.of_placement(writing, desk, who, placement, seen_id, itself=True)
    option = seeing.find(shown, placement.home, placement.children)
    return facts.facts_now(writing, desk, shown, option, placement)
