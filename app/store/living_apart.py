"""Where those live from whom a waiting child must live apart, as the caseload and other referrals have it.

The homes' own records, and whoever has a place by a placement, the engine sees in its pool. One question more, asked
only where somebody must live apart from somebody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Column, ColumnElement, and_, bindparam, exists, select, union_all
from sqlalchemy.sql.selectable import CompoundSelect

from app.matching.living_apart import whose_home_matters, with_homes
from app.matching.referral import ChildRef, HomeRef, Referral
from app.store.load import MOST_AT_ONCE
from app.store.placement_tables import place_claims
from app.store.prepared import IsOne, of_refs
from app.store.run_tables import placed_children
from app.store.session import Database, Reading
from app.store.tables import children


def as_judged(reading: Reading, authority: str, referrals: Sequence[Referral]) -> tuple[Referral, ...]:
    """The referrals as they are to be judged: with the homes where somebody lives beside whom a child may not live."""
    people = sorted(whose_home_matters(referrals))
    lives: dict[ChildRef, set[HomeRef]] = defaultdict(set)
    for start in range(0, len(people), MOST_AT_ONCE):
        some = people[start : start + MOST_AT_ONCE]
        for row in _LIVES.rows(reading, authority=authority, refs=some):
            lives[ChildRef(row["ref"])].add(HomeRef(row["home"]))
    return with_homes(referrals, lives) if lives else tuple(referrals)


def judged_alone(database: Database, authority: str, referral: Referral) -> Referral:
    """The same of one referral, in a transaction of its own where there is anything to ask."""
    if not whose_home_matters([referral]):
        return referral
    with database.reading() as reading:
        (known,) = as_judged(reading, authority, [referral])
    return known


def _lives(is_one: IsOne) -> CompoundSelect[tuple[str, str]]:
    """Who lives in which home by the caseload, or by the referral in which they wait."""
    return union_all(
        *(
            select(ref.label("ref"), home.label("home")).where(
                ref.table.c.authority == bindparam("authority"), is_one(ref), home.is_not(None), ~_left(ref, home)
            )
            for ref, home in (
                (placed_children.c.ref, placed_children.c.home),
                (children.c.ref, children.c.current_home),
            )
        )
    )


def _left(ref: Column[str], home: Column[str]) -> ColumnElement[bool]:
    """Whether they moved out by a placement: that they live elsewhere now is newer than what was sent before."""
    mine = and_(place_claims.c.authority == ref.table.c.authority, place_claims.c.child_ref == ref)
    return exists().where(mine, place_claims.c.live, place_claims.c.lived_in, place_claims.c.home_ref != home)


_LIVES = of_refs(_lives)
