"""Adding to the trail as the last thing that a transaction does.

Whoever adds an entry holds the end of the authority's trail until the transaction has ended, and everybody else who
adds waits. So PostgreSQL is given the entries together with the commit, all but the number, time and hash that it
puts to them (`audit_add`): the end is held for no longer than it takes to store them, however busy the service is.
SQLite has one writer anyway. Children whom the trail does not know yet are taken into it the longer way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import Text

from app.store.audit import AuditEntry, content, opening, people, record_all, rest, who_is_known
from app.store.prepared import Prepared, Values, Wanted, rows_of_all
from app.store.session import Writing

T = TypeVar("T")

KEPT = ("actor", "actor_kind", "action", "object_kind", "object_ref", "subjects", "facts")


@dataclass(frozen=True, slots=True)
class Look(Generic[T]):
    """Something that is read in the very transaction that records who reads it.

    `about`: asks for the numbers and keys of those whom it is about, as far as that can be asked before it is read.
    `entry`: what is recorded of what was found; None where nothing is, as nothing was there.
    """

    wanted: Wanted[T]
    about: tuple[Prepared, Values]
    entry: Callable[[T], AuditEntry | None]


def record_last(
    writing: Writing,
    authority: str,
    entries: Sequence[AuditEntry],
    looks: Sequence[Look[Any]] = (),
    known: Sequence[Mapping[Any, Any]] = (),
) -> list[Any]:
    """Add these entries and one for each look, in this order; what each look found.

    `known`: numbers and keys of children (rows of `audit_subjects`) that were read before; those of others are asked
    for. Of somebody who was erased since, such a key opens nothing that anybody kept, as it should be.

    Last of all: what the transaction does after this, it does while it holds the end of the trail. Raises as
    `app.store.audit.check`.
    """
    told = {row["ref"] for row in known}
    asked = who_is_known(authority, [ref for ref in people(entries) if ref not in told])
    before = len(asked)
    asked += [question for look in looks for question in (look.about, look.wanted.asked)]
    answers = rows_of_all(writing, asked) if asked else []
    found = [look.wanted.told(rows) for look, rows in zip(looks, answers[before + 1 :: 2], strict=True)]
    seen = [look.entry(one) for look, one in zip(looks, found, strict=True)]
    everything = [*entries, *(entry for entry in seen if entry is not None)]
    asked_for = [row for rows in (*answers[:before], *answers[before::2]) for row in rows]
    _add(writing, authority, everything, [*known, *asked_for])
    return found


def _add(writing: Writing, authority: str, entries: Sequence[AuditEntry], known: Sequence[Mapping[Any, Any]]) -> None:
    wanted, numbers = people(entries), {row["ref"]: row["number"] for row in known}
    strange = [ref for ref in wanted if ref not in numbers]
    if strange or writing.dialect.name != "postgresql" or not entries:
        if entries:
            record_all(writing, authority, entries, set(numbers).intersection(wanted))
        return
    secrets_of = {row["number"]: row["secret"] for row in known}
    rows = [content(authority, entry, numbers, secrets_of) for entry in entries]
    added = json.dumps([_to_add(row) for row in rows], separators=(",", ":"))
    _ADD.put_off(writing, {"whose": authority, "opening": opening(authority), "added": added})


def _to_add(row: Mapping[str, Any]) -> dict[str, Any]:
    sealed = row["sealed"]
    return {name: row[name] for name in KEPT} | {"rest": rest(row), "sealed": None if sealed is None else sealed.hex()}


_ADD = Prepared(
    select(
        func.audit_add(
            cast(bindparam("whose"), Text),
            cast(bindparam("opening"), Text),
            cast(bindparam("added", type_=Text), JSONB),
        )
    )
)
