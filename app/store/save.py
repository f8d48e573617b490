"""Changing homes and referrals. Plain functions of a transaction, which the caller commits.

Every change to the inventory first counts up the authority's clock. That locks its row until the transaction
ends, so changes of one authority's inventory happen one after the other, and a home that was changed later
carries the greater number: a follower that has seen number n has seen everything up to n.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Table, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from app.errors import ChildAlreadyWaiting, HomeNotFound, HomeStillClaimed, ReferralNotFound, VersionNotGiven
from app.matching.home import Home
from app.matching.referral import HomeRef, Referral, ReferralRef
from app.store import audit_whom, claims, load, promised, pursued, removed
from app.store.clock import database_now, told
from app.store.prepared import Prepared, Values, of_refs, rows_of_all
from app.store.removed import Removed
from app.store.rows import to_row
from app.store.session import Writing
from app.store.tables import children, homes, inventory_clock, referrals, removed_homes, residents
from app.store.versions import Precondition, Saved

KEYS = ("authority", "ref")

ONE_REFERRAL_A_CHILD = ("uq_children_authority_ref", "children.authority, children.ref")
"""How PostgreSQL and SQLite name the constraint that a child waits in one referral only."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many homes of an import were new, were changed, and stood there already just so."""

    created: int
    changed: int
    unchanged: int


def save_home(writing: Writing, authority: str, home: Home, precondition: Precondition) -> Saved:
    """Store a home, new or changed. Raises `VersionMismatch` or `VersionNotGiven`."""
    counting, found, people, claimed = rows_of_all(
        writing,
        [
            (_COUNT[writing.dialect.name], {"authority": authority}),
            (_HOME_VERSION, {"whose": authority, "which": home.ref}),
            (audit_whom.OF_HOME, {"authority": authority, "ref": home.ref}),
            (promised.OF_HOME, {"whose": authority, "which": home.ref}),
        ],
    )
    current = found[0]["version"] if found else None
    precondition.check(current)
    if current is not None:
        version = current + 1
    else:
        version = load.removed_versions(writing, authority, [home.ref]).get(home.ref, 0) + 1
    _write_homes(writing, authority, [(home, version)], counting[0]["seq"], new=() if current else (home.ref,))
    whom = frozenset(row["ref"] for row in people), frozenset(row["child_ref"] for row in claimed)
    return Saved(version, current is None, *whom)


def import_homes(writing: Writing, authority: str, new: Sequence[Home]) -> Imported:
    """Store many homes. What an import says counts, whatever was there; what is the same stays untouched."""
    seq = next_seq(writing, authority)
    refs = [home.ref for home in new]
    stored = {found.record.ref: found for found in load.homes_named(writing, authority, refs)}
    removed = load.removed_versions(writing, authority, [ref for ref in refs if ref not in stored])
    changes: list[tuple[Home, int]] = []
    for home in new:
        known = stored.get(home.ref)
        if known is None:
            changes.append((home, removed.get(home.ref, 0) + 1))
        elif known.record != home:
            changes.append((home, known.version + 1))
    _write_homes(writing, authority, changes, seq, new=[home.ref for home, _ in changes if home.ref not in stored])
    return Imported(len(new) - len(stored), len(changes) - (len(new) - len(stored)), len(new) - len(changes))


def remove_home(writing: Writing, authority: str, ref: HomeRef, precondition: Precondition) -> None:
    """Take a home away with all that was known of its residents.

    Raises `HomeNotFound`, `HomeStillClaimed`, or as `save_home`.
    """
    seq = next_seq(writing, authority)
    wanted = homes.c.authority == authority, homes.c.ref == ref
    version = writing.execute(select(homes.c.version).where(*wanted)).scalar()
    if version is None:
        raise HomeNotFound
    precondition.check(version)
    if claims.of_home(writing, authority, ref):
        raise HomeStillClaimed
    writing.execute(delete(homes).where(*wanted))
    gone = {"authority": authority, "ref": ref, "version": version, "removed_seq": seq}
    upsert(writing, removed_homes, KEYS, [gone])


def save_referral(writing: Writing, authority: str, referral: Referral, precondition: Precondition) -> Saved:
    """Store a referral. Raises `VersionMismatch`, `VersionNotGiven` or `ChildAlreadyWaiting`.

    What it says of a child who has a place somewhere holds there at once, for whoever is to live beside it. A child
    for whom a place waits stays in it: `ReferralStillPursued`.
    """
    named = claims.KEPT_OF, {"authority": authority, "refs": [child.ref for child in referral.children]}
    (kept,) = rows_of_all(writing, [named])
    # The clock comes before the referral, as everywhere; who has no place somewhere does without it.
    seq = next_seq(writing, authority) if claims.outdated(kept, referral.children) else None
    whose = {"whose": authority, "which": referral.ref}
    asked: list[tuple[Prepared, Values]] = [
        (_HOLD_REFERRAL, whose),
        (told(writing), {}),
        named,
        (pursued.OF_REFERRAL, whose),
        (audit_whom.OF_REFERRAL, {"authority": authority, "ref": referral.ref}),
    ]
    held, (clock,), kept, waits, people = rows_of_all(writing, asked)
    current = held[0]["version"] if held else None
    precondition.check(current)
    pursued.refuse(waits, clock["now"], staying=[child.ref for child in referral.children])
    version = removed.first_version(writing, authority, Removed.REFERRAL) if current is None else current + 1
    keys = {"authority": authority, "ref": referral.ref, "version": version, "changed_at": clock["now"]}
    row = to_row(referral) | keys
    if current is None:
        _insert_new(writing, row)
    else:
        _CHANGE_REFERRAL.put_off(writing, row | whose)
        _REMOVE_CHILDREN.put_off(writing, whose)
    before = frozenset(row["ref"] for row in people)
    _add_children(writing, list(_numbered(authority, "referral_ref", referral)), before)
    _tell_claims(writing, authority, referral, kept, seq)
    return Saved(version, current is None, before)


def _add_children(writing: Writing, rows: Sequence[Mapping[str, Any]], before: frozenset[str]) -> None:
    """The children of a referral in which `before` stood until now, and which is ours until the transaction ends.

    Those wait nowhere else, so nothing can speak against them; with anybody else one has to look.
    """
    if before.issuperset(row["ref"] for row in rows):
        _ADD_CHILD.put_off_each(writing, rows)
        return
    try:
        _ADD_CHILD.do_each(writing, rows)
    except IntegrityError as error:
        if not any(sign in str(error.orig) for sign in ONE_REFERRAL_A_CHILD):
            raise
        raise ChildAlreadyWaiting from None


def _tell_claims(
    writing: Writing, authority: str, referral: Referral, kept: Iterable[Mapping[Any, Any]], seq: int | None
) -> None:
    """Claims keep what the referral says of their children now, and followers look at those homes again."""
    changed = claims.outdated(kept, referral.children)
    if not changed:
        return
    moment = next_seq(writing, authority) if seq is None else seq
    claims.renew(writing, authority, [child for child in referral.children if child.ref in changed], moment)
    for home in sorted(frozenset[HomeRef]().union(*changed.values())):
        touch_home(writing, authority, home, moment)


def remove_referral(writing: Writing, authority: str, ref: ReferralRef, precondition: Precondition) -> None:
    """Take a referral away with its children. Raises `ReferralNotFound` or as `save_referral`.

    A child who moved in is in no need of it any more: the claim keeps what others' safety rests on.
    """
    wanted = referrals.c.authority == authority, referrals.c.ref == ref
    current = writing.execute(select(referrals.c.version).where(*wanted).with_for_update()).scalar()
    if current is None:
        raise ReferralNotFound
    precondition.check(current)
    pursued.require_none(writing, authority, ref)
    removed.remember(writing, authority, Removed.REFERRAL, current)
    writing.execute(delete(referrals).where(*wanted))


def _insert_new(writing: Writing, row: dict[str, Any]) -> None:
    """Somebody may have stored the same referral a moment ago: then the caller has not seen that version."""
    insert = _insert(writing, referrals).values(row).on_conflict_do_nothing().returning(referrals.c.ref)
    if writing.execute(insert).scalar() is None:
        raise VersionNotGiven


def next_seq(writing: Writing, authority: str) -> int:
    """Count up the authority's clock and keep its row until the transaction ends."""
    return int(_COUNT[writing.dialect.name].one(writing, authority=authority))


def touch_home(writing: Writing, authority: str, ref: HomeRef, seq: int) -> None:
    """What the engine sees of a home changed though its document did not: followers look at it again."""
    writing.execute(homes.update().where(homes.c.authority == authority, homes.c.ref == ref).values(changed_seq=seq))


def _write_homes(
    writing: Writing, authority: str, changes: Sequence[tuple[Home, int]], seq: int, new: Sequence[HomeRef]
) -> None:
    """`new`: those of the homes that are not stored, and may have been taken away before."""
    if not changes:
        return
    for remove, refs in ((_REMOVE_RESIDENTS, [home.ref for home, _ in changes]), (_FORGET_REMOVED, new)):
        for start in range(0, len(refs), load.MOST_AT_ONCE):
            remove.put_off(writing, {"whose": authority, "refs": list(refs[start : start + load.MOST_AT_ONCE])})
    rows = [
        to_row(home) | {"authority": authority, "version": version, "changed_seq": seq, "ref": home.ref}
        for home, version in changes
    ]
    upsert(writing, homes, KEYS, rows)
    _ADD_RESIDENT.put_off_each(writing, [row for home, _ in changes for row in _numbered(authority, "home_ref", home)])


def _numbered(authority: str, owner: str, record: Home | Referral) -> Iterable[dict[str, Any]]:
    people = record.residents if isinstance(record, Home) else record.children
    for position, person in enumerate(people):
        yield to_row(person) | {"authority": authority, owner: record.ref, "position": position}


def upsert(writing: Writing, table: Table, keys: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or exchange those with the same keys; few of them with the next statement."""
    asked = "changed_at" in table.columns and writing.dialect.name == "sqlite"
    if not asked:
        _upsert(writing.dialect.name, table, tuple(keys), tuple(rows[0])).put_off_each(writing, rows)
        return
    # What is new needs its moment as exactly as what is changed; SQLite's own default is the second.
    now = database_now(writing)
    statement = _upsert("sqlite", table, tuple(keys), (*rows[0], "changed_at"))
    statement.put_off_each(writing, [row | {"changed_at": now, "now": now} for row in rows])


@cache
def _upsert(dialect: str, table: Table, keys: tuple[str, ...], names: tuple[str, ...]) -> Prepared:
    insert = _INSERT[dialect](table)
    new: dict[str, Any] = {name: insert.excluded[name] for name in names if name not in keys}
    if "changed_at" in table.columns:
        given: BindParameter[Any] = bindparam("now", type_=table.c.changed_at.type)
        new["changed_at"] = given if dialect == "sqlite" else func.clock_timestamp()
    return Prepared(insert.on_conflict_do_update(index_elements=list(keys), set_=new), names)


def _insert(writing: Writing, table: Table) -> Any:
    return _INSERT[writing.dialect.name](table)


_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def _counting(dialect: str) -> Prepared:
    """The first change of an authority is number one."""
    clock = inventory_clock
    insert = _INSERT[dialect](clock).values(authority=bindparam("authority"), seq=1)
    counted = insert.on_conflict_do_update(index_elements=["authority"], set_={"seq": clock.c.seq + 1})
    return Prepared(counted.returning(clock.c.seq))


def _its(table: Table, column: str) -> tuple[ColumnElement[bool], ...]:
    """What belongs to one record, whose keys are called otherwise than the columns that a change fills."""
    return table.c.authority == bindparam("whose"), table.c[column] == bindparam("which")


def _removing(table: Table, column: str) -> Prepared:
    whose = table.c.authority == bindparam("whose")
    return of_refs(lambda is_one: delete(table).where(whose, is_one(table.c[column])))


_COUNT = {dialect: _counting(dialect) for dialect in _INSERT}
_REMOVE_RESIDENTS = _removing(residents, "home_ref")
_FORGET_REMOVED = _removing(removed_homes, "ref")
_ADD_RESIDENT = Prepared(residents.insert(), residents.c.keys())
_HOME_VERSION = Prepared(select(homes.c.version).where(*_its(homes, "ref")))
_HOLD_REFERRAL = Prepared(select(referrals.c.version).where(*_its(referrals, "ref")).with_for_update())
_CHANGE_REFERRAL = Prepared(referrals.update().where(*_its(referrals, "ref")), referrals.c.keys())
_REMOVE_CHILDREN = Prepared(delete(children).where(*_its(children, "referral_ref")))
_ADD_CHILD = Prepared(children.insert(), children.c.keys())
