"""`placement placements`: what is pursued and lived, at a glance. Deciding is done over HTTP, by persons."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.demo import settings_or_demo
from app.cli.desk import LONDON, console, gently, open_desk
from app.cli.frames import framed
from app.store import placements as stored
from app.store.placement_records import Placement, State
from app.wording import children as children_counted
from app.wording import words

OnlyState = Annotated[State | None, typer.Option("--state", help="Those in this state alone")]
Shown = Annotated[int, typer.Option("--shown", min=1, max=200, help="How many to show")]


def placements(state: OnlyState = None, shown: Shown = 50) -> None:
    """Placements, the newest first: in which state, for which referral, in which home, until when.

    Without a configured database: of the synthetic authority of the demo.
    """
    with gently(), open_desk(settings_or_demo()) as desk:
        states = () if state is None else (state,)
        with desk.database.reading() as reading:
            found = stored.page(reading, desk.settings.authority, None, shown, states=states)
        children = {child for one in found for child in one.children}
        desk.saw("placements.listed", "placements", "page", children, shown=len(found))
        table = framed("", "Placement", "State", "Who and where", "Approval", whole=("Placement",))
        for one in found:
            gone = f" ({one.children_left} moved out)" if one.children_left else ""
            who = f"{one.referral}, {children_counted(len(one.children))}{gone}, in {one.home}"
            table.add_row(one.id, _state(one), who, _approval(one))
        console.print(table if found else "There are no placements.")


def _state(one: Placement) -> str:
    until = "" if one.held_until is None else f" until {one.held_until.astimezone(LONDON):%-d %b %H:%M}"
    return f"{words(one.state)}{until}"


def _approval(one: Placement) -> str:
    given = " given" if one.approved_level is not None else ""
    return f"{words(one.approval_needed)}{given}"
