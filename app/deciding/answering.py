"""No: a home is declined, by its provider or by an officer, or the authority gives a placement up."""

from __future__ import annotations

from dataclasses import replace

from app.access.principal import Kind, Principal
from app.deciding import holding, seeing, steps
from app.deciding.desk import Choice, Desk, Why
from app.errors import FieldProblem, NotSeen, PersonNeeded, StepNotOpen
from app.store import save
from app.store.placement_records import Placement, State, Step
from app.store.reasons import WithdrawReason
from app.store.session import Writing
from app.store.versions import Precondition

NOT_ASKED = "This placement was not sent to its provider, so there is no answer of a provider to tell."


def decline(
    writing: Writing,
    desk: Desk,
    who: Principal,
    placement_id: str,
    wanted: Precondition,
    why: Why,
    *,
    by_provider: bool,
) -> Placement:
    """Decline a placement that is held or sent; its places are free again. A system can only tell a provider's answer.

    Raises as `steps.take_up` and `steps.require_reason`; `StepNotOpen` where a system tells the answer of a provider
    whom nobody has asked. (An officer may have asked by telephone.)
    """
    if who.kind is Kind.SYSTEM and not by_provider:
        raise PersonNeeded
    steps.require_reason(Step.DECLINE, why, needed=True)
    before = steps.take_up(writing, desk, Step.DECLINE, who, placement_id, wanted)
    if who.kind is Kind.SYSTEM and before.state is not State.SENT:
        raise StepNotOpen(
            [FieldProblem("state", NOT_ASKED, "POST /placements/{id}/send first, or let an officer do it.")]
        )
    after = steps.moved(before, Step.DECLINE, reason_code=why.code)
    made = steps.decision(Step.DECLINE, who, before.state, after.state, why, by_provider=by_provider)
    return steps.advance(writing, desk.authority, who, before, after, made)


def decline_proposal(
    writing: Writing, desk: Desk, who: Principal, proposal_id: str, seen_id: str, why: Why
) -> Placement:
    """Decline what a run proposed: it is remembered as a placement that never began. Needs a person who saw it."""
    steps.allow(Step.DECLINE, who)
    if who.kind is not Kind.PERSON:
        raise PersonNeeded
    steps.require_reason(Step.DECLINE, why, needed=True)
    seq = save.next_seq(writing, desk.authority)
    holding.require_standing(writing, desk, proposal_id)
    shown = seeing.require(writing, desk, who, seen_id)
    if shown.proposal_id != proposal_id:
        raise NotSeen
    (option,) = shown.options
    choice = Choice(shown.id, shown.referral, option.home, option.children)
    blank = holding.unjudged(writing, desk, who, choice)
    placement = replace(blank, number=seq, state=State.DECLINED, reason_code=why.code)
    made = steps.decision(Step.DECLINE, who, State.PROPOSED, State.DECLINED, why, seen_id=shown.id)
    return steps.begin(writing, desk.authority, who, placement, made, ())


def withdraw(
    writing: Writing, desk: Desk, who: Principal, placement_id: str, wanted: Precondition, why: Why
) -> Placement:
    """Give a placement up before the children move in. Raises as `steps.take_up` and `steps.require_reason`."""
    steps.require_reason(Step.WITHDRAW, why, needed=True)
    before = steps.take_up(writing, desk, Step.WITHDRAW, who, placement_id, wanted)
    after = steps.moved(before, Step.WITHDRAW, reason_code=why.code)
    made = steps.decision(Step.WITHDRAW, who, before.state, after.state, why)
    return steps.advance(writing, desk.authority, who, before, after, made)


def release(writing: Writing, desk: Desk, who: Principal, placement_id: str, wanted: Precondition) -> Placement:
    """Give a hold back that has not been sent yet. Raises as `steps.take_up`."""
    before = steps.take_up(writing, desk, Step.WITHDRAW, who, placement_id, wanted)
    if before.state is not State.HELD:
        raise StepNotOpen
    return withdraw(writing, desk, who, placement_id, wanted, Why(str(WithdrawReason.RELES)))
