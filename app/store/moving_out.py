"""How each child left the home of a placement: every child has an end of its own, together with the others or before.

An end stands with the child's claim, which is over by it, and names the decision that told of it. The database takes
no end without such a decision, and none twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, update

from app.matching.referral import ChildRef
from app.store.answered import LEFT_CARE
from app.store.placement_records import Placement, State
from app.store.placement_tables import place_claims as table
from app.store.searches import raised
from app.store.session import Reading, Writing


@dataclass(frozen=True, slots=True)
class Leaving:
    """Some of a placement's children move out: on which day, why by its code, and whether it was planned."""

    children: tuple[ChildRef, ...]
    ended_on: date
    end_reason: str
    end_planned: bool


@dataclass(frozen=True, slots=True)
class Left:
    """One child who moved out. `version`: that of the placement to which the decision led that told of it."""

    child: ChildRef
    ended_on: date
    end_reason: str
    end_planned: bool
    version: int


def living(reading: Reading, authority: str, placement: Placement) -> tuple[ChildRef, ...]:
    """The children who have a place by this placement now, in the placement's order."""
    mine = table.c.authority == authority, table.c.placement_id == placement.id, table.c.live
    here = set(reading.execute(select(table.c.child_ref).where(*mine)).scalars())
    return tuple(child for child in placement.children if child in here)


def move_out(writing: Writing, authority: str, placement: Placement, leaving: Leaving, seq: int) -> None:
    """Give the places of these children back, and keep of them how it ended and nothing else.

    Leaving care answers whatever search is known by then: a move that was begun before is none.
    `placement`: as it stands after the decision, which is stored already. `seq`: the number of this change of the
    inventory.
    """
    theirs = table.c.placement_id == placement.id, table.c.child_ref.in_(leaving.children)
    told: dict[str, object] = {
        "ended_on": leaving.ended_on,
        "end_reason": leaving.end_reason,
        "end_planned": leaving.end_planned,
        "ended_version": placement.version,
    }
    released: dict[str, object] = {"live": False, "resident": None, "changed_seq": seq}
    if leaving.end_reason in LEFT_CARE:
        told["searched_since"] = raised()
    writing.execute(update(table).where(table.c.authority == authority, *theirs, table.c.live).values(released | told))


def left(reading: Reading, authority: str, found: Sequence[Placement]) -> dict[str, list[Left]]:
    """Who moved out of each of these placements, by its id; of an erased child nothing."""
    some = {one.id: one for one in found if one.children_left or one.state is State.ENDED}
    if not some:
        return {}
    columns = table.c.placement_id, table.c.child_ref, table.c.ended_on, table.c.end_reason, table.c.end_planned
    mine = table.c.authority == authority, table.c.placement_id.in_(some), table.c.ended_version.is_not(None)
    ends: dict[str, list[Left]] = defaultdict(list)
    for row in reading.execute(select(*columns, table.c.ended_version).where(*mine).order_by(table.c.child_ref)):
        told = Left(ChildRef(row.child_ref), row.ended_on, row.end_reason, row.end_planned, row.ended_version)
        ends[row.placement_id].append(told)
    return ends
