"""Reading homes and referrals. Plain functions of a transaction; they change nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import BindParameter, ColumnElement, Table, and_, bindparam, select, true

from app.matching.home import Home
from app.matching.referral import ChildRef, HomeRef, Referral, ReferralRef
from app.store import audit_whom, claims
from app.store.next_page import next_refs
from app.store.prepared import Prepared, Values, Wanted, rows_of_all
from app.store.rows import Row, home_from_rows, home_written, referral_from_rows, referral_written
from app.store.session import Reading, Writing
from app.store.tables import children, homes, inventory_clock, referrals, removed_homes, residents

MOST_AT_ONCE = 500
"""References named in one statement."""

_AUTHORITY: BindParameter[str] = bindparam("authority")

_Write: TypeAlias = Callable[[Row, Sequence[Row]], dict[str, Any]]


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
class StoredDocument:
    """A home or a referral as it is written, without its record; who lives or waits there; and its version."""

    ref: str
    version: int
    people: tuple[str, ...]
    written: dict[str, Any]


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


class Page(NamedTuple):
    """Some records in the order of their references.

    `known`: the numbers and keys under which the audit trail knows who stands in them. `more`: the rows of each
    statement that was asked beside them.
    """

    documents: list[StoredDocument]
    known: Sequence[Row]
    more: Sequence[Sequence[Row]] = ()


class _WithPeople:
    """How homes are read with their residents, or referrals with their children: those that fit a condition.

    In one statement, as each costs far more than the few columns that come again with a second person.
    """

    def __init__(self, which: ColumnElement[bool], table: Table, people: Table, owner: str) -> None:
        self._labels = {column.name: f"person_{column.name}" for column in people.columns}
        theirs = and_(people.c.authority == table.c.authority, people.c[owner] == table.c.ref)
        columns = [people.c[name].label(label) for name, label in self._labels.items()]
        joined = select(table, *columns).select_from(table.outerjoin(people, theirs))
        wanted = joined.where(table.c.authority == _AUTHORITY, which)
        self.statement = Prepared(wanted.order_by(people.c.position))

    def read(self, reading: Reading, **values: Any) -> tuple[Sequence[Row], Mapping[str, Sequence[Row]]]:
        """Their rows, and by reference those of the people of each."""
        return self.told(self.statement.rows(reading, **values))

    def told(self, rows: Sequence[Row]) -> tuple[Sequence[Row], Mapping[str, Sequence[Row]]]:
        """The same, of the rows that the statement found."""
        records: dict[str, Row] = {}
        people: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            records.setdefault(row["ref"], row)
            if row["person_ref"] is not None:
                people[row["ref"]].append({name: row[label] for name, label in self._labels.items()})
        return list(records.values()), people


def _homes_where(which: ColumnElement[bool]) -> _WithPeople:
    return _WithPeople(which, homes, residents, "home_ref")


def _referrals_where(which: ColumnElement[bool]) -> _WithPeople:
    return _WithPeople(which, referrals, children, "referral_ref")


_HOME = _homes_where(homes.c.ref == bindparam("ref"))
_NEXT_HOMES = _homes_where(homes.c.ref.in_(next_refs(homes)))
_HOMES_SINCE = _homes_where(homes.c.changed_seq > bindparam("since"))
_REFERRAL = _referrals_where(referrals.c.ref == bindparam("ref"))
_NEXT_REFERRALS = _referrals_where(referrals.c.ref.in_(next_refs(referrals)))
_REFERRALS = _referrals_where(true())
_CLOCK = Prepared(select(inventory_clock.c.seq).where(inventory_clock.c.authority == _AUTHORITY))
_REMOVED_SINCE = Prepared(
    select(removed_homes.c.ref).where(
        removed_homes.c.authority == _AUTHORITY, removed_homes.c.removed_seq > bindparam("since")
    )
)


def home(reading: Reading, authority: str, ref: HomeRef) -> StoredHome | None:
    """One home as its document has it, or None where there is none."""
    found = _homes_of(*_HOME.read(reading, authority=authority, ref=ref))
    return found[0] if found else None


def home_document(authority: str, ref: HomeRef) -> Wanted[StoredDocument | None]:
    """The same, as it is written: to be asked for."""
    return _document(_HOME, home_written, authority, ref)


def homes_page(reading: Reading, authority: str, after: str, limit: int) -> Page:
    """So many homes, from behind the reference `after`."""
    which = {"authority": authority, "after": after, "most": limit}
    asked = (_NEXT_HOMES.statement, which), (audit_whom.SUBJECTS_OF_NEXT_HOMES, which)
    rows, known = rows_of_all(reading, asked)
    return Page(_documents(home_written, *_NEXT_HOMES.told(rows)), known)


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
    return _CLOCK.one(reading, authority=authority) or 0


def hold_inventory(writing: Writing, authority: str) -> int:
    """The same, and nobody changes the inventory until this transaction ends."""
    clock = inventory_clock
    held = select(clock.c.seq).where(clock.c.authority == authority).with_for_update()
    return writing.execute(held).scalar() or 0


def inventory_changes(reading: Reading, authority: str, since: int) -> Changes:
    """Every home that changed or went after the moment `since`; all homes where that is 0. One question."""
    which = {"authority": authority, "since": since}
    coming = claims.COMING_SINCE, which | {"without": claims.NO_PLACEMENT}
    asked = (_CLOCK, {"authority": authority}), (_HOMES_SINCE.statement, which), (_REMOVED_SINCE, which), coming
    clock, rows, removed, claimed = rows_of_all(reading, asked)
    changed = _homes_of(*_HOMES_SINCE.told(rows))
    gone = tuple(HomeRef(row["ref"]) for row in removed) if since else ()
    seen = claims.with_claimed([stored.record for stored in changed], claimed)
    return Changes(_seq(clock), seen, gone, {stored.record.ref: stored.version for stored in changed})


def referral(reading: Reading, authority: str, ref: ReferralRef) -> StoredReferral | None:
    """One referral, or None where there is none."""
    found = _referrals_of(*_REFERRAL.read(reading, authority=authority, ref=ref))
    return found[0] if found else None


def referral_and_more(
    reading: Reading, authority: str, ref: ReferralRef, *more: tuple[Prepared, Values]
) -> tuple[StoredReferral | None, int, Sequence[Sequence[Row]]]:
    """The same, how often the inventory has changed, and the rows of each statement more: asked together."""
    whose = {"authority": authority}
    rows, clock, *others = rows_of_all(reading, [(_REFERRAL.statement, whose | {"ref": ref}), (_CLOCK, whose), *more])
    found = _referrals_of(*_REFERRAL.told(rows))
    return found[0] if found else None, _seq(clock), others


def _seq(clock: Sequence[Row]) -> int:
    return clock[0]["seq"] if clock else 0


def referral_document(authority: str, ref: ReferralRef) -> Wanted[StoredDocument | None]:
    """The same, as it is written: to be asked for."""
    return _document(_REFERRAL, referral_written, authority, ref)


def hold_referral(writing: Writing, authority: str, ref: ReferralRef) -> None:
    """Nobody changes or withdraws the referral until this transaction ends."""
    wanted = referrals.c.authority == authority, referrals.c.ref == ref
    writing.execute(select(referrals.c.version).where(*wanted).with_for_update()).scalar()


def referrals_page(reading: Reading, authority: str, after: str, limit: int, *more: tuple[Prepared, Values]) -> Page:
    """So many referrals, from behind the reference `after`. `more` is asked with them, by the same page."""
    which: dict[str, Any] = {"authority": authority, "after": after, "most": limit}
    asked = (_NEXT_REFERRALS.statement, which), (audit_whom.SUBJECTS_OF_NEXT_REFERRALS, which)
    beside = [(statement, {**which, **values}) for statement, values in more]
    rows, known, *others = rows_of_all(reading, [*asked, *beside])
    return Page(_documents(referral_written, *_NEXT_REFERRALS.told(rows)), known, others)


def all_referrals(reading: Reading, authority: str) -> list[StoredReferral]:
    """Every referral, in the order of their references."""
    return _referrals_of(*_REFERRALS.read(reading, authority=authority))


def referral_of_children(reading: Reading, authority: str) -> dict[ChildRef, ReferralRef]:
    """Every child that waits, with the referral it waits in."""
    rows = reading.execute(select(children.c.ref, children.c.referral_ref).where(children.c.authority == authority))
    return {ChildRef(row.ref): ReferralRef(row.referral_ref) for row in rows}


def _homes(reading: Reading, which: ColumnElement[bool]) -> list[StoredHome]:
    rows = reading.execute(select(homes).where(which)).mappings().all()
    living = and_(residents.c.authority == homes.c.authority, residents.c.home_ref == homes.c.ref)
    people = select(residents).join(homes, living).where(which).order_by(residents.c.position)
    return _homes_of(rows, _grouped(reading.execute(people).mappings().all(), "home_ref") if rows else {})


def _homes_of(rows: Sequence[Row], people: Mapping[str, Sequence[Row]]) -> list[StoredHome]:
    found = [StoredHome(home_from_rows(row, people.get(row["ref"], ())), row["version"]) for row in rows]
    return sorted(found, key=lambda stored: stored.record.ref)


def _referrals_of(rows: Sequence[Row], people: Mapping[str, Sequence[Row]]) -> list[StoredReferral]:
    found = [StoredReferral(referral_from_rows(row, people.get(row["ref"], ())), row["version"]) for row in rows]
    return sorted(found, key=lambda stored: stored.record.ref)


def _document(stored: _WithPeople, write: _Write, authority: str, ref: str) -> Wanted[StoredDocument | None]:
    def told(rows: Sequence[Row]) -> StoredDocument | None:
        found = _documents(write, *stored.told(rows))
        return found[0] if found else None

    return Wanted(stored.statement, {"authority": authority, "ref": ref}, told)


def _documents(write: _Write, rows: Sequence[Row], people: Mapping[str, Sequence[Row]]) -> list[StoredDocument]:
    found = []
    for row in rows:
        theirs = people.get(row["ref"], ())
        refs = tuple(person["ref"] for person in theirs)
        found.append(StoredDocument(row["ref"], row["version"], refs, write(row, theirs)))
    return sorted(found, key=lambda stored: stored.ref)


def _grouped(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups
