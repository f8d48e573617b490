"""A place is held: for this party, in this home, for a while. Everything else of a placement comes after it."""

from __future__ import annotations

import secrets
from dataclasses import replace

from app.access.principal import Principal
from app.deciding import agreed, facts, free, refusing, seeing, steps, todays
from app.deciding.desk import LONGEST, Choice, Desk, Why
from app.deciding.judging import Facts
from app.errors import FieldProblem, Invalid, NotSeen
from app.matching.approval import Approval
from app.matching.referral import ChildRef
from app.store import load, placements, proposals, save
from app.store.clock import database_now
from app.store.placement_records import OVER, Placement, Seen, SeenOption, State, Step
from app.store.reasons import ChoiceReason
from app.store.run_records import ProposalStatus
from app.store.session import Reading, Writing


def hold(writing: Writing, desk: Desk, who: Principal, choice: Choice) -> Placement:
    """Hold places for a party. Raises as `chosen`, `facts.facts_now`, `facts.require_rules` and `claims.take`."""
    if not 0 < choice.lasts.total_seconds() <= LONGEST.total_seconds():
        problem = f"A hold lasts at most {LONGEST.days} days."
        raise Invalid([FieldProblem("hours", problem, "Send fewer hours.")])
    return _begin(writing, desk, who, choice, Step.HOLD)


def accept_at_once(writing: Writing, desk: Desk, who: Principal, choice: Choice) -> Placement:
    """Accept what was proposed without holding it first: where nobody else has to agree. Raises as `hold`."""
    return _begin(writing, desk, who, choice, Step.ACCEPT)


def _begin(writing: Writing, desk: Desk, who: Principal, choice: Choice, step: Step) -> Placement:
    steps.allow(step, who)
    refusing.require_overridable(choice.override)
    seq = save.next_seq(writing, desk.authority)
    load.hold_referral(writing, desk.authority, choice.referral)
    shown, option = chosen(writing, desk, who, choice)
    if shown.proposal_id is not None:
        require_standing(writing, desk, shown.proposal_id)
    free.require(writing, desk, choice, option.children)
    now = facts.facts_now(writing, desk, shown, option)
    seeing.require_grounds(shown)
    facts.require_rules(now, choice.override, seen=option.rules)
    refusing.require_in_the_way(choice.override, now.blocked_by)
    overridden = tuple(code for code in now.blocked_by if code in choice.override)
    todays.require(writing, desk, shown, now, choice.why)
    why = _reason(shown, option, choice.why, is_overriding=bool(overridden))
    steps.require_reason(step, why, needed=option.rank > seeing.FIRST or bool(overridden))
    if step is Step.ACCEPT:
        facts.require_others(now, overridden, second=None, approved=None)
    placement = _judged(writing, shown, option, now, who)
    placement = replace(
        placement,
        number=seq,
        state=State.HELD if step is Step.HOLD else State.ACCEPTED,
        held_until=placement.made_at + choice.lasts if step is Step.HOLD else None,
        overridden=overridden,
        reason_code=why.code,
    )
    told = agreed.decided_on(placement, now, desk.today)
    made = steps.decision(step, who, State.PROPOSED, placement.state, why, seen_id=shown.id, agreed_on=told)
    return steps.begin(writing, desk.authority, who, placement, made, now.children)


def require_standing(reading: Reading, desk: Desk, proposal_id: str) -> None:
    """Raise unless the proposal stands, and nothing came of it that is over by now. Ask under the inventory's clock."""
    stored = proposals.get(reading, desk.authority, proposal_id)
    before = placements.of_proposals(reading, desk.authority, [proposal_id]).get(proposal_id)
    if before is not None and before.state in OVER:
        raise refusing.not_standing(stored, before)
    if stored.status is not ProposalStatus.PROPOSED:
        raise refusing.not_standing(stored, None)


def _reason(shown: Seen, option: SeenOption, why: Why, *, is_overriding: bool) -> Why:
    """What the person says, or that a run proposed it.

    A proposal is the first of what was seen with it. Why it is not the children's own first choice stands in it. But
    a run overrides nothing: whoever does says why in words.
    """
    if shown.proposal_id is None:
        if why.code == ChoiceReason.PROPOSED_BY_RUN:
            cure = "Use it for what a run proposed, with the `seen` of that proposal."
            raise Invalid([FieldProblem("reason.code", "No run proposed this.", cure)])
        return why
    if is_overriding:
        if why.code == ChoiceReason.PROPOSED_BY_RUN:
            cure = "Send another code, with words that say why the rule is overridden."
            raise Invalid([FieldProblem("reason.code", "No run overrides a rule.", cure)])
        return why
    return Why(ChoiceReason.PROPOSED_BY_RUN) if why.code is None and option.rank > seeing.FIRST else why


def chosen(writing: Writing, desk: Desk, who: Principal, choice: Choice) -> tuple[Seen, SeenOption]:
    """What the person saw, and the option that is chosen of it. Raises `NotSeen`."""
    shown = seeing.require(writing, desk, who, choice.seen_id)
    if shown.referral != choice.referral:
        raise refusing.of_another_referral(writing, desk, choice)
    try:
        return shown, seeing.find(shown, choice.home, choice.children or _everybody(shown))
    except NotSeen:
        raise refusing.not_offered(writing, desk, shown, choice) from None


def unjudged(writing: Writing, desk: Desk, who: Principal, choice: Choice) -> Placement:
    """A placement that never began, told by what was seen alone: nothing is judged for it."""
    shown, option = chosen(writing, desk, who, choice)
    return _blank(writing, shown, option, who)


def _everybody(shown: Seen) -> tuple[ChildRef, ...]:
    """The largest party that was shown; where there are several, the person must say which."""
    parties = {frozenset(option.children) for option in shown.options}
    largest = [party for party in parties if all(party >= other for other in parties)]
    if not largest:
        cure = "Name the children: several parties were shown."
        raise Invalid([FieldProblem("children", "It is not clear who is meant.", cure)])
    return tuple(sorted(largest[0]))


def _judged(writing: Writing, shown: Seen, option: SeenOption, now: Facts, who: Principal) -> Placement:
    """A placement with the facts of now; what depends on the step is put in by it."""
    return replace(
        _blank(writing, shown, option, who),
        points=now.points,
        weekly_fee_pence=now.weekly_fee_pence,
        approval_needed=now.approval.level,
        approval_because=tuple(str(reason) for reason in now.approval.because),
    )


def _blank(writing: Writing, shown: Seen, option: SeenOption, who: Principal) -> Placement:
    moment = database_now(writing)
    return Placement(
        id=secrets.token_hex(16),
        number=0,
        version=1,
        state=State.PROPOSED,
        referral=shown.referral,
        referral_version=shown.referral_version,
        children=tuple(sorted(option.children)),
        home=option.home,
        home_version=option.home_version,
        proposal_id=shown.proposal_id,
        seen_id=shown.id,
        policy_version=shown.policy_version,
        policy_sha256=shown.policy_sha256,
        rank=option.rank,
        points=option.points,
        weekly_fee_pence=None,
        held_until=None,
        overridden=(),
        approval_needed=Approval.NONE,
        approval_because=(),
        approved_level=None,
        approved_by=None,
        second_by=None,
        proposer=who.subject,
        reason_code=None,
        moved_in_on=None,
        children_left=0,
        ended_on=None,
        end_reason=None,
        end_planned=None,
        made_at=moment,
        changed_at=moment,
    )
