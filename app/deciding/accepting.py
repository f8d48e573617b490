"""A person accepts: the children will live there. Judged once more against the facts as they are then."""

from __future__ import annotations

from app.access.principal import Principal
from app.deciding import facts, seeing, steps
from app.deciding.desk import Choice, Desk, Why
from app.deciding.holding import accept_at_once
from app.errors import NotSeen, ProposalNotStanding
from app.matching.approval import Approval
from app.store import load, placements, proposals
from app.store.placement_records import Placement, Seen, SeenKind, State, Step
from app.store.run_records import ProposalStatus
from app.store.session import Reading, Writing
from app.store.versions import Precondition


def accept_proposal(
    writing: Writing, desk: Desk, who: Principal, proposal_id: str, seen_id: str, why: Why | None = None
) -> Placement:
    """Accept what a run proposed. Raises `ProposalNotFound`, `ProposalNotStanding`, or as `accept_at_once`."""
    require_standing(writing, desk, proposal_id)
    shown = seeing.require(writing, desk, who, seen_id)
    if shown.proposal_id != proposal_id:
        raise NotSeen
    (option,) = shown.options
    choice = Choice(shown.id, shown.referral, option.home, option.children, why=why or Why())
    return accept_at_once(writing, desk, who, choice)


def require_standing(reading: Reading, desk: Desk, proposal_id: str) -> None:
    """Raise unless the proposal stands, and nothing was decided about it yet."""
    if proposals.get(reading, desk.authority, proposal_id).status is not ProposalStatus.PROPOSED:
        raise ProposalNotStanding
    before = placements.of_proposals(reading, desk.authority, [proposal_id]).get(proposal_id)
    if before is not None and before.state is State.DECLINED:
        raise ProposalNotStanding


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
    shown = _shown(writing, desk, who, before, seen_id)
    option = seeing.find(shown, before.home, before.children)
    now = facts.facts_now(writing, desk, shown, option, before.id)
    facts.require_rules(now, before.overridden, seen=(*option.rules, *before.overridden))
    facts.require_others(now, before.overridden, second=before.second_by, approved=before.approved_level)
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
    made = steps.decision(Step.ACCEPT, who, before.state, after.state, why, seen_id=shown.id, approval=_level(before))
    return steps.advance(writing, desk.authority, who, before, after, made)


def _shown(writing: Writing, desk: Desk, who: Principal, placement: Placement, seen_id: str | None) -> Seen:
    """What this person saw of it: the placement itself, or what it was chosen from."""
    shown = seeing.require(writing, desk, who, seen_id or placement.seen_id)
    if shown.kind is SeenKind.PLACEMENT and shown.placement_id != placement.id:
        raise NotSeen
    return shown


def _level(placement: Placement) -> str | None:
    level: Approval | None = placement.approved_level
    return None if level is None else str(level)
