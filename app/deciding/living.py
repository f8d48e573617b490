"""The children move in, and one day out."""

from __future__ import annotations

from datetime import date

from app.access.principal import Principal
from app.deciding import steps
from app.deciding.desk import Desk, Why
from app.errors import FieldProblem, Invalid
from app.store.placement_records import Placement, Step
from app.store.session import Writing
from app.store.versions import Precondition


def place(
    writing: Writing, desk: Desk, who: Principal, placement_id: str, wanted: Precondition, moved_in_on: date
) -> Placement:
    """The children moved in. Raises as `steps.take_up`; `ChildBeingPlaced` where one still lives in another home."""
    before = steps.take_up(writing, desk, Step.PLACE, who, placement_id, wanted)
    _require_past(desk, moved_in_on, "moved_in_on")
    after = steps.moved(before, Step.PLACE, moved_in_on=moved_in_on)
    made = steps.decision(Step.PLACE, who, before.state, after.state)
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


def _require_past(desk: Desk, day: date, field: str) -> None:
    if day > desk.today:
        raise Invalid([FieldProblem(field, "This day is still to come.", "Tell it when it has happened.")])
