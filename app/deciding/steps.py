"""What every step has in common: who may take it, on what, and that all of it is stored at once.

Locks are taken in one order: the authority's inventory clock (only by steps that change claims), then the
placement, then the end of the audit trail. The clock comes first in every other writer too (`app.store.save`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial

from app.access.principal import Kind, Principal
from app.deciding.desk import Desk, Why
from app.deciding.life import LIFE, Claims, is_another, is_for, is_open
from app.errors import (
    AnotherPersonNeeded,
    FieldProblem,
    HoldExpired,
    Invalid,
    NotPermitted,
    PersonNeeded,
    StepNotOpen,
)
from app.matching.referral import Child, ChildRef
from app.store import audit, claims, load, moving_out, outbox, placements, save
from app.store.audit import JSON, AuditEntry
from app.store.clock import database_now
from app.store.moving_out import Leaving
from app.store.placement_records import TEMPORARY, Placement, State, Step
from app.store.placements import NewDecision
from app.store.reasons import letters_needed, words_will_do
from app.store.session import Writing
from app.store.versions import Precondition

CLOCK = "clock"
"""Who lets a hold expire: nobody's subject."""


def allow(step: Step, who: Principal) -> None:
    """Raise unless this caller may take such a step at all."""
    if who.kind not in LIFE[step].kinds:
        raise PersonNeeded
    if not is_for(step, who):
        raise NotPermitted


def take_up(
    writing: Writing, desk: Desk, step: Step, who: Principal, placement_id: str, wanted: Precondition
) -> Placement:
    """The placement, locked, if this caller may take this step on it now.

    Raises `PlacementNotFound`, `VersionMismatch`, `VersionNotGiven`, `StepNotOpen`, `HoldExpired`,
    `AnotherPersonNeeded`, or as `allow`.
    """
    allow(step, who)
    if LIFE[step].claims is not Claims.KEEP:
        load.hold_inventory(writing, desk.authority)
    placement = placements.locked(writing, desk.authority, placement_id)
    wanted.check(placement.version)
    if not is_open(step, placement.state):
        raise StepNotOpen
    if placement.held_until is not None and placement.held_until <= database_now(writing):
        raise HoldExpired
    seconded = placements.seconded_by(writing, desk.authority, [placement]) if step is Step.ACCEPT else {}
    is_anew = step is Step.SECOND and placement.state is State.ACCEPTED
    accepted_by = placements.accepted_by(writing, desk.authority, placement.id) if is_anew else None
    if not is_another(step, who, placement, seconded.get(placement.id, ()), accepted_by):
        raise AnotherPersonNeeded([_somebody_else(step)])
    return placement


def _somebody_else(step: Step) -> FieldProblem:
    if step is Step.ACCEPT:
        cure = "The officer who proposed it may accept it, or any other who looks at it."
        return FieldProblem("actor", "You seconded it, so you cannot accept it too.", cure)
    cure = "Ask somebody with the role for it who neither proposed nor accepted it."
    return FieldProblem("actor", "You proposed or accepted it, so you cannot agree to it too.", cure)


def require_reason(step: Step, why: Why, *, needed: bool) -> None:
    """Raise `Invalid` unless the reason is one of the step's, with words enough, and there where it is needed."""
    codes = LIFE[step].reason
    problems: list[FieldProblem] = []
    if why.code is None and needed:
        cure = "Send reason with a code and words: what you know that the list does not."
        problems.append(FieldProblem("reason", "This choice needs a reason.", cure))
    elif why.code is not None or why.words:
        code = _code(codes, why.code)
        if code is None:
            listed = ", ".join(codes or ())
            problems.append(FieldProblem("reason.code", "This is not one of the codes.", f"Send one of {listed}."))
        elif not words_will_do(code, why.words):
            problem = f"This takes words of at least {letters_needed(code)} letters with this code."
            cure = "Say in a sentence what speaks for it; no names."
            problems.append(FieldProblem("reason.text", problem, cure))
    if problems:
        raise Invalid(problems)


def begin(
    writing: Writing, authority: str, who: Principal, placement: Placement, made: NewDecision, people: Sequence[Child]
) -> Placement:
    """Store a placement with its first decision, its claims, its audit entry and its message."""
    stored = placements.add(writing, authority, placement, made)
    if LIFE[made.step].claims is Claims.TAKE:
        claims.take(writing, authority, stored.id, stored.home, people, stored.number)
        save.touch_home(writing, authority, stored.home, stored.number)
    _tell(writing, authority, who, stored, made, stored.children)
    return stored


def move_out(
    writing: Writing,
    authority: str,
    who: Principal,
    before: Placement,
    after: Placement,
    made: NewDecision,
    leaving: Leaving,
) -> Placement:
    """The same as `advance`, of a step by which these children leave the home; what is told is told of them alone."""
    seq = save.next_seq(writing, authority)
    ended = partial(moving_out.move_out, writing, authority, after, leaving, seq)
    stored = placements.advance(writing, authority, before, after, made, between=ended)
    save.touch_home(writing, authority, stored.home, seq)
    _tell(writing, authority, who, stored, made, leaving.children)
    return stored


def advance(
    writing: Writing,
    authority: str,
    who: Principal,
    before: Placement,
    after: Placement,
    made: NewDecision,
) -> Placement:
    """Store a placement's next step, what it does to the claims, its audit entry and its message."""
    stored = placements.advance(writing, authority, before, after, made)
    match LIFE[made.step].claims:
        case Claims.RELEASE:
            seq = save.next_seq(writing, authority)
            if claims.release(writing, authority, stored.id, seq):
                save.touch_home(writing, authority, stored.home, seq)
        case Claims.LIVE_IN:
            if stored.moved_in_on is None:
                raise ValueError("nobody moves in on no day")
            claims.live_in(writing, authority, stored.id, stored.moved_in_on)
        case _:
            pass
    _tell(writing, authority, who, stored, made, stored.children)
    return stored


def moved(before: Placement, step: Step, **changes: object) -> Placement:
    """The placement after a step, with these fields changed too."""
    after = LIFE[step].after or before.state
    until = changes.pop("held_until", before.held_until) if after in TEMPORARY else None
    return replace(before, version=before.version + 1, state=after, held_until=until, **changes)  # type: ignore[arg-type]


def decision(
    step: Step, who: Principal, before: State, after: State, why: Why | None = None, **more: object
) -> NewDecision:
    """The decision of a caller."""
    why = why or Why()
    return NewDecision(step, before, after, who.subject, str(who.kind), why.code, why.words, **more)  # type: ignore[arg-type]


def the_clock(authority: str) -> Principal:
    """The one who lets holds expire."""
    return Principal(CLOCK, Kind.SYSTEM, authority)


def _tell(
    writing: Writing, authority: str, who: Principal, placement: Placement, made: NewDecision, of: Sequence[ChildRef]
) -> None:
    topic = LIFE[made.step].topic
    if topic is not None:
        about: dict[str, JSON] = {
            "placement": placement.id,
            "version": placement.version,
            "state": str(placement.state),
            "proposal": placement.proposal_id,
            "reason": made.reason_code,
        }
        outbox.put(writing, authority, topic, about)
    facts: dict[str, JSON] = {
        "step": str(made.step),
        "version": placement.version,
        "state": str(placement.state),
        "home": placement.home,
        "reason": made.reason_code,
        "overridden": list(placement.overridden),
        "rank": placement.rank,
        "seen": made.seen_id,
        "approval": made.approval,
        "policy_sha256": placement.policy_sha256,
    }
    entry = AuditEntry(
        actor=who.subject,
        actor_kind=str(who.kind),
        action=f"placement.{made.step}",
        object_kind="placement",
        object_ref=placement.id,
        subjects=tuple(of),
        facts=facts,
    )
    audit.record(writing, authority, entry)


def _code(codes: type[StrEnum] | None, given: str | None) -> StrEnum | None:
    try:
        return None if codes is None or given is None else codes(given)
    except ValueError:
        return None
