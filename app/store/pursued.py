"""Placements of a referral that wait for their move: as long as there is one, its children stay in the referral.

Without the referral nobody could judge a rule again at the acceptance or at the door. So whoever withdraws it, or
takes a child out of it, gives the placement up first, or tells that the children moved in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select

from app.errors import FieldProblem, ReferralStillPursued
from app.matching.referral import ReferralRef
from app.store.clock import told
from app.store.placement_records import PURSUED, TEMPORARY, State
from app.store.placement_tables import placements as table
from app.store.prepared import Prepared, rows_of_all
from app.store.session import Writing

OF_REFERRAL = Prepared(
    select(table.c.id, table.c.state, table.c.home_ref, table.c.children, table.c.held_until)
    .where(
        table.c.authority == bindparam("whose"),
        table.c.referral_ref == bindparam("which"),
        or_(*(table.c.state == str(state) for state in PURSUED)),
    )
    .order_by(table.c.number)
)
"""Placements of a referral that take places for children who live elsewhere."""


def require_none(writing: Writing, authority: str, ref: ReferralRef) -> None:
    """Raise `ReferralStillPursued` where a placement of the referral waits. Ask under the referral's lock."""
    found, (clock,) = rows_of_all(writing, [(OF_REFERRAL, {"whose": authority, "which": ref}), (told(writing), {})])
    refuse(found, clock["now"])


def refuse(found: Iterable[Mapping[Any, Any]], now: datetime, staying: Collection[str] = ()) -> None:
    """Raise `ReferralStillPursued` where one of these placements has a child who is not to stay in the referral.

    A hold whose time is over keeps nobody: it has ended, whether that is recorded yet or not.
    """
    waits = [row for row in found if not _is_over(row, now) and not set(row["children"]) <= set(staying)]
    if waits:
        raise ReferralStillPursued([_said(row) for row in waits])


def _is_over(row: Mapping[Any, Any], now: datetime) -> bool:
    return State(row["state"]) in TEMPORARY and bool(row["held_until"] <= now)


def _said(row: Mapping[Any, Any]) -> FieldProblem:
    problem = (
        f"Placement {row['id']} in home {row['home_ref']} is {row['state']}: a child of this referral has a place."
    )
    if State(row["state"]) is State.ACCEPTED:
        cure = f"POST /placements/{row['id']}/place once the children moved in, or /withdraw first."
    else:
        cure = f"POST /placements/{row['id']}/withdraw or /decline first."
    return FieldProblem("children", problem, cure)
