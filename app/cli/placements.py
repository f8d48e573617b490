"""`placement placements`: what is pursued and lived, at a glance. Deciding is done over HTTP, by persons."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from app.cli.demo import settings_or_demo
from app.cli.desk import LONDON, console, gently, open_desk
from app.store import placements as stored
from app.store.placement_records import State
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
        table = Table("Placement", "State", "Referral", "Children", "Home", "Kept until", "Approval")
        for one in found:
            until = "" if one.held_until is None else f"{one.held_until.astimezone(LONDON):%d %b %H:%M}"
            given = "given" if one.approved_level is not None else words(one.approval_needed)
            table.add_row(one.id, words(one.state), one.referral, str(len(one.children)), one.home, until, given)
        console.print(table if found else "There are no placements.")
