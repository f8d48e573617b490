"""What was declined: a home for children of a referral, by an officer or by its provider.

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

from sqlalchemy import ColumnElement, Select, and_, bindparam, select

from app.matching.batch import Proposed
from app.matching.referral import ChildRef, HomeRef, ReferralRef
from app.store.placement_records import State
from app.store.placement_tables import decisions
from app.store.placement_tables import placements as table
from app.store.prepared import Prepared, of_refs
from app.store.session import Reading
from app.store.tables import homes, referrals


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
    """All that was declined for children of these referrals, the newest first."""
    found: dict[ReferralRef, list[Declined]] = defaultdict(list)
    named = sorted(set(refs))
    for row in _OF_REFERRALS.rows(reading, authority=authority, refs=named) if named else ():
        found[ReferralRef(row["referral_ref"])].append(read(row))
    return found


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


def _refused(*which: ColumnElement[bool]) -> Select[Any]:
    last = and_(
        decisions.c.authority == table.c.authority,
        decisions.c.placement_id == table.c.id,
        decisions.c.version == table.c.version,
    )
    columns = table.c.referral_ref, table.c.home_ref, table.c.children
    of_decision = decisions.c.decided_at, decisions.c.by_provider, decisions.c.reason_code
    mine = table.c.authority == bindparam("authority"), table.c.state == str(State.DECLINED)
    return select(*columns, *of_decision).join(decisions, last).where(*mine, *which).order_by(table.c.number.desc())


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
_OF_REFERRALS = of_refs(lambda is_one: _refused(is_one(table.c.referral_ref)))
