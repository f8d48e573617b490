"""Where children live by a placement.

Asked where a home is proposed for them: whoever decides on it should know that it is a move.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.matching.referral import ChildRef, HomeRef
from app.store.load import MOST_AT_ONCE
from app.store.placement_tables import place_claims
from app.store.prepared import of_refs
from app.store.session import Reading


class Lives(NamedTuple):
    """Where a child lives: in which home, and by which placement."""

    home: HomeRef
    placement: str


def by_placement(reading: Reading, authority: str, among: Collection[ChildRef]) -> Mapping[ChildRef, Lives]:
    """The home of each of these children who moved in by a placement that has not ended for them."""
    people: Sequence[ChildRef] = sorted(set(among))
    found: dict[ChildRef, Lives] = {}
    for start in range(0, len(people), MOST_AT_ONCE):
        rows = _LIVES.rows(reading, authority=authority, refs=list(people[start : start + MOST_AT_ONCE]))
        found |= {ChildRef(row["child_ref"]): Lives(HomeRef(row["home_ref"]), row["placement_id"]) for row in rows}
    return found


_LIVES = of_refs(
    lambda is_one: select(place_claims.c.child_ref, place_claims.c.home_ref, place_claims.c.placement_id).where(
        place_claims.c.authority == bindparam("authority"),
        place_claims.c.live,
        place_claims.c.lived_in,
        is_one(place_claims.c.child_ref),
    )
)
