"""Reading the audit trail: entries a page at a time with what may still be read of them, and its end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, text

from app.store.audit import GENESIS, Head, bound
from app.store.audit_seal import unseal
from app.store.audit_tables import audit_entries, audit_heads, audit_subjects
from app.store.session import Reading

ERASED_CHILD = "erased"
"""What stands for a child whose personal data was erased."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it can be read today. What was about a child who has been erased is None, the child `erased`."""

    seq: int
    at: datetime
    actor: str
    actor_kind: str
    action: str
    object_kind: str
    object_ref: str | None
    subjects: tuple[str, ...]
    facts: Mapping[str, Any] | None
    hash: str


def head(reading: Reading, authority: str) -> Head:
    """The end of the trail; of one without entries number 0."""
    wanted = select(audit_heads.c.seq, audit_heads.c.hash).where(audit_heads.c.authority == authority)
    found = reading.execute(wanted).one_or_none()
    return Head(0, GENESIS) if found is None else Head(found.seq, found.hash)


def page(
    reading: Reading,
    authority: str,
    before: int | None,
    limit: int,
    *,
    child: str | None = None,
    actor: str | None = None,
) -> list[StoredEntry]:
    """So many entries, the newest first, from those before a number; of one child or one actor if that is asked."""
    table = audit_entries
    wanted = select(table).where(table.c.authority == authority)
    if before is not None:
        wanted = wanted.where(table.c.seq < before)
    if actor is not None:
        wanted = wanted.where(table.c.actor == actor)
    if child is not None:
        number = _number(reading, authority, child)
        if number is None:
            return []
        wanted = wanted.where(_names(reading, number))
    rows = reading.execute(wanted.order_by(table.c.seq.desc()).limit(limit)).mappings().all()
    return _stored(reading, authority, rows)


def _number(reading: Reading, authority: str, child: str) -> int | None:
    table = audit_subjects
    return reading.execute(select(table.c.number).where(table.c.authority == authority, table.c.ref == child)).scalar()


def _names(reading: Reading, number: int) -> ColumnElement[bool]:
    """The entry names this number; its list is plain JSON text."""
    if reading.dialect.name == "postgresql":
        return text("subjects::jsonb @> to_jsonb(CAST(:number AS bigint))").bindparams(number=number)  # type: ignore[return-value]
    listed = func.replace(func.replace(audit_entries.c.subjects, "[", ","), "]", ",")
    return func.instr(listed, f",{number},") > 0


def _stored(reading: Reading, authority: str, rows: Sequence[Mapping[Any, Any]]) -> list[StoredEntry]:
    numbers = {number for row in rows for number in json.loads(row["subjects"])}
    known = _subjects(reading, authority, numbers)
    return [_entry(authority, row, known) for row in rows]


def _subjects(reading: Reading, authority: str, numbers: Iterable[int]) -> dict[int, tuple[str, bytes]]:
    table, found, wanted = audit_subjects, {}, sorted(set(numbers))
    for start in range(0, len(wanted), 500):
        some = table.c.number.in_(wanted[start : start + 500])
        for row in reading.execute(select(table).where(table.c.authority == authority, some, table.c.ref.is_not(None))):
            found[row.number] = (row.ref, row.secret)
    return found


def _entry(authority: str, row: Mapping[Any, Any], known: Mapping[int, tuple[str, bytes]]) -> StoredEntry:
    numbers = json.loads(row["subjects"])
    object_ref, facts = row["object_ref"], None if row["facts"] is None else json.loads(row["facts"])
    if row["sealed"] is not None and all(number in known for number in numbers):
        keys = [known[number][1] for number in numbers]
        opened = unseal(keys, bound(row), row["sealed"])
        if opened is None:  # bound to its number, as before migration 0014
            opened = unseal(keys, f"{authority}/{row['seq']}", row["sealed"])
        personal = {"object_ref": None, "facts": None} if opened is None else json.loads(opened)
        object_ref, facts = object_ref or personal["object_ref"], personal["facts"]
    return StoredEntry(
        seq=row["seq"],
        at=row["at"],
        actor=row["actor"],
        actor_kind=row["actor_kind"],
        action=row["action"],
        object_kind=row["object_kind"],
        object_ref=object_ref,
        subjects=tuple(known[number][0] if number in known else ERASED_CHILD for number in numbers),
        facts=facts,
        hash=row["hash"].hex(),
    )
