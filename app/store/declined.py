"""What was declined: a home for children, by an officer or by its provider, whatever their referral was called then.

It is told with every list that offers the home to them again. Runs do not propose it again as long as the home's
document and the referral are those that the refusal was about. Whoever declines judges what they were shown: a home
that was mended after they looked is another, whenever their answer comes. No version ever comes twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, CompoundSelect, Select, and_, bindparam, select, union_all

from app.matching.batch import Proposed
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.store.placement_records import State
from app.store.placement_tables import decisions, place_claims
from app.store.placement_tables import placements as table
from app.store.prepared import IsOne, Prepared, of_refs
from app.store.session import Reading
from app.store.tables import children, homes, referrals

OF_DECISION = decisions.c.decided_at, decisions.c.by_provider, decisions.c.reason_code


@dataclass(frozen=True, slots=True)
class Declined:
    """One refusal: of which home, for which children together, when, by whose answer, and why by its code."""

    home: HomeRef
    children: tuple[ChildRef, ...]
    at: datetime
    by_provider: bool
    reason: str


def standing(reading: Reading, authority: str) -> tuple[Proposed, ...]:
    """What was declined on records that are still as they were shown then."""
    rows = _STANDING.rows(reading, authority=authority)
    return tuple(Proposed(frozenset(map(ChildRef, row["children"])), HomeRef(row["home_ref"])) for row in rows)


def of_referrals(reading: Reading, authority: str, refs: Iterable[ReferralRef]) -> dict[ReferralRef, list[Declined]]:
    """All that was declined for children of these referrals, under whatever referral, the newest first."""
    found: dict[ReferralRef, list[Declined]] = defaultdict(list)
    named = sorted(set(refs))
    rows = _OF_REFERRALS.rows(reading, authority=authority, refs=named) if named else ()
    for row in newest_first(rows):
        told, one = found[ReferralRef(row["referral_ref"])], read(row)
        if one not in told:  # of two children who were refused together there is a row each
            told.append(one)
    return found


def newest_first(rows: Iterable[Mapping[Any, Any]]) -> list[Mapping[Any, Any]]:
    """In the order of their numbers, which no index has: there are few, found by other indexes."""
    return sorted(rows, key=lambda row: -row["number"])


def read(row: Mapping[Any, Any]) -> Declined:
    """Out of a row that has the columns of a refusal."""
    return Declined(
        home=HomeRef(row["home_ref"]),
        children=tuple(map(ChildRef, row["children"])),
        at=row["decided_at"],
        by_provider=row["by_provider"],
        reason=row["reason_code"],
    )


def for_party(told: Sequence[Declined], home: HomeRef, children: Iterable[ChildRef]) -> list[Declined]:
    """Those of this home and any of these children."""
    party = set(children)
    return [one for one in told if one.home == home and party.intersection(one.children)]


def last_decision() -> ColumnElement[bool]:
    """The decision by which a placement came to stand where it stands."""
    return and_(
        decisions.c.authority == table.c.authority,
        decisions.c.placement_id == table.c.id,
        decisions.c.version == table.c.version,
    )


def stands(state: State) -> ColumnElement[bool]:
    """Of this state, so written that no planner looks through all placements of a state to find those of a child."""
    return table.c.state.concat("") == str(state)


def refused_elsewhere(referral: ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
    """Refusals for a child that is in this referral now, and was in another then."""
    whose: BindParameter[str] = bindparam("authority")
    waiting = select(children.c.ref).where(children.c.authority == whose, children.c.referral_ref == referral)
    claimed = place_claims.c.authority == whose, place_claims.c.child_ref.in_(waiting)
    named = select(place_claims.c.placement_id).where(*claimed)
    mine = table.c.authority == whose, stands(State.DECLINED)
    return *mine, table.c.referral_ref != referral, table.c.id.in_(named)


def _refused(is_one: IsOne) -> CompoundSelect[Any]:
    columns = table.c.number, table.c.referral_ref, table.c.home_ref, table.c.children
    mine = table.c.authority == bindparam("authority"), stands(State.DECLINED)
    here = select(*columns, *OF_DECISION).join(decisions, last_decision()).where(*mine, is_one(table.c.referral_ref))
    claims = and_(place_claims.c.authority == children.c.authority, place_claims.c.child_ref == children.c.ref)
    theirs = and_(table.c.authority == place_claims.c.authority, table.c.id == place_claims.c.placement_id)
    asked = table.c.number, children.c.referral_ref, table.c.home_ref, table.c.children
    elsewhere = (
        select(*asked, *OF_DECISION)
        .select_from(children.join(place_claims, claims).join(table, theirs).join(decisions, last_decision()))
        .where(children.c.authority == bindparam("authority"), is_one(children.c.referral_ref))
        .where(stands(State.DECLINED), table.c.referral_ref != children.c.referral_ref)
    )
    return union_all(here, elsewhere)


def _standing() -> Select[Any]:
    of_home = and_(homes.c.authority == table.c.authority, homes.c.ref == table.c.home_ref)
    of_referral = and_(referrals.c.authority == table.c.authority, referrals.c.ref == table.c.referral_ref)
    as_seen = homes.c.version == table.c.home_version, referrals.c.version == table.c.referral_version
    return (
        select(table.c.children, table.c.home_ref)
        .join(homes, of_home)
        .join(referrals, of_referral)
        .where(table.c.authority == bindparam("authority"), table.c.state == str(State.DECLINED), *as_seen)
        .order_by(table.c.number)
    )


_STANDING = Prepared(_standing())
_OF_REFERRALS = of_refs(_refused)
