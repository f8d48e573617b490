"""A person accepts: the children will live there. Judged once more against the facts as they are then."""

from __future__ import annotations

from typing import Any

from app.access.principal import Principal
from app.deciding import agreed, facts, seeing, steps
from app.deciding.desk import Choice, Desk, Why
from app.deciding.holding import accept_at_once, require_standing
from app.errors import NotSeen
from app.matching.approval import Approval
from app.store import load
from app.store.placement_records import Placement, Step
from app.store.session import Writing
from app.store.versions import Precondition


def accept_proposal(
    writing: Writing, desk: Desk, who: Principal, proposal_id: str, seen_id: str, why: Why | None = None
) -> Placement:
    """Accept what a run proposed. Raises `ProposalNotFound`, `ProposalNotStanding`, or as `accept_at_once`."""
    require_standing(writing, desk, proposal_id)  # told at once; asked again where nobody can decline it any more
    shown = seeing.require(writing, desk, who, seen_id)
    if shown.proposal_id != proposal_id:
        raise NotSeen
    (option,) = shown.options
    choice = Choice(shown.id, shown.referral, option.home, option.children, why=why or Why())
    return accept_at_once(writing, desk, who, choice)


def accept(
    writing: Writing,
    desk: Desk,
    who: Principal,
    placement_id: str,
    wanted: Precondition,
    seen_id: str | None = None,
) -> Placement:
    """Accept a placement that is held or was sent to its provider.

    `seen_id`: what the person looked at last; left out, what they saw when they held it. Raises as
    `steps.take_up`, `facts.facts_now`, `facts.require_rules` and `facts.require_others`.
    """
    before = steps.take_up(writing, desk, Step.ACCEPT, who, placement_id, wanted)
    load.hold_referral(writing, desk.authority, before.referral)
    shown = seeing.of_placement(writing, desk, who, before, seen_id or before.seen_id)
    option = seeing.find(shown, before.home, before.children)
    now = facts.facts_now(writing, desk, shown, option, before)
    facts.require_rules(now, before.overridden, seen=(*option.rules, *before.overridden))
    fallen = agreed.fallen(writing, desk, before, now)
    facts.require_others(now, before.overridden, second=before.second_by, approved=before.approved_level, fallen=fallen)
    after = steps.moved(
        before,
        Step.ACCEPT,
        referral_version=now.referral.version,
        home_version=now.home.version,
        approval_needed=now.approval.level,
        approval_because=tuple(str(reason) for reason in now.approval.because),
        weekly_fee_pence=now.weekly_fee_pence,
        points=now.points,
    )
    why = Why(before.reason_code)
    more: dict[str, Any] = {
        "seen_id": shown.id,
        "approval": _level(before),
        "agreed_on": agreed.decided_on(after, now, desk.today),
    }
    made = steps.decision(Step.ACCEPT, who, before.state, after.state, why, **more)
    return steps.advance(writing, desk.authority, who, before, after, made)


def _level(placement: Placement) -> str | None:
    level: Approval | None = placement.approved_level
    return None if level is None else str(level)
