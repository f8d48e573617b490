"""The children move in, and one day out."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.access.principal import Principal
from app.deciding import moving_in, steps
from app.deciding.desk import Desk, Why
from app.errors import FieldProblem, Invalid
from app.store import placements
from app.store.placement_records import Placement, Step
from app.store.session import Writing
from app.store.versions import Precondition

ENGLAND = ZoneInfo("Europe/London")


def place(
    writing: Writing,
    desk: Desk,
    who: Principal,
    placement_id: str,
    wanted: Precondition,
    moved_in_on: date,
    seen_id: str | None = None,
) -> Placement:
    """The children moved in, where it was agreed that they may.

    `seen_id`: a look at the placement as it is now; needed where what was accepted is not so any more. Raises as
    `steps.take_up` and `moving_in.require`; `ChildBeingPlaced` where one still lives in another home.
    """
    before = steps.take_up(writing, desk, Step.PLACE, who, placement_id, wanted)
    _require_past(desk, moved_in_on, "moved_in_on")
    _require_not_before(desk, moved_in_on, placements.accepted_at(writing, desk.authority, before.id))
    told = moving_in.require(writing, desk, who, before, seen_id)
    after = steps.moved(before, Step.PLACE, moved_in_on=moved_in_on)
    made = steps.decision(Step.PLACE, who, before.state, after.state, seen_id=seen_id, agreed_on=told)
    return steps.advance(writing, desk.authority, who, before, after, made)


def end(
    writing: Writing,
    desk: Desk,
    who: Principal,
    placement_id: str,
    wanted: Precondition,
    why: Why,
    *,
    ended_on: date,
    planned: bool,
) -> Placement:
    """The children moved out. Raises as `steps.take_up` and `steps.require_reason`."""
    steps.require_reason(Step.END, why, needed=True)
    before = steps.take_up(writing, desk, Step.END, who, placement_id, wanted)
    _require_past(desk, ended_on, "ended_on")
    if before.moved_in_on is not None and ended_on < before.moved_in_on:
        cure = "Check the day."
        raise Invalid([FieldProblem("ended_on", "This is before the children moved in.", cure)])
    after = steps.moved(before, Step.END, ended_on=ended_on, end_reason=why.code, end_planned=planned)
    made = steps.decision(Step.END, who, before.state, after.state, why)
    return steps.advance(writing, desk.authority, who, before, after, made)


def _require_not_before(desk: Desk, day: date, accepted_at: datetime) -> None:
    """Nobody moves in before the day in England on which it was accepted."""
    accepted_on = min(accepted_at.astimezone(ENGLAND).date(), desk.today)
    if day < accepted_on:
        cure = f"Check the day: it was accepted on {accepted_on}."
        raise Invalid([FieldProblem("moved_in_on", "This is before the placement was accepted.", cure)])


def _require_past(desk: Desk, day: date, field: str) -> None:
    if day > desk.today:
        raise Invalid([FieldProblem(field, "This day is still to come.", "Tell it when it has happened.")])
