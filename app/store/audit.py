"""The audit trail: who did or saw what. Added to in the transaction of what it tells, and never changed.

Every authority has a chain of its own. An entry's hash is SHA-256 over the hash before it and the entry in one
fixed form, so that no entry can be changed, taken out, put in or moved without all later hashes changing too; and
a head that somebody keeps elsewhere tells when all of them did.

An entry names children by number. Which child that is, and the key to what the entry seals (the references and
facts of an entry that is about children), stands in `audit_subjects` alone. Once that row is emptied nobody can
read what was sealed, and every hash is still right: they cover the sealed form. The chain also holds a salted
digest of each number's reference, so that no number can be given to another child unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import bindparam, func, select, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite

from app.errors import DatabaseBusy
from app.store.audit_seal import commitment, seal
from app.store.audit_tables import audit_entries, audit_heads, audit_subjects
from app.store.prepared import Prepared, Values, of_refs, rows_of_all
from app.store.schema import UtcDateTime
from app.store.session import Writing

JSON: TypeAlias = "str | int | bool | Sequence[JSON] | Mapping[str, JSON] | None"
"""What a fact may be. No float: a trail must read the same for ever."""

GENESIS = hashlib.sha256(b"placement audit trail, first entry").digest()
"""What stands for the hash before the first entry."""

ERASED = "personal_data.erase"
"""The action that explains why a child's key is gone."""

MOST_NAMED = 500
"""Children named in one statement."""

PERSONAL_KINDS = frozenset({"child", "referral"})
"""Objects whose reference leads to a child: an entry about one must say about whom it is."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What is to be recorded.

    `actor`: the caller's subject, which is nobody's name. `subjects`: references of the children whom it is about.
    With subjects, `facts` are sealed, and gone as soon as one of the children is erased; without, they are kept in
    the open for ever and must hold nothing personal. So is `object_ref`, unless the object is a child or a referral.
    """

    actor: str
    actor_kind: str
    action: str
    object_kind: str
    object_ref: str
    subjects: tuple[str, ...] = ()
    facts: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a trail: how many entries there are, and the hash of the last."""

    seq: int
    hash: bytes


def record(writing: Writing, authority: str, entry: AuditEntry) -> int:
    """Add an entry in the caller's transaction; its number in the trail.

    It keeps the end of the authority's trail locked until the transaction ends, so record last. Raises as `check`.
    """
    return record_all(writing, authority, [entry])


def record_all(
    writing: Writing, authority: str, entries: Sequence[AuditEntry], were_known: Collection[str] = ()
) -> int:
    """Add several entries, in this order; the number of the last.

    `were_known`: children of the entries whom the trail knew when their records were read. Raises `DatabaseBusy`
    where one is not known any more: they were erased meanwhile, and nothing of them is to be kept.
    """
    wanted = people(entries)
    end, known = _lock_head(writing, authority, wanted)
    if set(were_known) - {row["ref"] for row in known}:
        raise DatabaseBusy
    return _record(writing, authority, end, entries, wanted, known)


def people(entries: Iterable[AuditEntry]) -> list[str]:
    """References of all children whom these entries are about, in order."""
    return sorted({ref for entry in entries for ref in entry.subjects})


def _record(
    writing: Writing,
    authority: str,
    end: _End,
    entries: Sequence[AuditEntry],
    wanted: Sequence[str],
    known: Iterable[Mapping[Any, Any]],
) -> int:
    head, subjects = end.head, _Subjects(writing, authority, end.subjects)
    subjects.find(wanted, known)
    rows = []
    for entry in entries:
        row = _row(authority, head.seq + 1, end.at, entry, subjects)
        head = Head(row["seq"], hashed(head.hash, row))
        rows.append(row | {"hash": head.hash})
    subjects.store()
    if rows:
        moved = {"whose": authority, "end_seq": head.seq, "end_hash": head.hash, "end_subjects": subjects.count}
        _add(writing, rows, moved)
    return head.seq


def _add(writing: Writing, rows: Sequence[dict[str, Any]], end: dict[str, Any]) -> None:
    """Store entries and where the trail ends now: with the commit, so that the end is locked no longer than it must."""
    if writing.dialect.name != "postgresql":
        _ADD.do_each(writing, rows)
        _MOVE_HEAD.do(writing, end)
        return
    for row in rows[:-1]:
        _ADD.put_off(writing, row)
    _ADD_LAST.put_off(writing, end | {f"new_{name}": value for name, value in rows[-1].items()})


def check(entry: AuditEntry) -> None:
    """Raise `ValueError` for an entry about a child that does not say which."""
    if entry.object_kind in PERSONAL_KINDS and not entry.subjects:
        raise ValueError("an entry about a child or referral must name its subjects")


def hashed(previous: bytes, row: Mapping[Any, Any]) -> bytes:
    """The hash of an entry: over the hash before and every column in one fixed form."""
    moment = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    said = f'{opening(row["authority"])}{row["seq"]},"{moment}",{rest(row)}'
    return hashlib.sha256(previous + said.encode()).digest()


def opening(authority: str) -> str:
    """What stands before the number of an entry in that form: a list in JSON."""
    return f"[{canonical(authority)},"


def rest(row: Mapping[Any, Any]) -> str:
    """What stands behind its time. The migration that made `audit_add` rests on the form of all three."""
    sealed = None if row["sealed"] is None else hashlib.sha256(row["sealed"]).hexdigest()
    names = ("actor", "actor_kind", "action", "object_kind", "object_ref", "subjects", "introduced", "facts")
    return canonical([*(row[name] for name in names), sealed])[1:]


def canonical(value: Any) -> str:
    """JSON in one fixed form: keys in order, no spaces, ASCII alone."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _row(authority: str, seq: int, at: datetime, entry: AuditEntry, subjects: _Subjects) -> dict[str, Any]:
    numbers = {ref: subjects.numbers[ref] for ref in entry.subjects}
    introduced = subjects.introduce(sorted(numbers.values()))
    said = content(authority, entry, numbers, subjects.secrets)
    return said | {"seq": seq, "at": at, "introduced": canonical(introduced) if introduced else None}


def content(
    authority: str, entry: AuditEntry, numbers: Mapping[str, int], secrets_of: Mapping[int, bytes]
) -> dict[str, Any]:
    """The columns of an entry that do not depend on its place in the trail. Raises as `check`."""
    check(entry)
    named = sorted({numbers[ref] for ref in entry.subjects})
    is_personal = entry.object_kind in PERSONAL_KINDS
    personal = canonical({"object_ref": entry.object_ref if is_personal else None, "facts": dict(entry.facts)})
    row: dict[str, Any] = {
        "authority": authority,
        "actor": entry.actor,
        "actor_kind": str(entry.actor_kind),
        "action": entry.action,
        "object_kind": entry.object_kind,
        "object_ref": None if is_personal else entry.object_ref,
        "subjects": canonical(named),
        "introduced": None,
        "facts": None if named else canonical(dict(entry.facts)),
        "sealed": None,
    }
    return row | {"sealed": seal([secrets_of[n] for n in named], bound(row), personal)} if named else row


def bound(row: Mapping[Any, Any]) -> str:
    """What is sealed is bound to who did what, to what, and about whom: in another entry it cannot be read."""
    return canonical([row[name] for name in ("authority", "actor", "actor_kind", "action", "object_kind", "subjects")])


class _Subjects:
    """The numbers and keys of children, old and new, in one transaction that holds the head."""

    def __init__(self, writing: Writing, authority: str, count: int) -> None:
        self._writing, self._authority, self.count = writing, authority, count
        self.numbers: dict[str, int] = {}
        self.secrets: dict[int, bytes] = {}
        self._new: dict[int, str] = {}
        self._told: set[int] = set()

    def find(self, wanted: Sequence[str], known: Iterable[Mapping[Any, Any]]) -> None:
        """The number and key of each child, from the rows of those who have them; whoever has none gets one."""
        for row in known:
            self.numbers[row["ref"]], self.secrets[row["number"]] = row["number"], row["secret"]
        for ref in wanted:
            if ref not in self.numbers:
                self.count += 1
                self.numbers[ref], self.secrets[self.count] = self.count, secrets.token_bytes(32)
                self._new[self.count] = ref

    def introduce(self, numbers: Iterable[int]) -> list[list[Any]]:
        """The digests of those who are new and not yet told of."""
        told = [number for number in numbers if number in self._new and number not in self._told]
        self._told.update(told)
        return [[number, commitment(self.secrets[number], self._new[number])] for number in told]

    def store(self) -> None:
        """Keep those who are new."""
        rows = [
            {"authority": self._authority, "number": number, "ref": ref, "secret": self.secrets[number]}
            for number, ref in self._new.items()
        ]
        if rows:
            self._writing.execute(audit_subjects.insert(), rows)


@dataclass(frozen=True, slots=True)
class _End:
    """The end of the trail while it is ours, how many subjects it has, and the time."""

    head: Head
    subjects: int
    at: datetime


def _lock_head(writing: Writing, authority: str, wanted: Sequence[str]) -> tuple[_End, list[Mapping[Any, Any]]]:
    """The end of the trail, kept until the transaction ends, and who of those wanted is known.

    Who is known is looked up once the end is ours, in a statement of its own: nobody else can add to them then.
    """
    asked = [(_LOCK_HEAD[writing.dialect.name], {"authority": authority}), *who_is_known(authority, wanted)]
    found, *known = rows_of_all(writing, asked)
    if not found:
        module = sqlite if writing.dialect.name == "sqlite" else postgresql
        first = {"authority": authority, "seq": 0, "hash": GENESIS, "subjects": 0}
        writing.execute(module.insert(audit_heads).values(first).on_conflict_do_nothing())
        found, *known = rows_of_all(writing, asked)
    (head,) = found
    end = _End(Head(head["seq"], head["hash"]), head["subjects"], head["clock"])
    return end, [row for rows in known for row in rows]


def who_is_known(authority: str, wanted: Sequence[str]) -> list[tuple[Prepared, Values]]:
    """Asks for the numbers and keys of those of these children whom the trail knows."""
    some = [wanted[start : start + MOST_NAMED] for start in range(0, len(wanted), MOST_NAMED)]
    return [(_KNOWN, {"authority": authority, "refs": refs}) for refs in some]


def _locking(clock: Any) -> Prepared:
    mine = audit_heads.c.authority == bindparam("authority")
    return Prepared(select(audit_heads, type_coerce(clock, UtcDateTime).label("clock")).where(mine).with_for_update())


_LOCK_HEAD = {"postgresql": _locking(func.clock_timestamp()), "sqlite": _locking(func.current_timestamp())}
_KNOWN = of_refs(
    lambda is_one: select(audit_subjects).where(
        audit_subjects.c.authority == bindparam("authority"), is_one(audit_subjects.c.ref)
    )
)
_ADD = Prepared(audit_entries.insert(), audit_entries.c.keys())
_MOVED = (
    update(audit_heads)
    .where(audit_heads.c.authority == bindparam("whose"))
    .values(seq=bindparam("end_seq"), hash=bindparam("end_hash"), subjects=bindparam("end_subjects"))
)
_MOVE_HEAD = Prepared(_MOVED)
_ADD_LAST = Prepared(
    audit_entries.insert()
    .values({column.name: bindparam(f"new_{column.name}", type_=column.type) for column in audit_entries.columns})
    .add_cte(_MOVED.returning(audit_heads.c.seq).cte("moved"))
)
"""The last entry and the end of the trail in one statement, which PostgreSQL takes."""
