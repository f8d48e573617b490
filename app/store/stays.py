"""Who lived where by a placement, and until when: asked where children moved in before the day of telling it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, String, and_, cast, exists, or_, select

from app.matching.home import Resident
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.store.answered import LEFT_CARE, Ended, ends
from app.store.codec import decoder
from app.store.erasure import MARK
from app.store.placement_tables import decisions, place_claims, placements
from app.store.session import Reading
from app.store.tables import children

_OF_CLAIM = and_(placements.c.authority == place_claims.c.authority, placements.c.id == place_claims.c.placement_id)

_kept = decoder(Resident)


@dataclass(frozen=True, slots=True)
class Stay:
    """One child in one home by a placement. `ended_on`: the day on which the child left it; None as long as not.

    On the day of a move a child is in both homes, and in neither of them overnight but the new one. `end_is_known`:
    of one who was erased the end of the placement stands for their own, which may have been before that.
    """

    child: ChildRef
    placement: str
    referral: ReferralRef
    home: HomeRef
    moved_in_on: date
    ended_on: date | None
    end_is_known: bool = True

    def nights(self, day: date) -> bool:
        """Whether the child slept there on this day."""
        return self.moved_in_on <= day and (self.ended_on is None or day < self.ended_on)


def in_home(reading: Reading, authority: str, home: HomeRef, after: date, besides: str) -> tuple[Stay, ...]:
    """Who lived in a home after a day, or lives there. `besides`: a placement that is left out.

    Of whoever was erased the claim is gone; that somebody lived there stands with the placement still.
    """
    known = _read(reading, _stays(authority, after, besides).where(place_claims.c.home_ref == home))
    return (*known, *_erased(reading, authority, home, after, besides))


def _erased(reading: Reading, authority: str, home: HomeRef, after: date, besides: str) -> Iterator[Stay]:
    table = placements.c
    last = or_(table.ended_on > after, and_(table.ended_on.is_(None), table.moved_in_on.is_not(None)))
    wanted = select(placements).where(table.authority == authority, table.home_ref == home, table.id != besides, last)
    erased = cast(table.children, String).contains(f'"{MARK}', autoescape=True)
    for row in reading.execute(wanted.where(erased).order_by(table.number)):
        # While others live there the last word on the placement is of the day on which the child left, or later.
        left = row.ended_on or row.changed_at.date()
        for child in row.children:
            if child.startswith(MARK) and left > after:
                alone = len(row.children) == 1
                ref, referral = ChildRef(child), ReferralRef(row.referral_ref)
                yield Stay(ref, row.id, referral, home, row.moved_in_on, left, end_is_known=alone)


def of_children(
    reading: Reading, authority: str, among: Iterable[ChildRef], after: date, besides: str
) -> tuple[Stay, ...]:
    """The same of children, wherever they lived."""
    wanted = place_claims.c.child_ref.in_(sorted(set(among)))
    return _read(reading, _stays(authority, after, besides).where(wanted))


def not_yet_there(reading: Reading, authority: str, home: HomeRef) -> frozenset[ChildRef]:
    """Who is to come to live in a home: their provider may list them before they do."""
    coming = place_claims.c.home_ref == home, place_claims.c.live, ~place_claims.c.lived_in
    wanted = select(place_claims.c.child_ref).where(place_claims.c.authority == authority, *coming)
    return frozenset(map(ChildRef, reading.execute(wanted).scalars()))


def kept_of(reading: Reading, authority: str, child: ChildRef) -> Resident | None:
    """What is kept of a child who has a place somewhere; it is in step with the child's referral."""
    live = place_claims.c.authority == authority, place_claims.c.child_ref == child, place_claims.c.live
    found = reading.execute(select(place_claims.c.resident).where(*live).limit(1)).scalar()
    return None if found is None else _kept(found)


def referral_of(reading: Reading, authority: str, child: ChildRef) -> ReferralRef | None:
    """The referral in which a child stands now, whichever it was before."""
    here = children.c.authority == authority, children.c.ref == child
    found = reading.execute(select(children.c.referral_ref).where(*here).limit(1)).scalar()
    return None if found is None else ReferralRef(found)


def left_without_referral(
    reading: Reading, authority: str, among: Collection[ChildRef], begun: datetime
) -> tuple[Ended, ...]:
    """Of these children those who are in no referral any more, and left care after this moment."""
    of_end = and_(
        decisions.c.authority == place_claims.c.authority,
        decisions.c.placement_id == place_claims.c.placement_id,
        decisions.c.version == place_claims.c.ended_version,
    )
    waits = exists().where(children.c.authority == authority, children.c.ref == place_claims.c.child_ref)
    left = decisions.c.decided_at >= begun, place_claims.c.end_reason.in_(LEFT_CARE)
    wanted = (
        select(place_claims.c.child_ref, placements.c.id, place_claims.c.ended_on, place_claims.c.end_reason)
        .add_columns(placements.c.number)
        .join(placements, _OF_CLAIM)
        .join(decisions, of_end)
        .where(place_claims.c.authority == authority, place_claims.c.child_ref.in_(sorted(among)), ~waits, *left)
    )
    return ends(reading.execute(wanted).mappings())


def _stays(authority: str, after: date, besides: str) -> Select[Any]:
    still = or_(place_claims.c.live, place_claims.c.ended_on > after)
    return (
        select(place_claims.c.child_ref, place_claims.c.placement_id, place_claims.c.home_ref, place_claims.c.ended_on)
        .add_columns(placements.c.referral_ref, placements.c.moved_in_on)
        .join(placements, _OF_CLAIM)
        .where(place_claims.c.authority == authority, place_claims.c.placement_id != besides)
        .where(place_claims.c.lived_in, still)
        .order_by(placements.c.number, place_claims.c.child_ref)
    )


def _read(reading: Reading, wanted: Select[Any]) -> tuple[Stay, ...]:
    return tuple(
        Stay(
            child=ChildRef(row.child_ref),
            placement=row.placement_id,
            referral=ReferralRef(row.referral_ref),
            home=HomeRef(row.home_ref),
            moved_in_on=row.moved_in_on,
            ended_on=row.ended_on,
        )
        for row in reading.execute(wanted)
    )
