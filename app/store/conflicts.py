"""With what a change is in conflict: asked to say so where it is refused."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from app.matching.referral import ChildRef, ReferralRef
from app.store.placement_tables import place_claims
from app.store.session import Reading
from app.store.tables import children


def lives_by(reading: Reading, authority: str, among: Iterable[ChildRef], besides: str) -> dict[ChildRef, str]:
    """Those of these children who live somewhere by another placement than `besides`, with the id of that."""
    wanted = (
        select(place_claims.c.child_ref, place_claims.c.placement_id)
        .where(place_claims.c.authority == authority, place_claims.c.live, place_claims.c.lived_in)
        .where(place_claims.c.placement_id != besides, place_claims.c.child_ref.in_(sorted(set(among))))
        .order_by(place_claims.c.child_ref)
    )
    return {ChildRef(row.child_ref): row.placement_id for row in reading.execute(wanted)}


def waiting_in(
    reading: Reading, authority: str, among: Iterable[ChildRef], besides: ReferralRef
) -> dict[ChildRef, ReferralRef]:
    """Those of these children who wait in another referral than `besides`, with that referral."""
    wanted = (
        select(children.c.ref, children.c.referral_ref)
        .where(children.c.authority == authority, children.c.referral_ref != besides)
        .where(children.c.ref.in_(sorted(set(among))))
        .order_by(children.c.ref)
    )
    return {ChildRef(row.ref): ReferralRef(row.referral_ref) for row in reading.execute(wanted)}
