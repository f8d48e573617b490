"""Who came to a home or went by a placement since somebody looked: the home's own document does not tell of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Select, and_, or_, select

from app.matching.referral import ChildRef, HomeRef
from app.store.claims import NO_PLACEMENT
from app.store.placement_tables import place_claims as table
from app.store.placement_tables import placements
from app.store.session import Reading

NOT_KNOWN = 0
"""The number of a claim that a release wrote which knew of none; triggers of the database give it one."""


def others_since(
    reading: Reading, authority: str, home: HomeRef, seq: int, without: str | None, children: Iterable[ChildRef]
) -> bool:
    """Whether anybody came to a home after this change, went, or is known to be another than they were.

    Apart from the placement `without` and these children themselves. Who came and went again is nobody new.
    """
    mine = or_(table.c.placement_id == (without or NO_PLACEMENT), table.c.child_ref.in_(sorted(set(children))))
    wanted = _moved(authority, seq).where(table.c.home_ref == home, ~mine)
    return reading.execute(wanted.limit(1)).first() is not None


def moved_since(
    reading: Reading, authority: str, homes: Collection[HomeRef], seq: int
) -> dict[HomeRef, frozenset[ChildRef]]:
    """Who came to each of these homes after this change, went, or is known to be another than they were."""
    found: dict[HomeRef, set[ChildRef]] = defaultdict(set)
    for row in reading.execute(_moved(authority, seq).where(table.c.home_ref.in_(sorted(homes)))):
        found[HomeRef(row.home_ref)].add(ChildRef(row.child_ref))
    return {home: frozenset(children) for home, children in found.items()}


def _moved(authority: str, seq: int) -> Select[Any]:
    """Claims that began after this change, or that are others since, and are no mere episode within that time.

    Of a claim without a number nobody knows when it changed: it counts as one since.
    """
    came = table.c.live
    went = and_(table.c.live.is_(False), placements.c.number <= seq)
    joined = and_(placements.c.authority == table.c.authority, placements.c.id == table.c.placement_id)
    since = table.c.authority == authority, or_(table.c.changed_seq > seq, table.c.changed_seq == NOT_KNOWN)
    return select(table.c.home_ref, table.c.child_ref).join(placements, joined).where(*since, or_(came, went))
