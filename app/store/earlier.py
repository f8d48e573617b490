"""What has happened to a referral's children before: homes that were declined for them, placements that are under way.

One statement, to be asked beside others where a list is made; whoever looks again sees their own choice as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, or_, select, union_all

from app.matching.referral import ChildRef, HomeRef
from app.store.declined import OF_DECISION, Declined, last_decision, newest_first, read, refused_elsewhere, stands
from app.store.placement_records import PURSUED, State
from app.store.placement_tables import decisions
from app.store.placement_tables import placements as table
from app.store.prepared import Prepared


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A place waits for these children in a home; they live elsewhere."""

    placement: str
    home: HomeRef
    children: tuple[ChildRef, ...]
    state: State


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was declined, and what is under way, the newest first."""

    declined: tuple[Declined, ...] = ()
    under_way: tuple[UnderWay, ...] = ()

    def waits_for(self, child: str | None, home: str) -> UnderWay | None:
        """The placement of a child in a home that is under way."""
        return next((one for one in self.under_way if one.home == home and child in one.children), None)


NOTHING = Earlier()


def earlier(rows: Iterable[Mapping[Any, Any]]) -> Earlier:
    """Out of the rows of `OF_REFERRAL`."""
    refused, pursued = [], []
    for row in newest_first(rows):
        if State(row["state"]) is State.DECLINED:
            refused.append(read(row))
        else:
            children = tuple(map(ChildRef, row["children"]))
            pursued.append(UnderWay(row["id"], HomeRef(row["home_ref"]), children, State(row["state"])))
    return Earlier(tuple(refused), tuple(pursued))


def _of_referral() -> Prepared:
    columns = table.c.number, table.c.id, table.c.state, table.c.home_ref, table.c.children, *OF_DECISION
    mine = table.c.authority == bindparam("authority"), table.c.referral_ref == bindparam("referral")
    told = or_(*(stands(state) for state in (State.DECLINED, *PURSUED)))
    here = select(*columns).join(decisions, last_decision()).where(*mine, told)
    elsewhere = refused_elsewhere(bindparam("referral"))
    named = select(*columns).join(decisions, last_decision()).where(*elsewhere)
    return Prepared(union_all(here, named))


OF_REFERRAL = _of_referral()
"""What was declined for children of one referral, and what is under way for them; to be asked beside others.

What was declined for one of them is remembered of the child and the home, whatever the referral was called then.
"""
