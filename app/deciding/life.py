"""The life of a placement: every step there is, from where, to where, by whom, and what it asks.

This table is the only place that says so. `app.deciding.steps` refuses whatever does not stand here, and the
database refuses it once more (`app.store.placement_records.MOVES`; a test compares the two).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.access.principal import Kind, Principal, Role, same_person
from app.matching.approval import Approval
from app.store.placement_records import TEMPORARY, Placement, State, Step
from app.store.reasons import ChoiceReason, DeclineReason, EndReason, WithdrawReason


class Claims(StrEnum):
    """What a step does to the places that the placement claims."""

    TAKE = "take"
    KEEP = "keep"
    LIVE_IN = "live_in"
    MOVE_OUT = "move_out"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Move:
    """One step.

    `after` None: the state stays as it is. `roles` empty: no caller has the right, only the clock. `another`:
    whoever proposed the placement may not take the step. `reason`: the codes it takes; `reason_needed` says
    whether always, or only where the choice differs from what was proposed first. `topic`: of its message.
    """

    before: frozenset[State]
    after: State | None
    roles: frozenset[Role]
    kinds: frozenset[Kind] = frozenset({Kind.PERSON})
    claims: Claims = Claims.KEEP
    another: bool = False
    reason: type[StrEnum] | None = None
    reason_needed: bool = False
    topic: str | None = None


PEOPLE_AND_SYSTEMS = frozenset({Kind.PERSON, Kind.SYSTEM})
OFFICER = frozenset({Role.OFFICER, Role.APPROVER, Role.DIRECTOR})
"""An approver and the director may do what an officer may; whoever proposed something does not approve it."""

OFFICER_OR_CASE_SYSTEM = OFFICER | {Role.CASE_SYSTEM}
APPROVER = frozenset({Role.APPROVER, Role.DIRECTOR})
"""Which approval is whose stands in `MAY_APPROVE`."""

MAY_APPROVE: Mapping[Approval, frozenset[Role]] = {
    Approval.NONE: frozenset(),
    Approval.NOMINATED_OFFICER: frozenset({Role.APPROVER, Role.DIRECTOR}),
    Approval.DIRECTOR: frozenset({Role.DIRECTOR}),
}
"""Whose approval it is. The director may approve what a nominated officer may."""

AGREEING = frozenset({Step.SECOND, Step.APPROVE})

NOT_YET_ACCEPTED = frozenset(TEMPORARY)
UNTIL_THE_MOVE = frozenset({*TEMPORARY, State.ACCEPTED})
"""What others agreed to may fall after the acceptance too. Then, and only then, it is agreed to anew."""

FROM_THE_START = frozenset({State.PROPOSED, *TEMPORARY})

LIFE: Mapping[Step, Move] = {
    Step.HOLD: Move(
        before=frozenset({State.PROPOSED}),
        after=State.HELD,
        roles=OFFICER,
        claims=Claims.TAKE,
        reason=ChoiceReason,
        topic="placement.held",
    ),
    Step.SEND: Move(
        before=frozenset({State.HELD}),
        after=State.SENT,
        roles=OFFICER,
        topic="placement.sent",
    ),
    Step.SECOND: Move(before=UNTIL_THE_MOVE, after=None, roles=APPROVER, another=True),
    Step.APPROVE: Move(before=UNTIL_THE_MOVE, after=None, roles=APPROVER, another=True),
    Step.ACCEPT: Move(
        before=FROM_THE_START,
        after=State.ACCEPTED,
        roles=OFFICER,
        claims=Claims.TAKE,
        reason=ChoiceReason,
        topic="placement.accepted",
    ),
    Step.DECLINE: Move(
        before=FROM_THE_START,
        after=State.DECLINED,
        roles=OFFICER_OR_CASE_SYSTEM,
        kinds=PEOPLE_AND_SYSTEMS,
        claims=Claims.RELEASE,
        reason=DeclineReason,
        reason_needed=True,
        topic="placement.declined",
    ),
    Step.WITHDRAW: Move(
        before=UNTIL_THE_MOVE,
        after=State.WITHDRAWN,
        roles=OFFICER,
        claims=Claims.RELEASE,
        reason=WithdrawReason,
        reason_needed=True,
        topic="placement.withdrawn",
    ),
    Step.EXPIRE: Move(
        before=NOT_YET_ACCEPTED,
        after=State.EXPIRED,
        roles=frozenset(),
        kinds=frozenset({Kind.SYSTEM}),
        claims=Claims.RELEASE,
        topic="placement.expired",
    ),
    Step.PLACE: Move(
        before=frozenset({State.ACCEPTED}),
        after=State.PLACED,
        roles=OFFICER,
        claims=Claims.LIVE_IN,
        topic="placement.placed",
    ),
    Step.LEAVE: Move(
        before=frozenset({State.PLACED}),
        after=None,
        roles=OFFICER_OR_CASE_SYSTEM,
        kinds=PEOPLE_AND_SYSTEMS,
        claims=Claims.MOVE_OUT,
        reason=EndReason,
        reason_needed=True,
        topic="placement.left",
    ),
    Step.END: Move(
        before=frozenset({State.PLACED}),
        after=State.ENDED,
        roles=OFFICER_OR_CASE_SYSTEM,
        kinds=PEOPLE_AND_SYSTEMS,
        claims=Claims.MOVE_OUT,
        reason=EndReason,
        reason_needed=True,
        topic="placement.ended",
    ),
}


def is_open(step: Step, state: State) -> bool:
    """Whether the step can be taken from this state."""
    return state in LIFE[step].before


def is_for(step: Step, who: Principal) -> bool:
    """Whether this caller may take the step at all. The clock has no role, and no caller is the clock."""
    move = LIFE[step]
    return who.kind in move.kinds and who.is_any(*move.roles)


def is_another(
    step: Step,
    who: Principal,
    placement: Placement,
    seconded_by: Collection[str] = (),
    accepted_by: str | None = None,
) -> bool:
    """Whether the caller is somebody else than the proposer, where the step asks for that.

    Whoever agreed to rules that are overridden is the second person, and so not the one who accepts; not even where
    somebody agreed to them after that, nor where it was accepted first. `seconded_by`: all who did.
    """
    if step is Step.SECOND and accepted_by is not None and same_person(who.subject, accepted_by):
        return False
    seconds = (placement.second_by, *seconded_by)
    if step is Step.ACCEPT and any(same_person(who.subject, one) for one in seconds):
        return False
    return not LIFE[step].another or not same_person(who.subject, placement.proposer)


def may_approve(who: Principal, level: Approval) -> bool:
    """Whether this approval is the caller's to give."""
    return who.is_any(*MAY_APPROVE[level])


def steps_open_to(
    who: Principal,
    placement: Placement,
    seconded_by: Collection[str] = (),
    anew: Collection[Step] = (),
    accepted_by: str | None = None,
) -> tuple[Step, ...]:
    """What this caller may do to the placement as it stands. `seconded_by`: all who agreed to what it overrides.

    `anew`: what must be agreed to once more after it was accepted, by `accepted_by`.
    """
    return tuple(
        step
        for step in Step
        if step is not Step.LEAVE  # it is `end`, told of some of the children
        and is_open(step, placement.state)
        and is_for(step, who)
        and is_another(step, who, placement, seconded_by, accepted_by)
        and (step not in AGREEING or placement.state is not State.ACCEPTED or step in anew)
        and (step is not Step.APPROVE or may_approve(who, placement.approval_needed))
        and (step is not Step.SECOND or placement.overridden)
    )


def moves() -> frozenset[str]:
    """Every step from a state to a state, in the form in which the database lists them."""
    return frozenset(f"{step}:{before}>{move.after or before}" for step, move in LIFE.items() for before in move.before)
