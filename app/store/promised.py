"""Who has a place in a home by a placement: what whoever stores the home should be told where there is no room."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import bindparam, select

from app.matching.referral import ChildRef, HomeRef
from app.store.placement_tables import place_claims as table
from app.store.prepared import Prepared
from app.store.session import Reading

_LIVE = table.c.authority == bindparam("whose"), table.c.live

OF_HOME = Prepared(select(table.c.child_ref).where(*_LIVE, table.c.home_ref == bindparam("which")))
"""The children who have a place in one home; to be asked beside others."""

_EVERYWHERE = Prepared(select(table.c.home_ref, table.c.child_ref).where(*_LIVE))


def everywhere(reading: Reading, authority: str) -> dict[HomeRef, set[ChildRef]]:
    """The same of every home in which anybody has one."""
    found: dict[HomeRef, set[ChildRef]] = defaultdict(set)
    for row in _EVERYWHERE.rows(reading, whose=authority):
        found[HomeRef(row["home_ref"])].add(ChildRef(row["child_ref"]))
    return found
