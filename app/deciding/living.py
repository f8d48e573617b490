"""The children move in, and one day out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NotRequired, TypedDict, Unpack
from zoneinfo import ZoneInfo

from app.access.principal import Principal
from app.deciding import free, left_care, moving_in, steps, true_day
from app.deciding.desk import Desk, Why
from app.deciding.earlier_days import DAYS_BEFORE
from app.errors import FieldProblem, Invalid
from app.matching.referral import ChildRef
from app.store import moving_out, placements
from app.store.moving_out import Leaving
from app.store.placement_records import Placement, Step
from app.store.reasons import LEAST_WORDS_OF_OTHER, EndReason, MoveReason
from app.store.session import Writing
from app.store.versions import Precondition

ENGLAND = ZoneInfo("Europe/London")

PLANNED_BY_CODE = {EndReason.E4A: True, EndReason.E4B: False}
"""Codes of the return that say themselves whether the end was planned."""


def place(
    writing: Writing,
    desk: Desk,
    who: Principal,
    placement_id: str,
    wanted: Precondition,
    moved_in_on: date,
    seen_id: str | None = None,
    why_before: str | None = None,
) -> Placement:
    """The children moved in, where it was agreed that they may.

    `seen_id`: a look at the placement as it is now; needed where what was accepted is not so any more. `why_before`:
    why they moved in before it was accepted, where they did. Raises as `steps.take_up` and `moving_in.require`;
    `ReferralAnswered` where one left care since; `ChildBeingPlaced` where one still lives in another home, `Invalid`
    where one lived there after that day, or others had the places.
    """
    before = steps.take_up(writing, desk, Step.PLACE, who, placement_id, wanted)
    _require_past(desk, moved_in_on, "moved_in_on")
    accepted_at = placements.accepted_at(writing, desk.authority, before.id)
    why = _why_before(desk, moved_in_on, accepted_at, why_before)
    left_care.require_none(writing, desk, before)
    told = moving_in.require(writing, desk, who, before, seen_id, moved_in_on)
    free.require_left(writing, desk, before)
    true_day.require_free(writing, desk, before, moved_in_on)
    after = steps.moved(before, Step.PLACE, moved_in_on=moved_in_on)
    made = steps.decision(Step.PLACE, who, before.state, after.state, why, seen_id=seen_id, agreed_on=told)
    return steps.advance(writing, desk.authority, who, before, after, made)


class Told(TypedDict):
    """What is told of an end. `children`: those who moved out, where others stay; else all who still live there."""

    ended_on: date
    planned: bool
    children: NotRequired[Sequence[ChildRef] | None]


def end(
    writing: Writing,
    desk: Desk,
    who: Principal,
    placement_id: str,
    wanted: Precondition,
    why: Why,
    **told: Unpack[Told],
) -> Placement:
    """The children moved out. Raises as `steps.take_up` and `steps.require_reason`.

    Each has an end of their own, whether they left together or one after the other; with the last of them the
    placement has ended. While some stay it goes on for these as it was.
    """
    ended_on, planned, named = told["ended_on"], told["planned"], told.get("children")
    steps.require_reason(Step.END, why, needed=True)
    _require_agreeing(why, planned=planned)
    before = steps.take_up(writing, desk, Step.END, who, placement_id, wanted)
    _require_past(desk, ended_on, "ended_on")
    if before.moved_in_on is not None and ended_on < before.moved_in_on:
        cure = "Check the day."
        raise Invalid([FieldProblem("ended_on", "This is before the children moved in.", cure)])
    lives = moving_out.living(writing, desk.authority, before)
    gone = lives if named is None else _among(lives, named)
    if len(gone) < len(lives):
        step, after = Step.LEAVE, steps.moved(before, Step.LEAVE, children_left=before.children_left + len(gone))
    else:
        is_told = {"ended_on": ended_on, "end_reason": why.code, "end_planned": planned}
        step, after = Step.END, steps.moved(before, Step.END, **is_told)
    made = steps.decision(step, who, before.state, after.state, why)
    leaving = Leaving(gone, ended_on, str(why.code), planned)
    return steps.move_out(writing, desk.authority, who, before, after, made, leaving)


def _among(lives: Sequence[ChildRef], named: Sequence[ChildRef]) -> tuple[ChildRef, ...]:
    """Those who are named, of those who live there. Raises `Invalid` where one does not live there by it."""
    cure = "Name children of this placement who still live there: its `children`, but for those in `ends`."
    problems = [
        FieldProblem(f"children[{n}]", "This child does not live there by this placement, or not any more.", cure)
        for n, child in enumerate(named)
        if child not in lives
    ]
    if problems or not named:
        raise Invalid(problems or [FieldProblem("children", "Nobody is named.", cure)])
    return tuple(child for child in lives if child in named)


def _require_agreeing(why: Why, *, planned: bool) -> None:
    """The code and `planned` say the same, where the code says it at all."""
    said = PLANNED_BY_CODE.get(EndReason(why.code)) if why.code else None
    if said is not None and said != planned:
        problem = f"{why.code} is for an end that was {'' if said else 'not '}planned."
        raise Invalid([FieldProblem("planned", problem, "Send E4A for a planned return home, E4B for another.")])


def _why_before(desk: Desk, day: date, accepted_at: datetime, words: str | None) -> Why:
    """Why the children moved in before the day in England on which it was accepted. Raises `Invalid`.

    The true day counts, also where a duty team moved a child in by night and the acceptance was recorded after that.
    """
    accepted_on = min(accepted_at.astimezone(ENGLAND).date(), desk.today)
    given = (words or "").strip()
    if day >= accepted_on:
        if given:
            cure = "Leave it out, or check the day."
            raise Invalid([FieldProblem("why_before", "They did not move in before it was accepted.", cure)])
        return Why()
    if accepted_on - day > timedelta(days=DAYS_BEFORE):
        problem = f"This is more than {DAYS_BEFORE} days before the placement was accepted, on {accepted_on}."
        cure = (
            "Check the day. A child who has lived there for longer was placed by somebody else: withdraw this"
            " placement, and let the case system send the caseload and the home with the child among its residents."
        )
        raise Invalid([FieldProblem("moved_in_on", problem, cure)])
    if len(given) < LEAST_WORDS_OF_OTHER:
        problem = f"The children moved in before the placement was accepted, on {accepted_on}, and it is not said why."
        cure = f"Say so in {LEAST_WORDS_OF_OTHER} characters or more, without names; or check the day."
        raise Invalid([FieldProblem("why_before", problem, cure)])
    return Why(MoveReason.OUT_OF_HOURS, words)


def _require_past(desk: Desk, day: date, field: str) -> None:
    if day > desk.today:
        raise Invalid([FieldProblem(field, "This day is still to come.", "Tell it when it has happened.")])
