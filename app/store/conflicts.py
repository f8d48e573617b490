"""With what a change is in conflict: asked only once it was refused, to say so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, select

from app.matching.referral import ChildRef, ReferralRef
from app.store.placement_records import State
from app.store.placement_tables import place_claims, placements
from app.store.session import Reading
from app.store.tables import children


@dataclass(frozen=True, slots=True)
class Pursued:
    """A placement that is under way for a child."""

    id: str
    state: State


def pursued_for(reading: Reading, authority: str, among: Iterable[ChildRef]) -> dict[ChildRef, Pursued]:
    """Those of these children for whom a placement is under way, with that placement."""
    joined = and_(placements.c.authority == place_claims.c.authority, placements.c.id == place_claims.c.placement_id)
    wanted = (
        select(place_claims.c.child_ref, placements.c.id, placements.c.state)
        .join(placements, joined)
        .where(place_claims.c.authority == authority, place_claims.c.live, place_claims.c.lived_in.is_(False))
        .where(place_claims.c.child_ref.in_(sorted(set(among))))
        .order_by(place_claims.c.child_ref)
    )
    return {ChildRef(row.child_ref): Pursued(row.id, State(row.state)) for row in reading.execute(wanted)}


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
