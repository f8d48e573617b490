"""The caseload: children who are placed already. Reading and changing it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, true

from app.errors import PlacedChildNotFound
from app.matching.placed import Placed
from app.matching.referral import ChildRef, HomeRef
from app.store import removed
from app.store.clock import database_now
from app.store.lived_in import Lives
from app.store.placement_tables import place_claims
from app.store.removed import Removed
from app.store.rows import from_row, to_row
from app.store.run_tables import placed_children as table
from app.store.save import upsert
from app.store.session import Reading, Writing
from app.store.tables import homes, residents
from app.store.versions import Precondition, Saved


@dataclass(frozen=True, slots=True)
class StoredPlaced:
    """A child of the caseload and the version at which the record stands."""

    record: Placed
    version: int


@dataclass(frozen=True, slots=True)
class CaseloadImported:
    """How many children of an import were new, changed, there already just so, and how many were taken out."""

    created: int
    changed: int
    unchanged: int
    removed: int


def everybody(reading: Reading, authority: str) -> list[Placed]:
    """The whole caseload, in the order of the references."""
    return [stored.record for stored in page(reading, authority, "", None)]


def page(reading: Reading, authority: str, after: str, limit: int | None) -> list[StoredPlaced]:
    """So many children in the order of their references, from behind `after`."""
    wanted = select(table).where(table.c.authority == authority, table.c.ref > after).order_by(table.c.ref)
    return [_stored(row) for row in reading.execute(wanted.limit(limit)).mappings()]


def one(reading: Reading, authority: str, ref: ChildRef) -> StoredPlaced | None:
    """One child, or None where the caseload has none of this reference."""
    wanted = select(table).where(table.c.authority == authority, table.c.ref == ref)
    row = reading.execute(wanted).mappings().one_or_none()
    return None if row is None else _stored(row)


def save_placed(writing: Writing, authority: str, child: Placed, precondition: Precondition) -> Saved:
    """Store a child of the caseload, new or changed. Raises `VersionMismatch` or `VersionNotGiven`."""
    current = _version(writing, authority, child.ref)
    precondition.check(current)
    version = removed.first_version(writing, authority, Removed.PLACED) if current is None else current + 1
    _write(writing, authority, [(child, version)])
    return Saved(version, current is None)


def remove_placed(writing: Writing, authority: str, ref: ChildRef, precondition: Precondition) -> None:
    """Take a child out of the caseload. Raises `PlacedChildNotFound` or as `save_placed`."""
    current = _version(writing, authority, ref)
    if current is None:
        raise PlacedChildNotFound
    precondition.check(current)
    removed.remember(writing, authority, Removed.PLACED, current)
    writing.execute(delete(table).where(table.c.authority == authority, table.c.ref == ref))


def import_caseload(
    writing: Writing, authority: str, new: Sequence[Placed], *, replace: bool = False
) -> CaseloadImported:
    """Store many children; what is the same stays untouched. `replace`: whoever is not named is taken out.

    But of whoever moved by a placement, what is the same was said anew, as by `save_placed`: it may be newer than the
    move.
    """
    stored = {found.record.ref: found for found in page(writing, authority, "", None)}
    named = {child.ref for child in new}
    gone = sorted(set(stored) - named) if replace else []
    if gone:
        removed.remember(writing, authority, Removed.PLACED, max(stored[ref].version for ref in gone))
    for start in range(0, len(gone), 500):
        some = gone[start : start + 500]
        writing.execute(delete(table).where(table.c.authority == authority, table.c.ref.in_(some)))
    fresh = [child for child in new if child.ref not in stored]
    first = removed.first_version(writing, authority, Removed.PLACED) if fresh else 1
    created = [(child, first) for child in fresh]
    changed = [
        (child, stored[child.ref].version + 1)
        for child in new
        if child.ref in stored and stored[child.ref].record != child
    ]
    _write(writing, authority, created + changed)
    _said_anew(writing, authority, named - {child.ref for child, _ in created + changed})
    return CaseloadImported(len(created), len(changed), len(new) - len(created) - len(changed), len(gone))


def _said_anew(writing: Writing, authority: str, unchanged: Collection[ChildRef]) -> None:
    """Of the few who live, or lived, in another home by a placement it matters when the record was sent last."""
    claims = place_claims.c
    record = and_(table.c.authority == claims.authority, table.c.ref == claims.child_ref)
    elsewhere = claims.authority == authority, claims.lived_in, or_(~claims.live, claims.home_ref != table.c.home)
    moved = writing.execute(select(claims.child_ref).join(table, record).where(*elsewhere)).scalars()
    again = sorted(set(unchanged).intersection(map(ChildRef, moved)))
    now = database_now(writing) if again else None
    for start in range(0, len(again), 500):
        these = table.c.authority == authority, table.c.ref.in_(again[start : start + 500])
        writing.execute(table.update().where(*these).values(changed_at=now))


@dataclass(frozen=True, slots=True)
class Doubts:
    """What does not fit of where the caseload has its children live.

    `not_listed`: their home is stored, and neither lists them nor has a place for them. `not_stored`: there is no home
    of that reference. `elsewhere`: they live in another home by a placement.
    """

    not_listed: Collection[ChildRef] = ()
    not_stored: Collection[ChildRef] = ()
    elsewhere: Mapping[ChildRef, Lives] = field(default_factory=dict)


def doubts(reading: Reading, authority: str, ref: ChildRef | None = None) -> Doubts:
    """That of the whole caseload, or of one child."""
    return Doubts(
        not_listed(reading, authority, ref), _not_stored(reading, authority, ref), _elsewhere(reading, authority, ref)
    )


def _not_stored(reading: Reading, authority: str, ref: ChildRef | None) -> set[ChildRef]:
    is_there = exists().where(homes.c.authority == table.c.authority, homes.c.ref == table.c.home)
    wanted = select(table.c.ref).where(*_whom(authority, ref), table.c.home.is_not(None), ~is_there)
    return {ChildRef(found) for found in reading.execute(wanted).scalars()}


def _elsewhere(reading: Reading, authority: str, ref: ChildRef | None) -> dict[ChildRef, Lives]:
    claims = place_claims.c
    theirs = and_(claims.authority == table.c.authority, claims.child_ref == table.c.ref, claims.live, claims.lived_in)
    wanted = (
        select(table.c.ref, claims.home_ref, claims.placement_id)
        .join(place_claims, theirs)
        .where(*_whom(authority, ref), claims.home_ref != table.c.home)
    )
    return {ChildRef(row.ref): Lives(HomeRef(row.home_ref), row.placement_id) for row in reading.execute(wanted)}


def _whom(authority: str, ref: ChildRef | None) -> tuple[ColumnElement[bool], ...]:
    return table.c.authority == authority, table.c.ref == ref if ref is not None else true()


def not_listed(reading: Reading, authority: str, ref: ChildRef | None = None) -> set[ChildRef]:
    """Children whose home is stored and neither lists them nor has a place for them; `ref`: of this one alone."""
    its_home = and_(homes.c.authority == table.c.authority, homes.c.ref == table.c.home)
    lists = residents.c.authority == table.c.authority, residents.c.home_ref == table.c.home
    claims = place_claims.c.authority == table.c.authority, place_claims.c.home_ref == table.c.home
    wanted = (
        select(table.c.ref)
        .join(homes, its_home)
        .where(
            *_whom(authority, ref),
            ~exists().where(*lists, residents.c.ref == table.c.ref),
            ~exists().where(*claims, place_claims.c.child_ref == table.c.ref, place_claims.c.live),
        )
    )
    return {ChildRef(found) for found in reading.execute(wanted).scalars()}


def _version(writing: Writing, authority: str, ref: ChildRef) -> int | None:
    wanted = select(table.c.version).where(table.c.authority == authority, table.c.ref == ref).with_for_update()
    return writing.execute(wanted).scalar()


def _write(writing: Writing, authority: str, children: Sequence[tuple[Placed, int]]) -> None:
    if children:
        rows = [to_row(child) | {"authority": authority, "version": version} for child, version in children]
        upsert(writing, table, ("authority", "ref"), rows)


def _stored(row: Mapping[Any, Any]) -> StoredPlaced:
    return StoredPlaced(from_row(Placed, row), row["version"])
