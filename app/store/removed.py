"""Versions of referrals and of the caseload go on where a record was removed and is stored again.

Otherwise what somebody saw, or read, of the record before would fit the new one: a decision on facts that nobody
looked at, a change that overwrites what was never read. Homes keep a row for each that is gone; a reference of a
referral or child must not be kept, not even as a digest. So only one number stands for each kind: the highest version
of anything removed. Whatever is stored anew begins above it, whichever record it is.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from app.store.prepared import Prepared
from app.store.removal_tables import removed_versions as table
from app.store.session import Writing

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
NONE_YET = 0


class Removed(StrEnum):
    """Kinds of record whose versions go on."""

    REFERRAL = "referral"
    PLACED = "placed"


def first_version(writing: Writing, authority: str, kind: Removed) -> int:
    """The version with which a new record begins. Whoever removes one waits until this transaction has ended."""
    whose = {"whose": authority, "which": str(kind)}
    found = _LAST.one(writing, **whose)
    if found is None:
        row = {"authority": authority, "kind": str(kind), "version": NONE_YET}
        writing.execute(_INSERT[writing.dialect.name](table).values(row).on_conflict_do_nothing())
        found = _LAST.one(writing, **whose)
    return int(found) + 1


def remember(writing: Writing, authority: str, kind: Removed, version: int) -> None:
    """Something of this version was removed."""
    insert = _INSERT[writing.dialect.name](table).values(authority=authority, kind=str(kind), version=version)
    higher = insert.on_conflict_do_update(
        index_elements=["authority", "kind"],
        set_={"version": insert.excluded.version},
        where=table.c.version < insert.excluded.version,
    )
    writing.execute(higher)


_LAST = Prepared(
    select(table.c.version)
    .where(table.c.authority == bindparam("whose"), table.c.kind == bindparam("which"))
    .with_for_update(read=True)
)
