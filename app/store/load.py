"""Reading homes and referrals. Plain functions of a transaction; they change nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Table, and_, select

from app.matching.home import Home
from app.matching.referral import ChildRef, HomeRef, Referral, ReferralRef
from app.store import claims
from app.store.rows import Row, home_from_rows, referral_from_rows
from app.store.session import Reading, Writing
from app.store.tables import children, homes, inventory_clock, referrals, removed_homes, residents

MOST_AT_ONCE = 500
"""References named in one statement."""


@dataclass(frozen=True, slots=True)
class StoredHome:
    """A home and the version at which it stands."""

    record: Home
    version: int


@dataclass(frozen=True, slots=True)
class StoredReferral:
    """A referral and the version at which it stands."""

    record: Referral
    version: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened to the inventory after one moment, and the moment up to which this is all.

    Homes as the engine sees them: with those who have a place there already among the residents (`app.store.claims`).
    `versions`: of the documents of the homes that changed.
    """

    seq: int
    changed: tuple[Home, ...]
    removed: tuple[HomeRef, ...]
    versions: Mapping[HomeRef, int] = field(default_factory=dict)


def home(reading: Reading, authority: str, ref: HomeRef) -> StoredHome | None:
    """One home as its document has it, or None where there is none."""
    found = _homes(reading, and_(homes.c.authority == authority, homes.c.ref == ref))
    return found[0] if found else None


def homes_page(reading: Reading, authority: str, after: str, limit: int) -> list[StoredHome]:
    """So many homes in the order of their references, from behind `after`."""
    refs = _refs_after(reading, homes, authority, after, limit)
    return homes_named(reading, authority, refs)


def homes_named(reading: Reading, authority: str, refs: Iterable[str]) -> list[StoredHome]:
    """Those of the homes that there are, in the order of their references."""
    wanted = sorted(set(refs))
    found: list[StoredHome] = []
    for start in range(0, len(wanted), MOST_AT_ONCE):
        some = wanted[start : start + MOST_AT_ONCE]
        found += _homes(reading, and_(homes.c.authority == authority, homes.c.ref.in_(some)))
    return sorted(found, key=lambda stored: stored.record.ref)


def removed_versions(reading: Reading, authority: str, refs: Sequence[str]) -> dict[str, int]:
    """The last version of those of the homes that were taken away."""
    if not refs:
        return {}
    table = removed_homes
    found: dict[str, int] = {}
    for start in range(0, len(refs), MOST_AT_ONCE):
        some = refs[start : start + MOST_AT_ONCE]
        rows = reading.execute(
            select(table.c.ref, table.c.version).where(table.c.authority == authority, table.c.ref.in_(some))
        )
        found |= {row.ref: row.version for row in rows}
    return found


def inventory_seq(reading: Reading, authority: str) -> int:
    """How often the inventory has changed: one cheap look that tells whether there is anything to follow."""
    clock = inventory_clock
    return reading.execute(select(clock.c.seq).where(clock.c.authority == authority)).scalar() or 0


def hold_inventory(writing: Writing, authority: str) -> int:
    """The same, and nobody changes the inventory until this transaction ends."""
    clock = inventory_clock
    held = select(clock.c.seq).where(clock.c.authority == authority).with_for_update()
    return writing.execute(held).scalar() or 0


def inventory_changes(reading: Reading, authority: str, since: int) -> Changes:
    """Every home that changed or went after the moment `since`; all homes where that is 0."""
    seq = inventory_seq(reading, authority)
    changed = _homes(reading, and_(homes.c.authority == authority, homes.c.changed_seq > since))
    gone: list[HomeRef] = []
    if since:
        table = removed_homes
        rows = reading.execute(select(table.c.ref).where(table.c.authority == authority, table.c.removed_seq > since))
        gone = [HomeRef(row.ref) for row in rows]
    seen = claims.with_claims(reading, authority, [stored.record for stored in changed])
    return Changes(seq, seen, tuple(gone), {stored.record.ref: stored.version for stored in changed})


def referral(reading: Reading, authority: str, ref: ReferralRef) -> StoredReferral | None:
    """One referral, or None where there is none."""
    found = _referrals(reading, and_(referrals.c.authority == authority, referrals.c.ref == ref))
    return found[0] if found else None


def hold_referral(writing: Writing, authority: str, ref: ReferralRef) -> None:
    """Nobody changes or withdraws the referral until this transaction ends."""
    wanted = referrals.c.authority == authority, referrals.c.ref == ref
    writing.execute(select(referrals.c.version).where(*wanted).with_for_update()).scalar()


def referrals_page(reading: Reading, authority: str, after: str, limit: int) -> list[StoredReferral]:
    """So many referrals in the order of their references, from behind `after`."""
    refs = _refs_after(reading, referrals, authority, after, limit)
    return _referrals(reading, and_(referrals.c.authority == authority, referrals.c.ref.in_(refs)))


def all_referrals(reading: Reading, authority: str) -> list[StoredReferral]:
    """Every referral, in the order of their references."""
    return _referrals(reading, referrals.c.authority == authority)


def referral_of_children(reading: Reading, authority: str) -> dict[ChildRef, ReferralRef]:
    """Every child that waits, with the referral it waits in."""
    rows = reading.execute(select(children.c.ref, children.c.referral_ref).where(children.c.authority == authority))
    return {ChildRef(row.ref): ReferralRef(row.referral_ref) for row in rows}


def _refs_after(reading: Reading, table: Table, authority: str, after: str, limit: int) -> Sequence[str]:
    wanted = select(table.c.ref).where(table.c.authority == authority, table.c.ref > after)
    return reading.execute(wanted.order_by(table.c.ref).limit(limit)).scalars().all()


def _homes(reading: Reading, which: ColumnElement[bool]) -> list[StoredHome]:
    rows = reading.execute(select(homes).where(which)).mappings().all()
    living = and_(residents.c.authority == homes.c.authority, residents.c.home_ref == homes.c.ref)
    people = select(residents).join(homes, living).where(which).order_by(residents.c.position)
    by_home = _grouped(reading.execute(people).mappings().all(), "home_ref") if rows else {}
    found = [StoredHome(home_from_rows(row, by_home.get(row["ref"], ())), row["version"]) for row in rows]
    return sorted(found, key=lambda stored: stored.record.ref)


def _referrals(reading: Reading, which: ColumnElement[bool]) -> list[StoredReferral]:
    rows = reading.execute(select(referrals).where(which)).mappings().all()
    theirs = and_(children.c.authority == referrals.c.authority, children.c.referral_ref == referrals.c.ref)
    people = select(children).join(referrals, theirs).where(which).order_by(children.c.position)
    by_referral = _grouped(reading.execute(people).mappings().all(), "referral_ref") if rows else {}
    found = [StoredReferral(referral_from_rows(row, by_referral.get(row["ref"], ())), row["version"]) for row in rows]
    return sorted(found, key=lambda stored: stored.record.ref)


def _grouped(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups
