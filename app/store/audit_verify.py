"""Whether the audit trail is whole: every entry as it was written, none taken out, put in, moved or cut off.

The chain alone shows what somebody changed who did not work out all later hashes anew. Somebody who did is found
out by a head that was signed before and kept elsewhere: the entry of its number no longer has its hash.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, Table, select, type_coerce
from sqlalchemy.types import NullType

from app.store.audit import ERASED, GENESIS, Head, hashed
from app.store.audit_seal import commitment
from app.store.audit_stored import as_stored, entry_in, is_number, number_in
from app.store.audit_tables import audit_entries, audit_heads, audit_subjects, erasures
from app.store.session import Reading

AT_ONCE = 2_000
MOST_TOLD = 100
"""Findings that are told; a trail that was rewritten has as many as entries."""


class Flaw(StrEnum):
    """What can be wrong with a trail."""

    MISSING = "missing"
    CHANGED = "changed"
    CUT_OFF = "cut_off"
    END_DIFFERS = "end_differs"
    HEAD_DIFFERS = "head_differs"
    HEAD_BEYOND = "head_beyond"
    SUBJECT_CHANGED = "subject_changed"
    SUBJECT_MISSING = "subject_missing"
    ERASURE_MISSING = "erasure_missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw. `number`: of the entry, or of the subject where a subject is wrong."""

    flaw: Flaw
    number: int


@dataclass(slots=True)
class Verdict:
    """What a look at the whole trail found. `findings` are the first `most_told` of them."""

    entries: int = 0
    end: Head = field(default_factory=lambda: Head(0, GENESIS))
    flaws: int = 0
    most_told: int = MOST_TOLD
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Nothing was found to be wrong."""
        return self.flaws == 0

    def tell(self, flaw: Flaw, number: int) -> None:
        """Something is wrong."""
        self.flaws += 1
        if len(self.findings) < self.most_told:
            self.findings.append(Finding(flaw, number))


@dataclass(slots=True)
class _Seen:
    """What the entries say of subjects and erasures."""

    commitments: dict[int, str] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)
    erasures: set[int] = field(default_factory=set)
    named: set[int] = field(default_factory=set)


def verify(reading: Reading, authority: str, heads: Sequence[Head] = (), most_told: int = MOST_TOLD) -> Verdict:
    """Look at every entry of an authority's trail. `heads`: ends of it that were kept elsewhere."""
    verdict, seen = Verdict(most_told=most_told), _Seen()
    kept: dict[int, set[bytes]] = {}
    for each in heads:
        kept.setdefault(each.seq, set()).add(each.hash)
    previous, expected = GENESIS, 1
    for raw in _rows(reading, authority):
        verdict.entries += 1
        number = raw["seq"] if is_number(raw["seq"]) else expected
        for missing in range(expected, min(number, expected + most_told)):
            verdict.tell(Flaw.MISSING, missing)
        row, found = entry_in(raw), raw["hash"]
        right = found if row is None else hashed(previous, row)
        if row is None or number < 1 or found != right:
            verdict.tell(Flaw.CHANGED, number)
        if kept.get(number, {found}) != {found}:
            verdict.tell(Flaw.HEAD_DIFFERS, number)
        _note(raw, number, seen)
        previous, expected = found if isinstance(found, bytes) else right, number + 1
        previous = previous if isinstance(previous, bytes) else b""
        verdict.end = Head(number, previous)
    _check_end(reading, authority, verdict, kept)
    _check_subjects(reading, authority, verdict, seen)
    _check_erasures(reading, authority, verdict, seen)
    return verdict


def _rows(reading: Reading, authority: str) -> Iterator[Mapping[Any, Any]]:
    """Every entry as the database has it, whatever that is."""
    table, columns = audit_entries, as_stored(audit_entries, reading.dialect.name)
    wanted = select(*columns).where(table.c.authority == authority).order_by(table.c.seq).limit(AT_ONCE)
    further = wanted
    while True:
        rows = reading.execute(further).mappings().all()
        yield from rows
        if len(rows) < AT_ONCE:
            return
        further = wanted.where(table.c.seq > type_coerce(rows[-1]["seq"], NullType()))


def _note(row: Mapping[Any, Any], number: int, seen: _Seen) -> None:
    """What cannot be read any more was changed, and its hash says so."""
    try:
        numbers = {number_in(one) for one in json.loads(row["subjects"])}
        introduced = [(number_in(one), str(digest)) for one, digest in json.loads(row["introduced"] or "[]")]
    except (ValueError, TypeError, RecursionError):
        return
    seen.commitments.update(introduced)
    seen.named |= numbers
    if row["action"] == ERASED:
        seen.erased |= numbers
        seen.erasures.add(number)


def _check_end(reading: Reading, authority: str, verdict: Verdict, kept: Mapping[int, set[bytes]]) -> None:
    found = reading.execute(_of(audit_heads, reading, authority)).mappings().all()
    end = Head(found[0]["seq"], found[0]["hash"]) if found else Head(0, GENESIS)
    if not is_number(end.seq) or not isinstance(end.hash, bytes):
        verdict.tell(Flaw.END_DIFFERS, verdict.end.seq)
    elif end.seq > verdict.end.seq:
        verdict.tell(Flaw.CUT_OFF, verdict.end.seq + 1)
    elif end != verdict.end:
        verdict.tell(Flaw.END_DIFFERS, verdict.end.seq)
    for seq, hashes in kept.items():
        if seq > verdict.end.seq:
            verdict.tell(Flaw.HEAD_BEYOND, seq)
        elif seq == 0 and hashes != {GENESIS}:
            verdict.tell(Flaw.HEAD_DIFFERS, seq)


def _check_subjects(reading: Reading, authority: str, verdict: Verdict, seen: _Seen) -> None:
    found = set()
    for row in reading.execute(_of(audit_subjects, reading, authority)):
        if not is_number(row.number):  # whose it was is missing then
            continue
        found.add(row.number)
        told = seen.commitments.get(row.number)
        if told is None:
            verdict.tell(Flaw.SUBJECT_CHANGED, row.number)
        elif row.ref is None or row.secret is None:
            if row.number not in seen.erased:
                verdict.tell(Flaw.SUBJECT_MISSING, row.number)
        elif not _is_subject(row) or commitment(row.secret, row.ref) != told:
            verdict.tell(Flaw.SUBJECT_CHANGED, row.number)
    for number in sorted((set(seen.commitments) | seen.named) - found):
        verdict.tell(Flaw.SUBJECT_MISSING, number)


def _check_erasures(reading: Reading, authority: str, verdict: Verdict, seen: _Seen) -> None:
    logged = {row.audit_seq for row in reading.execute(_of(erasures, reading, authority))}
    if any(not is_number(seq) for seq in logged):
        verdict.tell(Flaw.ERASURE_MISSING, 0)
    for seq in sorted(seen.erasures ^ {seq for seq in logged if is_number(seq)}):
        verdict.tell(Flaw.ERASURE_MISSING, seq)


def _of(table: Table, reading: Reading, authority: str) -> Select[Any]:
    return select(*as_stored(table, reading.dialect.name)).where(table.c.authority == authority)


def _is_subject(row: Any) -> bool:
    return isinstance(row.secret, bytes) and isinstance(row.ref, str)
