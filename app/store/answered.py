"""Children whose move answered their referral, wherever they live by now: nobody is looked for who was not asked for.

A place answers one search: that for which it was held (see `app.store.searches`). The referral counts as waiting again
only where the case system sent it with a later search, or with one of the day on which the placement ended once that
was told; a record that is merely kept in step every night asks for nothing. Whose time in care ended with the
placement is looked for again only where the referral was sent after that end was told, with a search that began on
that day or later and was not known yet: a move that was begun before is none. A search that was known already, and
began after the day on which the child left, is of a child who was back before anybody told that they had gone, or a
move of one whose death was not known: so no run takes it up, but once it is sent again a person may hold a home by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, literal_column, or_, select

from app.matching.referral import ChildRef
from app.store.next_page import next_refs
from app.store.placement_tables import decisions, place_claims, placements
from app.store.prepared import Prepared, of_refs
from app.store.reasons import CareEnd
from app.store.session import Reading
from app.store.tables import children, referrals

A_DAY = timedelta(days=1)

IS_BACK = "is_back"

LEFT_CARE = tuple(map(str, CareEnd))
"""Codes of an end with which the child's time in care ended."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A child whose placement answered the referral and has ended for it since. `reason`: the code of why.

    Brothers or sisters of the same placement may live there still: each child has an end of its own. `search_from`:
    the first day of a search for them that is another, once it is sent. `is_back`: that the search of now began after
    they left care, and was sent since that was told.
    """

    child: ChildRef
    placement: str
    ended_on: date
    reason: str
    search_from: date
    is_back: bool = False

    @property
    def left_care(self) -> bool:
        """Whether the child's time in care ended with it, and nobody may hold a home for them."""
        return self.reason in LEFT_CARE and not self.is_back


def ends(rows: Iterable[Mapping[Any, Any]]) -> tuple[Ended, ...]:
    """Out of the rows of `AFTER_THE_END`: of each child the last one."""
    told = (
        Ended(
            ChildRef(row["child_ref"]),
            row["id"],
            row["ended_on"],
            row["end_reason"],
            _search_from(row),
            bool(row.get(IS_BACK)),
        )
        for row in sorted(rows, key=itemgetter("number"))
    )
    return tuple({one.child: one for one in told}.values())


def _search_from(row: Mapping[Any, Any]) -> date:
    ended_on: date = row["ended_on"]
    searched: date | None = row.get("searched_since")
    if row["end_reason"] in LEFT_CARE:
        if searched is None or searched < ended_on:
            return ended_on
        return searched + A_DAY if row.get(IS_BACK) else ended_on + A_DAY
    moved_in_on: date = row["moved_in_on"]
    return max(moved_in_on, min((searched or moved_in_on) + A_DAY, ended_on))


def ended_for(
    reading: Reading, authority: str, among: Sequence[ChildRef], without: str | None = None
) -> tuple[Ended, ...]:
    """The children of these in a referral that a placement answered which has ended since, with that end.

    `without`: a placement that is left out, because it is the one that is judged.
    """
    if without is None:
        return ends(_AMONG.rows(reading, authority=authority, refs=list(among)))
    return ends(_AMONG_WITHOUT.rows(reading, authority=authority, refs=list(among), without=without))


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


def _ended(*which: ColumnElement[bool], judged: ColumnElement[str] | None = None) -> Select[Any]:
    """`judged`: the placement whose own places count as none."""
    of_claim = and_(placements.c.authority == place_claims.c.authority, placements.c.id == place_claims.c.placement_id)
    of_end = and_(
        decisions.c.authority == place_claims.c.authority,
        decisions.c.placement_id == place_claims.c.placement_id,
        decisions.c.version == place_claims.c.ended_version,
    )
    of_child = and_(children.c.authority == place_claims.c.authority, children.c.ref == place_claims.c.child_ref)
    of_referral = and_(referrals.c.authority == children.c.authority, referrals.c.ref == children.c.referral_ref)
    of_care: list[ColumnElement[str]] = [literal_column(f"'{code}'") for code in LEFT_CARE]
    left = place_claims.c.end_reason.in_(of_care)
    search, ended_on = referrals.c.waiting_since, place_claims.c.ended_on
    # A release before kept no search with the place: its move answered those until the day of it, its end none.
    same_search = search <= func.coalesce(place_claims.c.searched_since, placements.c.moved_in_on)
    known = search <= place_claims.c.searched_since
    not_since = decisions.c.decided_at >= referrals.c.changed_at
    answered = or_(
        and_(left, or_(known, search < ended_on, not_since)),
        and_(~left, or_(search < placements.c.moved_in_on, and_(same_search, or_(search < ended_on, not_since)))),
    )
    is_back = and_(left, search > ended_on, ~not_since)
    # Who has a place elsewhere by now is told of by that. One that is only pursued does not undo leaving care.
    other = place_claims.alias("other_claims")
    of_same = [other.c.authority == place_claims.c.authority, other.c.child_ref == place_claims.c.child_ref]
    of_same += [] if judged is None else [other.c.placement_id != judged]
    has_place = exists().where(*of_same, other.c.live, or_(other.c.lived_in, ~left, is_back))
    return (
        select(place_claims.c.child_ref, placements.c.id, ended_on, place_claims.c.end_reason)
        .add_columns(placements.c.moved_in_on, place_claims.c.searched_since, is_back.label(IS_BACK))
        # In which order is for `ends` to see to: asked for here, PostgreSQL may go through all placements by number.
        .add_columns(placements.c.number)
        .join(children, of_child)
        .join(referrals, of_referral)
        .join(placements, of_claim)
        .join(decisions, of_end)
        .where(place_claims.c.authority == bindparam("authority"), place_claims.c.ended_version.is_not(None), answered)
        .where(~has_place, *which)
    )


_ALL = Prepared(_ended())
_AMONG = of_refs(lambda is_one: _ended(is_one(place_claims.c.child_ref)))
_AMONG_WITHOUT = of_refs(lambda is_one: _ended(is_one(place_claims.c.child_ref), judged=bindparam("without")))
AFTER_THE_END = Prepared(_ended(children.c.referral_ref == bindparam("referral")))
ENDED_OF_NEXT = Prepared(_ended(children.c.referral_ref.in_(next_refs(referrals))))
"""The same of one referral and of a page of them, to be asked beside others. See `after_the_end`."""
