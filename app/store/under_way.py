"""Which children have a place already, so that nobody puts them forward again.

A child is under way while a placement is held, sent or accepted. A child who moved in is looked for again only
where the referral was sent or changed after that: an older one was answered by the move.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, or_, select

from app.matching.referral import ChildRef, HomeRef
from app.store.placement_records import State
from app.store.placement_tables import place_claims, placements
from app.store.session import Reading
from app.store.tables import children, referrals


def with_a_place(
    reading: Reading, authority: str, among: Sequence[ChildRef] | None = None, without: str | None = None
) -> dict[ChildRef, HomeRef]:
    """The children who wait in a referral and have a place already, with the home where it is.

    `among`: these children alone. `without`: a placement that is left out, because it is the one that is judged.
    """
    of_claim = and_(placements.c.authority == place_claims.c.authority, placements.c.id == place_claims.c.placement_id)
    of_child = and_(children.c.authority == place_claims.c.authority, children.c.ref == place_claims.c.child_ref)
    of_referral = and_(referrals.c.authority == children.c.authority, referrals.c.ref == children.c.referral_ref)
    pursued = place_claims.c.lived_in.is_(False)
    answered = and_(placements.c.state == str(State.PLACED), referrals.c.changed_at <= placements.c.changed_at)
    wanted = (
        select(place_claims.c.child_ref, place_claims.c.home_ref)
        .join(placements, of_claim)
        .join(children, of_child)
        .join(referrals, of_referral)
        .where(place_claims.c.authority == authority, place_claims.c.live, or_(pursued, answered))
        .order_by(place_claims.c.lived_in)  # where a child will live comes before where it lives
    )
    if among is not None:
        wanted = wanted.where(place_claims.c.child_ref.in_(among))
    if without is not None:
        wanted = wanted.where(place_claims.c.placement_id != without)
    found: dict[ChildRef, HomeRef] = {}
    for row in reading.execute(wanted):
        found.setdefault(ChildRef(row.child_ref), HomeRef(row.home_ref))
    return found
