"""Children whose move answered their referral, wherever they live by now: nobody is looked for who was not asked for.

A referral is answered by the move. It counts as waiting again only where the case system sent it after that with a
search of its own (`waiting_since` after the day of the move), which is how a move begins: a record that is merely kept
in step every night asks for nothing. Once the placement has ended, a search of that day will do as well. Whose time
in care ended with the placement is looked for again only where it was sent or changed after that end, with a search of
that day or later: a move that was begun before is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal_column, or_, select

from app.matching.referral import ChildRef
from app.store.next_page import next_refs
from app.store.placement_records import Step
from app.store.placement_tables import decisions, place_claims, placements
from app.store.prepared import Prepared, of_refs
from app.store.reasons import CareEnd
from app.store.session import Reading
from app.store.tables import children, referrals

LEFT_CARE = tuple(map(str, CareEnd))
"""Codes of an end with which the child's time in care ended."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A child whose placement answered the referral and has ended for it since. `reason`: the code of why.

    Brothers or sisters of the same placement may live there still: each child has an end of its own.
    """

    child: ChildRef
    placement: str
    ended_on: date
    reason: str

    @property
    def left_care(self) -> bool:
        """Whether the child's time in care ended with it."""
        return self.reason in LEFT_CARE


def ends(rows: Iterable[Mapping[Any, Any]]) -> tuple[Ended, ...]:
    """Out of the rows of `AFTER_THE_END`: of each child the last one."""
    told = (Ended(ChildRef(row["child_ref"]), row["id"], row["ended_on"], row["end_reason"]) for row in rows)
    return tuple({one.child: one for one in told}.values())


def ended_for(reading: Reading, authority: str, among: Sequence[ChildRef]) -> tuple[Ended, ...]:
    """The children of these in a referral that a placement answered which has ended since, with that end."""
    return ends(_AMONG.rows(reading, authority=authority, refs=list(among)))


def after_the_end(reading: Reading, authority: str, among: Sequence[ChildRef] | None = None) -> frozenset[ChildRef]:
    """Children in a referral that a placement answered which has ended since. `among`: these children alone."""
    if among is None:
        rows = _ALL.rows(reading, authority=authority)
    else:
        rows = _AMONG.rows(reading, authority=authority, refs=list(among))
    return frozenset(ChildRef(row["child_ref"]) for row in rows)


def still_wait(people: Collection[ChildRef], placed: Collection[ChildRef], answered: Collection[ChildRef]) -> list[str]:
    """Those for whom a home is looked for, in their order."""
    return [child for child in people if child not in placed and child not in answered]


def _ended(*which: ColumnElement[bool]) -> Select[Any]:
    of_claim = and_(placements.c.authority == place_claims.c.authority, placements.c.id == place_claims.c.placement_id)
    of_move = and_(decisions.c.authority == placements.c.authority, decisions.c.placement_id == placements.c.id)
    of_child = and_(children.c.authority == place_claims.c.authority, children.c.ref == place_claims.c.child_ref)
    of_referral = and_(referrals.c.authority == children.c.authority, referrals.c.ref == children.c.referral_ref)
    of_care: list[ColumnElement[str]] = [literal_column(f"'{code}'") for code in LEFT_CARE]
    left = and_(decisions.c.version == place_claims.c.ended_version, place_claims.c.end_reason.in_(of_care))
    moved = decisions.c.step == str(Step.PLACE)
    same_search = or_(
        and_(moved, referrals.c.waiting_since < placements.c.moved_in_on),
        and_(left, referrals.c.waiting_since < place_claims.c.ended_on),
    )
    since = or_(decisions.c.decided_at >= referrals.c.changed_at, same_search), or_(moved, left)
    return (
        select(place_claims.c.child_ref, placements.c.id, place_claims.c.ended_on, place_claims.c.end_reason)
        .join(placements, of_claim)
        .join(decisions, of_move)
        .join(children, of_child)
        .join(referrals, of_referral)
        .where(place_claims.c.authority == bindparam("authority"), place_claims.c.ended_version.is_not(None), *since)
        .where(*which)
        .order_by(placements.c.number)
    )


_ALL = Prepared(_ended())
_AMONG = of_refs(lambda is_one: _ended(is_one(place_claims.c.child_ref)))
AFTER_THE_END = Prepared(_ended(children.c.referral_ref == bindparam("referral")))
ENDED_OF_NEXT = Prepared(_ended(children.c.referral_ref.in_(next_refs(referrals))))
"""The same of one referral and of a page of them, to be asked beside others. See `after_the_end`."""
