"""Which search a place answers: that of the child's referral, by the day on which it began.

It stands with the claim from the hold on. What is sent afterwards is another search only where it began after that
one; what of the same search is sent once more, or was sent before it could be told that it is over, asks for nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, case, or_, select

from app.store.placement_tables import place_claims
from app.store.tables import children, referrals


def _of(authority: ColumnElement[str], child: ColumnElement[str]) -> ScalarSelect[date]:
    of_referral = and_(referrals.c.authority == children.c.authority, referrals.c.ref == children.c.referral_ref)
    wanted = select(referrals.c.waiting_since).select_from(children.join(referrals, of_referral))
    return wanted.where(children.c.authority == authority, children.c.ref == child).scalar_subquery()


OF_THE_CHILD = _of(bindparam("whose"), bindparam("of_child"))
"""The search of a child's referral as it stands: to be written with a claim. None of a child in no referral."""


def raised(until: date | None = None) -> ColumnElement[Any]:
    """What a claim answers, and the search of the child's referral as it stands too, if that is no older one.

    `until`: one that began after this day is another.
    """
    now, answered = _of(place_claims.c.authority, place_claims.c.child_ref), place_claims.c.searched_since
    newer = or_(answered.is_(None), now > answered)
    known = now.is_not(None) if until is None else now <= until
    return case((and_(known, newer), now), else_=answered)
